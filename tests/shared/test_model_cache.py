"""The model cache under many threads, failures, and a shortage of memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from shared import model_cache as module
from shared.errors import DownloadError, ResourceError
from shared.model_cache import ModelCache, is_out_of_memory, load_model, model_bytes, model_cache
from shared.registry.types import Record
from tests.shared.weights.test_download import release_record

CPU = torch.device("cpu")
SIZE = 4_000  # bytes of a Net


def record(name: str, size: int = SIZE) -> Record:
    """A record whose files have ``size`` bytes."""
    base = release_record("none")
    return replace(base, name=name, title=f"The {name}", files=(replace(base.files[0], size=size),))


class Net(nn.Module):
    """A thousand float32 weights; dropout and a flag that tell the mode."""

    def __init__(self, size: int = SIZE) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size // 4))


class Loader:
    """Counts its loads; what it does in a load can be replaced."""

    def __init__(self, work: Callable[[Record], nn.Module] = lambda _: Net()) -> None:
        self.work = work
        self.loaded: list[str] = []
        self.under_way: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, wanted: Record) -> nn.Module:
        with self._lock:
            assert wanted.name not in self.under_way, "two loads of one key at once"
            self.under_way.add(wanted.name)
            self.loaded.append(wanted.name)
        try:
            return self.work(wanted)
        finally:
            with self._lock:
                self.under_way.discard(wanted.name)


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """``work(0..count-1)`` in threads that start at the same moment; their results or exceptions."""
    gate = threading.Barrier(count)

    def one(index: int) -> Any:
        gate.wait(10)
        try:
            return work(index)
        except BaseException as error:  # noqa: BLE001 - the tests look at it
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def held(cache: ModelCache, name: str) -> nn.Module:
    with cache.lease(record(name), CPU) as model:
        return model


def names(cache: ModelCache) -> list[str]:
    return [model.name for model in cache.statistics().models]


def slow(_: Record) -> nn.Module:
    time.sleep(0.1)
    return Net()


@pytest.mark.parametrize("budget", [10 * SIZE, SIZE // 2], ids=["roomy", "smaller-than-the-model"])
def test_a_class_of_40_presses_at_once_and_one_load_happens(budget: int) -> None:
    loader = Loader(slow)
    cache = ModelCache(budget, load=loader)
    models = together(40, lambda _: held(cache, "a"))
    assert loader.loaded == ["a"]
    assert len({id(model) for model in models}) == 1
    statistics = cache.statistics()
    assert (statistics.hits, statistics.misses) == (39, 1)
    assert statistics.loading == ()
    assert all(model.leases == 0 for model in statistics.models)
    assert statistics.size <= budget


def test_different_models_load_at_once() -> None:
    meeting = threading.Barrier(3)

    def meet(_: Record) -> nn.Module:
        meeting.wait(10)  # breaks, and fails the test, unless three loads are under way together
        return Net()

    cache = ModelCache(10 * SIZE, load=Loader(meet))
    results = together(3, lambda index: held(cache, "abc"[index]))
    assert all(isinstance(model, Net) for model in results), results


def test_one_model_on_two_devices_is_two_models() -> None:
    loader = Loader()
    cache = ModelCache(10 * SIZE, load=loader)
    with cache.lease(record("a"), CPU) as one, cache.lease(record("a"), torch.device("meta")) as two:
        assert one is not two
    assert {model.device for model in cache.statistics().models} == {"cpu", "meta"}


def test_one_model_in_two_precisions_is_two_models_and_both_are_counted_and_evicted() -> None:
    cache = ModelCache(10 * SIZE, load=Loader())
    for _ in range(2):
        with cache.lease(record("a"), CPU) as full, cache.lease(record("a"), CPU, dtype=torch.bfloat16) as half:
            assert next(full.parameters()).dtype == torch.float32
            assert next(half.parameters()).dtype == torch.bfloat16
    found = cache.statistics()
    assert {model.device: model.size for model in found.models} == {"cpu": SIZE, "cpu, bfloat16": SIZE // 2}
    assert (found.misses, found.hits, found.size) == (2, 2, SIZE * 3 // 2)
    assert cache.evict_idle() == SIZE * 3 // 2


def test_a_failed_load_is_shared_by_those_who_wait_and_then_forgotten() -> None:
    errors = [DownloadError("no"), None]
    waiting = 10

    def fail_once(_: Record) -> nn.Module:
        time.sleep(0.1)
        if (error := errors.pop(0)) is not None:
            raise error
        return Net()

    loader = Loader(fail_once)
    cache = ModelCache(10 * SIZE, load=loader)
    results = together(waiting, lambda _: held(cache, "a"))
    assert len(loader.loaded) == 1
    assert len({id(error) for error in results}) == 1
    assert isinstance(results[0], DownloadError)
    assert cache.statistics().loading == ()
    assert isinstance(held(cache, "a"), Net)


def test_whoever_waits_for_an_interrupted_load_tries_anew() -> None:
    started = threading.Event()

    def interrupted(_: Record) -> nn.Module:
        if started.is_set():
            return Net()
        started.set()
        time.sleep(0.1)
        raise KeyboardInterrupt

    cache = ModelCache(10 * SIZE, load=Loader(interrupted))

    def ask(index: int) -> Any:
        if index:
            started.wait(10)
            return held(cache, "a")
        with pytest.raises(KeyboardInterrupt):
            held(cache, "a")
        return None

    results = together(4, ask)
    assert all(isinstance(model, Net) for model in results[1:]), results


def test_a_loader_that_gives_no_usable_model_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: nn.Module) -> int:
        raise ValueError("no bytes to count")

    cache = ModelCache(10 * SIZE, load=Loader(slow))
    monkeypatch.setattr(module, "model_bytes", broken)
    results = together(4, lambda _: held(cache, "a"))
    assert all(isinstance(error, ValueError) for error in results), results
    assert cache.statistics().loading == ()


def test_the_least_recently_used_goes_first() -> None:
    cache = ModelCache(3 * SIZE, load=Loader())
    for name in "abcad":
        held(cache, name)
    assert names(cache) == ["c", "a", "d"]
    assert cache.statistics().evictions == 1
    assert cache.statistics().size == 3 * SIZE


def test_a_model_in_use_stays_and_what_is_too_much_goes_when_it_is_released() -> None:
    cache = ModelCache(2 * SIZE, load=Loader())
    with cache.lease(record("a"), CPU) as a, cache.lease(record("b"), CPU):
        with cache.lease(record("c"), CPU):
            assert names(cache) == ["a", "b", "c"]
            assert cache.statistics().size == 3 * SIZE
            assert cache.evict_idle() == 0
        assert names(cache) == ["a", "b"], "c was over the budget and idle"
        assert a is held(cache, "a")
    assert cache.statistics().size == 2 * SIZE


def test_room_is_made_before_a_load() -> None:
    sizes: list[int] = []

    def load(_: Record) -> nn.Module:
        sizes.append(cache.statistics().size)
        return Net()

    cache = ModelCache(2 * SIZE, load=Loader(load))
    for name in "ab":
        held(cache, name)
    held(cache, "c")
    assert sizes == [0, SIZE, SIZE], "the bytes of the files tell before the load how much must go"
    big = record("d", size=2 * SIZE)
    for expected in (0, SIZE):  # the files are larger than the model: the second load knows
        held(cache, "a")
        held(cache, "b")
        sizes.clear()
        with cache.lease(big, CPU):
            assert sizes == [expected]


def test_room_is_made_again_for_a_model_that_is_larger_than_its_files() -> None:
    cache = ModelCache(3 * SIZE - 8, load=Loader())
    for name in "ab":
        held(cache, name)
    with cache.lease(record("c", size=4), CPU):
        assert names(cache) == ["b", "c"]


def test_an_evicted_model_is_given_back_to_the_system() -> None:
    import gc
    import weakref

    cache = ModelCache(SIZE, load=Loader())
    gone = weakref.ref(held(cache, "a"))
    held(cache, "b")
    gc.collect()
    assert gone() is None


OUT_OF_MEMORY = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    OSError(12, "Cannot allocate memory"),
]


def test_every_way_to_run_out_of_memory_is_known() -> None:
    assert [error for error in OUT_OF_MEMORY if not is_out_of_memory(error)] == []
    assert not is_out_of_memory(DownloadError("The server is out of memory"))
    assert not is_out_of_memory(RuntimeError("shapes cannot be multiplied"))


@pytest.mark.parametrize("error", [OUT_OF_MEMORY[0], OUT_OF_MEMORY[1], OUT_OF_MEMORY[-1]], ids=["own", "cuda", "mmap"])
@pytest.mark.parametrize("place", ["load", "run"])
def test_out_of_memory_evicts_the_idle_and_tries_once_more(
    error: Exception, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (place, type(error)) != ("run", MemoryError):
        monkeypatch.setattr(module, "release_memory", lambda: None)  # once is enough: it looks through all objects
    failing: list[Exception] = []

    def perhaps(_: Any) -> Net:
        if failing:
            raise failing.pop()
        return Net()

    cache = ModelCache(10 * SIZE, load=Loader(perhaps))
    held(cache, "idle")
    with cache.lease(record("leased"), CPU):
        if place == "load":
            failing.append(error)
            held(cache, "a")
        else:
            held(cache, "a")
            failing.append(error)
            cache.run(record("a"), perhaps, CPU)
        assert names(cache) == ["leased", "a"]

        held(cache, "idle")
        failing.extend([error, error])
        with pytest.raises(ResourceError, match=r"enough memory for The [ab] .*twice.*--device cpu"):
            held(cache, "b") if place == "load" else cache.run(record("a"), perhaps, CPU)
        assert not failing
        assert "idle" not in names(cache)
        assert "leased" in names(cache)
    assert all(model.leases == 0 for model in cache.statistics().models)


def test_another_error_is_not_tried_twice() -> None:
    calls: list[int] = []

    def work(_: nn.Module) -> None:
        calls.append(1)
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    cache = ModelCache(10 * SIZE, load=Loader())
    with pytest.raises(RuntimeError, match="mat1"):
        cache.run(record("a"), work, CPU)
    assert calls == [1]


def test_a_model_comes_ready_for_use_even_inside_inference_mode() -> None:
    cache = ModelCache(10 * SIZE, load=Loader())
    with torch.inference_mode(), cache.lease(record("a"), CPU) as model:
        assert torch.is_inference_mode_enabled(), "the caller's mode comes back"
    assert not model.training
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not any(parameter.is_inference() for parameter in model.parameters())
    pixels = torch.ones(SIZE // 4, requires_grad=True)
    cost = (dict(model.named_parameters())["weight"] * pixels).sum()
    cost.backward()  # it raises for inference tensors
    assert pixels.grad is not None


def test_what_is_loaded_ahead_is_loaded_where_it_was_wanted() -> None:
    cache = ModelCache(10 * SIZE, load=Loader())
    cache.preload([record("a"), record("b")], torch.device("meta"))
    assert [(one.name, one.device) for one in cache.statistics().models] == [("a", "meta"), ("b", "meta")]


def test_an_error_in_the_work_ends_the_lease() -> None:
    cache = ModelCache(10 * SIZE, load=Loader())
    with pytest.raises(ZeroDivisionError), cache.lease(record("a"), CPU):
        raise ZeroDivisionError
    assert cache.evict_idle() == SIZE


def test_an_eager_cache_keeps_everything() -> None:
    loader = Loader()
    cache = ModelCache(SIZE, eager=True, load=loader)
    cache.preload([record(name) for name in "abc"], CPU)
    assert cache.evict_idle() == 0
    for name in "abc":
        held(cache, name)
    assert loader.loaded == ["a", "b", "c"]
    assert cache.statistics().evictions == 0


def test_bytes_of_a_model_count_shared_tensors_once() -> None:
    one = nn.Linear(10, 10, bias=False)
    two = nn.Linear(10, 10, bias=False)
    two.weight = one.weight
    both = nn.Sequential(one, two, nn.BatchNorm1d(10))
    assert model_bytes(both) == 10 * 10 * 4 + 4 * 10 * 4 + 8  # weights; BatchNorm's two pairs and its counter


def test_the_one_cache_has_the_settings_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    model_cache.cache_clear()
    monkeypatch.setenv("CONVHUB_CACHE_GB", "0.5")
    try:
        assert model_cache().statistics().budget == 500_000_000
        assert model_cache() is model_cache()
    finally:
        model_cache.cache_clear()


def test_load_model_calls_the_records_loader_with_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(module, "ensure", lambda wanted: (tmp_path / wanted.name,))

    def load(paths: tuple[Path, ...]) -> nn.Module:
        seen.append(paths)
        return Net()

    monkeypatch.setattr("shared.progress.duration", load)
    load_model(replace(record("a"), loader="shared.progress:duration"))
    assert seen == [(tmp_path / "a",)]


def test_threads_at_random(capsys: pytest.CaptureFixture[str]) -> None:
    """Thirty threads lease, hold and evict for half a second; nothing is lost, nothing in use goes away."""
    import random

    cache = ModelCache(2 * SIZE, load=Loader())
    stop = time.monotonic() + 0.5
    asked = [0] * 30

    def work(index: int) -> None:
        dice = random.Random(index)
        while time.monotonic() < stop:
            name = dice.choice("abcde")
            asked[index] += 1
            with cache.lease(record(name), CPU):
                if dice.random() < 0.1:
                    cache.evict_idle()
                time.sleep(dice.random() / 1000)
                assert name in names(cache), "evicted in use"

    results = together(30, work)
    assert results == [None] * 30
    statistics = cache.statistics()
    assert statistics.hits + statistics.misses == sum(asked)
    assert statistics.misses - statistics.evictions == len(statistics.models)
    assert statistics.size == len(statistics.models) * SIZE <= 2 * SIZE
    assert all(model.leases == 0 for model in statistics.models)
