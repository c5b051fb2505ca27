"""The rewrites written by hand: true to their captions, of many shapes, and none worn out."""

import re
from collections import Counter
from pathlib import Path

import pytest

from chains.checks import BANNED
from chains.checks_content import compare_content
from prompts import Rewrite, load_moods, load_rewrites
from training.rewriter import split

ROWS = load_rewrites()


def words(text: str) -> list[str]:
    return re.findall(r"[\w'’-]+", text.lower())


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    told = words(text)
    return {tuple(told[i : i + length]) for i in range(len(told) - length + 1)}


def test_every_mood_has_rewrites_of_every_intensity() -> None:
    assert len(ROWS) >= 1500
    counts = Counter((row.mood, row.intensity) for row in ROWS)
    for mood in load_moods():
        if mood != "neutral":
            assert all(counts[mood, intensity] >= 12 for intensity in (0.3, 0.6, 1.0)), mood
    assert len({row.literal for row in ROWS}) > 0.95 * len(ROWS)


@pytest.mark.parametrize("mood", [mood for mood in load_moods() if mood != "neutral"])
def test_a_rewrite_keeps_what_there_is_and_adds_no_thing(mood: str) -> None:
    for row in ROWS:
        if row.mood == mood:
            content = compare_content(row.literal, row.rewrite)
            assert not content.added, row
            assert not content.lost_things, row
            assert content.kept_share >= 0.9, row


def test_no_shape_is_used_too_often() -> None:
    begun = [(words(row.rewrite)[:3], words(row.literal)[:3]) for row in ROWS]
    openers = Counter(" ".join(told) for told, literal in begun if told != literal)
    assert openers.most_common(1)[0][1] <= 0.01 * len(ROWS)
    own = Counter(run for row in ROWS for run in runs(row.rewrite, 4) - runs(row.literal, 4))
    assert own.most_common(1)[0][1] <= 0.01 * len(ROWS)
    assert sum(told == literal for told, literal in begun) < 0.34 * len(ROWS)
    assert sum(bool(re.search(r"\b(as if|as though|like)\b", row.rewrite)) for row in ROWS) < 0.25 * len(ROWS)
    assert len({row.rewrite for row in ROWS}) == len(ROWS)


def test_none_is_long_unfinished_or_worn() -> None:
    for row in ROWS:
        assert 3 <= len(words(row.rewrite)) <= 38, row
        assert row.rewrite[-1] in '.!?”"', row
        assert not any(
            re.search(rf"\b{one}\b", row.rewrite.lower()) and one not in row.literal.lower() for one in BANNED
        )


def test_what_is_held_out_is_not_taught() -> None:
    taught, held = split(ROWS)
    assert 0.03 < len(held) / len(ROWS) < 0.08
    assert not {row.literal for row in taught} & {row.literal for row in held}
    assert all(isinstance(row, Rewrite) for row in held)


def test_the_file_is_small_and_plain() -> None:
    assert Path("prompts/rewrites.jsonl").stat().st_size < 1e6
