"""One heap for all threads, so that what one of them frees is there for the others.

glibc gives threads heaps of their own, up to eight a core. The models' buffers are megabytes large, live for a moment
and differ in size with every batch; each heap grows to the largest moments of the threads that use it and keeps the
holes, so the process grows for as long as such moments meet in new heaps.
"""

import ctypes
import platform

ARENA_MAX = -8  # the option's number in malloc.h


def share_heap() -> bool:
    """Whether the C library has been told; only glibc needs to be, and before there are threads."""
    if platform.libc_ver()[0] != "glibc":
        return False
    return bool(ctypes.CDLL(None).mallopt(ARENA_MAX, 1) == 1)
