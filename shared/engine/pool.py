"""How many workers a cluster has: as many as are busy, within the bounds of ``--workers``, each on a machine or a GPU.

The pool is one actor for all pages. It starts workers, replaces those that died and ends those that have rested for
long; whether a machine has to be started or ended for that is for Ray's autoscaler to see.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any

from shared.engine.worker import Load

log = logging.getLogger("convhub")

LOOK_S = 1.0  # between two looks at the workers
CROWDED = 2  # long calls that share one worker, on average, before another one comes
REST_S = 300.0  # that a worker rests before it goes
_ANSWER_S = 60.0  # within which a worker says how busy it is; importing a library may hold it up. A dead one says so
_START_S = 120.0  # ... its first time

Start = Callable[[], Any]  # a new worker: the handle of an actor


class Pool:
    """The workers. Its methods are those of an actor, all on one event loop."""

    def __init__(self, least: int, most: int, start: Start, end: Callable[[Any], None]) -> None:
        """From ``least`` to ``most`` workers, made and ended by two functions."""
        self._least, self._most = least, most
        self._start, self._end = start, end
        self._loads: dict[Any, Load | None] = {}  # worker -> as it was last seen; None: it is about to start
        self._looking: asyncio.Task[None] | None = None

    async def workers(self) -> list[Any]:
        """Every worker that can be asked. The first call starts them."""
        if self._looking is None:
            self._scale()
            self._looking = asyncio.create_task(self._look())
        return [worker for worker, load in self._loads.items() if load is not None] or list(self._loads)

    async def lost(self, worker: Any) -> None:
        """A page could not reach ``worker``: look whether it is there."""
        if worker in self._loads:
            await self._ask(worker)
            self._scale()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await asyncio.gather(*map(self._ask, list(self._loads)))
            self._scale()

    async def _ask(self, worker: Any) -> None:
        patience = _START_S if self._loads.get(worker) is None else _ANSWER_S
        try:
            self._loads[worker] = await asyncio.wait_for(worker.hear.remote("the pool"), patience)
        except Exception as error:  # noqa: BLE001 - whatever Ray says, it does not answer
            log.warning("a worker went away: %.200s", error)
            if self._loads.pop(worker, None) is not None:
                with contextlib.suppress(Exception):
                    self._end(worker)

    def _scale(self) -> None:
        """Start or end workers as the bounds and the load say, one at a time beyond the least."""
        known = {worker: load for worker, load in self._loads.items() if load is not None}
        crowded = len(known) == len(self._loads) and sum(load.long for load in known.values()) > CROWDED * len(known)
        wanted = max(self._least, len(self._loads) + (1 if crowded else 0))
        while len(self._loads) < min(wanted, self._most):
            self._loads[self._start()] = None
        resting = [worker for worker, load in known.items() if load.rested_s > REST_S]
        if resting and len(self._loads) > self._least:
            del self._loads[resting[0]]
            self._end(resting[0])


def places(nodes: list[Mapping[str, Any]], least: int) -> tuple[float, float]:
    """CPUs and GPUs of one worker in a cluster of ``nodes``, as ``ray.nodes()`` describes them.

    Each worker has a GPU if there are any, with its share of that machine's CPUs; else a machine of its own. On a
    single machine the ``least`` workers share it.
    """
    alive = [node["Resources"] for node in nodes if node["Alive"] and node["Resources"].get("CPU")]
    gpus = max((one.get("GPU", 0.0) for one in alive), default=0.0)
    if gpus:
        return min(one["CPU"] // one["GPU"] for one in alive if one.get("GPU")) or 1.0, 1.0
    cpus = min((one["CPU"] for one in alive), default=1.0)
    return max(1.0, cpus // (least if len(alive) == 1 else 1)), 0.0
