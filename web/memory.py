"""One heap for all threads, and what is free in it goes back to the system.

glibc gives threads heaps of their own, up to eight a core. The models' buffers are megabytes large, live for a moment
and differ in size with every batch; each heap grows to the largest moments of the threads that use it and keeps the
holes, so the process grows for as long as such moments meet in new heaps.

Weights are mapped from their files. Those that were laid out anew for speed are not read from there again, but what was
read counts as the process's memory until it is given back.
"""

import ctypes
import platform
import threading
import time
from collections.abc import Iterator
from pathlib import Path

DONTNEED = 4  # the advice's number in mman.h
ARENA_MAX = -8  # the option's number in malloc.h
PAUSE = 10  # seconds between looks for free pages; one look takes some hundredths of a second


def hold_little() -> bool:
    """Whether the C library has been told; only glibc needs to be, and before there are threads."""
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    told = bool(library.mallopt(ARENA_MAX, 1) == 1)
    threading.Thread(target=_give_back, args=(library,), name="memory", daemon=True).start()
    return told


def _give_back(library: ctypes.CDLL) -> None:
    while True:
        time.sleep(PAUSE)
        library.malloc_trim(0)


def give_back_read(folder: Path) -> int:
    """Give back the pages that were read of files mapped from `folder`; how many bytes they span (0 but on Linux).

    Pages that are needed come again from the file. A mapping that was written to is left as it is.
    """
    if platform.system() != "Linux":
        return 0
    library = ctypes.CDLL(None)
    spans = list(_unchanged(Path("/proc/self/smaps").read_text("utf-8"), str(folder.resolve())))
    for start, end in spans:
        library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), DONTNEED)
    return sum(end - start for start, end in spans)


def _unchanged(maps: str, folder: str) -> Iterator[tuple[int, int]]:
    """The first and last address of each mapping of a file in the folder that has no page of its own."""
    span: tuple[int, int] | None = None
    for line in maps.splitlines():
        first, _, rest = line.partition(" ")
        if not first.endswith(":"):
            start, _, end = first.partition("-")
            span = (int(start, 16), int(end, 16)) if f" {folder}/" in rest else None
        elif span and first == "Anonymous:":
            if rest.split()[0] == "0":
                yield span
            span = None
