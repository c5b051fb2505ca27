"""What readers marked of the embedded captioner's captions, counted: `python -m evaluation.marks`.

The captions and marks are those of `data/annotations/caption_marks.jsonl`, by a large language model that looked at
each photo.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from training.annotations import ROOT, lines

from .metrics import interval

SURE = 0.2
MARKS = ("right", "partly", "wrong")
Row = tuple[str, float, tuple[float, float]]
"""What is counted, its share, and the 95 % interval of that."""


def counted(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The shares of marks, of those of the captioner before, and of which caption was preferred."""
    asked = [(mark, [row["mark"] == mark for row in rows]) for mark in MARKS]
    asked += [(f"{mark}, the captioner before", [row["before_mark"] == mark for row in rows]) for mark in MARKS]
    asked += [
        (f"better: {one}", [row["better"] == one for row in rows]) for one in ("this", "before", "same", "neither")
    ]
    sure = [row for row in rows if row["doubt"] < SURE]
    asked += [(f"doubt below {SURE}", [row["doubt"] < SURE for row in rows])]
    asked += [(f"wrong, of those with doubt below {SURE}", [row["mark"] == "wrong" for row in sure])]
    return [(name, sum(values) / len(values), interval([float(v) for v in values])) for name, values in asked]


if __name__ == "__main__":
    for name, share, (low, high) in counted(lines(ROOT / "caption_marks.jsonl")):
        print(f"{name}: {share:.3f} ({low:.3f} to {high:.3f})")
