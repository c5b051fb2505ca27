"""Memory levels off: what the server does for it, and that the soak would see if it did not."""

import platform
import subprocess
import sys

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
    def report(memory: list[int], threads: int = 60, files: int = 30) -> Report:
        samples = [(float(second), float(held)) for second, held in enumerate(memory)]
        return Report(before=Held(0, 20, 30), midway=Held(0, 60, 30), after=Held(0, threads, files), memory=samples)

    level = [1000 + min(second, 60) * 5 + second % 7 for second in range(120)]
    assert report(level).leaks == []
    assert report([*level[:60], *(level[60] + 2 * second for second in range(60))]).leaks == ["memory"]
    assert report(level, threads=90).leaks == ["threads"]
    assert report(level, files=70).leaks == ["files"]
