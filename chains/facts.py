"""The fact check: a rewrite is split into claims, and each is held against the literal caption.

A claim is a clause: what stands between two marks of punctuation. What it adds is found by `checks_content`, what it
contradicts by `checks_contradictions`.
"""

import re
from typing import NamedTuple

from .checks_content import added_things, compare_content
from .checks_contradictions import contradictions
from .words import read_words


class Claim(NamedTuple):
    """A clause of a rewrite, and the things that it adds to the literal caption."""

    text: str
    added: tuple[str, ...]


class Facts(NamedTuple):
    """What a rewrite claims, and how that holds against its literal caption.

    `added` are the things that it invents, `contradicts` what it says otherwise, `lost` the words of the caption that it
    does not keep (`lost_things` those that could be seen), and `kept_share` how much it keeps, 0..1.
    """

    claims: tuple[Claim, ...]
    added: tuple[str, ...]
    contradicts: tuple[str, ...]
    lost: tuple[str, ...]
    lost_things: tuple[str, ...]
    kept_share: float

    @property
    def untrue(self) -> bool:
        """Whether it adds or contradicts anything."""
        return bool(self.added or self.contradicts)


def claims(text: str) -> list[str]:
    """The clauses of a text."""
    return [clause.strip() for clause in re.split(r"[.,;:!?…—–()]+", text) if clause.strip()]


def check_facts(literal: str, text: str) -> Facts:
    """Holds every claim of `text` against the literal caption."""
    content, facts = compare_content(literal, text), read_words(literal)
    held = tuple(Claim(claim, added_things(facts, read_words(claim))) for claim in claims(text))
    return Facts(
        held, content.added, contradictions(literal, text), content.lost, content.lost_things, content.kept_share
    )
