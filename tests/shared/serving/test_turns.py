"""Turns: one at a time, questions first, then who has shown nothing; nobody is starved, nothing is done for nobody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from shared.serving.turns import LONGEST_S, PATIENCE_S, Call, GoneError, Turns
from tests.conftest import run_alone


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """Calls that compute for as long as the test says, and the order in which they did."""

    def __init__(self, cores: int = 1) -> None:
        self.clock = Clock()
        self.turns = Turns(self.clock, cores)
        self.order: list[str] = []
        self.at_once = 0
        self.most_at_once = 0

    async def call(
        self,
        name: str,
        *steps_s: float,
        long: bool = True,
        narrow: bool = False,
        each: Callable[[Call], None] | None = None,
    ) -> None:
        """One call with a step for each of the durations."""
        with self.turns.call(name, long=long) as call:
            for step_s in steps_s:
                async with self.turns.turn(long=long, narrow=narrow):
                    taken = call.threads or self.turns.cores
                    self.at_once += taken
                    self.most_at_once = max(self.at_once, self.most_at_once)
                    assert self.at_once <= self.turns.cores
                    self.order.append(name)
                    await asyncio.sleep(0)  # others ask meanwhile
                    self.clock.now += step_s
                    if each is not None:
                        each(call)
                    self.at_once -= taken

    def run(self, *calls: Coroutine[Any, Any, None]) -> list[Any]:
        """What becomes of ``calls``, begun in this order at the same time."""

        async def together() -> list[Any]:
            return await asyncio.gather(*calls, return_exceptions=True)

        found = run_alone(together())
        assert self.turns.sharing() == 0
        return found


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_long_calls_take_turns(machine: Machine) -> None:
    machine.run(*(machine.call(name, 0.1, 0.1, 0.1) for name in "abc"))
    assert machine.order == list("abcabcabc")


def test_long_calls_that_have_not_had_a_turn_are_counted(machine: Machine) -> None:
    seen: list[int] = []
    calls = [machine.call(name, 0.1, 0.1, each=lambda _: seen.append(machine.turns.not_begun())) for name in "abc"]
    machine.run(*calls, machine.call("question", 0.1, long=False))
    assert seen == [3, 2, 1, 0, 0, 0]  # one that is having its first turn has not taken its memory yet
    assert machine.turns.not_begun() == 0


def test_who_needs_longer_steps_has_fewer_of_them(machine: Machine) -> None:
    small = [machine.call(name, *[0.1] * 40) for name in "ab"]
    machine.run(machine.call("large", *[0.4] * 40), *small)
    first = machine.order[:40]
    used_s = {name: first.count(name) * step_s for name, step_s in (("large", 0.4), ("a", 0.1), ("b", 0.1))}
    assert max(used_s.values()) - min(used_s.values()) < 0.6, used_s


def test_who_has_shown_nothing_is_first(machine: Machine) -> None:
    async def later() -> None:
        while len(machine.order) < 4:
            await asyncio.sleep(0)
        await machine.call("new", 0.1, 0.1)

    machine.run(*(machine.call(name, *[0.1] * 4) for name in "ab"), later())
    assert machine.order[4:6].count("new") == 1
    assert machine.order[6:10].count("new") == 1  # and then has a share like the others, not all that it has missed


def test_who_has_shown_nothing_is_first_even_if_a_first_step_took_no_time(machine: Machine) -> None:
    async def later() -> None:
        while len(machine.order) < 2:
            await asyncio.sleep(0)
        await machine.call("new", 0.1)

    machine.run(machine.call("a", 0.0, 0.1), machine.call("b", 0.1), later())
    assert machine.order == ["a", "b", "new", "a"]


def test_a_question_waits_for_one_step(machine: Machine) -> None:
    machine.run(machine.call("a", 0.1, 0.1), machine.call("b", 0.1, 0.1), machine.call("question", 0.1, long=False))
    assert machine.order[:2] == ["a", "question"]


def test_questions_that_never_end_leave_long_calls_a_turn_a_second(machine: Machine) -> None:
    step_s = PATIENCE_S / 4
    asking = [machine.call(f"question {number}", step_s, long=False) for number in range(12)]
    machine.run(machine.call("a", *[step_s] * 3), *asking)
    places = [place for place, name in enumerate(machine.order) if name == "a"]
    assert places == [0, 5, 10]


@pytest.mark.parametrize("cores", [2, 3])
def test_questions_compute_side_by_side_one_core_each(cores: int) -> None:
    machine = Machine(cores)
    threads: dict[str, list[int | None]] = {}

    def see(call: Call) -> None:
        threads.setdefault(call.owner, []).append(call.threads)

    asking = [machine.call(f"question {number}", 0.1, long=False, each=see) for number in range(4)]
    machine.run(machine.call("a", 0.1, 0.1, 0.1, each=see), *asking)
    assert threads.pop("a") == [None] * 3
    assert sorted(threads.values()) == [[1]] * 4
    assert machine.most_at_once == cores


@pytest.mark.parametrize("others", [0, 1, 5])
def test_first_steps_have_one_core_each_whoever_else_computes(others: int) -> None:
    machine = Machine(cores=2)
    threads: dict[str, list[int | None]] = {}

    def see(call: Call) -> None:
        threads.setdefault(call.owner, []).append(call.threads)

    machine.run(*(machine.call(f"run {number}", 0.1, 0.1, 0.1, narrow=True, each=see) for number in range(others + 1)))
    assert list(threads.values()) == [[1, None, None]] * (others + 1)
    assert machine.order[: others + 1] == list(threads)
    assert machine.most_at_once == 2


def test_first_steps_and_questions_compute_side_by_side() -> None:
    machine = Machine(cores=2)
    seen: list[tuple[str, int]] = []
    asking = [machine.call(f"question {number}", 0.1, long=False) for number in range(3)]
    machine.run(machine.call("a", 0.1, narrow=True, each=lambda _: seen.append(("a", machine.at_once))), *asking)
    assert seen == [("a", 2)]


def test_of_first_steps_one_at_a_time_goes_before_questions_that_wait() -> None:
    clock = Clock()
    turns = Turns(clock, cores=2)
    order: list[str] = []
    ends = {name: asyncio.Event() for name in ("q0", "q1", "q2", "a", "b", "q3")}

    async def hold(name: str) -> None:
        long = name in "ab"
        with turns.call(name, long=long):
            async with turns.turn(long=long, narrow=long):
                order.append(name)
                await ends[name].wait()

    async def settled() -> list[str]:
        for _ in range(20):
            await asyncio.sleep(0)
        return order[3:]

    async def scene() -> None:
        tasks = [asyncio.create_task(hold(name)) for name in ("q0", "q1", "q2")]
        await settled()
        ends["q0"].set()  # it was alone and had all cores
        await settled()
        assert order == ["q0", "q1", "q2"]
        tasks += [asyncio.create_task(hold(name)) for name in ("a", "b", "q3")]
        assert await settled() == []
        clock.now += PATIENCE_S
        ends["q1"].set()
        assert await settled() == ["a"]
        ends["q2"].set()
        assert await settled() == ["a", "q3"]  # the long calls have the core that they are due
        ends["a"].set()
        assert await settled() == ["a", "q3", "b"]
        for end in ends.values():
            end.set()
        await asyncio.gather(*tasks)

    run_alone(scene())


def test_a_first_step_that_breathes_keeps_its_one_core() -> None:
    turns = Turns(cores=2)
    threads: list[int | None] = []

    async def first_step() -> None:
        def work() -> None:
            threads.append(call.threads)
            asking.set()
            while not turns._waiting:
                pass
            turns.breathe()
            threads.append(call.threads)

        with turns.call("a", long=True) as call:
            async with turns.turn(long=True, narrow=True):
                await asyncio.to_thread(work)

    async def other() -> None:
        await asyncio.to_thread(asking.wait)
        with turns.call("b", long=True):
            async with turns.turn(long=True):
                pass

    asking = threading.Event()

    async def together() -> None:
        await asyncio.gather(first_step(), other())

    run_alone(together())
    assert threads == [1, 1]


def test_a_question_that_is_alone_has_all_cores() -> None:
    machine = Machine(cores=2)
    threads = []
    machine.run(machine.call("question", 0.1, long=False, each=lambda call: threads.append(call.threads)))
    assert threads == [None]


def test_a_long_call_waits_for_every_question_that_computes_and_not_for_those_that_come_later() -> None:
    machine = Machine(cores=2)
    step_s = PATIENCE_S / 4
    asking = [machine.call(f"question {number}", step_s, long=False) for number in range(16)]
    machine.run(machine.call("a", *[step_s] * 3), *asking)
    places = [place for place, name in enumerate(machine.order) if name == "a"]
    assert places[0] == 0
    assert 0 < places[1] - places[0] <= 6
    assert 0 < places[2] - places[1] <= 6


def test_who_is_about_to_end_comes_first(machine: Machine) -> None:
    def stop(call: Call) -> None:
        if machine.order.count("a") == 1:
            machine.turns.hurry("c")

    machine.run(*(machine.call(name, 0.1, 0.1, each=stop) for name in "abc"))
    assert machine.order.index("c") < machine.order.index("b")


def test_nothing_is_computed_for_those_who_went(machine: Machine) -> None:
    def leave(call: Call) -> None:
        machine.turns.drop("b")

    found = machine.run(machine.call("a", 0.1, 0.1, each=leave), machine.call("b", 0.1), machine.call("c", 0.1))
    assert isinstance(found[1], GoneError)
    assert "b" not in machine.order
    assert machine.order.count("c") == 1


def test_a_call_that_is_cancelled_gives_its_turn_back(machine: Machine) -> None:
    async def cancelled() -> None:
        first = asyncio.create_task(machine.call("a", 0.1))
        second = asyncio.create_task(machine.call("b", 0.1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        await machine.call("c", 0.1)

    machine.run(cancelled())
    assert machine.order[-1] == "c"


def test_an_error_gives_the_turn_back(machine: Machine) -> None:
    def fail(call: Call) -> None:
        machine.at_once = 0
        raise ValueError

    found = machine.run(machine.call("a", 0.1, each=fail), machine.call("b", 0.1))
    assert isinstance(found[0], ValueError)
    assert machine.order == ["a", "b"]


def test_a_turn_that_does_not_end_holds_nobody_up(machine: Machine) -> None:
    turns = machine.turns

    async def stuck() -> None:
        other = asyncio.create_task(machine.call("b", 0.1))
        with turns.call("a", long=False):
            async with turns.turn(long=False):
                await asyncio.sleep(0)
                machine.clock.now += LONGEST_S
                turns.expire()
                assert machine.order == []
                machine.clock.now += 0.02
                turns.expire()
                await other
                assert machine.order == ["b"]
                turns.breathe()  # it has no turn to give
        await machine.call("c", 0.1)  # its end is nobody else's

    found = machine.run(stuck())
    assert found == [None]


def test_the_time_left_counts_the_others(machine: Machine) -> None:
    """Equal shares: until a call with 5 s is done, one with 2 s has its 2 s, and one with 30 s has 5 s, too."""
    told: dict[str, float | None] = {}
    alone = {"a": 5.0, "b": 2.0, "c": 30.0}

    def tell(call: Call) -> None:
        told[f"{call.owner}{call.turns}"] = machine.turns.until_done_s(alone[call.owner])

    machine.run(*(machine.call(name, 0.1, 0.1, 0.1, each=tell) for name in alone))
    assert told["a0"] == pytest.approx(5 + 5 + 5)  # nothing is known of the others yet
    assert told["a1"] == pytest.approx(5 + 2 + 5)
    assert told["b1"] == pytest.approx(2 + 2 + 2)


def test_outside_of_a_hub_the_time_left_is_ones_own() -> None:
    turns = Turns()
    assert turns.until_done_s(3.0) == 3.0
    assert turns.until_done_s(None) is None
    turns.breathe()


def test_a_long_step_that_breathes_lets_a_question_in(machine: Machine) -> None:
    turns = machine.turns
    done: list[str] = []

    async def long_step() -> None:
        def work() -> None:
            done.append("begins")
            asking.set()
            while not turns._waiting:
                pass
            turns.breathe()
            done.append("ends")

        with turns.call("a", long=True):
            async with turns.turn(long=True):
                await asyncio.to_thread(work)

    async def question() -> None:
        await asyncio.to_thread(asking.wait)
        async with turns.turn(long=False):
            done.append("answer")

    asking = threading.Event()
    machine.run(long_step(), question())
    assert done == ["begins", "answer", "ends"]


def test_a_long_step_that_breathes_ends_when_its_owner_went(machine: Machine) -> None:
    turns = machine.turns

    async def long_step() -> None:
        def work() -> None:
            turns.drop("a")
            turns.breathe()
            raise AssertionError("it went on")

        with turns.call("a", long=True):
            async with turns.turn(long=True):
                await asyncio.to_thread(work)

    found = machine.run(long_step())
    assert isinstance(found[0], GoneError)
