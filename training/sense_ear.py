"""Train the sense ear: a linear head on marks that readers gave, over the embedded text emotion's network.

    python -m training.sense_ear EMOTION_TEXT_FOLDER --out models/embedded

Logistic regression with weight decay on the texts of `marks_*.jsonl`; a mark of 2 or 3 is good. It prints figures of
heads that saw no text of the same literal caption (folds), then trains on all. Two minutes on two cores.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from models.emotion_text_embedded import EmbeddedTextEmotion

from .marks import MARKS, read_rows

FOLDS = 5
DECAY = 100.0
ROUNDS = 8  # of Newton's method
GOOD = 2
Array = NDArray[np.float64]


class Told(NamedTuple):
    """What a reader said of a text; `group` numbers its caption, mood and intensity, `fold` its literal caption."""

    text: str
    mark: int
    group: int
    fold: int


def read_marks(*files: Path, data: Path | None = None) -> list[Told]:
    """The texts of files of marks."""
    rows = [row for file in files for row in read_rows(file, data)]
    literals = {literal: i for i, literal in enumerate(dict.fromkeys(row["literal"] for row in rows))}
    return [
        Told(text, mark, group, literals[row["literal"]] % FOLDS)
        for group, row in enumerate(rows)
        for text, mark, *_ in row["texts"]
    ]


def fit(features: Array, good: Array) -> tuple[Array, float]:
    """Weights and bias for features (texts, width) and whether each text is good."""
    mean = features.mean(0)
    given = np.hstack([features - mean, np.ones((len(features), 1))])
    decay = np.full(given.shape[1], DECAY)
    decay[-1] = 0
    head = np.zeros(given.shape[1])
    for _ in range(ROUNDS):
        chance = 1 / (1 + np.exp(-given @ head))
        steepness = (given * (chance * (1 - chance))[:, None]).T @ given + np.diag(decay)
        head -= np.linalg.solve(steepness, given.T @ (chance - good) + decay * head)
    return head[:-1], float(head[-1] - head[:-1] @ mean)


def held_out(told: Sequence[Told], features: Array) -> Array:
    """For each text the chance by a head that saw no text of its literal caption, (texts,)."""
    fold, good = np.array([one.fold for one in told]), np.array([one.mark >= GOOD for one in told], float)
    chances = np.zeros(len(told))
    for number in range(FOLDS):
        there = fold == number
        weight, bias = fit(features[~there], good[~there])
        chances[there] = 1 / (1 + np.exp(-(features[there] @ weight + bias)))
    return chances


def area(good: NDArray[np.bool_], chances: Array) -> float:
    """The area under the curve: how often a good text has the higher chance than another."""
    ranks = np.empty(len(chances))
    ranks[chances.argsort()] = np.arange(1, len(chances) + 1)
    count = int(good.sum())
    return float((ranks[good].sum() - count * (count + 1) / 2) / (count * (len(good) - count)))


def figures(told: Sequence[Told], chances: Array) -> str:
    """How well chances tell good texts from others, and what picking by them is worth, in words."""
    marks = np.array([one.mark for one in told])
    groups: dict[int, list[int]] = {}
    for i, one in enumerate(told):
        groups.setdefault(one.group, []).append(i)
    best = [max(group, key=lambda i: chances[i]) for group in groups.values()]
    tenths = np.array_split(marks[chances.argsort()], 10)
    good, broken = marks >= GOOD, marks == 0
    return (
        f"area under the curve {area(good, chances):.3f}; good are {good.mean():.3f} of all texts and "
        f"{good[best].mean():.3f} of the likeliest of each caption, broken {broken.mean():.3f} and "
        f"{broken[best].mean():.3f}; good by tenths: {' '.join(f'{np.mean(tenth >= GOOD):.2f}' for tenth in tenths)}"
    )


def train(
    told: Sequence[Told], listen: Callable[[list[str]], Array], out: Path, say: Callable[[str], None] = print
) -> None:
    """Train on the marks; `listen` gives a text's features. Writes `sense_ear.safetensors`."""
    features = listen([one.text for one in told])
    say(figures(told, held_out(told, features)))
    weight, bias = fit(features, np.array([one.mark >= GOOD for one in told], float))
    stored = {"weight": weight.astype(np.float16), "bias": np.array([bias], np.float32)}
    save_file(stored, out / "sense_ear.safetensors")


def main() -> None:
    """Train by the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the text emotion as `moodcap setup` assembled it")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, help="where the styled captions of `marks_3.jsonl` stand")
    options = parser.parse_args()
    train(read_marks(*MARKS, data=options.data), EmbeddedTextEmotion(options.folder).features, options.out)


if __name__ == "__main__":
    main()
