"""As much of Ray as the hub uses, in threads of this process: what travels is pickled, an actor dies when told to."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import pickle
import queue
import sys
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from shared import engine
from shared.engine import cluster, pool

_handles: dict[int, Handle] = {}
_END = object()


class RayError(Exception):
    """An actor is away."""


class _Plain(pickle.Unpickler):
    """Reads what travels; nothing of torch may, or a page would import it."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] == "torch":
            raise RayError(f"{module}.{name} is not plain")
        return super().find_class(module, name)


def copied(value: Any) -> Any:
    return _Plain(io.BytesIO(pickle.dumps(value))).load()


def handle_of(number: int) -> Handle:
    return _handles[number]


class Reference:
    """A value to come."""

    def __init__(self, future: Future[Any]) -> None:
        self.future = future

    def __await__(self) -> Generator[Any, None, Any]:
        return asyncio.wrap_future(self.future).__await__()


class Stream:
    """The steps of a generator, each a reference; iterating waits."""

    def __init__(self) -> None:
        self.steps: queue.Queue[Any] = queue.Queue()
        self.next: Any = None

    def ready(self, timeout: float) -> bool:
        if self.next is None:
            try:
                self.next = self.steps.get(timeout=timeout)
            except queue.Empty:
                return False
        return True

    def __next__(self) -> Reference:
        while not self.ready(1.0):
            pass
        step, self.next = self.next, None
        if step is _END:
            raise StopIteration
        future: Future[Any] = Future()
        future.set_exception(step) if isinstance(step, RayError) else future.set_result(step)
        return Reference(future)


class Handle:
    """An actor: an object in a thread with an event loop of its own."""

    def __init__(self, made: Callable[[], Any]) -> None:
        self._loop = asyncio.new_event_loop()
        self._streams: list[Stream] = []
        self._futures: list[Future[Any]] = []
        self.dead = False
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

        async def make() -> Any:
            return made()

        self.it = asyncio.run_coroutine_threadsafe(make(), self._loop).result()
        _handles[id(self)] = self

    def __reduce__(self) -> tuple[Callable[[int], Handle], tuple[int]]:
        return handle_of, (id(self),)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.it, name)
        return SimpleNamespace(remote=lambda *args: self._call(method, copied(args)))

    def _call(self, method: Callable[..., Any], args: tuple[Any, ...]) -> Reference | Stream:
        if inspect.isasyncgenfunction(method):
            stream = Stream()
            if self.dead:
                stream.steps.put(RayError("dead"))
                return stream
            self._streams.append(stream)
            asyncio.run_coroutine_threadsafe(self._play(method(*args), stream), self._loop)
            return stream
        future: Future[Any] = Future()
        self._futures.append(future)
        if self.dead:
            future.set_exception(RayError("dead"))
        else:
            asyncio.run_coroutine_threadsafe(self._answer(method(*args), future), self._loop)
        return Reference(future)

    async def _answer(self, call: Awaitable[Any], future: Future[Any]) -> None:
        try:
            value = copied(await call)
            if not future.done():
                future.set_result(value)
        except Exception as error:  # noqa: BLE001
            if not future.done():
                future.set_exception(RayError(repr(error)))

    async def _play(self, steps: Any, stream: Stream) -> None:
        try:
            async for step in steps:
                stream.steps.put(copied(step))
        except Exception as error:  # noqa: BLE001
            stream.steps.put(RayError(repr(error)))
        stream.steps.put(_END)

    def die(self) -> None:
        self.dead = True
        for stream in self._streams:
            stream.steps.put(RayError("died"))
        for future in self._futures:
            if not future.done():
                future.set_exception(RayError("died"))


@contextlib.contextmanager
def cluster_here(monkeypatch: pytest.MonkeyPatch, told: list[str]) -> Iterator[cluster.Cluster]:
    """The hub's engine is a cluster of two workers in this process; sentences for visitors go to ``told``."""
    monkeypatch.setitem(sys.modules, "ray", fake_ray())
    monkeypatch.setattr(cluster, "_HEAR_S", 0.05)
    monkeypatch.setattr(pool, "LOOK_S", 0.05)
    monkeypatch.setattr(engine, "_chosen", [engine.Here()])
    made = cluster.Cluster(None, least=2, most=2, notify=told.append)
    engine.use(made)
    try:
        yield made
    finally:
        made.close()


def workers(far: cluster.Cluster) -> list[Any]:
    return list(far._ray.get(far._pool.workers.remote()))


def busy(far: cluster.Cluster) -> list[Any]:
    """The workers that have a call."""
    return [worker for worker in workers(far) if far._ray.get(worker.kept.remote())]


def fake_ray(cpus: float = 2.0) -> ModuleType:
    """A module ``ray`` without a cluster."""
    made = ModuleType("ray")
    named: dict[str, Handle] = {}

    def remote(cls: type) -> Any:
        def options(**chosen: Any) -> Any:
            def start(*args: Any) -> Handle:
                name = chosen.get("name")
                if name in named:
                    return named[name]
                handle = Handle(lambda: cls(*args))
                if name:
                    named[name] = handle
                return handle

            return SimpleNamespace(remote=start)

        return SimpleNamespace(options=options)

    def wait(asked: list[Any], *, num_returns: int = 1, timeout: float) -> tuple[list[Any], list[Any]]:
        if isinstance(asked[0], Stream):
            return (asked, []) if asked[0].ready(timeout) else ([], asked)
        done = wait_for([one.future for one in asked], timeout).done
        return [one for one in asked if one.future in done], [one for one in asked if one.future not in done]

    vars(made).update(
        init=lambda **_: None,
        shutdown=lambda: None,
        nodes=lambda: [{"Alive": True, "Resources": {"CPU": cpus}}],
        remote=remote,
        wait=wait,
        get=lambda one, timeout=None: one.future.result(timeout),
        kill=lambda handle: handle.die(),
        exceptions=SimpleNamespace(RayError=RayError),
    )
    return made
