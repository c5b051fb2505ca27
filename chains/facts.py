"""The fact check: a rewrite is split into claims, and each is held against the literal caption.

A claim is a clause: what stands between two marks of punctuation. What it adds is found by `checks_content`; whether
it contradicts, `checks_contradictions` tells from all of them together (two dogs may be named one by one).
"""

import re
from typing import NamedTuple

from .checks_actions import added_actions
from .checks_content import added_names, compare_content, coverage
from .checks_contradictions import contradictions
from .words import read_words


class Claim(NamedTuple):
    """A clause of a rewrite, and the things that it adds to the literal caption."""

    text: str
    added: tuple[str, ...]


class Facts(NamedTuple):
    """What a rewrite claims, and how that holds against its literal caption.

    `added` are the things that it invents, `contradicts` what it says otherwise, `lost` the words of the caption that
    it does not keep (`lost_things` those that could be seen), and `kept_share` how much it keeps, 0..1.
    """

    claims: tuple[Claim, ...]
    added: tuple[str, ...]
    contradicts: tuple[str, ...]
    lost: tuple[str, ...]
    lost_things: tuple[str, ...]
    kept_share: float

    @property
    def faults(self) -> int:
        """How many things it adds or contradicts; 0 where it is true."""
        return len(self.added) + len(self.contradicts)


def claims(text: str) -> list[str]:
    """The clauses of a text."""
    return [clause.strip() for clause in re.split(r"[.,;:!?…—–()]+", text) if clause.strip()]


def check_facts(literal: str, text: str) -> Facts:
    """Holds every claim of `text` against the literal caption."""
    known, content = coverage(literal), compare_content(literal, text)
    return Facts(
        tuple(Claim(claim, known.added(read_words(claim))) for claim in claims(text)),
        tuple(dict.fromkeys([*content.added, *added_names(literal, text), *added_actions(literal, text)])),
        contradictions(literal, text),
        content.lost,
        content.lost_things,
        content.kept_share,
    )
