"""How fresh a text is beside those that came before it: the same opener or phrase again makes it stale."""

import re
from collections import Counter
from collections.abc import Iterable

OPENER, PHRASE = 3, 4  # words
STALER = 0.6
"""What each earlier use of a text's opener, or of one of its phrases, leaves of its freshness."""


class Recent:
    """What a person has read lately, as openers and phrases of their own, without those of the literal captions."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._seen: Counter[tuple[str, ...]] = Counter()
        for text in texts:
            self.add(text)

    def add(self, text: str, literal: str = "") -> None:
        """Remember a text."""
        self._seen.update(own_runs(text, literal))

    def freshness(self, text: str, literal: str) -> float:
        """1 for a text that shares no opener and no phrase with those before, towards 0 the more it does."""
        return STALER ** max((self._seen[run] for run in own_runs(text, literal)), default=0)


def own_runs(text: str, literal: str) -> set[tuple[str, ...]]:
    """A text's opener and its phrases, without those that it has from its literal caption."""
    return _runs(text) - _runs(literal)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[\w'’-]+", text.lower())
    found = {tuple(words[i : i + PHRASE]) for i in range(len(words) - PHRASE + 1)}
    return found | {("", *words[:OPENER])} if words else found
