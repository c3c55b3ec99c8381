"""The wfdb package, imported when a recording is read (half a second) and without the warnings of its own start."""

from __future__ import annotations

import importlib
import warnings
from typing import Any


def wfdb_package(name: str = "wfdb") -> Any:
    """The module ``wfdb``, or ``wfdb.processing``.

    wfdb 4.3 builds tables with a pandas argument that pandas 3.1 deprecates; nothing a visitor could do about it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)
