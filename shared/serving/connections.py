"""Room for everybody's connections: each is an open file, and a Mac lets a process open 256 unless it asks for more."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

WANTED = 65_536  # open files


def make_room(limits: Any = None) -> None:
    """Raise the number of files that this process may open as far as the system lets it, up to ``WANTED``.

    A class of 40 holds some 200 connections; whoever opens some thousand and leaves them open shuts nobody out.

    Args:
        limits: the module ``resource``, which Windows does not have and does not need.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        limits = limits or importlib.import_module("resource")
        soft, hard = limits.getrlimit(limits.RLIMIT_NOFILE)
        most = WANTED if hard == limits.RLIM_INFINITY else min(WANTED, hard)
        if soft != limits.RLIM_INFINITY and soft < most:
            limits.setrlimit(limits.RLIMIT_NOFILE, (most, hard))
