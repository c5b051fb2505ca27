"""Who says whether a rewrite is true: the rules of `facts.py`, or a model together with the rules that are sure.

Of the rules, those for contradictions and for feelings that are asserted of people are sure: on the development part of
`data/rewrites` hardly a true rewrite breaks one (`python -m evaluation.facts` tells how they do alone and together).
Words that the lists do not know, and figures of speech that they take at their word, are the model's to judge.
"""

from collections.abc import Sequence

from models import FactChecker, FactReading

from .checks_feelings import asserted_feelings
from .facts import Facts, check_facts

SURE = ("number", "colour", "gender")
"""What a contradiction is about where the rules are believed whatever the model says."""


class RuleChecker:
    """The rules alone. How untrue a text is goes by how many faults they find: one makes it 0.5, two 0.67."""

    def check(self, pairs: Sequence[tuple[str, str]]) -> list[FactReading]:
        """How each text holds against its literal caption."""
        return [by_rules(check_facts(*pair), asserted_feelings(*pair)) for pair in pairs]


class JointChecker:
    """A model, and the rules where they are sure; how much is kept, the rules say."""

    def __init__(self, learned: FactChecker) -> None:
        self.learned = learned

    def check(self, pairs: Sequence[tuple[str, str]]) -> list[FactReading]:
        """How each text holds against its literal caption."""
        readings = self.learned.check(pairs)
        return [
            joined(one, check_facts(*pair), asserted_feelings(*pair)) for one, pair in zip(readings, pairs, strict=True)
        ]


def fact_checker(learned: FactChecker | None) -> FactChecker:
    """The checker of a chain that has this model, or none."""
    return RuleChecker() if learned is None else JointChecker(learned)


def by_rules(facts: Facts, feelings: tuple[str, ...] = ()) -> FactReading:
    """What the rules found, as a reading; asserted feelings count as added."""
    untrue = 1 - 1 / (1 + facts.faults + len(feelings))
    added = tuple(dict.fromkeys((*facts.added, *feelings)))
    return FactReading(untrue, added, facts.contradicts, facts.lost, facts.lost_things, facts.kept_share)


def joined(learned: FactReading, facts: Facts, feelings: tuple[str, ...] = ()) -> FactReading:
    """A model's reading with what the rules are sure of."""
    sure = tuple(one for one in facts.contradicts if one.split(":")[0] in SURE)
    return FactReading(
        max(learned.untrue, 1 - 1 / (1 + len(sure) + len(feelings))),
        tuple(dict.fromkeys((*learned.added, *feelings))),
        (*learned.contradicts, *sure),
        tuple(dict.fromkeys([*facts.lost, *learned.lost])),
        learned.lost_things,
        facts.kept_share,
    )
