"""Loaded networks, shared by every visitor: one per (record, device, precision), loaded once, never evicted in use.

::

    with model_cache().lease(registry.find("face/resnet29-128d")) as model:
        encodings = model(chips)

* **Single flight.** Whoever asks first loads; whoever asks for the same key meanwhile waits for that load and shares
  its outcome, an error included, even where the model is too large to stay. Different keys load at the same time. A
  failed load is not remembered.
* **Bytes.** Idle models are evicted, least recently used first, *before* a load that would not fit (judged by the
  bytes of an earlier load, else of the files) and again once the true size is known. A leased model is never evicted;
  when leases hold more than the budget, the eviction happens as they end.
* **Out of memory**, while loading or in ``run``: everything idle is evicted and the work is tried once more.
* Loads happen outside inference mode, or style transfer would break with "Inference tensors cannot be saved for
  backward"; a model comes in eval mode, with gradients off.
* ``eager`` (ZeroGPU hardware, whose calls run in other processes): models are placed at start and never evicted.
"""

from __future__ import annotations

import gc
import importlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from shared import settings
from shared.device import on_zero_gpu, pick_device
from shared.errors import ResourceError
from shared.registry.types import Record
from shared.weights import ensure

if TYPE_CHECKING:
    import torch
    from torch import nn

Key = tuple[str, str]  # record name; device, and the precision where it is not float32
Loader = Callable[[Record], "nn.Module"]
_Result = TypeVar("_Result")
_MEMORY_ERRORS = (MemoryError, RuntimeError, OSError)  # those that may say that memory ran out
_OUT_OF_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "alloc_failed",
)


@dataclass(frozen=True, kw_only=True)
class ModelStatistics:
    """One loaded model, as the status bar shows it."""

    name: str
    device: str
    size: int  # bytes of its parameters and buffers
    load_s: float  # seconds its load took
    hits: int  # leases that found it loaded
    leases: int  # held now


@dataclass(frozen=True, kw_only=True)
class CacheStatistics:
    """The cache at one moment."""

    models: tuple[ModelStatistics, ...]  # least recently used first
    loading: tuple[str, ...]  # names
    hits: int
    misses: int
    evictions: int
    size: int  # bytes
    budget: int  # bytes


@dataclass
class _Entry:
    model: nn.Module
    size: int
    load_s: float
    hits: int = 0
    leases: int = 0


@dataclass
class _Flight:
    """One load under way, and its outcome for those who wait."""

    expected: int  # bytes
    done: threading.Event = field(default_factory=threading.Event)
    waiting: int = 0  # each gets a lease as the model lands, before anybody can evict it
    entry: _Entry | None = None
    error: Exception | None = None  # neither: the load was interrupted


class ModelCache:
    """See the module's docstring. All methods may be called from any thread."""

    def __init__(self, budget: int, *, eager: bool = False, load: Loader | None = None) -> None:
        """``budget``: bytes of parameters and buffers. ``load``: record -> CPU model, for tests."""
        self._budget = budget
        self._eager = eager
        self._load = load or load_model
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()  # least recently used first
        self._flights: dict[Key, _Flight] = {}
        self._known_sizes: dict[Key, int] = {}
        self._hits = self._misses = self._evictions = 0

    @contextmanager
    def lease(
        self, record: Record, device: torch.device | None = None, *, dtype: torch.dtype | None = None
    ) -> Iterator[nn.Module]:
        """The model of ``record`` on ``device`` (default: that of the settings), loaded if need be, held meanwhile.

        ``dtype``: what its weights are converted to as they are loaded, by default float32; another precision of the
        same record is another model.

        Raises:
            WeightsError: its files are not available.
            ResourceError: it does not fit into memory, even with everything idle evicted.
        """
        place = pick_device() if device is None else device
        key = (record.name, str(place) if dtype is None else f"{place}, {str(dtype).removeprefix('torch.')}")
        entry = self._acquire(key, record, place, dtype)
        try:
            yield entry.model
        finally:
            self._release(entry)

    def run(self, record: Record, work: Callable[[nn.Module], _Result], device: torch.device | None = None) -> _Result:
        """``work(model)`` under a lease; on an out-of-memory error the idle models are evicted and it runs once more.

        Raises:
            ResourceError: out of memory twice.
        """
        with self.lease(record, device) as model:
            return self._retrying(lambda: work(model), record.title)

    def preload(self, records: Iterable[Record], device: torch.device | None = None) -> None:
        """Load each of ``records``, so that the first visitor need not wait."""
        for record in records:
            with self.lease(record, device):
                pass

    def evict_idle(self) -> int:
        """Evict every model that nobody holds; returns their bytes. An eager cache evicts nothing."""
        with self._lock:
            return self._evict(target=0)

    def statistics(self) -> CacheStatistics:
        """The cache now."""
        with self._lock:
            return CacheStatistics(
                models=tuple(
                    ModelStatistics(
                        name=name, device=device, size=e.size, load_s=e.load_s, hits=e.hits, leases=e.leases
                    )
                    for (name, device), e in self._entries.items()
                ),
                loading=tuple(name for name, _ in self._flights),
                hits=self._hits,
                misses=self._misses,
                evictions=self._evictions,
                size=self._size(),
                budget=self._budget,
            )

    def _acquire(self, key: Key, record: Record, device: torch.device, dtype: torch.dtype | None) -> _Entry:
        while True:
            with self._lock:
                if (entry := self._entries.get(key)) is not None:
                    entry.leases += 1
                    self._count_hits(entry, 1)
                    self._entries.move_to_end(key)
                    return entry
                flight = self._flights.get(key)
                if flight is None:
                    flight = self._flights[key] = _Flight(expected=self._known_sizes.get(key, record.size))
                    self._misses += 1
                    self._make_room(0)
                    break
                flight.waiting += 1
            if (entry := self._wait(flight)) is not None:
                return entry
        return self._fly(key, flight, record, device, dtype)

    def _wait(self, flight: _Flight) -> _Entry | None:
        """The entry that ``flight`` brings, leased; ``None`` where its load was interrupted."""
        try:
            flight.done.wait()
        except BaseException:  # Ctrl-C while waiting: what was to be ours is given back
            with self._lock:
                flight.waiting -= 1
                landed = flight.entry
            if landed is not None:
                self._release(landed)
            raise
        if flight.error is not None:
            raise flight.error
        return flight.entry

    def _fly(
        self, key: Key, flight: _Flight, record: Record, device: torch.device, dtype: torch.dtype | None
    ) -> _Entry:
        started = time.perf_counter()
        try:
            model = self._retrying(lambda: self._load_outside_inference(record, device, dtype), record.title)
            entry = _Entry(model=model, size=model_bytes(model), load_s=time.perf_counter() - started, leases=1)
        except BaseException as error:
            with self._lock:
                flight.error = error if isinstance(error, Exception) else None  # after a Ctrl-C others try again
                del self._flights[key]
            flight.done.set()
            raise
        with self._lock:
            del self._flights[key]
            self._known_sizes[key] = entry.size
            self._make_room(entry.size)
            self._entries[key] = flight.entry = entry
            entry.leases += flight.waiting
            self._count_hits(entry, flight.waiting)
        flight.done.set()
        return entry

    def _count_hits(self, entry: _Entry, count: int) -> None:
        entry.hits += count
        self._hits += count

    def _load_outside_inference(self, record: Record, device: torch.device, dtype: torch.dtype | None) -> nn.Module:
        import torch

        with torch.inference_mode(False):
            return self._load(record).to(device=device, dtype=dtype).eval().requires_grad_(False)

    def _release(self, entry: _Entry) -> None:
        with self._lock:
            entry.leases -= 1
            self._make_room(0)

    def _make_room(self, coming: int) -> None:
        """Evict until ``coming`` more bytes, and the loads under way, fit; held models stay. Call under the lock."""
        under_way = sum(flight.expected for flight in self._flights.values())
        self._evict(target=max(0, self._budget - coming - under_way))

    def _evict(self, target: int) -> int:
        """Drop idle models, least recently used first, until at most ``target`` bytes are left. Under the lock."""
        freed = 0
        if self._eager:
            return freed
        for key in list(self._entries):
            if self._size() <= target:
                break
            if self._entries[key].leases == 0:
                freed += self._entries.pop(key).size
                self._evictions += 1
        return freed

    def _size(self) -> int:
        return sum(entry.size for entry in self._entries.values())

    def _retrying(self, work: Callable[[], _Result], title: str) -> _Result:
        try:
            return work()
        except _MEMORY_ERRORS as error:
            if not is_out_of_memory(error):
                raise
        self.evict_idle()
        release_memory()
        try:
            return work()
        except _MEMORY_ERRORS as error:
            if not is_out_of_memory(error):
                raise
            raise ResourceError(
                f"enough memory for {title} on this machine",
                "out of memory, twice",
                "Choose a smaller size or model, or start the hub with --device cpu.",
            ) from error


def load_model(record: Record) -> nn.Module:
    """The network of ``record`` from its verified files, by the loader that the record names; float32, on the CPU.

    Raises:
        WeightsError: the files are not available or do not fit the network.
    """
    module, _, function = record.loader.partition(":")
    load: Callable[..., nn.Module] = getattr(importlib.import_module(module), function)
    return load(ensure(record))


def model_bytes(model: nn.Module) -> int:
    """Bytes of the parameters and buffers of ``model``; a tensor that is used twice counts once."""
    tensors = {tensor.data_ptr(): tensor for tensor in (*model.parameters(), *model.buffers())}
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory ran out: Python's, CUDA's or cuDNN's, MPS's, the CPU's, a mapped file's."""
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, _MEMORY_ERRORS) and any(words in text for words in _OUT_OF_MEMORY)


def release_memory() -> None:
    """Collect garbage and give cached accelerator memory back."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


@lru_cache(maxsize=1)
def model_cache() -> ModelCache:
    """The one cache of this process, with the settings' budget."""
    return ModelCache(int(settings.current().cache_gb * 1e9), eager=on_zero_gpu())
