"""How long starting takes, with warm and cold files, against the straight app.

python -m benchmarks.startup [--quick] [--out REPORT.md]
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .bench import Bench, run
from .processes import MOODCAP, ROOT, STRAIGHT, Kind, memory, served
from .report import Goal, Section, Table, shown
from .rounds import alternate, say, spread

HELP = "moodcap --help"
TEXT = """
From the start of the process until `/readyz` answers 200, models loaded. Warm: the files were read a moment before.
Cold: what the system kept in memory of the models' files and of all installed packages is given back before, except
what other processes have in use. Memory is what the server holds when it is ready.
"""
Seconds = Mapping[str, Sequence[float]]


def measure(bench: Bench) -> Section:
    """Start-up, warm and cold."""
    home, held = bench.settings.home, dict[str, list[float]]()
    kinds = (MOODCAP, STRAIGHT)
    begin = {kind.name: starter(kind, home, held) for kind in kinds}
    warm = alternate({HELP: show_help, **begin}, bench.many(4, 1), told=say)
    folders = [home, Path(sysconfig.get_path("purelib"))]
    begin = {kind.name: starter(kind, home, {}, lambda: chill(folders)) for kind in kinds}
    cold = alternate(begin, bench.many(2, 1), warm=0, told=say) if hasattr(os, "posix_fadvise") else {}
    return section(warm, cold, held)


def show_help(_: int) -> None:
    """Have `moodcap --help` told."""
    subprocess.run([sys.executable, "-m", "app", "--help"], cwd=ROOT, capture_output=True, check=True)


def starter(
    kind: Kind, home: Path, held: dict[str, list[float]], before: Callable[[], None] = lambda: None
) -> Callable[[int], float]:
    """A function that starts a server and stops it again; the seconds until it was ready."""

    def start(_: int) -> float:
        before()
        with served(kind, home) as server:
            held.setdefault(kind.name, []).append(memory(server.process.pid))
            return server.seconds

    return start


def chill(folders: Sequence[Path]) -> None:
    """Have the system forget what it keeps in memory of the files in some folders, as far as nobody uses them."""
    for file in (file for folder in folders for file in folder.rglob("*") if file.is_file()):
        try:
            descriptor = os.open(file, os.O_RDONLY)
        except OSError:
            continue
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def section(warm: Seconds, cold: Seconds, held: Seconds) -> Section:
    """What was found."""
    rows = [
        [name, shown(spread(values)), _cell(cold.get(name, ())), _cell(held.get(name, ()))]
        for name, values in warm.items()
    ]
    return Section(
        "Start-up",
        TEXT.strip(),
        [Table(["", "warm, s", "cold, s", "memory when ready, MB"], rows)],
        goals=[
            Goal("ready to serve, warm", spread(warm[MOODCAP.name]).median, 5, most=True, unit=" s"),
            Goal("`moodcap --help`", spread(warm[HELP]).median, 0.3, most=True, unit=" s"),
        ],
    )


def _cell(values: Sequence[float]) -> str:
    return shown(spread(values)) if values else ""


def main() -> int:
    """Measure and report."""
    return run("benchmarks.startup", __doc__ or "", [measure])


if __name__ == "__main__":
    sys.exit(main())
