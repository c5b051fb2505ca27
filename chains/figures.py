"""Figures of speech: words that name a thing without claiming that it is there.

What something is *like* or measured by ("as thick as the walls", "louder than any drum", "with the speed of a race"), a
thing measured out in feeling ("a wave of sadness"), what a feeling is called ("the hush is a mountain"), measures ("a
pile of sand") and turns of speech ("over the moon"). The lists are in `lexicon/forms.toml`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

JOINTS = frozenset("and but while with who which for so".split())
"""Words at which a comparison ends, besides a comma or full stop."""
ARTICLES = frozenset("a an any".split())
BE = frozenset("is are was were be become becomes seems feels".split())
REACH = 5  # words between "as" and "as", or from a lone "as" to the end


Phrases = dict[str, list[tuple[str, ...]]]
"""Phrases by their first word."""


class Figures(NamedTuple):
    """The word lists that tell figures of speech."""

    openers: Phrases
    idioms: Phrases
    feeling: frozenset[str]
    abstract: frozenset[str]
    quality: frozenset[str]
    measure: frozenset[str]
    role: frozenset[str]

    @classmethod
    def of(cls, forms: dict[str, Any]) -> "Figures":
        """From the lists of `lexicon/forms.toml`."""
        words = {
            name: frozenset(forms[name].split()) for name in ("feeling", "everywhere", "quality", "measure", "role")
        }
        return cls(
            _by_first_word(forms["figure"]),
            _by_first_word(forms["idioms"]),
            words["feeling"],
            words["feeling"] | words["everywhere"],
            words["quality"],
            words["measure"],
            words["role"],
        )

    def places(self, tokens: Sequence[str], lemmas: Sequence[str], things: Sequence[bool]) -> list[bool]:
        """Which tokens of a text are figures of speech; its punctuation is among the tokens."""
        found = [False] * len(tokens)
        for start, end in _clauses(tokens):
            for i, until in self._spans(tokens, lemmas, things, start, end):
                found[i:until] = [True] * (until - i)
        return found

    def _spans(
        self, tokens: Sequence[str], lemmas: Sequence[str], things: Sequence[bool], start: int, end: int
    ) -> Iterator[tuple[int, int]]:
        """Where figures of speech begin and end in one clause."""
        for i in range(start, end):
            token, rest = tokens[i], tokens[i + 1 : min(i + 5, end)]
            if _length(self.openers, tokens, i):
                yield i, end
            elif token in ("as", "than"):
                joint = _joint(tokens, i, end)
                before, role = tokens[max(start, i - REACH) : i], self.role & set(lemmas[max(start, i - 2) : i])
                ends = joint - i <= REACH and things[joint - 1] and not role
                if ("as" in before or ends) if token == "as" else any(map(_is_comparative, before[-3:])):
                    yield i, joint
            elif rest[:1] == ["of"]:
                if self.feeling.intersection(lemmas[i + 2 : min(i + 4, end)]) or lemmas[i] in self.measure:
                    yield i, i + 1
                elif lemmas[i] in self.quality and len(rest) > 1 and rest[1] in ARTICLES:
                    yield i + 2, _joint(tokens, i, end)
            elif token in BE and self.abstract & set(lemmas[max(start, i - 3) : i]) and ARTICLES & set(rest):
                yield i + 1, _joint(tokens, i, end)
            elif [token, *rest[:2]] in (["nothing", "but", "a"], ["nothing", "but", "an"]):
                yield i, end
            if idiom := _length(self.idioms, tokens, i) or _length(self.idioms, lemmas, i):
                yield i, i + idiom


def _by_first_word(phrases: Sequence[str]) -> Phrases:
    found: Phrases = {}
    for phrase in phrases:
        first, *_ = words = tuple(phrase.split())
        found.setdefault(first, []).append(words)
    return found


def _length(phrases: Phrases, words: Sequence[str], i: int) -> int:
    """How long the phrase is that begins at `i`; 0 where none does."""
    return max((len(one) for one in phrases.get(words[i], ()) if tuple(words[i : i + len(one)]) == one), default=0)


def _joint(tokens: Sequence[str], i: int, end: int) -> int:
    """Where what is said after `i` ends."""
    return next((j for j in range(i + 1, end) if tokens[j] in JOINTS), end)


def _clauses(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for i, token in enumerate([*tokens, "."]):
        if not token.isalpha():
            yield start, i
            start = i + 1


def _is_comparative(token: str) -> bool:
    return token.endswith("er") or token in ("more", "less", "worse")
