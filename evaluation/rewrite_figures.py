"""The figures of rewrites, all of them computed from texts alone: none is won by saying the mood's name.

What a text has from its own literal caption never counts against it. Intervals are 95 %, by bootstrap over photos.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from chains.checks_feelings import asserted_feelings
from chains.kindness import unkind
from chains.named import names_mood, worn_words
from prompts import load_moods

from .metrics import Gram, tokenize

RESAMPLES = 1000
OF = 1000  # texts among which the commonest tail and opener are counted
TAIL, OPENER = 4, 3  # words
READING = f"""
Square brackets hold 95 % intervals: {RESAMPLES:,} bootstrap resamples of whole photos.

- **names its mood**: texts with a word that names the mood, or a plain synonym (`chains/lexicon/named.toml`).
- **literal and a tail**: texts that begin with the whole literal caption and go on.
- **commonest tail, opener**: of {OF:,} texts drawn by chance, the share that end in the same four words, or begin with
  the same three, where their captions do not.
- **asserts a feeling**: texts that say as a fact what a person feels, by `chains/checks_feelings.py`, which finds three
  in four; what readers find is told by `evaluation/sheets.py`.
- **unkind**: texts with a cruel word of people, or mockery of what is grave (`chains/kindness.py`, which refuses them).
- **worn**: texts with a worn word (`chains/lexicon/worn.toml`). **the caption alone**: no rewrite passed, or the photo
  was not sure. **seconds**: a text, in batches of eight, on the machine that made this report.
""".strip()


class Text(NamedTuple):
    """A text of one build for one photo or given caption, mood and intensity; `truth` is what the photo shows."""

    source: str
    photo: str
    truth: str
    literal: str
    mood: str
    intensity: float
    text: str
    fallback: bool
    seconds: float


class Interval(NamedTuple):
    """A mean and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap(values: Sequence[float], groups: Sequence[Hashable], seed: int = 0) -> Interval:
    """The mean and its 95 % interval when whole groups (photos) are drawn again, 1,000 times."""
    if not values:
        return Interval(float("nan"), float("nan"), float("nan"))
    place = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    where = [place[group] for group in groups]
    sums, counts = np.bincount(where, values), np.bincount(where)
    drawn = np.random.default_rng(seed).integers(len(place), size=(RESAMPLES, len(place)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(np.mean(values)), float(low), float(high))


def share(texts: Sequence[Text], holds: Callable[[Text], bool | float]) -> Interval:
    """The share of texts of which something holds, or the mean of a number."""
    return bootstrap([float(holds(one)) for one in texts], [one.photo for one in texts])


def names(one: Text) -> bool:
    """Whether a text names its mood."""
    return bool(names_mood(one.text, load_moods()[one.mood], one.literal))


def is_tailed(one: Text) -> bool:
    """Whether a text is its literal caption and a tail."""
    told, literal = tokenize(one.text), tokenize(one.literal)
    return len(told) > len(literal) and told[: len(literal)] == literal


def tail(one: Text) -> Gram | None:
    """The last words of a text; None where its literal caption has them, or it is too short."""
    return _own(tokenize(one.text)[-TAIL:], tokenize(one.literal), TAIL)


def opener(one: Text) -> Gram | None:
    """The first words of a text; None where its literal caption has them, or it is too short."""
    return _own(tokenize(one.text)[:OPENER], tokenize(one.literal), OPENER)


def _own(words: Sequence[str], literal: Sequence[str], length: int) -> Gram | None:
    there = {tuple(literal[i : i + length]) for i in range(len(literal) - length + 1)}
    return tuple(words) if len(words) == length and tuple(words) not in there else None


def commonest(texts: Sequence[Text], part: Callable[[Text], Gram | None]) -> tuple[str, Interval]:
    """The part that most texts have, and their share, of `OF` texts drawn by chance or of all there are."""
    drawn = np.random.default_rng(0).permutation(len(texts))[:OF]
    some = [texts[i] for i in sorted(drawn)]
    counts = Counter(found for one in some if (found := part(one)))
    if not counts:
        return "", share(some, lambda _: False)
    most = min(counts, key=lambda gram: (-counts[gram], gram))
    return " ".join(most), share(some, lambda one: part(one) == most)


def dial(texts: Sequence[Text]) -> dict[float, float]:
    """Words of a text for each word of its literal caption, by intensity: a hint is nearly the plain caption."""
    steps: dict[float, list[float]] = {}
    for one in texts:
        steps.setdefault(one.intensity, []).append(len(tokenize(one.text)) / max(len(tokenize(one.literal)), 1))
    return {step: float(np.mean(steps[step])) for step in sorted(steps)}


def figures(texts: Sequence[Text]) -> dict[str, str]:
    """All figures of one build's texts, by name, as they are shown."""
    wrote = [one for one in texts if not one.fallback]
    (last, tails), (first, openers) = commonest(wrote, tail), commonest(wrote, opener)
    return {
        "texts": f"{len(texts):,}",
        "names its mood": percent(share(wrote, names)),
        "literal and a tail": percent(share(wrote, is_tailed)),
        "commonest four-word tail": f"{percent(tails)} {last!r}",
        "commonest three-word opener": f"{percent(openers)} {first!r}",
        "asserts a feeling": percent(share(wrote, lambda one: bool(asserted_feelings(one.literal, one.text)))),
        "unkind": percent(share(wrote, lambda one: bool(unkind(one.literal, one.text)))),
        "worn": percent(share(wrote, lambda one: bool(worn_words(one.text, one.literal)))),
        "the caption alone": percent(share(texts, lambda one: one.fallback)),
        "words for each word of the caption": ", ".join(
            f"{more:.2f} at {step:g}" for step, more in dial(wrote).items()
        ),
        "seconds": f"{np.mean([one.seconds for one in texts]):.2f}",
    }


def percent(told: Interval) -> str:
    """A share with its interval."""
    return "" if math.isnan(told.mean) else f"{told.mean:.1%} [{told.low:.1%}, {told.high:.1%}]"


def report(builds: Mapping[str, Sequence[Text]]) -> str:
    """The figures as Markdown: a table for each source, a column for each build, and texts drawn by chance."""
    parts = ["# Figures of the rewrites", READING]
    for source in dict.fromkeys(one.source for texts in builds.values() for one in texts):
        own = {name: [one for one in texts if one.source == source] for name, texts in builds.items()}
        told = {name: figures(texts) for name, texts in own.items() if texts}
        rows = [[figure, *(build[figure] for build in told.values())] for figure in next(iter(told.values()))]
        parts += [f"## {source.capitalize()}", table(["figure", *told], rows)]
    first = list(next(iter(builds.values())))
    drawn = [first[i] for i in sorted(np.random.default_rng(0).permutation(len(first))[:20])]
    lines = [[one.mood, f"{one.intensity:g}", one.literal, one.text] for one in drawn]
    parts += [f"## {len(drawn)} texts, drawn by chance", table(["mood", "intensity", "literal", "text"], lines)]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in row)} |" for row in rows)
