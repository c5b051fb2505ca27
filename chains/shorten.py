"""Shorter forms of a text, which end where one of its clauses ends. Whether they may be shown the checks say."""

import re

from .words import word_list

LEAST = 3
"""Words of a clause that may stand last, or go: fewer are a part of a list, as in "slow, aching, unending"."""
ENDS = re.compile(r"[,;:]? [-—–] |[,;:—–…] ?|[.!?…]+ | (?=as if |as though |until )")
JOINED = frozenset(("and", "but", "so", "or", "for"))
UNFINISHED = tuple(
    f"{one} "
    for one in (
        "when", "whenever", "if", "every time", "each time", "once", "though", "although", "because", "since", "before",
        "after", "while", "where", "wherever", "unless", "not only", "neither", "both", "either",
    )
)  # fmt: skip
"""A clause that begins so, other than the first, waits for another."""


def shorter(text: str) -> list[str]:
    """The text without its last clause, its last two, and so on, each ending as the whole does."""
    ending = found[0] if (found := re.search(r"[.!?…]+[\"'”’]?$", text)) else "."
    forms, start = [], 0
    for end in ENDS.finditer(text):
        kept, rest = text[start : end.start()], text[end.end() :]
        if _may_end(kept, start > 0) and _may_go(re.split(ENDS, rest)[0]):
            stop = end[0].strip() if end[0].strip() in ("?", "!") else ending
            forms.append(f"{text[: end.start()]}{stop}")
        start = end.end()
    return forms[::-1]


def _may_end(clause: str, later: bool) -> bool:
    """Whether a text may end with a clause; a later one has to be a clause of its own."""
    words = clause.lower().split()
    joined = words[:1] and words[0] in JOINED
    rest = f"{' '.join(words[1:] if joined else words)} "
    return not later or (len(words) >= LEAST + bool(joined) and not rest.startswith(UNFINISHED))


def _may_go(clause: str) -> bool:
    first = clause.strip().lower().partition(" ")[0]
    return len(clause.split()) >= LEAST or first in word_list("stop")
