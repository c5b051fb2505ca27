"""Memory levels off: what the server does for it, and that the soak would see if it did not."""

import mmap
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from web import give_back_read

from .soak import Held, Report

GROW = """
import threading, sys
from web.memory import hold_little
if sys.argv[1] == "shared": assert hold_little()
def work():
    pieces = [bytes(100_000) for _ in range(100)]  # small enough for a heap, which keeps a hole for each
    kept.append(pieces[-1])
    done.wait(10)
kept, done = [], threading.Barrier(9)
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
done.wait(10)
for thread in threads: thread.join()
maps = open("/proc/self/maps").read().splitlines()
print(sum("---p 00000000 00:00 0" in line for line in maps))
"""


def heaps(kind: str) -> int:
    """Reserves of address space beside the first heap, in a process of eight threads."""
    run = subprocess.run([sys.executable, "-c", GROW, kind], capture_output=True, text=True, check=True)
    return int(run.stdout)


def test_threads_share_one_heap() -> None:
    if platform.libc_ver()[0] != "glibc":
        from web.memory import hold_little

        assert not hold_little()
    else:
        assert heaps("shared") < heaps("own")


def test_the_soak_sees_what_does_not_level_off() -> None:
    def report(memory: list[float], threads: int = 60, files: int = 30) -> Report:
        before, midway, after = Held(0, 20, 20), Held(0, 60, 30), Held(0, threads, files)
        return Report(before=before, midway=midway, after=after, memory=(memory[:60], memory[60:]))

    level = [1000.0 + min(second, 20) * 15 + second % 7 for second in range(120)]
    assert report(level).leaks == []
    assert report([held + second for second, held in enumerate(level)]).leaks == ["memory"]
    assert report(level, threads=90).leaks == ["threads"]
    assert report(level, files=70).leaks == ["files"]


def resident(file: Path) -> int:
    """How many kB of a mapped file this process holds."""
    lines = iter(Path("/proc/self/smaps").read_text("utf-8").splitlines())
    parts = [next(line for line in lines if line.startswith("Rss:")) for line in lines if str(file) in line]
    return sum(int(part.split()[1]) for part in parts)


@pytest.mark.parametrize("written", [False, True])
def test_what_was_read_of_a_file_is_given_back_and_what_was_written_is_kept(tmp_path: Path, written: bool) -> None:
    file, size = tmp_path / "weights", 4 << 20
    file.write_bytes(b"x" * size)
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY) as there:
        assert there[:] == b"x" * size
        if written:
            there[5] = ord("y")
        if sys.platform != "linux":
            assert give_back_read(tmp_path) == 0
            return
        held = resident(file)
        assert held > size >> 11, "most of it at least"
        assert give_back_read(tmp_path) == (0 if written else size)
        assert resident(file) == (held if written else 0)
        assert there[:] == (b"xxxxxy" + b"x" * (size - 6) if written else b"x" * size)
    assert give_back_read(tmp_path) == 0
