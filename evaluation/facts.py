"""How well fact checks tell what a rewrite invents: `python -m evaluation.facts [--checker joint] [--show PART]`.

First comes what was held out: the test part of `data/rewrites` (`training/written.py`), each rewrite, which is true,
and its twin, which has one fault; then the labelled cases, rewrites of Flickr8k captions by the models. Of a case it
is known which words are invented and whether it contradicts its caption; what it loses is not marked, and does not
count there.

The `part` of a case is "first" or "second", by which rules were made and which the learned check was taught with, or
"test" for those that were labelled last and left unread. The first are mostly of the embedded writer as it was set;
most of the others are of the plain language model, or of the embedded writer with more chance and no words locked. By
their labels a feeling that is asserted of a person is no fault, so what is found of these does not count there; by the
twins it is one.

Checkers: `learned` is the embedded model alone, `rules` those of `chains/facts.py` alone, `joint` what the chain uses.
Intervals are Wilson's, 95 %.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from chains import Settings
from chains.caption import model_context
from chains.checks_feelings import asserted_feelings
from chains.truth import JointChecker, RuleChecker
from models import FactChecker, FactReading, load
from training.written import load_written, split

CASES = Path("tests/chains/fact_cases.jsonl")
CONTRADICTING = ("number", "colour", "gender", "negation")


class Case(NamedTuple):
    """A rewrite with its labels. `why` says what is hard about it; `part` is "first", "second", "test" or "twins"."""

    literal: str
    text: str
    added: tuple[str, ...]
    contradicts: bool
    hard: bool
    why: str
    part: str
    lost: tuple[str, ...] = ()

    @property
    def untrue(self) -> bool:
        """Whether the rewrite says what its literal caption does not allow, or drops a main fact."""
        return bool(self.added or self.lost) or self.contradicts


class Figures(NamedTuple):
    """How many cases there are and are untrue, and how well they are told. `gap` is the calibration error, 0..1."""

    cases: int
    untrue: int
    misses: tuple[Case, ...]
    false_alarms: tuple[Case, ...]
    gap: float = 0.0

    @property
    def found(self) -> int:
        """How many untrue cases are flagged."""
        return self.untrue - len(self.misses)

    @property
    def precision(self) -> float:
        """The share of flagged cases that are untrue."""
        flagged = self.found + len(self.false_alarms)
        return self.found / flagged if flagged else 1.0

    @property
    def recall(self) -> float:
        """The share of untrue cases that are flagged."""
        return self.found / self.untrue if self.untrue else 1.0


def load_cases(path: Path = CASES) -> list[Case]:
    """The labelled cases in order."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [Case(**{**row, "added": tuple(row["added"])}) for row in rows]


def twin_cases(part: str = "test") -> list[Case]:
    """Twins and their rewrites of a part of `data/rewrites`; `why` is the twin's fault."""
    found = []
    for row in split(load_written())[part]:  # type: ignore[index]
        if row.twin:
            contradicts, lost = row.fault in CONTRADICTING, (row.span,) if row.fault == "lost" else ()
            added = () if contradicts or lost else (row.span,)
            found.append(Case(row.literal, row.twin, added, contradicts, False, row.fault, "twins", lost))
            found.append(Case(row.literal, row.rewrite, (), False, False, row.fault, "twins"))
    return found


def is_flagged(case: Case, reading: FactReading) -> bool:
    """Whether a check finds the case untrue; what is lost, and what is felt, counts where it is known."""
    if case.part == "twins":
        return bool(reading.added or reading.contradicts or reading.lost_things)
    felt = asserted_feelings(case.literal, case.text)
    return bool(set(reading.added) - set(felt) or reading.contradicts)


def read(cases: Sequence[Case], checker: FactChecker) -> list[FactReading]:
    """What a check says of cases."""
    return checker.check([(case.literal, case.text) for case in cases])


def measure(cases: Sequence[Case], readings: Sequence[FactReading]) -> Figures:
    """The figures of a check's readings of these cases."""
    told = [(case, is_flagged(case, reading)) for case, reading in zip(cases, readings, strict=True)]
    misses = tuple(case for case, flag in told if case.untrue and not flag)
    alarms = tuple(case for case, flag in told if flag and not case.untrue)
    gap = calibration_gap([one.untrue for one in readings], [case.untrue for case in cases])
    return Figures(len(cases), sum(case.untrue for case in cases), misses, alarms, gap)


def calibration_gap(chances: Sequence[float], untrue: Sequence[bool], bins: int = 10) -> float:
    """How far chances lie from what comes true, on average over bins of equal width (expected calibration error)."""
    found: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for pair in zip(chances, untrue, strict=True):
        found[min(int(pair[0] * bins), bins - 1)].append(pair)
    gaps = [abs(sum(chance for chance, _ in own) - sum(true for _, true in own)) for own in found]
    return sum(gaps) / max(len(chances), 1)


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, right / of
    middle, half = share + z * z / (2 * of), z * (share * (1 - share) / of + z * z / (4 * of * of)) ** 0.5
    whole = 1 + z * z / of
    return (middle - half) / whole, (middle + half) / whole


GROUPS: dict[str, Callable[[Case], bool]] = {
    "twins": lambda case: case.part == "twins",
    "cases, held out": lambda case: case.part == "test",
    "cases, first": lambda case: case.part == "first",
    "cases, second": lambda case: case.part == "second",
    "cases, hard": lambda case: case.hard,
}


def report(cases: Sequence[Case], checkers: dict[str, FactChecker]) -> str:
    """A table of the figures, a line for each group of cases and checker; and of the twins the recall by fault."""
    lines = [f"{'':<16} {'checker':<8} {'cases':>5} {'untrue':>6} {'precision':>20} {'recall':>20} {'gap':>5}"]
    faults = []
    readings = {name: read(cases, checker) for name, checker in checkers.items()}
    for group, belongs in GROUPS.items():
        there = [i for i, case in enumerate(cases) if belongs(case)]
        for name, all_of in readings.items():
            found = measure([cases[i] for i in there], [all_of[i] for i in there])
            flagged = found.found + len(found.false_alarms)
            told = _share(found.found, flagged, found.precision), _share(found.found, found.untrue, found.recall)
            counts = f"{found.cases:>5} {found.untrue:>6}"
            lines.append(f"{group:<16} {name:<8} {counts} {told[0]:>20} {told[1]:>20} {found.gap:>5.3f}")
            if group == "twins":
                faults.append(f"recall of {name}: {_by_fault([cases[i] for i in there], found.misses)}")
    return "\n".join([*lines, "", *faults])


def _share(right: int, of: int, share: float) -> str:
    low, high = wilson(right, of)
    return f"{share:.3f} [{low:.3f}, {high:.3f}]"


def _by_fault(cases: Sequence[Case], misses: Sequence[Case]) -> str:
    told = []
    for fault in sorted({case.why for case in cases}):
        of, missed = (sum(one.untrue and one.why == fault for one in own) for own in (cases, misses))
        told.append(f"{fault} {1 - missed / max(of, 1):.2f} of {of}")
    return ", ".join(told)


def errors(cases: Sequence[Case], checker: FactChecker) -> str:
    """The misses and the false alarms, with what the check found."""
    readings = read(cases, checker)
    found = measure(cases, readings)
    said = {(case.literal, case.text): reading for case, reading in zip(cases, readings, strict=True)}
    lines = []
    for title, those in (("Missed", found.misses), ("False alarms", found.false_alarms)):
        lines.append(f"\n{title} ({len(those)})")
        for case in those:
            one = said[case.literal, case.text]
            words = [*one.added, *one.contradicts, *one.lost_things] or [*case.added, *case.lost] or ["contradicts"]
            lines.append(f"- [{', '.join(words)}] {case.literal} => {case.text}")
    return "\n".join(lines)


def load_checkers(settings: Settings) -> dict[str, FactChecker]:
    """The learned check of the settings, alone and with the rules, and the rules."""
    learned = load("fact_checker", settings.chosen_preset().fact_checker, model_context(settings))
    rules: dict[str, FactChecker] = {"rules": RuleChecker()}
    return {"joint": JointChecker(learned), "learned": learned, **rules} if learned else rules


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=Path, default=CASES, help="another file of cases")
    parser.add_argument("--checker", nargs="*", help="joint, learned, rules; all of them by default")
    parser.add_argument("--dev", action="store_true", help="the twins of the development part in place of the test's")
    parser.add_argument(
        "--show", choices=("twins", "first", "second", "test"), help="tell the misses and false alarms of a part too"
    )
    options = parser.parse_args(arguments)
    checkers = load_checkers(Settings.from_environment())
    chosen = {name: checkers[name] for name in options.checker or checkers}
    cases = [*twin_cases("dev" if options.dev else "test"), *load_cases(options.cases)]
    print(report(cases, chosen))
    if options.show:
        print(errors([case for case in cases if case.part == options.show], next(iter(chosen.values()))))


if __name__ == "__main__":
    main()
