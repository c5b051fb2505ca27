"""The figures of rewrites: variety, worn phrases, means with bootstrap intervals, and whether intensity tells.

A `Row` is one text with all that was measured on it; everything here is computed from rows and knows no model.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from .metrics import Gram, tokenize

RESAMPLES = 1000
OURS = "Moodcap"
WROTE = "Moodcap, where it rewrote"


class Rewrite(NamedTuple):
    """One text of one system for one caption, mood and intensity."""

    source: str
    photo: str
    literal: str
    system: str
    mood: str
    intensity: float
    text: str
    fallback: bool
    seconds: float


class Row(NamedTuple):
    """A rewrite with what was measured on it. `aligned` is None for moods that are none of the eight emotions.

    `score` says how strongly the judge hears the mood: for the eight the share of the accepted labels, for further
    moods the distance in valence, arousal and dominance, negated.
    """

    rewrite: Rewrite
    label: str
    aligned: bool | None
    distance: float
    score: float
    kept: float
    added: tuple[str, ...]
    against: tuple[str, ...]
    length: float
    fluency: float


class Interval(NamedTuple):
    """A mean and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: Sequence[float], groups: Sequence[Hashable], seed: int = 0) -> Interval:
    """The mean and its 95 % interval when whole groups (captions) are drawn again, 1,000 times."""
    if not values:
        return Interval(float("nan"), float("nan"), float("nan"))
    place = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    where = [place[group] for group in groups]
    sums, counts = np.bincount(where, values), np.bincount(where)
    drawn = np.random.default_rng(seed).integers(len(place), size=(RESAMPLES, len(place)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(np.mean(values)), float(low), float(high))


def interval(rows: Iterable[Row], value: Callable[[Row], float | None]) -> Interval:
    """The mean of a value over rows with its interval; rows whose value is None are left out."""
    known = [(float(told), row.rewrite.photo) for row in rows if (told := value(row)) is not None]
    return bootstrap([told for told, _ in known], [photo for _, photo in known])


def distinct(texts: Sequence[str], n: int) -> float:
    """Distinct-n (Li et al., 2016): of all n-grams in the texts, the share that are different ones."""
    found = [gram for text in texts for gram in _grams(text, n)]
    return len(set(found)) / max(len(found), 1)


def distinct_texts(texts: Sequence[str]) -> float:
    """The share of texts that are different ones; case and punctuation do not matter."""
    return len({tuple(tokenize(text)) for text in texts}) / max(len(texts), 1)


def common_phrase(
    texts: Sequence[str], literals: Sequence[str], length: int = 4, opening: bool = False
) -> tuple[str, float]:
    """The phrase that most texts hold, or with `opening` begin with, and their share.

    What a text has from its own literal caption does not count.
    """
    counts: Counter[Gram] = Counter()
    for text, literal in zip(texts, literals, strict=True):
        told = _grams(text, length)[: 1 if opening else None]
        counts.update(set(told) - set(_grams(literal, length)))
    if not counts:
        return "", 0.0
    phrase, count = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return " ".join(phrase), count / len(texts)


def _grams(text: str, n: int) -> list[Gram]:
    words = tokenize(text)
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def length_ratio(literal: str, text: str) -> float:
    """Words of the text for each word of its literal caption."""
    return len(tokenize(text)) / max(len(tokenize(literal)), 1)


def mean_scores(rows: Iterable[Row]) -> dict[str, dict[float, float]]:
    """For each mood the mean score at each intensity, lowest first."""
    told: dict[str, dict[float, list[float]]] = {}
    for row in rows:
        told.setdefault(row.rewrite.mood, {}).setdefault(row.rewrite.intensity, []).append(row.score)
    return {mood: {at: float(np.mean(by[at])) for at in sorted(by)} for mood, by in told.items()}


def rising(rows: Iterable[Row]) -> dict[str, bool]:
    """For each mood whether its mean score rises with every step of intensity; moods with one step are left out."""
    curves = {mood: list(by.values()) for mood, by in mean_scores(rows).items() if len(by) > 1}
    return {mood: bool(np.all(np.diff(curve) > 0)) for mood, curve in curves.items()}


def by_system(rows: Sequence[Row], source: str) -> dict[str, list[Row]]:
    """The rows of a source by system, in the order of their coming, ours also without its fallbacks."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.rewrite.source == source:
            found.setdefault(row.rewrite.system, []).append(row)
    if OURS in found:
        found = {OURS: found[OURS], WROTE: [row for row in found[OURS] if not row.rewrite.fallback], **found}
    return {system: those for system, those in found.items() if those}
