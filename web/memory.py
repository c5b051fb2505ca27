"""One heap for all threads, and what is free in it goes back to the system.

glibc gives threads heaps of their own, up to eight a core. The models' buffers are megabytes large, live for a moment
and differ in size with every batch; each heap grows to the largest moments of the threads that use it and keeps the
holes, so the process grows for as long as such moments meet in new heaps.
"""

import ctypes
import platform
import threading
import time

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
