"""How rewrites read, by readers who did not know which writer each was from.

    python -m evaluation.readers

`readers.jsonl` holds 160 captions of flickr8k's dev photos, half people's and half the captioner's own, each in a mood
and at an intensity drawn by chance, with the text that each of three writers chose, in an order by chance, a reader's
mark of each (0 broken, 1 a reader stumbles, 2 fine, 3 I would publish it), and which one the reader would publish. The
readers are a large language model with a rubric, not people.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .rewrite_figures import bootstrap

FILE = Path(__file__).with_name("readers.jsonl")
WRITERS = {
    "before": "before any marks: taught by hand-written rewrites alone, ranked without the sense ear",
    "once": "after the first turn of marks",
    "twice": "after the second turn: the writer as it is, ranked as it then was",
}


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The figures as a Markdown table."""
    lines = ["| writer | good | publishable | broken | mean mark | chosen |", "|---|---|---|---|---|---|"]
    chosen: dict[str, float] = dict.fromkeys(WRITERS, 0.0)
    for row in rows:
        best = row["texts"][row["best"]]["by"]
        for writer in best:
            chosen[writer] += 1 / len(best)
    for writer, what in WRITERS.items():
        marks = np.array([text["mark"] for row in rows for text in row["texts"] if writer in text["by"]])
        good = bootstrap((marks >= 2).tolist(), range(len(marks)))
        lines.append(
            f"| {what} | {good.mean:.0%} [{good.low:.0%}, {good.high:.0%}] | {np.mean(marks == 3):.0%} | "
            f"{np.mean(marks == 0):.0%} | {marks.mean():.2f} | {chosen[writer] / len(rows):.0%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the figures."""
    print(table([json.loads(line) for line in FILE.read_text("utf-8").splitlines()]))


if __name__ == "__main__":
    main()
