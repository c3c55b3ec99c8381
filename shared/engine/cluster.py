"""``--engine ray``: the hub's functions run on the workers of a Ray cluster, this process computes nothing.

``ray`` starts a cluster on this machine that ends with the hub; ``ray://HOST:PORT`` joins the one whose head listens
there, from a machine that is a node of it (``ray start --address HOST:PORT --num-cpus 0`` makes it one). Ray's own
client protocol of that name carries no streams of steps, so the hub does not use it.

Ray is imported here and nowhere else, and only when an engine is made.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import secrets
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from shared import engine, settings
from shared.engine.messages import Message, answer, check, take
from shared.engine.pool import Pool, places
from shared.engine.worker import AHEAD, Load, Worker
from shared.errors import OptionError, ResourceError
from shared.serving.turns import Call, GoneError, current_call
from shared.threads import settings as thread_settings

log = logging.getLogger("convhub")

NAMESPACE = "convhub"
_LOOK_S = 0.25  # between two looks whether the visitor is still there
_HEAR_S = 2.0  # between two signs of life to every worker
_TELL = AHEAD // 3  # messages after which a worker hears how many arrived
_ANSWER_S = 5.0  # within which the head of a cluster answers
_LAST_S = 5.0  # that a call which was broken off may take to say how far it is
_TRIES = 4  # workers that one call may lose
_MOST_CALLS = 1000  # of one worker at a time; beyond them calls wait
_MOVED = "The machine that computed this is gone. Another one takes over."
_CARRIED = (
    "CONVHUB_DEVICE",
    "CONVHUB_OFFLINE",
    "CONVHUB_CACHE_GB",
    "CONVHUB_CACHE",
    "CONVHUB_WEIGHTS",
    "HF_HUB_OFFLINE",
)


class Cluster:
    """See ``engine.Engine``. All methods may be called from any thread."""

    far = True

    def __init__(
        self, address: str | None, *, least: int, most: int, notify: Callable[[str], object] = log.info
    ) -> None:
        """Join the cluster whose head is at ``address``, or start one here, with ``least`` to ``most`` workers.

        ``notify`` gets a sentence for the visitor of a call that another worker goes on with.

        Raises:
            OptionError: Ray is not installed.
            ResourceError: there is no such cluster.
        """
        self._ray = _connected(address)
        self.notify = notify
        self._page = secrets.token_hex(8)
        self._numbers = itertools.count()
        self._pool = self._shared_pool(least, most)
        self._loads: dict[Any, Load] = {}
        self._mine: Counter[Any] = Counter()  # calls of this page on each worker
        self._shared: WeakKeyDictionary[Call, int] = WeakKeyDictionary()  # long calls on the worker of each
        self._gone: set[Any] = set()  # workers that did not answer; the pool may not know it yet
        self._lock = threading.Lock()
        self._ended = threading.Event()
        threading.Thread(target=self._watch, name="cluster", daemon=True).start()

    def run(self, function: engine.Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """See ``engine.Engine.run``."""
        return answer(self._messages(function, args, kwargs))

    def cost(self) -> engine.Cost:
        """See ``engine.Engine.cost``."""
        with self._lock:
            return engine.Cost(workers=max(1, len(self._loads)), calls=sum(one.long for one in self._loads.values()))

    def sharing(self) -> int:
        """See ``engine.Engine.sharing``."""
        call = current_call()
        return 1 if call is None else self._shared.get(call, 1)

    def until_done_s(self, alone_s: float | None) -> float | None:
        """See ``engine.Engine.until_done_s``: equal shares, as long as this call takes."""
        return None if alone_s is None else alone_s * max(1, self.sharing())

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        self._ended.set()
        self._ray.shutdown()

    def _messages(
        self, function: engine.Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Generator[Message, None, None]:
        """The messages of one call, from as many workers as it takes; "steps" comes once."""
        begun = False
        for attempt in itertools.count(1):
            worker = self._place()
            try:
                for message in self._asked(worker, function, args, kwargs):
                    if message.kind != "steps" or not begun:
                        yield message
                    begun = begun or message.kind == "steps"
                return
            except self._ray.exceptions.RayError as error:
                log.warning("%s lost its worker: %.200s", function, error)
                with contextlib.suppress(self._ray.exceptions.RayError):
                    self._pool.lost.remote(worker)
                with self._lock:
                    self._gone.add(worker)
                if attempt == _TRIES:
                    raise ResourceError("", "The machines that compute are gone", "Try again in a minute.") from error
                self.notify(_MOVED)
            finally:
                with self._lock:
                    self._mine[worker] -= 1

    def _asked(
        self, worker: Any, function: engine.Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Iterator[Message]:
        call = current_call()
        number = f"{self._page}-{next(self._numbers)}"
        resumable = engine.resumable_of(args)
        stream = worker.run.remote(number, self._page, function, args, dict(kwargs), call is not None and call.long)
        ended = False
        try:
            for count, reference in enumerate(self._ready(stream, call), 1):
                if count % _TELL == 0:
                    worker.took.remote(number, count)
                message: Message = self._ray.get(reference)
                take(resumable, message)
                ended = message.kind not in ("steps", "step")
                if call is not None:
                    self._shared[call] = message.sharing
                check(message)
                if message.kind != "ended":
                    yield message
        except self._ray.exceptions.RayError:
            ended = True
            raise
        finally:
            if not ended:
                worker.stop.remote(number)
                self._take_rest(stream, resumable)

    def _take_rest(self, stream: Any, resumable: engine.Resumable | None) -> None:
        """What a call that was broken off has noted until its end."""
        if resumable is None:
            return
        with contextlib.suppress(self._ray.exceptions.RayError, StopIteration):
            while self._ray.wait([stream], timeout=_LAST_S)[0]:
                take(resumable, self._ray.get(next(stream)))

    def _ready(self, stream: Any, call: Call | None) -> Iterator[Any]:
        """The references of ``stream`` as they come, as long as the visitor of ``call`` is there."""
        while True:
            ready, _ = self._ray.wait([stream], timeout=_LOOK_S)
            if call is not None and call.gone:
                raise GoneError
            if ready:
                try:
                    reference = next(stream)
                except StopIteration:
                    return
                yield reference

    def _place(self) -> Any:
        """The worker with the fewest calls."""
        workers = self._ray.get(self._pool.workers.remote(), timeout=180)
        with self._lock:

            def busy(worker: Any) -> tuple[int, int]:
                load = self._loads.get(worker)
                return max(self._mine[worker], load.long + load.quick if load else 0), self._mine[worker]

            chosen = min([one for one in workers if one not in self._gone] or workers, key=busy)
            self._mine[chosen] += 1
            return chosen

    def _watch(self) -> None:
        """Let the workers know that this page is there, and ask how busy they are."""
        while not self._ended.wait(_HEAR_S):
            try:
                workers = self._ray.get(self._pool.workers.remote(), timeout=60)
                asked = {worker.hear.remote(self._page): worker for worker in workers}
                answered, _ = self._ray.wait(list(asked), num_returns=len(asked), timeout=_HEAR_S)
                loads = {}
                for reference in answered:
                    with contextlib.suppress(self._ray.exceptions.RayError):
                        loads[asked[reference]] = self._ray.get(reference)
                with self._lock:
                    self._loads = loads
                    self._mine = Counter({worker: n for worker, n in self._mine.items() if n > 0})
            except Exception as error:  # noqa: BLE001 - the cluster is away, or this process ends
                log.debug("no word from the cluster: %s", error)

    def _shared_pool(self, least: int, most: int) -> Any:
        """The pool of the cluster, made by whoever comes first."""
        environment = {name: os.environ[name] for name in _CARRIED if name in os.environ} | thread_settings()
        cpus, gpus = places(self._ray.nodes(), least)
        root = str(Path(settings.__file__).resolve().parent.parent)
        variables = environment | {"PYTHONPATH": root, "OMP_NUM_THREADS": str(int(cpus))}
        pool = self._ray.remote(_RayPool).options(
            name="pool", namespace=NAMESPACE, get_if_exists=True, lifetime="detached", num_cpus=0,
            runtime_env={"env_vars": {"PYTHONPATH": root}},
        )  # fmt: skip
        return pool.remote(least, most, cpus, gpus, variables)


class _RayPool(Pool):
    """The pool with Ray's own ways to start and end a worker."""

    def __init__(self, least: int, most: int, cpus: float, gpus: float, variables: Mapping[str, str]) -> None:
        import ray

        made = ray.remote(Worker).options(
            num_cpus=cpus, num_gpus=gpus, max_concurrency=_MOST_CALLS, runtime_env={"env_vars": dict(variables)}
        )
        super().__init__(least, most, lambda: made.remote(variables), ray.kill)


def _connected(address: str | None) -> Any:
    """The module ``ray``, connected."""
    # whoever may give a worker work runs code there: a cluster asks for a token, RAY_AUTH_TOKEN or Ray's file of it
    if address is not None:  # before the import, which reads it; one that is started here sees to it itself
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
    except ImportError as error:
        raise OptionError(
            "Ray for --engine ray", "none installed", "Run: pip install -r requirements-cluster.txt"
        ) from error
    options: dict[str, Any] = {"namespace": NAMESPACE, "log_to_driver": False, "logging_level": logging.WARNING}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    os.environ.setdefault("RAY_worker_niceness", "0")  # as the hub itself; Ray's 15 starves next to any other program
    try:
        if address is None:
            ray.init(address="local", include_dashboard=False, **options)  # not one that somebody left here
        else:
            host, _, port = address.rpartition(":")
            socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()  # Ray itself tries for minutes
            ray.init(address=address, **options)
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():  # Ray's own would end this process in the middle
                signal.signal(number, handler)
    except (OSError, RuntimeError, ValueError) as error:
        found = f"none ({str(error)[:160]})"
        if address is None:
            raise ResourceError("a Ray cluster on this machine", found, "Ray's logs are in /tmp/ray.") from error
        remedy = f"Make it one: ray start --address {address} --num-cpus 0"
        raise ResourceError(f"a Ray cluster at {address} that this machine is a node of", found, remedy) from error
    return ray
