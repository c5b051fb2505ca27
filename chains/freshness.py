"""How fresh a text is beside those that came before it: the same opener or phrase again makes it stale.

So does a text that says mostly what one before it said: near-repeats cost more the nearer they come.
"""

import re
from collections import Counter
from collections.abc import Iterable

from .words import content_lemmas, read_words

RECENT = 50  # captions of late that a new one is held against
OPENER, PHRASE = 3, 4  # words
NEAR, FEWEST = 0.7, 3
"""What a text loses that says all that one before it said of its own, and the words from which on this is told."""
STALER = 0.6
"""What each earlier use of a text's opener, or of one of its phrases, leaves of its freshness."""


class Recent:
    """What a person has read lately, as openers and phrases of their own, without those of the literal captions."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._seen: Counter[tuple[str, ...]] = Counter()
        self._said: list[frozenset[str]] = []
        for text in texts:
            self.add(text)

    def add(self, text: str, literal: str = "") -> None:
        """Remember a text."""
        self._seen.update(own_runs(text, literal))
        self._said.append(_lemmas(text))

    def freshness(self, text: str, literal: str) -> float:
        """1 for a text that shares no opener and no phrase with those before, towards 0 the more it does."""
        stale = STALER ** max((self._seen[run] for run in own_runs(text, literal)), default=0)
        return float(stale * (1 - NEAR * max(self._nearness(text, literal), 0.0)))

    def _nearness(self, text: str, literal: str) -> float:
        """How much of what a text says of its own a text before it said, 0..1; a few words are too few to tell."""
        own = _lemmas(text) - _lemmas(literal)
        if len(own) < FEWEST:
            return 0.0
        share = max((len(own & said) / len(own) for said in self._said), default=0.0)
        return max(2 * share - 1, 0.0)


def own_runs(text: str, literal: str) -> set[tuple[str, ...]]:
    """A text's opener and its phrases, without those that it has from its literal caption."""
    return _runs(text) - _runs(literal)


def _lemmas(text: str) -> frozenset[str]:
    return frozenset(content_lemmas(read_words(text)))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w'’-]+", text.lower())
    found = {tuple(words[i : i + PHRASE]) for i in range(len(words) - PHRASE + 1)}
    return found | {("", *words[:OPENER])} if words else found
