"""What is free goes back."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from shared.serving import memory
from tools.hub import ROOT


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


# Of a process with twelve threads that all hold something: how many heaps there are.
_COUNT = """
import ctypes, sys, threading
{before}
held, hold = threading.Barrier(13), threading.Event()

def work():
    kept = [bytearray(60_000) for _ in range(20)]
    held.wait()
    hold.wait()

threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads:
    thread.start()
held.wait()
c = ctypes.CDLL(None)
c.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(c.fopen(sys.argv[1].encode(), b"w"))
c.malloc_info(0, file)
c.fclose(file)
hold.set()
"""
# The launcher as far as it goes before it serves.
_LAUNCHED = """
import app
app.serve = lambda *_: 0
assert app.main([]) == 0
"""


def _heaps(folder: Path, before: str, **environment: str) -> int:
    report = folder / "heaps.xml"
    ours = {"GRADIO_TEMP_DIR": str(folder)} | environment
    clean = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"} | ours
    command = [sys.executable, "-c", _COUNT.format(before=before), str(report)]
    subprocess.run(command, cwd=ROOT, env=clean, check=True, timeout=120)
    return report.read_text().count("<heap nr=")


@pytest.mark.skipif(not _trims(), reason="needs GNU's C library")
def test_all_threads_of_a_hub_share_few_heaps(tmp_path: Path) -> None:
    assert _heaps(tmp_path, "") > memory.HEAPS  # or this test shows nothing
    assert _heaps(tmp_path, _LAUNCHED) == memory.HEAPS


@pytest.mark.skipif(not _trims(), reason="needs GNU's C library")
def test_how_many_heaps_there_are_is_the_user_s_to_say(tmp_path: Path) -> None:
    assert _heaps(tmp_path, _LAUNCHED, MALLOC_ARENA_MAX="4") == 4


@pytest.mark.parametrize("reason", [OSError, AttributeError, TypeError])
def test_without_such_a_library_nothing_happens(monkeypatch: pytest.MonkeyPatch, reason: type[Exception]) -> None:
    def no_library(name: None) -> None:
        raise reason

    memory._of_c_library.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", no_library)
    memory.give_back()
    memory.share_heaps()
    memory._of_c_library.cache_clear()
