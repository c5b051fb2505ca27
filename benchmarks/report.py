"""The report: the goals and what was reached, a section a benchmark with tables and plots, written as Markdown."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .plots import Plot, draw
from .rounds import Line, Spread

UNKNOWN = "not measured"


class Table(NamedTuple):
    """A table of ready text."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


class Goal(NamedTuple):
    """A goal and the figure that was reached; `value` is None where it was not measured.

    With `most` the figure may be no larger than the goal, else no smaller. `unit` is written after both.
    """

    what: str
    value: float | None
    bound: float
    most: bool
    unit: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where it was not measured."""
        if self.value is None:
            return None
        return self.value <= self.bound if self.most else self.value >= self.bound


class Section(NamedTuple):
    """What a benchmark found; `text` says how it was measured."""

    title: str
    text: str
    tables: Sequence[Table] = ()
    plots: Sequence[Plot] = ()
    goals: Sequence[Goal] = ()


class Report(NamedTuple):
    """Everything that the report is written from."""

    command: str
    machine: str
    photos: str
    minutes: float
    quick: bool
    sections: Sequence[Section]


def render(report: Report, plots: Sequence[Sequence[str]] | None = None) -> str:
    """The report as Markdown; `plots` are, for each section, the names of files beside it."""
    parts = ["# Speed", f"    {report.command}", _facts(report)]
    goals = [goal for section in report.sections for goal in section.goals]
    parts += ["## Goals", table(_goals(goals))] if goals else []
    for section, names in zip(report.sections, plots or [[]] * len(report.sections), strict=True):
        parts += [f"## {section.title}", section.text, *map(table, section.tables)]
        parts += [f"![{plot.title}]({name})" for plot, name in zip(section.plots, names, strict=False)]
    return "\n\n".join(parts) + "\n"


def _facts(report: Report) -> str:
    lines = [
        f"- measured on: {report.machine}",
        f"- with: {report.photos}, in {number(report.minutes)} minutes",
        "- figures are medians over rounds in alternating order, with the quartiles in square brackets",
        "- *straight* is the app written straight from the documentation of transformers and LangChain, with the same "
        "weights in float32 (`benchmarks/straight.py`)",
        "- [what was tried for speed, and what it gave](speed-notes.md)",
    ]
    if report.quick:
        lines.insert(0, "- **a quick look (`--quick`)**: few rounds, small numbers; not the figures to go by")
    return "\n".join(lines)


def _goals(goals: Sequence[Goal]) -> Table:
    said = {True: "yes", False: "no", None: ""}
    rows = []
    for goal in goals:
        figure = UNKNOWN if goal.value is None else f"{number(goal.value)}{goal.unit}"
        sign = "at most" if goal.most else "at least"
        rows.append([goal.what, f"{sign} {number(goal.bound)}{goal.unit}", figure, said[goal.reached]])
    return Table(["what", "goal", "figure", "reached"], rows)


def write_report(report: Report, out: Path | None) -> None:
    """Write the report and, beside it, its plots; or print it."""
    if out is None:
        print(render(report))
        return
    names = [draw(section.plots, out) for section in report.sections]
    out.write_text(render(report, names), "utf-8")


def table(made: Table) -> str:
    """A table as Markdown."""
    rows = [made.head, ["---"] * len(made.head), *made.rows]
    return "\n".join(f"| {' | '.join(' '.join(cell.split()).replace('|', '/') for cell in row)} |" for row in rows)


def number(value: float) -> str:
    """Three digits, or more where there are more before the point."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}" if value else "0"


def shown(told: Spread, unit: str = "") -> str:
    """A median and its quartiles."""
    return f"{number(told.median)}{unit} [{number(told.low)}, {number(told.high)}]"


def fitted(line: Line, n: str, unit: str = "s") -> str:
    """A fitted line in words."""
    sign = "+" if line.b >= 0 else "-"
    return f"{number(line.a)} {sign} {number(abs(line.b))} · {n} {unit} (R² {line.fit:.3f})"
