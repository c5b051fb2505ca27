"""The fact check on rewrites of the models that are labelled as true or not, and on flawed twins."""

import json
from collections import Counter

import pytest

from chains.truth import RuleChecker
from evaluation.facts import (
    CASES,
    Case,
    Figures,
    calibration_gap,
    errors,
    load_cases,
    main,
    measure,
    read,
    report,
    twin_cases,
    wilson,
)

ALL = load_cases()
RULES = RuleChecker()


def by_rules(cases: list[Case]) -> Figures:
    return measure(cases, read(cases, RULES))


def test_the_file_is_in_form() -> None:
    lines = CASES.read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    pairs = [(row["literal"], row["text"]) for row in rows]
    assert pairs == sorted(set(pairs))
    assert all(list(row) == ["literal", "text", "added", "contradicts", "hard", "why", "part"] for row in rows)
    assert all(bool(row["why"]) == row["hard"] for row in rows)
    assert Counter(case.part for case in ALL) == {"first": 638, "second": 718, "test": 212}
    assert sum(row["hard"] for row in rows if row["part"] == "first") >= 638 / 2
    assert sum(case.untrue for case in ALL) >= 340


@pytest.mark.parametrize(
    ("part", "precision", "recall"), [("first", 0.95, 0.95), ("second", 0.95, 0.84), ("test", 0.85, 0.69)]
)
def test_the_rules_tell_inventions_from_the_truth(part: str, precision: float, recall: float) -> None:
    found = by_rules([case for case in ALL if case.part == part])
    assert found.precision >= precision, errors(ALL, RULES)
    assert found.recall >= recall, errors(ALL, RULES)


def test_half_of_the_twins_cases_are_untrue() -> None:
    twins = twin_cases("dev")
    assert sum(case.untrue for case in twins) * 2 == len(twins) > 600
    lost = next(case for case in twins if case.lost)
    assert measure([lost], read([lost], RULES)).untrue == 1


def test_the_figures_of_no_cases_are_whole() -> None:
    assert by_rules([]).precision == by_rules([]).recall == 1
    assert wilson(0, 0) == (0, 1)


def test_intervals_and_the_calibration_gap_are_what_they_are_by_hand() -> None:
    assert wilson(5, 10) == pytest.approx((0.237, 0.763), abs=1e-3)
    assert calibration_gap([0.2, 0.2, 0.9], [False, True, True]) == pytest.approx((0.6 + 0.1) / 3)


def test_the_report_tells_of_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    few = [next(case for case in ALL if case.part == part) for part in ("first", "second", "test")]
    told = report([*twin_cases("dev")[:4], *few], {"rules": RULES})
    assert [line.split("  ")[0] for line in told.splitlines()[1:6]] == [
        "twins", "cases, held out", "cases, first", "cases, second", "cases, hard"
    ]  # fmt: skip
    main(["--checker", "rules", "--dev", "--show", "first"])
    assert "False alarms" in capsys.readouterr().out
