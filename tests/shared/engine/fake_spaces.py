"""The package ``spaces`` of ZeroGPU hardware, without hardware: what is lent a GPU knows copies, and of no request."""

from __future__ import annotations

import contextvars
import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared import engine
from shared.engine.zero import ZeroGpu

_END = object()


class Spaces:
    """The module."""

    @staticmethod
    def GPU(function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:  # noqa: N802 - its name there
        """``function``, a generator, as if it ran in another process."""

        def lent(*args: Any, **kwargs: Any) -> Iterator[Any]:
            args, kwargs = pickle.loads(pickle.dumps((args, kwargs)))
            there, steps = contextvars.Context(), function(*args, **kwargs)
            while (step := there.run(next, steps, _END)) is not _END:
                yield pickle.loads(pickle.dumps(step))

        return lent


def lend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute as on ZeroGPU hardware for the rest of the test."""
    monkeypatch.setitem(sys.modules, "spaces", Spaces)
    monkeypatch.setattr(engine, "_chosen", [ZeroGpu()])
