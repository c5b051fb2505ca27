"""What a text asserts of a person's feelings, which no photo shows; what is likened ("as if lonely") asserts nothing.

A feeling is asserted where its word stands before a person ("a hopeful player"), is said of one ("the boy is happy",
"she longs for home"), or is put beside one between commas ("a man, sick at heart, sifts grain"), or its adverb where a
person does something in the same clause. What the caption itself says is let pass, and a caption without people has
nobody to feel: things may be lonely. The words are in `lexicon/feelings.toml`.

Of the twins of `data/rewrites` whose fault is a feeling of a person it finds three in four, and objects to six of 6,500
true rewrites of captions with people. The lists were made with the training part in sight.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from .words import kind, lemmatise, lexicon

PRONOUNS = frozenset("he she they who everyone everybody nobody both we".split())
BE = frozenset("is are was were feels feel looks look stays stay grows grow".split())
ENDS = frozenset("and or but of in with at on by for from to while as when where that who".split())
"""What ends the words that stand before a noun and belong to it."""
BETWEEN = 3  # words between a feeling and the person after it, or between a person and what is felt


class _Words(NamedTuple):
    adjectives: frozenset[str]
    adverbs: frozenset[str]
    verbs: frozenset[str]
    likened: re.Pattern[str]


def asserted_feelings(literal: str, text: str) -> tuple[str, ...]:
    """The words by which a text asserts what a person feels; none where its caption says so too."""
    told = tokens(literal)
    if not any(is_person(word) for word in told):
        return ()
    known = {lemmatise(word) for word in told}
    found = (word for clause in _clauses(text) for word in _of(tokens(clause)))
    return tuple(dict.fromkeys(word for word in found if lemmatise(word) not in known))


def said_of_people(words: Sequence[str], adjectives: frozenset[str]) -> Iterator[str]:
    """Those adjectives in the words of a clause that are said of a person."""
    people = [i for i, word in enumerate(words) if is_person(word)]
    for i, word in enumerate(words):
        if word in adjectives:
            before = words[i - 1] if i else ""
            said = before in BE and _after_person(words, i - 1)
            beside = before in (",", "feeling") and _set_apart(words, i, people)
            if said or beside or _before_person(words, i):
                yield word


def _clauses(text: str) -> Iterator[str]:
    """The sentences of a text, each up to where it begins to liken."""
    for sentence in re.split(r"[.!?…;:]+", text):
        yield _words().likened.split(sentence.lower(), maxsplit=1)[0]


def _of(words: Sequence[str]) -> Iterator[str]:
    yield from said_of_people(words, _words().adjectives)
    peopled = any(is_person(word) for word in words)
    for i, word in enumerate(words):
        if (word in _words().adverbs and peopled) or (word in _words().verbs and _after_person(words, i)):
            yield word


def _before_person(words: Sequence[str], place: int) -> bool:
    """Whether a person is named by the next few words, and nothing else before."""
    after = words[place + 1 : place + 1 + BETWEEN]
    for word in after:
        if is_person(word):
            return True
        if not word.isalpha() or kind(lemmatise(word)) is not None or word in ENDS:
            return False
    return False


def _after_person(words: Sequence[str], place: int) -> bool:
    """Whether what is said at a place is said of a person just before it."""
    before = words[max(place - 1, 0) : place]
    return any(is_person(word) or word in PRONOUNS for word in before)


def _set_apart(words: Sequence[str], place: int, people: Sequence[int]) -> bool:
    """Whether what was named first or last before a place is a person."""
    named = [i for i in range(place) if kind(lemmatise(words[i])) is not None or words[i] in PRONOUNS]
    return any(i in people or words[i] in PRONOUNS for i in (*named[:1], *named[-1:]))


def is_person(word: str) -> bool:
    """Whether a word names a person."""
    return kind(lemmatise(word)) == "person"


def tokens(text: str) -> list[str]:
    """The words of a text in lower case, those with hyphens whole, and its commas and dashes."""
    return re.findall(r"[a-z]+(?:-[a-z]+)*|[,—–]", text.lower())


@cache
def _words() -> _Words:
    told = lexicon("feelings")
    adjectives, adverbs, verbs = (frozenset(told[name].split()) for name in ("adjectives", "adverbs", "verbs"))
    likened = "|".join(map(re.escape, told["likened"]))
    return _Words(adjectives, adverbs, verbs, re.compile(rf"\b(?:{likened})\b"))
