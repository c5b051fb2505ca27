"""The figures of the field, held against values worked out by hand."""

import numpy as np
import pytest

from evaluation.metrics import CiderD, corpus_bleu, corpus_cider, macro_f1, pearson, tokenize

REFERENCES = [["a dog runs in the snow", "a brown dog in snow"], ["two men sit on a bench", "men on a bench"]]


def test_cider_of_a_perfect_caption_is_ten_and_of_a_foreign_one_nothing() -> None:
    single = CiderD([["a dog runs in the snow"], ["two men sit on a bench"]])
    assert single.score(0, "A dog runs in the snow.") == pytest.approx(10)
    assert single.score(0, "two men sit on a bench") < 0.7
    assert single.score(0, "") == 0


def test_cider_punishes_length_and_breaking_off() -> None:
    plain, ended = CiderD(REFERENCES), CiderD(REFERENCES, end=True)
    good = plain.score(0, "a dog runs in the snow")
    assert plain.score(0, "a dog runs in the snow a dog runs in the snow") < good
    cut = "a dog runs in the"
    assert ended.score(0, cut) / ended.score(0, "a dog runs in the snow") < plain.score(0, cut) / good


def test_corpus_cider_is_the_mean() -> None:
    scorer, captions = CiderD(REFERENCES), ["a dog in snow", "men sit"]
    assert corpus_cider(captions, REFERENCES) == pytest.approx(
        np.mean([scorer.score(i, c) for i, c in enumerate(captions)])
    )


def test_bleu_by_hand() -> None:
    assert corpus_bleu(["a dog runs in the snow"], REFERENCES[:1]) == pytest.approx(1)
    # 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 quadruples; as long as the reference
    assert corpus_bleu(["a dog runs in a snow"], [["a dog runs in the snow"]]) == pytest.approx(
        (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
    )
    assert corpus_bleu(["cats"], REFERENCES[:1]) == 0
    assert corpus_bleu(["a dog runs in"], [["a dog runs in the snow"]]) == pytest.approx(np.exp(1 - 6 / 4))


def test_macro_f1_and_pearson() -> None:
    said = np.array([[1, 0], [1, 1], [0, 0]], dtype=bool)
    true = np.array([[1, 1], [0, 1], [0, 0]], dtype=bool)
    assert macro_f1(said, true) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert pearson([1, 2, 3], [2, 4, 6.5]) == pytest.approx(0.99794, abs=1e-4)


def test_tokens() -> None:
    assert tokenize("A man's well-lit, RED hat.") == ["a", "man's", "well", "lit", "red", "hat"]
