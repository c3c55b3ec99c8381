"""Any sequence of leases, releases, failures and evictions, against an oracle that knows what must be in the cache."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from torch import nn

from shared import model_cache as module
from shared.errors import DownloadError
from shared.model_cache import ModelCache
from shared.registry.types import Record
from tests.shared.test_model_cache import CPU, Net, record

UNIT = 400  # bytes
SIZES = {"a": 1, "b": 1, "c": 2, "d": 3, "e": 7}  # units; e alone is over every budget but the largest
NAMES = st.sampled_from(sorted(SIZES))


@dataclass
class Lease:
    """One lease that the sequence holds."""

    name: str
    context: AbstractContextManager[nn.Module]
    model: nn.Module


class CacheMachine(RuleBasedStateMachine):
    """The oracle: names in the cache, least recently used first, and how often each is leased."""

    leases = Bundle("leases")

    @initialize(budget=st.integers(1, 8))
    def make(self, budget: int) -> None:
        self.budget = budget
        self.failing: list[Exception] = []
        self.cache = ModelCache(budget * UNIT, load=self.load)
        self.order: list[str] = []
        self.held: dict[str, int] = dict.fromkeys(SIZES, 0)
        self.models: dict[str, nn.Module] = {}
        self.hits = self.misses = self.evictions = self.loads = 0

    def load(self, wanted: Record) -> nn.Module:
        assert wanted.name not in self.order, "a load of a key that is in the cache"
        self.loads += 1
        if self.failing:
            raise self.failing.pop()
        return Net(SIZES[wanted.name] * UNIT)

    def make_room(self, coming: int = 0, target: int | None = None) -> None:
        limit = max(0, self.budget - coming) if target is None else target
        for name in list(self.order):
            if sum(SIZES[key] for key in self.order) <= limit:
                return
            if not self.held[name]:
                self.order.remove(name)
                self.evictions += 1

    def expect_lease(self, name: str, *, loads: bool) -> None:
        if name in self.order:
            self.hits += 1
            self.order.remove(name)
            self.order.append(name)
            return
        self.misses += 1
        self.make_room(SIZES[name])
        if loads:
            self.order.append(name)

    @rule(target=leases, name=NAMES)
    def lease(self, name: str) -> Lease:
        was_there = name in self.order
        self.expect_lease(name, loads=True)
        loads = self.loads
        self.held[name] += 1
        if not was_there:
            self.order.remove(name)  # not yet: the loader checks that it is not there
        context = self.cache.lease(record(name, SIZES[name] * UNIT), CPU)
        model = context.__enter__()
        if was_there:
            assert self.loads == loads
            assert model is self.models[name], "a second copy"
        else:
            assert self.loads == loads + 1
            self.order.append(name)
        self.models[name] = model
        return Lease(name, context, model)

    @rule(lease=consumes(leases), failed=st.booleans())
    def release(self, lease: Lease, failed: bool) -> None:
        error = ZeroDivisionError() if failed else None
        assert not lease.context.__exit__(type(error) if error else None, error, None), "the work's error is not kept"
        self.held[lease.name] -= 1
        self.make_room()

    @rule(name=NAMES)
    def fail_to_load(self, name: str) -> None:
        self.failing = [] if name in self.order else [DownloadError("no")]
        self.expect_lease(name, loads=False)
        if self.failing:
            with pytest.raises(DownloadError), self.cache.lease(record(name, SIZES[name] * UNIT), CPU):
                pass
            assert not self.failing
        else:
            with self.cache.lease(record(name), CPU) as model:
                assert model is self.models[name]
            self.make_room()

    @rule(name=NAMES)
    def run_out_of_memory_once(self, name: str) -> None:
        failing = [MemoryError()]

        def work(model: nn.Module) -> int:
            if failing:
                raise failing.pop()
            self.models[name] = model
            return len(list(model.parameters()))

        self.expect_lease(name, loads=True)
        if self.order[-1] == name and name not in {m.name for m in self.cache.statistics().models}:
            self.order.remove(name)
            absent = True
        else:
            absent = False
        self.held[name] += 1
        assert self.cache.run(record(name, SIZES[name] * UNIT), work, CPU) == 1
        if absent:
            self.order.append(name)
        self.make_room(target=0)
        self.held[name] -= 1
        self.make_room()

    @rule()
    def evict_idle(self) -> None:
        before = sum(SIZES[name] for name in self.order)
        self.make_room(target=0)
        assert self.cache.evict_idle() == (before - sum(SIZES[name] for name in self.order)) * UNIT

    @invariant()
    def the_cache_is_as_it_must_be(self) -> None:
        if not hasattr(self, "cache"):
            return
        statistics = self.cache.statistics()
        there = {model.name: model for model in statistics.models}
        assert [model.name for model in statistics.models] == self.order
        assert {name: there[name].leases if name in there else 0 for name in SIZES} == self.held
        assert statistics.size == sum(SIZES[name] for name in self.order) * UNIT
        assert statistics.size <= statistics.budget or all(model.leases for model in statistics.models)
        assert (statistics.hits, statistics.misses) == (self.hits, self.misses)
        assert statistics.evictions == self.evictions
        assert statistics.loading == ()

    def teardown(self) -> None:
        assert torch.is_grad_enabled()


@pytest.fixture(autouse=True)
def _no_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "release_memory", lambda: None)  # a collection of all torch takes a quarter second


@pytest.mark.usefixtures("_no_collection")
class TestSequences(CacheMachine.TestCase):  # type: ignore[misc, valid-type]
    """Runs the machine."""

    settings = settings(
        max_examples=50,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
