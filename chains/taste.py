"""A person's taste, learnt from their edits and ratings: small, the same every time, and told in words.

An edit says "this rather than that", so what counts is the difference between its two texts: in style (`style.py`), in
words taken in and left out, and in how the text ends. A rating is held against a usual rewrite. Averages over all
examples, drawn towards nothing by `DOUBT` (as if that many edits had changed nothing), give the habits. How well
candidates fit them weighs one against another as in Bradley and Terry's model of choices between two.
"""

import difflib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from prompts import Example

from .preferences import PreferenceExample, Preferences
from .style import TOLD, USUAL, difference, own_words, style
from .wordforms import tokens
from .words import content_lemmas, read_words

DOUBT = 1.0  # edits
OTHER_MOOD = 0.5  # of an example's weight, for captions in another mood than its own
OFTEN = 1.5
"""A word counts once edits of this much weight have taken it in or left it out: not by one edit alone."""
LONGEST = 300  # characters of an example for the writer
SHOWN = 0.5
"""A habit is told of, and an ending taken over, from this strength on."""
STATED = {"short": -2.0, "long": 2.0}
"""What a stated length counts: as many clear edits would."""
ENDINGS = ("!", "…", ".", "?")


class Habits(NamedTuple):
    """What the examples have in common: style, words (above 0 for liked), endings, and words put for others."""

    style: dict[str, float]
    words: dict[str, float]
    ending: str | None
    swaps: dict[str, str]

    def fit(self, text: str, literal: str) -> float:
        """How well a text fits: liked above 0, disliked below."""
        away = difference(style(text, literal), USUAL)
        said = sum(self.words.get(lemma, 0.0) for lemma in own_words(text, literal))
        return sum(self.style.get(name, 0.0) * value for name, value in away.items()) + min(max(2 * said, -4), 4)


class Taste:
    """How far a text is to a person's taste, for captions in one mood."""

    def __init__(self, preferences: Preferences | None, mood: str) -> None:
        examples = preferences.examples if preferences else ()
        self.habits = learn(examples, mood)
        wish = STATED.get(preferences.length, 0.0) if preferences else 0.0
        if wish:
            self.habits.style["length"] = wish

    def of(self, texts: Sequence[str], literal: str) -> list[float]:
        """The odds of each text against the one that fits best: 1 for that, towards 0 for the others."""
        fits = [self.habits.fit(text, literal) for text in texts]
        return [math.exp(fit - max(fits)) for fit in fits]

    def suited(self, text: str) -> str:
        """The text with the ending and the words that the person puts in the place of others."""
        for old, new in self.habits.swaps.items():
            text = re.sub(rf"\b{re.escape(old)}\b", partial(_like, new), text, flags=re.IGNORECASE)
        ending = self.habits.ending
        return re.sub(r"(?:\.\.\.|[.!…])$", ending, text) if ending else text


def learn(examples: Sequence[PreferenceExample], mood: str | None = None) -> Habits:
    """The habits that examples show, newest first; those in another mood count less where a mood is named."""
    weighted = [(one, one.weight * (1.0 if mood in (None, one.mood) else OTHER_MOOD)) for one in examples]
    total = sum(abs(weight) for _, weight in weighted) + DOUBT
    leanings: defaultdict[str, float] = defaultdict(float)
    for one, weight in weighted:
        usual = USUAL if one.before is None else style(one.before, one.literal)
        for name, value in difference(style(one.text, one.literal), usual).items():
            leanings[name] += weight * value / total
    edits = [(one, weight) for one, weight in weighted if one.before is not None and weight > 0]
    return Habits(dict(leanings), _words(weighted), _ending(edits), _swaps(edits))


def describe_taste(examples: Sequence[PreferenceExample]) -> tuple[str, ...]:
    """What the examples show, in words: "shorter captions", "“glad” in place of “happy”"."""
    habits = learn(examples)
    ends = {"!": "exclaims", "…": "trails"}.get(habits.ending or "")
    told = [TOLD[name][value < 0] for name, value in habits.style.items() if abs(value) >= SHOWN and name != ends]
    if habits.ending:
        told.append(f"captions that end in “{habits.ending}”")
    told += [f"“{new}” in place of “{old}”" for old, new in habits.swaps.items()]
    told += [f"the word “{word}”" for word, value in habits.words.items() if value > 0]
    return (*told, *(f"not the word “{word}”" for word, value in habits.words.items() if value < 0))


def nearest(preferences: Preferences | None, literal: str, mood: str, most: int = 4) -> list[Example]:
    """The person's own captions in that mood that come nearest, as examples for the writer, the nearest last."""
    liked = [one for one in (preferences.examples if preferences else ()) if one.mood == mood and _shows(one)]
    facts = set(content_lemmas(read_words(literal)))

    def nearness(one: PreferenceExample) -> float:
        other = set(content_lemmas(read_words(one.literal)))
        return one.weight + len(facts & other) / max(len(facts | other), 1)

    best = sorted(liked, key=nearness, reverse=True)[:most]
    return [Example.model_construct(literal=one.literal, rewrite=one.text) for one in reversed(best)]


def _shows(one: PreferenceExample) -> bool:
    return one.weight > 0 and len(one.text) <= LONGEST


def _words(weighted: Iterable[tuple[PreferenceExample, float]]) -> dict[str, float]:
    """Words taken in or left out time and again, -1..1."""
    net: defaultdict[str, float] = defaultdict(float)
    seen: defaultdict[str, float] = defaultdict(float)
    for one, weight in weighted:
        after, before = own_words(one.text, one.literal), own_words(one.before or "", one.literal)
        for lemma in after ^ before:
            net[lemma] += weight if lemma in after else -weight
            seen[lemma] += abs(weight)
    return {lemma: net[lemma] / (seen[lemma] + DOUBT) for lemma in sorted(net) if abs(net[lemma]) >= OFTEN}


def _ending(edits: Sequence[tuple[PreferenceExample, float]]) -> str | None:
    """How texts are made to end by more than half of the edits, doubt counted in."""
    total = sum(weight for _, weight in edits) + DOUBT
    made: defaultdict[str, float] = defaultdict(float)
    for one, weight in edits:
        end = _end(one.text)
        if end != _end(one.before or ""):
            made[end] += weight
    return next((end for end, weight in made.items() if end in ENDINGS[:3] and weight / total > SHOWN), None)


def _end(text: str) -> str:
    text = text.rstrip(" \"'”’")
    return "…" if text.endswith(("…", "...")) else text[-1:]


def _swaps(edits: Sequence[tuple[PreferenceExample, float]]) -> dict[str, str]:
    """Words that are put for others time and again, and not the other way round as often."""
    made: defaultdict[tuple[str, str], float] = defaultdict(float)
    for one, weight in edits:
        for pair in _put_for(tokens(one.before or ""), tokens(one.text)):
            made[pair] += weight
    net = {(old, new): weight - made.get((new, old), 0.0) for (old, new), weight in made.items()}
    best: dict[str, str] = {}
    for (old, new), weight in sorted(net.items(), key=lambda item: (-item[1], item[0])):
        if weight >= OFTEN:
            best.setdefault(old, new)
    return best


def _put_for(before: list[str], after: list[str]) -> set[tuple[str, str]]:
    """Single words of one text that stand in the place of single words of the other."""
    steps = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return {
        (before[a], after[c]) for kind, a, b, c, d in steps if kind == "replace" and b - a == d - c == 1
    }  # fmt: skip


def _like(word: str, written: re.Match[str]) -> str:
    return word[0].upper() + word[1:] if written[0][:1].isupper() else word
