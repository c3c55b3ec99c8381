"""``/metrics``: what the hub has done and does, as the text that Prometheus reads.

Counting is adding to a table; prometheus-client makes the text of it when somebody asks. Labels are the names of lanes
and endpoints, never anything that a visitor sent.
"""

from __future__ import annotations

import bisect
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from shared.model_cache import model_cache
from shared.serving.attendance import ATTENDANCE
from shared.serving.turns import TURNS

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

Endpoint = tuple[str, str]  # lane, name
# from what a slider may take to the longest painting
BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_LABELS = ("lane", "endpoint")


@dataclass
class _Seconds:
    """A histogram of durations."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect.bisect_left(BUCKETS_S, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bound -> how many took at most that."""
        names = [*(str(bound) for bound in BUCKETS_S), "+Inf"]
        return list(zip(names, map(float, itertools.accumulate(self.counts)), strict=True))


class Metrics:
    """The hub's tables. All methods may be called from any thread."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        self.waiting: Callable[[], Mapping[str, tuple[int, int]]] = (
            dict  # lane -> events that wait, and that have begun
        )
        self._lock = threading.Lock()
        self._waited: dict[Endpoint, _Seconds] = {}
        self._took: dict[Endpoint, _Seconds] = {}
        self._computed: Counter[Endpoint] = Counter()
        self._errors: Counter[tuple[str, str, str]] = Counter()
        self._answers: Counter[str] = Counter()

    def began(self, endpoint: Endpoint, waited_s: float) -> None:
        """An event has left the queue."""
        with self._lock:
            self._waited.setdefault(endpoint, _Seconds()).add(waited_s)

    def ended(self, endpoint: Endpoint, took_s: float) -> None:
        """It has been answered, or broken off."""
        with self._lock:
            self._took.setdefault(endpoint, _Seconds()).add(took_s)

    def computed(self, endpoint: Endpoint, seconds: float) -> None:
        """A step of it was computed."""
        with self._lock:
            self._computed[endpoint] += seconds  # type: ignore[assignment]

    def failed(self, endpoint: Endpoint, reason: str) -> None:
        """It ended with an error: "refused" (the visitor's), "failed" (ours), "gone" (nobody waited any more)."""
        with self._lock:
            self._errors[(*endpoint, reason)] += 1

    def answered(self, status: int) -> None:
        """A request passed the door."""
        with self._lock:
            self._answers[f"{status // 100}xx"] += 1

    def text(self) -> bytes:
        """Everything now, as Prometheus reads it."""
        from prometheus_client import CollectorRegistry, generate_latest  # some hundredths of a second of the start

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics, for prometheus-client."""
        with self._lock:
            yield from [*self._events(), *self._requests()]
        yield from self._now()

    def _events(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        for name, words, table in (
            ("convhub_waiting_seconds", "From an event's arrival to its beginning", self._waited),
            ("convhub_seconds", "From an event's beginning to its end, in turns with others", self._took),
        ):
            spread = HistogramMetricFamily(name, words, labels=_LABELS)
            for endpoint, seconds in table.items():
                spread.add_metric(endpoint, seconds.buckets(), seconds.total)
            yield spread
        computed = CounterMetricFamily("convhub_computing_seconds", "Seconds of the machine", labels=_LABELS)
        for endpoint, total in self._computed.items():
            computed.add_metric(endpoint, total)
        yield computed

    def _requests(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily

        errors = CounterMetricFamily("convhub_errors", "Events that ended with an error", labels=(*_LABELS, "reason"))
        for labels, count in self._errors.items():
            errors.add_metric(labels, count)
        yield errors
        answers = CounterMetricFamily(
            "convhub_http_responses", "Requests, by the class of their status", labels=["code"]
        )
        for code, count in self._answers.items():
            answers.add_metric([code], count)
        yield answers

    def _now(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        lanes = self.waiting()
        for place, (name, words) in enumerate(
            (("convhub_events_waiting", "Events in the queue"), ("convhub_events_begun", "Events under way"))
        ):
            events = GaugeMetricFamily(name, words, labels=["lane"])
            for lane, counts in lanes.items():
                events.add_metric([lane], counts[place])
            yield events
        cache = model_cache().statistics()
        process = psutil.Process()
        for name, words, value in (
            ("convhub_long_calls", "Paintings and lessons that share the machine", TURNS.sharing()),
            ("convhub_sessions", "Browser sessions with somebody there", ATTENDANCE.sessions()),
            ("convhub_cache_bytes", "Networks in memory", cache.size),
            ("convhub_memory_bytes", "Resident memory of the hub", process.memory_info().rss),
            ("convhub_threads", "Threads of the hub", process.num_threads()),
            (
                "convhub_open_files",
                "Open files and connections",
                process.num_fds() if hasattr(process, "num_fds") else 0,
            ),
        ):
            yield GaugeMetricFamily(name, words, value=value)
        for name, words, count in (
            ("convhub_cache_hits", "Leases that found their network loaded", cache.hits),
            ("convhub_cache_misses", "Leases that had to load it", cache.misses),
            ("convhub_cache_evictions", "Networks that gave way", cache.evictions),
        ):
            yield CounterMetricFamily(name, words, value=count)


METRICS = Metrics()
