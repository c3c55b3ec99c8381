"""The queue: room per lane, a share per visitor and address, and nothing done for nobody."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event

from apps.door import lanes
from apps.door.lanes import FairQueue
from apps.door.middleware import ADDRESS, VISITOR
from shared.device import HEAVY_LANE
from shared.serving.attendance import ATTENDANCE
from tests.conftest import run_alone


@pytest.fixture
def page() -> gr.Blocks:
    with gr.Blocks() as page:
        button = gr.Button()
        button.click(lambda: None, concurrency_id=HEAVY_LANE, concurrency_limit=1)
        button.click(lambda: None, concurrency_id="quick", concurrency_limit=2)
    return page


@pytest.fixture
def queue(page: gr.Blocks) -> FairQueue:
    made = FairQueue(False, 40, 1, None, page, 1)
    made.active_jobs = [None] * 40
    return made


def ask(queue: FairQueue, visitor: str, fn: int = 0, session: str | None = None, address: str | None = None) -> Any:
    session = session or f"session-{visitor}"
    body = PredictBodyInternal(session_hash=session, fn_index=fn, data=[], request=None)
    scope = {VISITOR: visitor, ADDRESS: address or f"at {visitor}"}
    return run_alone(queue.push(body, SimpleNamespace(scope=scope), None))


@pytest.fixture
def there() -> Any:
    """Has a stream open for each of the visitors it is called with, until the test is over."""
    entered: list[tuple[str, str]] = []

    def enter(*visitors: str) -> None:
        for visitor in visitors:
            assert ATTENDANCE.enter(f"session-{visitor}", visitor)
            entered.append((f"session-{visitor}", visitor))

    yield enter
    for session, visitor in entered:
        ATTENDANCE.leave(session, visitor)


def begin(queue: FairQueue) -> Event | None:
    """The next event, begun."""
    found = queue.get_events()
    if found is None:
        return None
    events, _, lane = found
    queue.active_jobs[queue.active_jobs.index(None)] = events
    queue.event_queue_per_concurrency_id[lane].current_concurrency += 1
    return events[0]


def finish(queue: FairQueue, event: Event) -> None:
    queue.active_jobs[queue.active_jobs.index([event])] = None
    queue.event_queue_per_concurrency_id[event.concurrency_id].current_concurrency -= 1


def served(queue: FairQueue, count: int) -> list[str]:
    """Who is served, one after the other."""
    names = []
    for _ in range(count):
        event = begin(queue)
        assert event is not None
        names.append(event.session_hash.removeprefix("session-"))
        finish(queue, event)
    return names


def test_visitors_take_turns_and_each_ones_events_keep_their_order(queue: FairQueue, there: Any) -> None:
    there("a", "b", "c")
    for visitor in "aaabc":
        assert ask(queue, visitor)[0]
    first = queue.event_queue_per_concurrency_id[HEAVY_LANE].queue[0]
    assert begin(queue) is first
    finish(queue, first)
    assert served(queue, 4) == ["b", "c", "a", "a"]


def test_a_lane_begins_no_more_than_its_limit_and_others_go_on(queue: FairQueue, there: Any) -> None:
    there("a", "b", "c", "d")
    for visitor in "abc":
        ask(queue, visitor, fn=0)
    for visitor in "abcd":
        ask(queue, visitor, fn=1)
    begun = [begin(queue) for _ in range(4)]
    lanes_begun = sorted(event.concurrency_id for event in begun if event is not None)
    assert lanes_begun == [HEAVY_LANE, "quick", "quick"]


def test_an_event_is_begun_only_while_somebody_waits_for_it(queue: FairQueue, there: Any) -> None:
    ask(queue, "nobody")
    there("b")
    ask(queue, "b")
    assert served(queue, 1) == ["b"]
    assert begin(queue) is None
    there("nobody")
    assert served(queue, 1) == ["nobody"]


def test_what_nobody_waits_for_is_dropped_with_all_that_was_kept_for_it(queue: FairQueue, there: Any) -> None:
    there("b")
    for visitor in "ab":
        ask(queue, visitor)
    for event in queue.event_queue_per_concurrency_id[HEAVY_LANE].queue:
        event.enqueue_time -= lanes.UNATTENDED_S + 1
    queue._swept = time.monotonic() - 10
    assert served(queue, 1) == ["b"]
    assert len(queue) == 0
    assert "session-a" not in queue.pending_messages_per_session
    assert "session-a" not in queue.pending_event_ids_session
    assert len(queue.event_ids_to_events) == 1


def test_one_visitor_may_have_so_many_waiting_and_no_more(queue: FairQueue) -> None:
    answers = [ask(queue, "a", session=f"invented-{n}") for n in range(lanes.HEAVY_EACH + 1)]
    assert [answer[0] for answer in answers] == [True] * lanes.HEAVY_EACH + [False]
    assert answers[-1][2] == "queue_full"
    assert ask(queue, "a", fn=1)[0]  # another lane
    assert ask(queue, "b")[0]


def test_one_address_leaves_room_for_others_and_one_lane_for_the_others(queue: FairQueue) -> None:
    taken = 0
    while ask(queue, f"made-up-{taken}", address="attacker")[0]:
        taken += 1
    assert taken == lanes.LANE_WAITING[HEAVY_LANE] * lanes.ADDRESS_SHARE
    assert ask(queue, "a")[0]
    taken = 0
    while ask(queue, f"other-{taken}")[0]:
        taken += 1
    assert len(queue.event_queue_per_concurrency_id[HEAVY_LANE].queue) == lanes.LANE_WAITING[HEAVY_LANE]
    assert ask(queue, "a", fn=1)[0]


def test_calls_that_make_no_sense_get_a_reason(queue: FairQueue) -> None:
    for change in (
        {"session_hash": ""},
        {"session_hash": "a b/c"},
        {"session_hash": "x" * 65},
        {"fn_index": 99},
        {"fn_index": -1},
        {"trigger_id": 10**9},
    ):
        body = PredictBodyInternal(**{"session_hash": "session", "fn_index": 0, "data": [], "request": None} | change)
        accepted, reason, kind = run_alone(queue.push(body, SimpleNamespace(scope={}), None))
        assert (accepted, kind) == (False, "error"), change
        assert reason.endswith(".")
    assert len(queue) == 0


def test_what_follows_the_load_of_the_page_is_taken_in(queue: FairQueue, page: gr.Blocks) -> None:
    """``page.load(...).then(...)`` comes with the number of the page, which is none of its components."""
    assert page._id not in page.blocks
    body = PredictBodyInternal(session_hash="session", fn_index=0, data=[], request=None, trigger_id=page._id)
    assert run_alone(queue.push(body, SimpleNamespace(scope={}), None))[0]
