"""Memory that is free goes back to the system, and lies in few places until then.

A large photo takes half a gigabyte for a second. The C library keeps such pieces for the next one, so a hub that was
busy once stays large for good, and the machine's other programs have that much less. GNU's keeps them in up to eight
heaps for each core, a thread's new one apart from all others; what is free in one of them serves no thread of another.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable

HEAPS = 2  # with one, threads that compute side by side wait for each other: 3 % of an iteration's processor time
_ARENA_MAX = -8  # M_ARENA_MAX of GNU's malloc.h


def give_back() -> None:
    """Return what is free to the system, where the C library can: GNU's on Linux. Takes some milliseconds."""
    trim = _of_c_library("malloc_trim")
    if trim is not None:
        trim(0)


def share_heaps() -> None:
    """Let all threads share ``HEAPS`` heaps, where the C library can; to be called before there are threads.

    What the user has set in the environment stays.
    """
    choose = _of_c_library("mallopt")
    if choose is not None and "MALLOC_ARENA_MAX" not in os.environ:
        choose(_ARENA_MAX, HEAPS)


@functools.lru_cache(maxsize=2)
def _of_c_library(name: str) -> Callable[..., int] | None:
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError, TypeError):  # another C library; Windows
        return None
    return function
