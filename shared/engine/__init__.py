"""Where the networks compute: in this process, or on the machines of a cluster. The one seam between page and networks.

::

    if TYPE_CHECKING:
        from apps.gan.exhibits import requests
    else:
        requests = engine.room("apps.gan.exhibits.requests")

    requests.draw_samples("dcgan-digits", count=24, seed=0)

What a page calls like this runs wherever ``--engine`` says. Here (``local``) it is a function call: the module is
imported with the first one, a generator is a generator. On a cluster (``shared/engine/cluster.py``) the arguments
travel to a worker and values or steps travel back, so both are plain: numbers, text, arrays, pictures, dataclasses of
modules without torch. Errors for the visitor (``HubError``) arrive as they are. A call whose visitor has gone, or whose
generator is closed, ends on the worker too.

A worker may die. Its calls then begin again on another one, with the arguments as they are by then: a function that
notes in its first argument how far it is (``Resumable``) goes on from there.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from shared.serving.turns import TURNS

Function = str  # "module:function"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a long call that begins now would have to share."""

    workers: int  # that compute
    calls: int  # long ones under way on all of them


@runtime_checkable
class Resumable(Protocol):
    """A first argument that notes how far its call is, so that another worker can go on from there."""

    def noted(self) -> object:
        """What has changed since the last time, as plain values; asked for after a step, where the call runs."""

    def note(self, noted: object) -> None:
        """Take that over, where the call was made."""


class Engine(Protocol):
    """Runs the functions of the hub's rooms."""

    far: bool  # whether they run elsewhere

    def run(self, function: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """What ``function`` returns; for a generator, its steps."""

    def cost(self) -> Cost:
        """What a long call costs now."""

    def sharing(self) -> int:
        """How many long calls share the machine that the call of this context runs on, it included."""

    def until_done_s(self, alone_s: float | None) -> float | None:
        """How long that call still takes, as it shares the machine, if it were ``alone_s`` alone."""

    def close(self) -> None:
        """The process ends."""


class Here:
    """The engine of one process: a function call."""

    far = False

    def run(self, function: Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """See ``Engine.run``."""
        return find(function)(*args, **kwargs)

    def cost(self) -> Cost:
        """See ``Engine.cost``."""
        return Cost(workers=1, calls=TURNS.sharing())

    def sharing(self) -> int:
        """See ``Engine.sharing``."""
        return TURNS.sharing()

    def until_done_s(self, alone_s: float | None) -> float | None:
        """See ``Engine.until_done_s``."""
        return TURNS.until_done_s(alone_s)

    def close(self) -> None:
        """See ``Engine.close``."""


class Room:
    """The functions of one module, wherever they run; made by ``room``."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        function = f"{self._module}:{name}"

        def call(*args: Any, **kwargs: Any) -> Any:
            return _chosen[-1].run(function, args, kwargs)

        self.__dict__[name] = call  # found without this method from now on
        return call


@functools.cache
def room(module: str) -> Any:
    """The functions of ``module``, which is not imported here unless they run here."""
    return Room(module)


def find(function: Function) -> Callable[..., Any]:
    """The function itself, its module imported if need be."""
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def resumable_of(args: tuple[Any, ...]) -> Resumable | None:
    """The first of ``args``, if it notes how far its call is."""
    return args[0] if args and isinstance(args[0], Resumable) else None


_chosen: list[Engine] = [Here()]


def current() -> Engine:
    """The engine of this process."""
    return _chosen[-1]


def use(engine: Engine) -> None:
    """Compute with ``engine`` from now on."""
    _chosen[:] = [engine]
