"""The seam in one process, and the same functions through workers: values, steps, errors, ends, deaths."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from shared import engine
from shared.engine import Here, cluster, find, messages, pool
from shared.engine.pool import Pool, places
from shared.engine.worker import AHEAD, Load
from shared.engine.zero import ZeroGpu
from shared.errors import InputError, OptionError, ResourceError, StoreError
from shared.serving.turns import TURNS, GoneError
from tests.conftest import run_alone
from tests.shared.engine import functions
from tests.shared.engine.fake_ray import busy, cluster_here, fake_ray, workers
from tests.shared.engine.fake_spaces import lend

ROOM = "tests.shared.engine.functions"


@pytest.fixture(autouse=True)
def _here_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_chosen", [Here()])
    functions.GATE.clear()
    functions.ENDED.clear()


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[cluster.Cluster]:
    """A cluster of two workers without Ray."""
    with cluster_here(monkeypatch, functions.ENDED) as made:
        yield made


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def idle(far: cluster.Cluster) -> bool:
    return not busy(far)


@pytest.fixture(params=["here", "far", "lent"])
def room(request: pytest.FixtureRequest) -> Any:
    if request.param == "far":
        request.getfixturevalue("far")
    if request.param == "lent":
        lend(request.getfixturevalue("monkeypatch"))
    return engine.room(ROOM)


def test_a_room_answers_as_its_module_wherever_it_is(room: Any) -> None:
    assert room.add(2, b=3) == 5
    np.testing.assert_array_equal(room.twice(np.arange(3.0)), [0, 2, 4])
    assert list(room.count(4)) == [0, 1, 2, 3]
    assert list(room.count(0)) == []
    assert room.is_long() is False
    with TURNS.call("a session", long=True):
        assert room.is_long() is not isinstance(engine.current(), ZeroGpu)  # where nobody else computes


def test_errors_for_the_visitor_arrive_as_they_are(room: Any) -> None:
    with pytest.raises(InputError, match=r"^Needed: a number\. Found: none\. Type one\.$") as caught:
        room.refuse("input")
    assert caught.value.remedy == "Type one."
    with pytest.raises(StoreError, match=r"^The gallery is away\. Come back later\.$"):
        room.refuse("sentence")


def test_a_room_imports_its_module_with_the_first_call_only() -> None:
    late = engine.Room("tests.shared.engine.no_such_module")
    call = late.anything
    with pytest.raises(ModuleNotFoundError):
        call()
    with pytest.raises(AttributeError):
        _ = late._private
    assert find(f"{ROOM}:add") is functions.add
    assert engine.room(ROOM) is engine.room(ROOM)


def test_a_closed_generator_ends_where_it_runs(room: Any) -> None:
    steps = room.count_slowly()
    assert [next(steps), next(steps)] == [0, 1]
    steps.close()
    until(lambda: functions.ENDED == ["slow"])


def test_what_a_call_notes_is_known_where_it_was_made(room: Any) -> None:
    way = functions.Walk(4)
    assert list(room.walk(way)) == way.at == [0, 1, 2, 3]


def test_a_bug_on_a_worker_is_a_bug_with_its_traceback(far: cluster.Cluster) -> None:
    with pytest.raises(messages.WorkerError, match="KeyError: 'other'"):
        engine.room(ROOM).refuse("other")
    assert idle(far)


def test_a_bug_with_a_lent_gpu_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lend(monkeypatch)
    with pytest.raises(messages.WorkerError, match="KeyError: 'other'"):
        engine.room(ROOM).refuse("other")


def test_who_has_gone_is_not_computed_for(far: cluster.Cluster) -> None:
    with TURNS.call("the one who leaves", long=True):
        steps = engine.room(ROOM).count_slowly()
        next(steps)
        TURNS.drop("the one who leaves")
        with pytest.raises(GoneError):
            list(steps)
    until(lambda: functions.ENDED == ["slow"] and idle(far))


def test_a_long_step_ends_too_when_its_visitor_has_gone(far: cluster.Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_LOOK_S", 0.05)
    real = far._ready

    def leaves(stream: Any, call: Any) -> Iterator[Any]:
        until(lambda: not idle(far))
        call.gone = True
        return real(stream, call)

    monkeypatch.setattr(far, "_ready", leaves)
    with TURNS.call("the one who leaves", long=False), pytest.raises(GoneError):
        engine.room(ROOM).one_long_step()
    until(lambda: functions.ENDED == ["long"] and idle(far))


def test_another_worker_goes_on_from_the_last_step(far: cluster.Cluster) -> None:
    way = functions.Walk(12)
    seen = []
    for step in engine.room(ROOM).walk(way):
        seen.append(step)
        if step == 4:
            busy(far)[0].die()
    assert seen[:5] == [0, 1, 2, 3, 4]
    assert seen[-1] == 11
    assert way.at == list(range(12))  # nothing twice, nothing left out
    assert functions.ENDED == [cluster._MOVED]


def test_a_call_without_notes_begins_again(far: cluster.Cluster) -> None:
    asked, real = [], far._asked

    def dies_at_first(worker: Any, *rest: Any) -> Iterator[Any]:
        asked.append(worker)
        if len(asked) == 1:
            worker.die()
        return real(worker, *rest)

    far._asked = dies_at_first  # type: ignore[method-assign]
    assert engine.room(ROOM).add(1, 1) == 2
    assert len(asked) == 2
    until(lambda: len(workers(far)) == 2 and asked[0] not in workers(far))  # another one has come


def test_when_all_workers_die_the_visitor_is_told(far: cluster.Cluster) -> None:
    real = far._asked

    def dies(worker: Any, *rest: Any) -> Iterator[Any]:
        worker.die()
        return real(worker, *rest)

    far._asked = dies  # type: ignore[method-assign]
    with pytest.raises(ResourceError, match="are gone"):
        engine.room(ROOM).add(1, 1)


def test_a_worker_is_never_far_ahead_of_who_watches(far: cluster.Cluster) -> None:
    steps = engine.room(ROOM).count_noted()
    assert next(steps) == 0
    until(lambda: len(functions.ENDED) == AHEAD - 1)  # "steps" is a message, too
    assert not idle(far)
    assert len(functions.ENDED) == AHEAD - 1
    assert [next(steps) for _ in range(40)] == list(range(1, 41))
    assert len(functions.ENDED) <= 41 + AHEAD
    steps.close()
    until(lambda: idle(far))


def test_calls_go_where_the_fewest_are(far: cluster.Cluster) -> None:
    first, second = engine.room(ROOM).count_slowly(), engine.room(ROOM).count_slowly()
    next(first), next(second)
    assert [len(far._ray.get(worker.kept.remote())) for worker in workers(far)] == [1, 1]
    with TURNS.call("a session", long=True):
        third = engine.room(ROOM).count_slowly()
        next(third)
    until(lambda: far.cost() == engine.Cost(workers=2, calls=1))
    for steps in (first, second, third):
        steps.close()
    until(lambda: far.cost() == engine.Cost(workers=2, calls=0))


def test_calls_of_a_page_that_is_silent_end(far: cluster.Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.engine.worker.SILENT_S", 0.2)
    steps = engine.room(ROOM).count_slowly()
    next(steps)
    far._ended.set()  # as if the page were killed: no sign of life, no end of its calls
    until(lambda: functions.ENDED == ["slow"] and idle(far))


def test_without_ray_the_option_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(OptionError, match=r"pip install -r requirements-cluster\.txt"):
        cluster.Cluster(None, least=1, most=1)


def test_where_no_cluster_is_the_option_says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", fake_ray())
    with pytest.raises(ResourceError, match=r"ray start --address 127\.0\.0\.1:1 --num-cpus 0"):
        cluster.Cluster("127.0.0.1:1", least=1, most=1)


class Idle:
    """A worker of the pool's tests: as busy as it is told."""

    def __init__(self, load: Load) -> None:
        self.load: Load | Exception = load
        self.hear = self

    async def remote(self, page: str) -> Load:
        if isinstance(self.load, Exception):
            raise self.load
        return self.load


@pytest.mark.parametrize(
    ("least", "most", "load", "grown"),
    [
        (1, 3, Load(long=pool.CROWDED + 1, quick=0, rested_s=0), 3),  # busy: one by one, up to the most
        (1, 3, Load(long=pool.CROWDED, quick=50, rested_s=0), 1),
        (2, 2, Load(long=99, quick=0, rested_s=0), 2),
        (1, 3, Load(long=0, quick=0, rested_s=pool.REST_S + 1), 1),
    ],
)
def test_workers_come_and_go_within_the_bounds(
    least: int, most: int, load: Load, grown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LOOK_S", 0)
    there: list[Idle] = []
    ended: list[Idle] = []

    def start() -> Idle:
        there.append(Idle(load))
        return there[-1]

    async def play() -> None:
        import asyncio

        made = Pool(least, most, start, ended.append)
        assert len(await made.workers()) == least
        for _ in range(300):
            await asyncio.sleep(0)
            assert least <= len(await made.workers()) <= most
        assert len(await made.workers()) == grown
        for worker in list(made._loads)[:1]:  # one dies
            worker.load = RuntimeError("dead")
            await made.lost(worker)
            assert worker in ended
            assert worker not in made._loads
            assert len(made._loads) >= least
        for worker in made._loads:  # all rest
            worker.load = Load(long=0, quick=0, rested_s=pool.REST_S + 1)
        for _ in range(300):
            await asyncio.sleep(0)
        assert len(made._loads) == least
        assert made._looking is not None
        made._looking.cancel()

    run_alone(play())


def test_a_worker_has_a_machine_or_a_gpu() -> None:
    def node(**resources: float) -> dict[str, Any]:
        return {"Alive": True, "Resources": resources}

    assert places([node(CPU=8)], 2) == (4.0, 0.0)  # one machine is shared
    assert places([node(CPU=1)], 2) == (1.0, 0.0)
    assert places([node(CPU=8), node(CPU=4), node()], 2) == (4.0, 0.0)  # a head without CPUs computes nothing
    assert places([node(CPU=16, GPU=2), node(CPU=8)], 1) == (8.0, 1.0)
    assert places([{"Alive": False, "Resources": {"CPU": 2}}], 1) == (1.0, 0.0)
