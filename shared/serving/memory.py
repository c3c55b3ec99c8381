"""Memory that is free goes back to the system.

A large photo takes half a gigabyte for a second. The C library keeps such pieces for the next one, in each thread's own
heap, so a hub that was busy once stays large for good, and the machine's other programs have that much less.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable


def give_back() -> None:
    """Return what is free to the system, where the C library can: GNU's on Linux. Takes some milliseconds."""
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.lru_cache(maxsize=1)
def _trim() -> Callable[[int], int] | None:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # another C library; Windows
        return None
    return trim
