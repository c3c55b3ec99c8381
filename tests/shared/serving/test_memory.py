"""What is free goes back."""

from __future__ import annotations

import ctypes
import sys

import psutil
import pytest

from shared.serving import memory


def _trims() -> bool:
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")


@pytest.mark.skipif(not _trims(), reason="needs GNU's C library")
def test_freed_memory_is_given_back() -> None:
    pieces = [bytearray(60_000) for _ in range(3_000)]  # too small for pages of their own
    kept = pieces[-1]  # ... and the end of the heap stays in use
    del pieces
    before = psutil.Process().memory_info().rss
    memory.give_back()
    assert before - psutil.Process().memory_info().rss > 50_000_000
    assert len(kept) == 60_000


def test_without_such_a_library_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_trim", lambda: None)
    memory.give_back()
