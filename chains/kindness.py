"""What would be unkind: cruel words of people, cruel likenesses, and mockery of what is grave.

Whatever the mood, disgust and amusement turn to things and situations, never to people, and a funeral, a wound,
poverty, frailty or faith is not laughed at. What the caption itself says is let pass. The words are in
`lexicon/kindness.toml`.
"""

import re
from functools import cache

from .checks_feelings import is_person, said_of_people, tokens
from .words import lexicon


def unkind(literal: str, text: str) -> tuple[str, ...]:
    """The words of a text that are unkind to the people in its photo, or mock what is grave there."""
    told, found = set(tokens(literal)), list[str]()
    if any(map(is_person, told)):
        for sentence in re.split(r"[.!?…;:]+", text):
            found += said_of_people(tokens(sentence), _words("cruel"))
        found += [match[1] for match in _likeness().finditer(text.lower())]
    if is_grave(literal):
        found += _pattern("mocking").findall(text.lower())
    return tuple(dict.fromkeys(word for word in found if word not in told))


def is_grave(literal: str) -> bool:
    """Whether a photo is about grief, wounds, poverty, frailty, faith or violence, by its literal caption."""
    return bool(_pattern("grave").search(literal.lower()))


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(lexicon("kindness")[name].split())


@cache
def _likeness() -> re.Pattern[str]:
    """A likeness to what people are not likened to."""
    named = "|".join(sorted(_words("likened")))
    return re.compile(rf"\b(?:like|as)(?: \w+){{0,3}} ({named})\b")


@cache
def _pattern(name: str) -> re.Pattern[str]:
    forms = (re.escape(word).replace(r"\*", r"\w*") for word in sorted(_words(name)))
    return re.compile(rf"\b(?:{'|'.join(forms)})\b")
