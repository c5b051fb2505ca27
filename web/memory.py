"""Memory that goes back to the system when it is free.

The models' buffers are megabytes large, live for a moment and differ in size with every batch. glibc maps such buffers
one by one at first, but after each that is freed it keeps the next of that size in a heap, up to 32 MB, and threads
have a heap each; holes stay, and the process grows to the sum of the largest moments of all its threads.
"""

import ctypes
import platform

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8  # the options' numbers in malloc.h
OPTIONS = {MMAP_THRESHOLD: 1 << 20, TRIM_THRESHOLD: 16 << 20, ARENA_MAX: 4}
"""Buffers of 1 MB and more are mapped, and unmapped when they are freed; heaps are few, and give back their ends."""


def hold_little() -> bool:
    """Whether the C library has been told; only glibc needs to be. Best before there are threads."""
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    return all(library.mallopt(option, value) == 1 for option, value in OPTIONS.items())
