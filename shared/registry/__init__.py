"""Every weight file that the hub can use, each declared as one typed frozen record or not at all.

A record names its files with full SHA-256 and size, its licence and source, where it comes from (bundled, inside a
package, on the hub, at an address), the input it wants and the meaning of its output. ``shared.weights`` turns a
record into verified local paths, ``shared.model_cache`` into a loaded network; the README's table, the drop-downs and
``python -m shared.weights`` read the same tuple. One module of this package per demo.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
from typing import Any

from shared.demos import SLUGS
from shared.errors import OptionError, WeightsError, quoted
from shared.registry.types import Bundled, HubFile, InPackage, Origin, Published, Record, Release, WeightFile
from shared.settings import weights_dir

__all__ = [
    "Bundled",
    "HubFile",
    "InPackage",
    "Origin",
    "Published",
    "Record",
    "Release",
    "WeightFile",
    "find",
    "measured",
    "records",
]


def records(task: str | None = None) -> tuple[Record, ...]:
    """All records in the order of the README, or those of one task."""
    every = tuple(itertools.chain.from_iterable(_declared(slug) for slug in SLUGS))
    return every if task is None else tuple(record for record in every if record.task == task)


def _declared(slug: str) -> tuple[Record, ...]:
    """The records in ``shared/registry/<slug>.py``; a demo without weights has no such file."""
    name = f"{__name__}.{slug}"
    return () if importlib.util.find_spec(name) is None else tuple(importlib.import_module(name).RECORDS)


def find(name: str, task: str | None = None) -> Record:
    """The record called ``name``; the task's prefix may be left out ("resnet29-128d").

    Raises:
        OptionError: there is none of that name; the message lists those there are.
    """
    choices = records(task)
    for record in choices:
        if name in (record.name, record.name.partition("/")[2]):
            return record
    raise OptionError(
        f"the name of a model, one of {', '.join(record.name for record in choices)}",
        quoted(name),
        "Choose one of these.",
    )


def measured(record: Record) -> dict[str, Any]:
    """The thresholds and figures measured for ``record``: its JSON file, parsed.

    Raises:
        WeightsError: the record names no such file, or the file is missing or damaged.
    """
    if record.measured is None:
        raise WeightsError(f"measured figures of {record.name}", "none in the registry", "Choose another model.")
    path = weights_dir() / record.measured
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"the figures of {record.name} in {path}", str(error), "Restore the file from the repository."
        ) from error
