"""The report renders: goals, tables, plots, and what could not be measured."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import bench as bench_module
from benchmarks.all import MEASURES
from benchmarks.bench import Bench, arguments, bench_of, command_of, machine, run
from benchmarks.plots import Plot
from benchmarks.report import Goal, Section, Table, fitted, number, shown
from benchmarks.rounds import Line, Spread

GOALS = [
    Goal("fast", 0.5, 0.7, most=True, unit=" s"),
    Goal("often", 5.0, 6, most=False),
    Goal("llama", None, 1, most=False),
]


def good(bench: Bench) -> Section:
    """Good."""
    points = {"moodcap": {n: Spread(n / 2, n / 3, float(n), 3) for n in (1, 8)}}
    plot = Plot("n", "Cost", "n", "seconds", points, {"moodcap": Line(0, 0.5, 1)}, steep=True)
    return Section("Good", "How.", [Table(["a | b", "c"], [["1", "2"]])], [plot], GOALS)


def missing(bench: Bench) -> Section:
    """What is missing."""
    raise SystemExit("install it.")


def broken(bench: Bench) -> Section:
    """What breaks."""
    raise RuntimeError("it broke")


def test_a_run_goes_on_without_what_cannot_be_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "speed.md"
    assert run("benchmarks.all", "About.", [good, missing, broken], ["--quick", "--out", str(out)]) == 1
    text = out.read_text("utf-8")
    assert "    python -m benchmarks.all --quick --out docs/speed.md\n" in text
    assert "| fast | at most 0.700 s | 0.500 s | yes |" in text
    assert "| often | at least 6.00 | 5.00 | no |" in text
    assert "| llama | at least 1.00 | not measured |  |" in text
    assert "| a / b | c |" in text
    assert "## What is missing\n\n**Not measured:** install it." in text
    assert "**Not measured:** RuntimeError: it broke" in text
    assert "a quick look" in text
    assert "![Cost](speed-n.svg)" in text
    assert "<svg" in (tmp_path / "speed-n.svg").read_text("utf-8")
    assert "What breaks" in capsys.readouterr().err


def test_without_a_file_the_report_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("benchmarks.photo", "About.", [good], []) == 0
    said = capsys.readouterr().out
    assert said.startswith("# Speed\n\n    python -m benchmarks.photo\n")
    assert "quick look" not in said


def test_the_command_names_no_folder_of_this_machine(tmp_path: Path) -> None:
    options = arguments("About.").parse_args(["--photos", str(tmp_path), "--out", str(tmp_path / "s.md")])
    assert command_of("benchmarks.all", options) == "python -m benchmarks.all --photos PHOTOS --out docs/s.md"
    with pytest.raises(SystemExit, match="no photos"):
        bench_of(options)
    assert "torch" in machine()


def test_numbers_have_three_digits() -> None:
    assert [number(n) for n in (0, 0.1234, 1.234, 12.34, 1234.5)] == ["0", "0.123", "1.23", "12.3", "1,234"]
    assert shown(Spread(1, 0.5, 2, 3), " s") == "1.00 s [0.500, 2.00]"
    assert fitted(Line(1, -0.5, 0.99), "n") == "1.00 - 0.500 · n s (R² 0.990)"


def test_moods_take_turns() -> None:
    bench = Bench(SimpleNamespace())  # type: ignore[arg-type]
    assert bench.mood(0) != bench.mood(1)
    assert bench.mood(0) == bench.mood(6)
    assert (bench.many(5, 1), Bench(bench.settings, quick=True).many(5, 1)) == (5, 1)


def test_the_whole_report_is_of_all_benchmarks() -> None:
    folder = Path(bench_module.__file__).parent
    measuring = {file.stem for file in folder.glob("*.py") if "\ndef measure" in file.read_text("utf-8")}
    assert {measure.__module__.removeprefix("benchmarks.") for measure in MEASURES} == measuring
