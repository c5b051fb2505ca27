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
    assert len(rows) >= 600
    assert sum(row["hard"] for row in rows) >= len(rows) / 2
    assert sum(case.untrue for case in ALL) >= 180
    assert Counter(case.part for case in ALL)["test"] == 99


def test_the_check_tells_inventions_from_the_truth() -> None:
    dev = measure([case for case in ALL if case.part == "dev"])
    assert dev.precision >= 0.95, errors(ALL)
    assert dev.recall >= 0.95, errors(ALL)
    found = measure(ALL)
    assert found.precision >= 0.95
    assert found.recall >= 0.95


def test_the_figures_of_no_cases_are_whole() -> None:
    assert measure([]).precision == measure([]).recall == 1


def test_the_report_tells_of_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split()[0] for line in report(ALL).splitlines()[1:]] == ["all", "hard", "dev", "held"]
    main(["--show", "dev"])
    assert "False alarms" in capsys.readouterr().out
