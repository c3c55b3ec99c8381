"""/metrics: what happened is counted, Prometheus can read it, and only those who may see the hub see it."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from prometheus_client.parser import text_string_to_metric_families

from apps.door import lanes, metrics
from apps.door.bodies import REFUSED
from apps.door.metrics import Metrics
from shared.device import HEAVY_LANE, QUICK_LANE
from shared.serving.turns import TURNS
from tests.apps.door.test_middleware import Hub
from tests.conftest import run_alone

ENDPOINT = ("quick", "verify")


def values(text: bytes) -> dict[str, float]:
    """Sample with its labels, lane and endpoint first -> value."""
    order = ("lane", "endpoint", "reason", "code", "le")
    return {
        " ".join((sample.name, *(sample.labels[label] for label in order if label in sample.labels))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_durations_are_counted_by_their_bounds() -> None:
    found = Metrics()
    for seconds in (0.05, 0.06, 0.3, 1000.0):
        found.began(ENDPOINT, seconds)
        found.ended(ENDPOINT, 2 * seconds)
    seen = values(found.text())
    found_in = {b: seen[f"convhub_waiting_seconds_bucket quick verify {b}"] for b in ("0.05", "0.1", "0.5", "300.0")}
    assert found_in == {"0.05": 1, "0.1": 2, "0.5": 3, "300.0": 3}
    assert seen["convhub_waiting_seconds_count quick verify"] == 4
    assert seen["convhub_waiting_seconds_sum quick verify"] == pytest.approx(1000.41)
    assert seen["convhub_seconds_sum quick verify"] == pytest.approx(2000.82)


def test_where_the_system_does_not_count_open_files_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=77), num_threads=lambda: 5)
    monkeypatch.setattr(metrics.psutil, "Process", lambda: process)
    seen = values(Metrics().text())
    assert (seen["convhub_open_files"], seen["convhub_memory_bytes"], seen["convhub_threads"]) == (0, 77, 5)


def test_the_cache_and_who_is_there_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = SimpleNamespace(size=11, hits=12, misses=13, evictions=14)
    monkeypatch.setattr(metrics, "model_cache", lambda: SimpleNamespace(statistics=lambda: statistics))
    monkeypatch.setattr(metrics, "ATTENDANCE", SimpleNamespace(sessions=lambda: 15))
    with TURNS.call("a", long=True), TURNS.call("b", long=True), TURNS.call("c", long=False):
        seen = values(Metrics().text())
    assert [seen[f"convhub_cache_{name}"] for name in ("bytes", "hits_total", "misses_total", "evictions_total")] == [
        11, 12, 13, 14
    ]  # fmt: skip
    assert (seen["convhub_sessions"], seen["convhub_long_calls"]) == (15, 2)


def test_what_else_is_counted() -> None:
    found = Metrics()
    found.waiting = lambda: {"long": (3, 2)}
    found.computed(ENDPOINT, 0.25)
    found.computed(ENDPOINT, 0.5)
    found.failed(ENDPOINT, "refused")
    for status in (200, 204, 404):
        found.answered(status)
    seen = values(found.text())
    assert seen["convhub_computing_seconds_total quick verify"] == 0.75
    assert seen["convhub_errors_total quick verify refused"] == 1
    assert seen["convhub_http_responses_total 2xx"] == 2
    assert seen["convhub_http_responses_total 4xx"] == 1
    assert (seen["convhub_events_waiting long"], seen["convhub_events_begun long"]) == (3, 2)
    assert seen["convhub_memory_bytes"] > 1e6
    assert seen["convhub_threads"] >= 1


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Metrics:
    made = Metrics()
    monkeypatch.setattr(lanes, "METRICS", made)
    return made


@pytest.mark.parametrize(
    ("error", "reason"),
    [(gr.Error("x", title=REFUSED), "refused"), (gr.Error("x", title="Sorry"), "failed"), (None, "gone")],
)
def test_errors_are_told_apart(counted: Metrics, error: gr.Error | None, reason: str) -> None:
    with gr.Blocks() as page:
        pass

    async def compute(block_fn: Any) -> dict[str, Any]:
        if error is not None:
            raise error
        return {}

    vars(page)["call_function"] = compute
    lanes.compute_in_turns(page)

    async def call() -> None:
        with TURNS.call("a", long=True):
            if error is None:
                TURNS.drop("a")
            await page.call_function(SimpleNamespace(concurrency_id=HEAVY_LANE, api_name="stylize"))  # type: ignore[arg-type,call-arg]

    with pytest.raises(gr.Error):
        run_alone(call())
    assert values(counted.text())[f"convhub_errors_total long stylize {reason}"] == 1


def test_what_waits_is_counted_by_lane() -> None:
    with gr.Blocks() as page:
        button = gr.Button()
        button.click(lambda: None, concurrency_id=HEAVY_LANE, concurrency_limit=3)
        button.click(lambda: None, concurrency_id=QUICK_LANE)
        button.click(lambda: None)
        button.click(lambda: None)
    queues = {}
    for fn in page.fns.values():
        page._queue.create_event_queue_for_fn(fn)
        queues[fn.concurrency_id] = page._queue.event_queue_per_concurrency_id[fn.concurrency_id]
    for queue in queues.values():
        queue.queue.append(SimpleNamespace())  # type: ignore[arg-type]
    queues[HEAVY_LANE].current_concurrency = 2
    assert lanes.count_waiting(page) == {"long": (1, 2), QUICK_LANE: (1, 0), "other": (2, 0)}


def test_a_hub_with_a_password_shows_them_to_programs_that_send_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(auth=("class", "secret-of-the-class"))
    hub.gate.open(SimpleNamespace(cookie_id="c", tokens={}))
    assert hub.ask("/metrics")[0] == 401
    right = base64.b64encode(b"class:secret-of-the-class").decode()
    status, _, text = hub.ask("/metrics", authorization=f"Basic {right}")
    assert status == 200
    assert b"convhub_memory_bytes" in text
    assert b"secret" not in text
    assert hub.ask("/metrics", authorization=f"Basic {base64.b64encode(b'class:wrong').decode()}")[0] == 401
    assert hub.seen == []


def test_the_door_counts_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Metrics()
    monkeypatch.setattr("apps.door.middleware.METRICS", made)
    hub = Hub()
    hub.ask("/")
    hub.ask("/nowhere")
    seen = values(hub.ask("/metrics")[2])
    assert seen["convhub_http_responses_total 2xx"] == 1
    assert seen["convhub_http_responses_total 4xx"] == 1
