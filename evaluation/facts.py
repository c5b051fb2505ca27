"""How well the fact check tells what a rewrite invents: `python -m evaluation.facts [--show PART]`.

The cases are rewrites of Flickr8k captions by the models, each labelled: which words are invented, and whether it
contradicts its literal caption. A text counts as flagged where the check finds either. Invented is also what somebody
of the caption is said to do with their body and does not ("racing" of boys who stand).

The `part` of a case is "first" or "second", by which rules were made, or "test" for those that were labelled last and
left unread while rules were made on the others. The first are mostly of the embedded writer as it is set; most
of the others are of the plain language model, or of the embedded writer with more chance and no words locked.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from chains.facts import check_facts

CASES = Path("tests/chains/fact_cases.jsonl")


class Case(NamedTuple):
    """A rewrite with its labels. `why` says what is hard about it; `part` is "first", "second" or "test"."""

    literal: str
    text: str
    added: tuple[str, ...]
    contradicts: bool
    hard: bool
    why: str
    part: str

    @property
    def untrue(self) -> bool:
        """Whether the rewrite says what its literal caption does not allow."""
        return bool(self.added) or self.contradicts


class Figures(NamedTuple):
    """How many cases there are and are untrue, and how well they are told."""

    cases: int
    untrue: int
    misses: tuple[Case, ...]
    false_alarms: tuple[Case, ...]

    @property
    def precision(self) -> float:
        """The share of flagged cases that are untrue."""
        flagged = self.untrue - len(self.misses) + len(self.false_alarms)
        return (self.untrue - len(self.misses)) / flagged if flagged else 1.0

    @property
    def recall(self) -> float:
        """The share of untrue cases that are flagged."""
        return 1 - len(self.misses) / self.untrue if self.untrue else 1.0


def load_cases(path: Path = CASES) -> list[Case]:
    """The labelled cases in order."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [Case(**{**row, "added": tuple(row["added"])}) for row in rows]


def measure(cases: Sequence[Case]) -> Figures:
    """The figures of the check on these cases."""
    flagged = [check_facts(case.literal, case.text).faults > 0 for case in cases]
    told = list(zip(cases, flagged, strict=True))
    misses = tuple(case for case, flag in told if case.untrue and not flag)
    alarms = tuple(case for case, flag in told if flag and not case.untrue)
    return Figures(len(cases), sum(case.untrue for case in cases), misses, alarms)


GROUPS: dict[str, Callable[[Case], bool]] = {
    "all": lambda case: True,
    "hard": lambda case: case.hard,
    "first": lambda case: case.part == "first",
    "second": lambda case: case.part == "second",
    "held out": lambda case: case.part == "test",
}


def report(cases: Sequence[Case]) -> str:
    """A table of the figures, a line for each group of cases."""
    lines = [f"{'':<9} {'cases':>5} {'untrue':>6} {'precision':>9} {'recall':>6}"]
    for name, belongs in GROUPS.items():
        found = measure([case for case in cases if belongs(case)])
        lines.append(f"{name:<9} {found.cases:>5} {found.untrue:>6} {found.precision:>9.3f} {found.recall:>6.3f}")
    return "\n".join(lines)


def errors(cases: Sequence[Case]) -> str:
    """The misses and the false alarms, with what the check found."""
    found = measure(cases)
    lines = []
    for title, those in (("Missed", found.misses), ("False alarms", found.false_alarms)):
        lines.append(f"\n{title} ({len(those)})")
        for case in those:
            facts = check_facts(case.literal, case.text)
            said = ", ".join([*facts.added, *facts.contradicts]) or ", ".join(case.added) or "contradicts"
            lines.append(f"- [{said}] {case.literal} => {case.text}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=Path, default=CASES, help="another file of cases")
    parser.add_argument(
        "--show", choices=("first", "second", "test"), help="tell the misses and false alarms of a part too"
    )
    options = parser.parse_args(arguments)
    cases = load_cases(options.cases)
    print(report(cases))
    if options.show:
        print(errors([case for case in cases if case.part == options.show]))


if __name__ == "__main__":
    main()
