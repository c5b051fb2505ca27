"""American and British spelling: a text in either, by the pairs of `lexicon/spelling.toml`."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Literal

from .words import lexicon

Spelling = Literal["US", "UK", "any"]


def respell(text: str, spelling: str) -> str:
    """The text in the spelling of the US or the UK; whatever else is wished, as it is. Capitals stay."""
    if spelling not in ("US", "UK"):
        return text
    table = _tables()[spelling]
    return re.sub(r"[A-Za-z]+", lambda match: _alike(table.get(match[0].lower()), match[0]), text)


@cache
def _tables() -> dict[str, dict[str, str]]:
    british = dict(_pairs())
    return {"UK": british, "US": {uk: us for us, uk in british.items()}}


def _pairs() -> Iterator[tuple[str, str]]:
    data = lexicon("spelling")
    for stem in data["or"].split():
        yield from ((stem + end, f"{stem[:-2]}our{end}") for end in data["or_endings"])
    for us in data["er"].split():
        uk = us[:-2] + "re"
        yield from ((us, uk), (f"{us}s", f"{uk}s"), (f"{us}ed", f"{uk}d"), (f"{us}ing", f"{uk[:-1]}ing"))
    for name, letter in (("ize", "i"), ("yze", "y")):
        for stem in data[name].split():
            ends = ("e", "es", "ed", "ing", "er", "ers", "ation", "ations")
            yield from ((f"{stem}{letter}z{end}", f"{stem}{letter}s{end}") for end in ends)
    for stem in data["double"].split():
        yield from ((stem + end, f"{stem}l{end}") for end in ("ed", "ing", "er", "ers"))
    yield from data["words"].items()


def _alike(word: str | None, written: str) -> str:
    """The word with the capitals of what it stands for; that itself where there is no word."""
    if word is None:
        return written
    if written.isupper() and len(written) > 1:
        return word.upper()
    return word[0].upper() + word[1:] if written[0].isupper() else word
