"""Send changed photos through every way into Moodcap: `python -m tests.fuzz 200000 [--seed 7] [--only NUMBER]`.

Every one goes through `open_photo`, every tenth through the command line's batch and every tenth by HTTP. It ends with
code 1 where one meets anything but a record or an error with a code, kills or hangs the process, or where memory grows.
"""

import argparse
import multiprocessing
import os
import random
import tempfile
import time
import traceback
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .doors import Batch, Fault, Upload, by_photo
from .mutations import mutant

TOGETHER = 16  # photos in a folder
PATIENCE = 60.0  # seconds that one mutation may take
GROWTH = 64  # MB that the second half may hold more than the first
REPEAT = "repeat it with: python -m tests.fuzz --seed {} --only {}"


class Fuzz:
    """One run: what came of the mutations through each door."""

    def __init__(self, seed: int, folder: Path, place: Any = None) -> None:
        self.seed, self.place = seed, place
        self.batch, self.upload = Batch(folder), Upload(folder)
        self.found: dict[str, Counter[str]] = {door: Counter() for door in ("open_photo", "batch", "upload")}
        self._waiting: list[int] = []

    def take(self, number: int, all_doors: bool = False) -> None:
        """Send one mutation.

        Raises:
            Fault: it met what it must not; the message says how to repeat it.
        """
        if self.place is not None:
            self.place.value = number
        self._through("open_photo", [number])
        if all_doors or number % 10 == 5:
            self._through("upload", [number])
        if all_doors or number % 10 == 0:
            self._waiting.append(number)
            if all_doors or len(self._waiting) == TOGETHER:
                numbers, self._waiting = self._waiting, []
                self._through("batch", numbers)

    def _through(self, door: str, numbers: list[int]) -> None:
        photos = [mutant(self.seed, number) for number in numbers]
        try:
            if door == "batch":
                codes = self.batch([photo.data for photo in photos])
            else:
                codes = [(by_photo if door == "open_photo" else self.upload)(photos[0].data)]
        except Exception as error:
            names = ", ".join(photo.name for photo in photos)
            said = str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"
            again = "; ".join(REPEAT.format(self.seed, number) for number in numbers)
            raise Fault(f"{door} of {names}: {said}; {again}") from error
        self.found[door].update(codes)


def work(seed: int, count: int, seconds: float, only: int | None, place: Any, told: Connection) -> None:
    """In a process of its own: send mutations, and tell what came of them and what memory was held by halves."""
    held: list[float] = []
    if only is None:  # decoders and the server's log say much
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            fuzz, end, number = Fuzz(seed, Path(folder), place), time.monotonic() + seconds, 0
            if only is not None:
                fuzz.take(only, all_doors=True)
            while only is None and number < count and time.monotonic() < end:
                fuzz.take(number)
                number += 1
                if number % 500 == 0:
                    held.append(memory())
            told.send((None, fuzz.found, held))
        except Exception as error:
            told.send((str(error) if isinstance(error, Fault) else traceback.format_exc(), {}, held))


def memory() -> float:
    """What this process holds, in MB; 0 where the system does not tell it as Linux does."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0


def watch(seed: int, count: int, seconds: float = 1e9, only: int | None = None) -> str | None:
    """Run, and say what went wrong, or nothing. A mutation that kills or hangs the process is named as well."""
    spawn = multiprocessing.get_context("spawn")
    place, (here, there) = spawn.Value("q", -1), spawn.Pipe(False)
    process = spawn.Process(target=work, args=(seed, count, seconds, only, place, there))
    process.start()
    there.close()
    last, since = -1, time.monotonic()
    while not here.poll(0.2) and process.is_alive():
        if place.value != last or last < 0:
            last, since = place.value, time.monotonic()
        if time.monotonic() - since > PATIENCE:
            process.kill()
            return f"It hangs; {REPEAT.format(seed, last)}"
    try:
        wrong, found, held = here.recv()
    except EOFError:
        process.join()
        return f"It ended with {process.exitcode}; {REPEAT.format(seed, place.value)}"
    process.join(10)
    process.kill()  # a server's threads do not end by themselves
    for door, codes in found.items():
        print(f"{door:11} {codes.total():7,}  {', '.join(f'{many:,} {code}' for code, many in codes.most_common())}")
    half = len(held) // 2
    if held and half:
        first, second = max(held[:half]), max(held[half:])
        print(f"memory      {first:.0f} MB at most in the first half, {second:.0f} in the second")
        if wrong is None and second > first + GROWTH:
            return "Memory grows."
    return None if wrong is None else str(wrong)


def main() -> int:
    """Fuzz and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so many")
    parser.add_argument("--only", type=int, help="the number of one mutation, through every door")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    wrong = watch(chosen.seed, chosen.count, chosen.seconds, chosen.only)
    print(wrong or "no faults")
    return 1 if wrong else 0
