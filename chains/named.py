"""Whether a text names its mood rather than show it, and which worn words it uses: by the lists in `lexicon/`."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from prompts import Mood

from .words import lexicon


def names_mood(text: str, mood: Mood, literal: str = "") -> tuple[str, ...]:
    """The words of a text that name the mood, or a plain synonym of it; those of its literal caption do not count.

    Of a blend either mood's names count.
    """
    return _found(text, literal, [one for part in mood.name.split(" and ") for one in _names(part, mood)])


def worn_words(text: str, literal: str = "") -> tuple[str, ...]:
    """The words and phrases of a text that are worn out by use; those of its literal caption do not count."""
    return _found(text, literal, lexicon("worn")["tired"])


def name_words(mood: Mood, words: Iterable[str]) -> list[str]:
    """Those of some words that name the mood."""
    pattern = _pattern(tuple(one for part in mood.name.split(" and ") for one in _names(part, mood)))
    return [word for word in words if pattern.fullmatch(word)]


def _found(text: str, literal: str, wanted: Sequence[str]) -> tuple[str, ...]:
    told = set(_pattern(tuple(wanted)).findall(literal.lower()))
    return tuple(dict.fromkeys(one for one in _pattern(tuple(wanted)).findall(text.lower()) if one not in told))


def _names(part: str, mood: Mood) -> Sequence[str]:
    listed = lexicon("named").get(part)
    return str(listed).split() if listed else (part.lower(), *(alias.lower() for alias in mood.aliases))


@cache
def _pattern(wanted: tuple[str, ...]) -> re.Pattern[str]:
    """One of those words, or phrases, as a whole; a star stands for any ending, a hyphen for a blank too."""
    forms = (re.escape(one).replace(r"\*", r"\w*").replace(r"\-", "[- ]") for one in wanted)
    return re.compile(rf"\b(?:{'|'.join(forms)})\b")
