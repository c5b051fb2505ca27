"""Plots of how cost grows: points with their quartiles, and the line that was fitted through them."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from .rounds import Line, Spread

NEED = "The plots need matplotlib; install it by pip install 'moodcap[benchmarks]', or leave out --out."
COLOURS = ("#4a7a9c", "#c0703a", "#5d8a4e", "#8a5d8a")


class Plot(NamedTuple):
    """Cost against a number: for each system its spreads by place, and for some a fitted line."""

    name: str
    title: str
    across: str
    up: str
    points: Mapping[str, Mapping[int, Spread]]
    lines: Mapping[str, Line] = {}
    steep: bool = False
    """Whether both axes are logarithmic."""


def figure_class() -> Any:
    """matplotlib's figure.

    Raises:
        SystemExit: it is not installed.
    """
    try:
        matplotlib = import_module("matplotlib")
        figure = import_module("matplotlib.figure").Figure
    except ImportError as error:
        raise SystemExit(NEED) from error
    matplotlib.rcParams["svg.hashsalt"] = "moodcap"  # the same figures give the same file
    return figure


def draw(plots: Sequence[Plot], out: Path) -> list[str]:
    """Write the plots beside a report; their files' names."""
    figure = figure_class() if plots else None
    names = []
    for plot in plots:
        names.append(f"{out.stem}-{plot.name}.svg")
        sheet(figure, plot).savefig(out.with_name(names[-1]), metadata={"Date": None}, bbox_inches="tight")
    return names


def sheet(figure: Any, plot: Plot) -> Any:
    """One plot."""
    made = figure(figsize=(6.4, 3.6))
    axes = made.subplots()
    for colour, (system, points) in zip(COLOURS * len(plot.points), plot.points.items(), strict=False):
        places = sorted(points)
        some = [points[place] for place in places]
        ends = [[one.median - one.low for one in some], [one.high - one.median for one in some]]
        axes.errorbar(
            places, [one.median for one in some], yerr=ends, fmt="o", color=colour, label=system, capsize=2
        )  # fmt: skip
        if fit := plot.lines.get(system):
            steps = [places[0] + (places[-1] - places[0]) * i / 100 for i in range(101)]
            axes.plot(steps, [fit.at(step) for step in steps], color=colour, linewidth=1)
    if plot.steep:
        axes.set_xscale("log")
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(plot.across)
    axes.set_ylabel(plot.up)
    axes.set_title(plot.title)
    axes.legend(frameon=False)
    return made
