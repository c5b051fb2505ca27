"""Figures of speech: words that name a thing without claiming that it is there.

What something is *like* or measured by ("as thick as the walls", "louder than any drum", "with the speed of a race"), a
thing measured out in feeling ("a wave of sadness"), what a feeling is called ("the hush is a mountain"), measures ("a
pile of sand") and turns of speech ("over the moon"). The lists are in `lexicon/forms.toml`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

JOINTS = frozenset("and but while with who which for so".split())
"""Words at which a comparison ends, besides a comma or full stop."""
ARTICLES = frozenset("a an any the".split())
BE = frozenset("is are was were be become becomes seems feels".split())
REACH = 5  # words between "as" and "as", or from a lone "as" to the end


class Figures(NamedTuple):
    """The word lists that tell figures of speech."""

    openers: frozenset[str]
    idioms: frozenset[str]
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
            frozenset(forms["figure"]),
            frozenset(forms["idioms"]),
            words["feeling"],
            words["feeling"] | words["everywhere"],
            words["feeling"] | words["quality"],
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
            token, rest = tokens[i], tokens[i + 1 : end]
            joint = next((j for j in range(i + 1, end) if tokens[j] in JOINTS), end)
            if any(" ".join(tokens[i : i + n]) in self.openers for n in (1, 2, 3)):
                yield i, end
            elif token == "as" and (
                "as" in tokens[max(start, i - REACH) : i]
                or (joint - i <= REACH and things[joint - 1] and not self.role & set(lemmas[max(start, i - 2) : i]))
            ):
                yield i, joint
            elif token == "than" and any(map(_is_comparative, tokens[max(start, i - 3) : i])):
                yield i, joint
            elif rest[:1] == ["of"]:
                if self.feeling.intersection(tokens[i + 2 : min(i + 4, end)]) or lemmas[i] in self.measure:
                    yield i, i + 1
                elif lemmas[i] in self.quality and len(rest) > 1 and rest[1] in ARTICLES - {"the"}:
                    yield i + 2, joint
            elif token in BE and self.abstract & set(lemmas[max(start, i - 2) : i]) and {"a", "an"} & set(rest[:4]):
                yield i + 1, joint
            elif [token, *rest[:2]] in (["nothing", "but", "a"], ["nothing", "but", "an"]):
                yield i, end
            yield from ((i, i + n) for n in range(2, 6) if i + n <= end and self._is_idiom(tokens, lemmas, i, n))

    def _is_idiom(self, tokens: Sequence[str], lemmas: Sequence[str], i: int, n: int) -> bool:
        return " ".join(lemmas[i : i + n]) in self.idioms or " ".join(tokens[i : i + n]) in self.idioms


def _clauses(tokens: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = 0
    for i, token in enumerate([*tokens, "."]):
        if not token.isalpha():
            yield start, i
            start = i + 1


def _is_comparative(token: str) -> bool:
    return token.endswith("er") or token in ("more", "less", "worse")
