"""Beam search step by step; that it finds what transformers finds is tested with the captioner."""

import pytest

from models.beam_search import Rules, Search, repeating

RULES = Rules(num_beams=2, max_new_tokens=3, eos_token_id=2)


def test_tokens_that_would_repeat_are_found() -> None:
    assert repeating([1, 5, 6, 7, 5, 6], 3) == {7}
    assert repeating([5, 6, 5, 7, 5], 2) == {6, 7}
    assert repeating([5, 6], 3) == set()
    assert repeating([5, 5, 5], 0) == set()


def test_a_text_is_written_to_its_end() -> None:
    search = Search([1], RULES)
    assert search.step([[-0.1, -2.0, -3.0, -4.0]], [[5, 6, 7, 8]]) == [0, 0]
    assert [beam.tokens for beam in search.running] == [(1, 5), (1, 6)]
    places = search.step([[-0.2, -3.0, -4.0, -5.0], [-0.1, -3.0, -4.0, -5.0]], [[2, 7, 8, 9], [7, 8, 9, 2]])
    assert search.finished[0].tokens == (1, 5, 2)
    assert search.finished[0].score == pytest.approx(-0.3 / 2)
    assert places == [1, 0]
    assert search.going
    search.step([[-1.0, -2.0, -3.0, -4.0]] * 2, [[7, 8, 9, 5]] * 2)
    assert not search.going, "it is as long as it may be"
    assert [beam.tokens for beam in search.finished] == [(1, 5, 2), (1, 6, 7, 7)]


def test_a_search_ends_when_nothing_better_can_come() -> None:
    search = Search([1], RULES._replace(max_new_tokens=20))
    search.step([[-0.1, -0.2, -9.0, -9.0]], [[5, 6, 7, 8]])
    search.step([[-0.1, -9.0, -9.0, -9.0], [-0.1, -9.0, -9.0, -9.0]], [[2, 5, 6, 7], [2, 5, 6, 7]])
    assert not search.going
    assert search.finished[0].tokens == (1, 5, 2)


def test_a_search_goes_by_what_is_true() -> None:
    search = Search([1], RULES._replace(truth=2.0, max_new_tokens=20))
    search.step([[-0.1, -0.5, -9.0, -9.0]], [[5, 6, 7, 8]])
    search.step([[-0.1, -9.0, -9.0, -9.0], [-0.1, -9.0, -9.0, -9.0]], [[7, 5, 6, 8], [8, 5, 6, 7]], [-3.0, -0.2])
    assert search.running[0].tokens == (1, 6, 8), "less likely, but true"
    assert search.running[0].last == -0.1
    search.step([[-0.1, -9.0, -9.0, -9.0]] * 2, [[2, 5, 6, 9], [2, 5, 6, 9]], [-0.1, -0.1])
    first = search.finished[0]
    assert first.tokens == (1, 6, 8, 2)
    assert (first.truth, first.weakest) == pytest.approx((-0.3, -0.2))
    assert first.score == pytest.approx(-0.7 / 3)
