"""The wfdb package, imported when a recording is read (half a second) and without the warnings of its own code.

wfdb 4.3 builds its tables with a pandas argument that pandas 3.1 deprecates; nothing a visitor could do about it.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quietly() -> Iterator[None]:
    """Without warnings inside the ``with`` block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def wfdb_package(name: str = "wfdb") -> Any:
    """The module ``wfdb``, or ``wfdb.processing``."""
    with quietly():
        return importlib.import_module(name)
