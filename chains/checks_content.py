"""What a rewrite keeps of its literal caption, what it loses, and which things it adds.

Where the line lies between inventing and telling:

- A rewrite may not add a **thing**: a person, an animal, an object, a place, food, a plant, weather, a time of day or
  year, an event, a colour or a number, nor another quality that a photo shows (the list `seen` in `lexicon/forms.toml`:
  "muddy", "wooden", "bald"). They could be seen in the photo, so naming one claims that it was.
- It may say the same thing in another word ("a hound" for a dog) or a wider one ("an animal"), but not a narrower one
  ("a poodle"), and name what the thing brings with it: eyes where there is a dog, waves where there is a sea.
- It may add **feelings** (grief, "glad"), **manner** ("slowly"), and **atmosphere** that asks for no proof: air, light,
  silence, a moment, the world. These are the list `everywhere` in `lexicon/forms.toml`.
- It may say what is **not there** ("no cloud"), and speak of **people at large** ("as people do") where there are any.
- It may add **figures of speech** (`figures.py`): whatever follows "like", "as if" and "as though" up to the next comma
  or full stop, what something is compared with ("as thick as the walls", "louder than a drum"), a thing that is
  measured out in feeling ("a wave of sadness"), and turns of speech ("no turning back").

Known limits: a thing that is on none of our lists goes unseen, "like" as a verb hides what is liked, and a metaphor
without any of these marks ("the world goes up, a beast") is taken at its word. `python -m evaluation.facts`
measures how well the line is held.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from .words import (
    DETERMINERS,
    PREPOSITIONS,
    Word,
    content_lemmas,
    is_shown,
    kind,
    known_words,
    lemmatise,
    lexicon,
    read_tokens,
    read_words,
    split,
    word_list,
)

THING, OTHER = 1.0, 0.5
"""How much a lost thing, colour or number counts, and how much a lost action or quality."""


BEINGS = ("person", "animal")
COMPANY = frozenset(("friend", "companion"))
"""What may be said of several beings."""
SEVERAL = frozenset(("people", "folk"))
"""What may not be said of one person."""
COLLECTIVES = frozenset(
    "people folk crowd audience family couple group team band choir orchestra crew staff gang troop herd flock swarm "
    "fish sheep deer cattle livestock".split()
)
"""Words in the singular for one or several."""
SOMEBODY = frozenset(("someone", "somebody"))
TINTED = ("body", "animal_part", "clothing")
SIZES = frozenset("little small tiny big large second third smaller bigger larger".split())
WITH = frozenset("with by to beside near at".split())
"""Words after which somebody is there."""
PARTS = ("body", "animal_part")
"""Kinds that a person or an animal brings with it as a whole (`implied` in `lexicon/likeness.toml`)."""


class Content(NamedTuple):
    """The lemmas of the literal caption that a text keeps and loses, and the things that it adds to them."""

    kept: tuple[str, ...]
    lost: tuple[str, ...]
    added: tuple[str, ...]
    kept_share: float

    @property
    def lost_things(self) -> tuple[str, ...]:
        """What is lost and could be seen: people, animals, objects, colours, numbers."""
        return tuple(lemma for lemma in self.lost if _is_fact(lemma))


def compare_content(literal: str, text: str) -> Content:
    """What `text` keeps, loses and adds against the literal caption. `kept_share` is weighted and lies in 0..1."""
    facts, told = read_words(literal), read_words(text)
    wanted, given = content_lemmas(facts), {word.lemma for word in told}
    kept = tuple(lemma for lemma in wanted if given & same(lemma))
    lost = tuple(lemma for lemma in wanted if lemma not in kept)
    total = _weight(wanted)
    return Content(kept, lost, coverage(literal).added(told), _weight(kept) / total if total else 1.0)


class Coverage:
    """Which things, colours and numbers may be said where a literal caption is what is known."""

    def __init__(self, literal: str) -> None:
        facts = read_words(literal)
        self._covered = _covered(facts)
        self._peopled = any(kind(word.lemma) == "person" for word in facts)

    def covers(self, lemma: str) -> bool:
        """Whether naming it claims nothing beyond the caption."""
        return _is_covered(lemma, self._covered)

    def added(self, told: Iterable[Word]) -> tuple[str, ...]:
        """The things, colours and numbers that words name and the caption does not cover."""
        words = [*told]
        claims = [i for i in range(len(words)) if _is_claim_at(words, i) and not _is_denied(words, i)]
        found = [words[i].lemma for i in claims if not (self._peopled and _is_anybody(words, i))]
        return tuple(dict.fromkeys(lemma for lemma in found if not self.covers(lemma)))


def added_names(literal: str, text: str) -> tuple[str, ...]:
    """Names that a text brings in: words with a capital within a sentence, besides figures of speech and oaths."""
    known = {word.lower() for word in split(literal)} | word_list("stop") | word_list("oaths")
    written = split(re.sub(r"[\"“‘-]\w", lambda m: m[0].lower(), text))
    named = [
        after.lower()
        for before, after, word in zip(written, written[1:], read_tokens(text)[1:], strict=False)
        if before.isalpha() or before == ","
        if len(after) > 1 and after.istitle() and not word.figure
    ]
    return tuple(dict.fromkeys(name for name in named if name not in known))


def _is_anybody(words: list[Word], i: int) -> bool:
    """Whether it speaks of people at large: "as people wait for elevators", not "the people"."""
    before = words[i - 1].text if i else ""
    return words[i].lemma in SEVERAL and before not in DETERMINERS | {"of", "many", "few", "more"}


def _is_denied(words: list[Word], i: int) -> bool:
    """Whether just before a thing it says that there is none: "no dessert", "not a cloud"."""
    before = [word.text for word in words[max(i - 2, 0) : i]]
    return before[-1:] in (["no"], ["without"]) or before in (["not", "a"], ["without", "a"])


def _is_claim_at(words: list[Word], i: int) -> bool:
    """Whether a word claims something where it stands; "both" does not in "both sad and proud" and "both of them",
    nor a number in "a hundred victories" and "a pair of glasses"."""
    word, after = words[i], [word.text for word in words[i + 1 : i + 4]]
    before = [word.text for word in words[max(i - 6, 0) : i]]
    if word.text == "both" and ("and" in [*before, *after] or after[:1] == ["of"]):
        return False
    if word.text == "another" and before[-1:] == ["and"]:  # "and another on the side"
        return not word.figure and (not after or after[0] in PREPOSITIONS)
    if word.text == "one" and before[-3:-1] == ["and", "a"] and before[-1] in SIZES:  # "and a little one"
        return not word.figure
    if word.text == "dark":
        return not word.figure and any(map(_is_tinted, map(lemmatise, after[:1])))
    if word.text in SOMEBODY:
        return not word.figure and bool(WITH.intersection(before[-1:]))
    if word.lemma in word_list("numbers") - {"both"} and (word_list("feeling") | word_list("everywhere")).intersection(
        one.lemma for one in words[i + 1 : i + 2]
    ):
        return False
    if word.text == "pair" and after[:1] == ["of"] and word_list("paired").intersection(after):
        return False
    return not word.figure and (word.thing or is_shown(word.lemma))


def _is_tinted(lemma: str) -> bool:
    """Whether "dark" before it is a colour, and no mood: "dark skin", "a dark blue shirt"."""
    return lemma in word_list("colors") or (kind(lemma) in TINTED and lemma not in word_list("everywhere"))


@lru_cache(256)
def coverage(literal: str) -> Coverage:
    """The coverage of a caption, kept while its candidates are checked."""
    return Coverage(literal)


def _weight(lemmas: Iterable[str]) -> float:
    return sum(THING if _is_fact(lemma) else OTHER for lemma in lemmas)


def _is_fact(lemma: str) -> bool:
    return kind(lemma) is not None or is_shown(lemma)


def _is_covered(lemma: str, covered: set[str]) -> bool:
    return not covered.isdisjoint(same(lemma)) or (kind(lemma) in PARTS and kind(lemma) in covered)


def _covered(facts: list[Word]) -> set[str]:
    """All words, and kinds of words, that the facts allow: themselves, wider words, and what they bring with them."""
    lemmas = {word.lemma for word in facts}
    lemmas |= set().union(*map(parts, lemmas))
    beings = [word for word in facts if kind(word.lemma) in BEINGS]
    several = len(beings) > 1
    covered = lemmas.union(*map(may_be_said_of, lemmas))
    covered |= set().union(*map(_implied, covered))
    covered |= {"two", "both"} if several else set()
    many = several or any(word.text != word.lemma or word.lemma in COLLECTIVES for word in beings)
    return covered | COMPANY if many else covered - SEVERAL


@cache
def parts(lemma: str) -> frozenset[str]:
    """What a word holds that is two written as one: a fight in "swordfighting", a shirt in "shirtless"."""
    halves = () if lemma in known_words() else ((lemma[:i], lemma[i:]) for i in range(3, len(lemma) - 3))
    return frozenset(half for pair in halves if known_words().issuperset(pair) for half in pair)


def may_be_said_of(lemma: str) -> set[str]:
    """The words that may be said of it: same words, wider words, and for a person or an animal just that."""
    found = {lemma, kind(lemma) or lemma} if kind(lemma) in BEINGS else {lemma}
    while grown := set().union(*(same(word) | _general(word) for word in found)) - found:
        found |= grown
    return found - {"person"} | {"people", "person"} if "person" in found else found


@cache
def same(lemma: str) -> frozenset[str]:
    """The words that mean the same in a caption, itself among them."""
    return frozenset({lemma}.union(*(group for group in _groups() if lemma in group)))


@cache
def _groups() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(line.split()) for line in lexicon("likeness")["same"])


@cache
def _general(lemma: str) -> frozenset[str]:
    return frozenset(wide for wide, narrow in lexicon("likeness")["general"].items() if lemma in narrow.split())


@cache
def _implied(lemma: str) -> frozenset[str]:
    return frozenset(lexicon("likeness")["implied"].get(lemma, "").split())
