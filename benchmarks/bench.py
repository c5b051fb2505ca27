"""What every benchmark is run with: `--quick`, `--photos FOLDER`, `--out FILE`; and how one is run alone."""

import argparse
import os
import platform
import shlex
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from chains import Settings
from prompts import Mood, load_moods

from .photos import Photos
from .plots import figure_class
from .report import Report, Section, write_report
from .rounds import say

MOODS = ("nostalgia", "awe", "contentment", "melancholy", "excitement", "serenity")
FOUNDATIONS = "the folder of the plain GGUF (it is fetched there); without it, for this run only"


@dataclass(frozen=True)
class Bench:
    """What is measured with."""

    settings: Settings
    photos: Photos = field(default_factory=Photos)
    quick: bool = False
    foundations: Path | None = None

    def many(self, full: int, quick: int) -> int:
        """The larger number, or the smaller one for a quick look."""
        return quick if self.quick else full

    def mood(self, number: int) -> Mood:
        """The mood of a round: they take turns."""
        return load_moods()[MOODS[number % len(MOODS)]]


Measure = Callable[[Bench], Section]


def arguments(about: str) -> argparse.ArgumentParser:
    """The parser of a benchmark's arguments."""
    parser = argparse.ArgumentParser(description=about.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a look within a few minutes: few rounds, small numbers")
    parser.add_argument("--photos", type=Path, help="a folder of photos; without it photos are drawn")
    parser.add_argument("--foundations", type=Path, help=FOUNDATIONS)
    parser.add_argument("--out", type=Path, help="the report's file, plots go beside it; without it, it is printed")
    return parser


def bench_of(options: argparse.Namespace) -> Bench:
    """What the arguments ask for, with the settings of the environment."""
    settings = Settings.from_environment(remember=0)
    return Bench(settings, Photos(options.photos), options.quick, options.foundations)


def command_of(module: str, options: argparse.Namespace) -> str:
    """The command that makes this report again, without this machine's folders."""
    words = ["python", "-m", module]
    words += ["--quick"] if options.quick else []
    words += ["--photos", "PHOTOS"] if options.photos else []
    return shlex.join([*words, "--out", f"docs/{options.out.name}"] if options.out else words)


def machine() -> str:
    """What the figures were measured on."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f} when it began" if hasattr(os, "getloadavg") else ""
    return (
        f"{model}, {cores} cores, {torch.get_num_threads()} threads{load}; "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


def run(module: str, about: str, measures: Sequence[Measure], given: Sequence[str] | None = None) -> int:
    """Measure, and write or print the report. The exit code is 1 where something could not be measured."""
    options = arguments(about).parse_args(given)
    if options.out:
        figure_class()  # what is missing is told before minutes of work
    bench = bench_of(options)
    where, began = machine(), time.monotonic()
    sections = [attempt(measure, bench) for measure in measures]
    minutes = (time.monotonic() - began) / 60
    report = Report(command_of(module, options), where, str(bench.photos), minutes, bench.quick, sections)
    write_report(report, options.out)
    return int(any(not section.tables for section in sections))


def attempt(measure: Measure, bench: Bench) -> Section:
    """What a benchmark found, or why it could not be run: a long run goes on without it."""
    title = (measure.__doc__ or measure.__name__).split("\n")[0].rstrip(".")
    say(title)
    try:
        return measure(bench)
    except SystemExit as missing:
        return Section(title, f"**Not measured:** {missing}")
    except Exception as error:
        traceback.print_exc()
        return Section(title, f"**Not measured:** {type(error).__name__}: {error}")
