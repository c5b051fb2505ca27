"""The words of `lexicon/people.toml` in one language, ready to be looked for in a text."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from .words import lexicon

ALONE = r"(?<![\w'’-])(?:{})(?![\w]|-\w)"
"""A word that is no part of another one."""


class Noun(NamedTuple):
    """A word for people: what is said in place of it, of one and of several; its gender ("" for none), its number."""

    says: tuple[str, str]
    gender: str
    plural: bool


class PeopleWords:
    """Words for people, what is said in place of them, and patterns that find them."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.nouns = dict(_nouns(table["nouns"]))
        self.phrases: dict[str, str] = table["phrases"]
        self.words: dict[str, str] = table["words"]
        self.pronouns: dict[str, str] = table["pronouns"]
        self.verbs: dict[str, str] = table["verbs"]
        self.lists = {name: frozenset(text.split()) for name, text in table["lists"].items()}
        self.numbers = {word: i + 1 for i, word in enumerate(table["lists"]["numbers"].split())}
        actions = lexicon("actions")
        self.actions = self.lists["verbs"].union(*(actions[name].split() for name in ("posture", "motion", "hands")))
        self._find(re.split(r"[|\n]", table["keep"].strip()))

    def _find(self, kept: list[str]) -> None:
        genders = self.lists["genders"]
        pronouns = {word for name, text in self.pronouns.items() if not name.endswith("_says") for word in text.split()}
        gendered = [word for word, noun in self.nouns.items() if noun.gender]
        alike = [*gendered, *self.words, *self.phrases, *pronouns, *genders, *(f"{one}s" for one in genders)]
        nouns = _any(self.nouns)
        before = _any([*self.lists["befores"], *self.numbers, r"\d+"], escape=False)
        item = rf"(?:(?P<before>{before})\s+)?(?:(?P<age>{_any(self.lists['ages'])})\s+)?(?P<noun>{nouns})"
        plain = re.sub(r"\?P<\w+>", "?:", item)
        owner = r"(?P<owner>['’]s\b|(?<=s)['’](?=\s\w))?"
        self.gendered = _pattern(ALONE.format(_any(alike)))
        self.kept = _pattern(ALONE.format(_any(kept)))
        self.phrase = _pattern(ALONE.format(_any(self.phrases)))
        self.word = _pattern(ALONE.format(_any(self.words)))
        self.noun = _pattern(ALONE.format(nouns))
        self.item = _pattern(rf"\b{item}\b")
        self.list = _pattern(rf"(?<![\w'’-]){plain}(?:,\s+{plain})*,?\s+and\s+{plain}(?![\w'’-])")
        self.noun_phrase = _pattern(
            rf"(?<![\w'’-])(?:(?P<before>an?|the)(?P<gap>\s+))?(?P<noun>{nouns}){owner}(?![\w]|-\w)"
        )
        sex = rf"(?:{_any(genders)})"
        self.sex_of = _pattern(rf"(?<![\w-])(?:(?P<before>an?)\s+)?{sex}\s+(?P<after>[a-z]+(?:\s+[a-z]+)?)")
        self.sex = _pattern(rf"(?<![\w-]){sex}(?P<plural>s?)(?![\w-])(?=(?:\s+(?P<after>[a-z]+))?)")


@cache
def people_words(language: str) -> PeopleWords | None:
    """The words of a language; None where the file has none of it."""
    table = lexicon("people").get(language)
    return PeopleWords(table) if table else None


def _nouns(rows: Iterable[Mapping[str, str]]) -> Iterable[tuple[str, Noun]]:
    for row in rows:
        one, several = row["says"].split("/")
        for gender in ("male", "female"):
            for pair in row.get(gender, "").split():
                for plural, word in enumerate(pair.split("/")):
                    yield word, Noun((one, several), gender, bool(plural))
        yield one, Noun((one, several), "", False)
        yield several, Noun((one, several), "", True)


def _any(words: Iterable[str], escape: bool = True) -> str:
    """An alternative of all words, the longest first."""
    return "|".join(re.escape(word) if escape else word for word in sorted(words, key=len, reverse=True))


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
