"""The fact check on rewrites of the models that are labelled as true or not."""

import json
from collections import Counter

import pytest

from evaluation.facts import CASES, errors, load_cases, main, measure, report

ALL = load_cases()


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
def test_the_check_tells_inventions_from_the_truth(part: str, precision: float, recall: float) -> None:
    found = measure([case for case in ALL if case.part == part])
    assert found.precision >= precision, errors(ALL)
    assert found.recall >= recall, errors(ALL)


def test_the_figures_of_no_cases_are_whole() -> None:
    assert measure([]).precision == measure([]).recall == 1


def test_the_report_tells_of_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split()[0] for line in report(ALL).splitlines()[1:]] == ["all", "hard", "first", "second", "held"]
    main(["--show", "first"])
    assert "False alarms" in capsys.readouterr().out
