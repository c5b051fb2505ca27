"""The rewrites in moods: whole, and held out by photo and caption."""

from prompts import load_moods
from training.written import load_written, split

ROWS = load_written()


def test_every_row_is_whole() -> None:
    assert len(ROWS) == 18216
    assert {row.mood for row in ROWS} <= set(load_moods())
    assert {row.intensity for row in ROWS} == {0.3, 0.6, 1.0}
    twins = [row for row in ROWS if row.twin]
    assert len(twins) == 4085
    assert all(row.fault and row.span and row.twin != row.rewrite for row in twins)


def test_what_is_held_out_shares_no_photo_and_no_caption_with_training() -> None:
    parts = split(ROWS)
    held = [*parts["dev"], *parts["test"]]
    for field in ("key", "literal"):
        assert not {getattr(row, field) for row in parts["train"]} & {getattr(row, field) for row in held}
    assert sum(bool(row.twin) for row in parts["test"]) >= 600
