"""The queue: room per lane, a share per visitor and address, and nothing done for nobody."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event
from gradio.utils import set_task_name

from apps.door import bodies, lanes
from apps.door.bodies import ADDRESS, LENGTH
from apps.door.lanes import FairQueue
from apps.door.metrics import Metrics
from apps.door.middleware import VISITOR
from shared.device import HEAVY_LANE, QUICK_LANE
from shared.serving.attendance import ATTENDANCE
from shared.serving.turns import TURNS, current_call
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


def ask(
    queue: FairQueue,
    visitor: str,
    fn: int = 0,
    session: str | None = None,
    address: str | None = None,
    event: Any = None,
    length: int = 0,
) -> Any:
    session = session or f"session-{visitor}"
    body = PredictBodyInternal(session_hash=session, fn_index=fn, data=[], event_data=event, request=None)
    scope = {VISITOR: visitor, ADDRESS: address or f"at {visitor}", LENGTH: length}
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
    events, batch, lane = found
    assert batch is False  # one at a time: no handler takes a list of calls
    queue.active_jobs[queue.active_jobs.index(None)] = events
    queue.event_queue_per_concurrency_id[lane].current_concurrency += 1
    return events[0]


def finish(queue: FairQueue, event: Event) -> None:
    queue.active_jobs[queue.active_jobs.index([event])] = None
    queue.event_queue_per_concurrency_id[event.concurrency_id].current_concurrency -= 1


def test_clicks_on_one_thing_are_answered_in_their_order(queue: FairQueue, there: Any) -> None:
    """Two answers side by side could arrive the wrong way round; somebody else's click does not wait for them."""
    there("a", "b")
    for place in (1, 2):
        ask(queue, "a", 1, event={"index": place})
    ask(queue, "b", 1, event={"index": 3})
    first, other = begin(queue), begin(queue)
    assert first is not None
    assert other is not None
    assert [one.data.event_data["index"] for one in (first, other)] == [1, 3]  # type: ignore[union-attr]
    finish(queue, other)
    assert begin(queue) is None
    finish(queue, first)
    second = begin(queue)
    assert second is not None
    assert second.data.event_data == {"index": 2}  # type: ignore[union-attr]


def test_a_run_is_stopped_whatever_functions_number_comes_with_its_name(queue: FairQueue, there: Any) -> None:
    there("a", "b")
    for visitor in "ab":
        ask(queue, visitor, 1)
    events = [begin(queue), begin(queue)]

    async def stopped(*names: str) -> list[bool]:
        runs = [asyncio.create_task(asyncio.sleep(60)) for _ in events]
        for run, event in zip(runs, events, strict=True):
            assert event is not None
            set_task_name(run, event.session_hash, 1, event._id, batch=False)
        for name in names:
            await queue.remove_from_queue(name)
        done = [run.done() for run in runs]
        runs[1].cancel()
        return done

    assert events[0] is not None
    assert run_alone(stopped(events[0]._id)) == [True, False]
    assert run_alone(stopped("", events[0]._id[-1], "Task-1")) == [False, False], "only what is an event's whole name"


def test_an_event_is_answered_as_one_call_of_its_session_and_its_times_are_counted(
    queue: FairQueue, there: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there("a", "b")
    ask(queue, "a")
    ask(queue, "b", 1)
    metrics, seen = Metrics(), []

    async def answer(_: Any, *given: Any) -> None:
        seen.append((given, call := current_call(), call and (call.owner, call.long)))
        if len(seen) > 1:
            raise ValueError

    monkeypatch.setattr(FairQueue.__base__, "process_events", answer)  # gradio's, whose name is ours in a hub
    monkeypatch.setattr(lanes, "METRICS", metrics)
    events = {event.session_hash: event for event in (begin(queue), begin(queue)) if event is not None}
    long, quick = events["session-a"], events["session-b"]
    monkeypatch.setattr(lanes, "time", SimpleNamespace(monotonic=iter((100.0, 103.0, 110.0, 110.5)).__next__))
    long.enqueue_time, quick.enqueue_time = 98.0, 109.0
    run_alone(queue.process_events([long], False))
    with pytest.raises(ValueError):
        run_alone(queue.process_events([quick], False))
    assert [given for given, _, _ in seen] == [([long], False), ([quick], False)]
    assert [whose for _, _, whose in seen] == [("session-a", True), ("session-b", False)]
    assert {lane: seconds.total for (lane, _), seconds in metrics._waited.items()} == {"long": 2.0, "quick": 1.0}
    assert {lane: seconds.total for (lane, _), seconds in metrics._took.items()} == {"long": 3.0, "quick": 0.5}


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


def test_who_reads_the_answer_of_one_call_waits_for_it_whatever_its_session_is_called(queue: FairQueue) -> None:
    taken, event_id, _ = ask(queue, "client")
    assert taken
    assert begin(queue) is None
    with ATTENDANCE.stream(event_id, "its address"):
        assert begin(queue) is not None


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


def test_of_a_session_with_two_events_one_may_go_and_what_gradio_has_forgotten_is_no_error(
    queue: FairQueue, there: Any
) -> None:
    there("b")
    for visitor in "aac":
        ask(queue, visitor)
    first, second, other = queue.event_queue_per_concurrency_id[HEAVY_LANE].queue
    first.enqueue_time -= lanes.UNATTENDED_S + 1
    queue._sweep()
    assert queue.pending_event_ids_session["session-a"] == {second._id}
    assert "session-a" in queue.pending_messages_per_session
    other.enqueue_time -= lanes.UNATTENDED_S + 1
    queue._sweep()
    assert len(queue) == 2  # it was looked through a moment ago
    for kept in (queue.pending_event_ids_session, queue.pending_messages_per_session, queue.event_ids_to_events):
        kept.clear()
    queue._swept = time.monotonic() - 10
    queue._sweep()
    assert queue.event_queue_per_concurrency_id[HEAVY_LANE].queue == [second]
    assert [event.alive for event in (first, second, other)] == [False, True, False]


def test_the_metrics_name_the_lanes_that_everybody_knows() -> None:
    def endpoint(lane: str, name: str | None) -> tuple[str, str]:
        return lanes._endpoint(SimpleNamespace(concurrency_id=lane, api_name=name))

    assert endpoint(HEAVY_LANE, "stylize") == ("long", "stylize")
    assert endpoint(QUICK_LANE, None) == ("quick", "unnamed")
    assert endpoint("139912", "x") == ("other", "x")


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


@pytest.fixture
def class_room(queue: FairQueue, monkeypatch: pytest.MonkeyPatch) -> FairQueue:
    """A queue whose lane of long calls takes a class at once, on a machine with memory for that."""
    for fn in queue.blocks.fns.values():
        fn.concurrency_limit = 40 if fn.concurrency_id == HEAVY_LANE else 2
    monkeypatch.setattr(lanes.psutil, "virtual_memory", lambda: SimpleNamespace(available=10**12))
    return queue


def test_long_calls_are_begun_side_by_side_one_of_each_session(class_room: FairQueue, there: Any) -> None:
    """What the page keeps of a long call is there once per session."""
    there("a", "b")
    for visitor in "aab":
        assert ask(class_room, visitor)[0]
    begun = [begin(class_room) for _ in range(3)]
    assert [event.session_hash for event in begun if event] == ["session-a", "session-b"]
    assert begun[0] is not None
    finish(class_room, begun[0])
    assert served(class_room, 1) == ["a"]


def test_one_visitor_with_many_pages_leaves_room_for_others(class_room: FairQueue, there: Any) -> None:
    pages = [f"page-{number}" for number in range(lanes.HEAVY_EACH_BEGUN + 1)]
    there(*pages)
    for name in pages:
        assert ask(class_room, "a", session=f"session-{name}")[0]
        begin(class_room)
    assert len(class_room) == 1


def test_a_long_call_is_begun_only_if_there_is_memory_for_it(
    class_room: FairQueue, there: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    there("a", "b", "c")
    for visitor in "abc":
        ask(class_room, visitor)
    enough = lanes._SPARE_BYTES + lanes._LONG_BYTES
    monkeypatch.setattr(lanes.psutil, "virtual_memory", lambda: SimpleNamespace(available=enough - 1))
    first = begin(class_room)
    assert first is not None  # one in any case
    assert begin(class_room) is None
    monkeypatch.setattr(lanes.psutil, "virtual_memory", lambda: SimpleNamespace(available=enough))
    assert begin(class_room) is not None
    with TURNS.call("b", long=True):  # it has begun, and has not taken its memory yet
        assert begin(class_room) is None


def event_of(lane: str, api_name: str = "x") -> Any:
    return SimpleNamespace(concurrency_id=lane, api_name=api_name)


def test_a_long_call_computes_alone_and_other_events_when_they_like(
    page: gr.Blocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    computing: list[str] = []
    together: list[list[str]] = []

    async def compute(block_fn: Any) -> dict[str, Any]:
        computing.append(block_fn.concurrency_id)
        for _ in range(5):
            await asyncio.sleep(0)
        together.append(list(computing))
        computing.remove(block_fn.concurrency_id)
        return {}

    vars(page)["call_function"] = compute
    lanes.compute_in_turns(page)

    async def all_at_once(*names: str, api_name: str = "x") -> None:
        await asyncio.gather(
            *(page.call_function(event_of(name, api_name)) for name in names)  # type: ignore[call-arg]
        )

    run_alone(all_at_once(HEAVY_LANE, HEAVY_LANE, QUICK_LANE, QUICK_LANE))
    assert all(names == [HEAVY_LANE] for names in together if HEAVY_LANE in names)
    assert sum(names.count(QUICK_LANE) > 0 for names in together) == 2
    together.clear()
    run_alone(all_at_once("other", "other", HEAVY_LANE))
    assert max(map(len, together)) == 3
    together.clear()
    monkeypatch.setattr(TURNS, "cores", 2)
    run_alone(all_at_once(HEAVY_LANE, HEAVY_LANE, HEAVY_LANE, api_name="stylize"))  # the first steps of three
    assert max(map(len, together)) == 2


def test_who_has_gone_gets_nothing_computed_and_no_line_in_the_log(page: gr.Blocks) -> None:
    async def compute(block_fn: Any) -> dict[str, Any]:
        raise AssertionError("it was computed")

    vars(page)["call_function"] = compute
    lanes.compute_in_turns(page)

    async def gone() -> None:
        with TURNS.call("a", long=True):
            TURNS.drop("a")
            await page.call_function(event_of(HEAVY_LANE))  # type: ignore[call-arg]

    with pytest.raises(gr.Error) as found:
        run_alone(gone())
    assert not found.value.print_exception


def test_when_a_page_is_closed_its_calls_end(queue: FairQueue) -> None:
    with TURNS.call("a", long=True) as mine, TURNS.call("b", long=True) as other:
        run_alone(queue.clean_events(session_hash="a"))
        assert mine.gone
        assert not other.gone


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


def test_calls_that_wait_do_not_fill_the_memory(queue: FairQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST_EACH", 2_500_000)
    monkeypatch.setattr(bodies, "MOST_ALL", 3_500_000)
    large = 1_000_000
    assert ask(queue, "a", 1, address="home", length=large)[0]
    assert ask(queue, "b", 0, address="home", length=large)[0]
    accepted, reason, kind = ask(queue, "c", 1, address="home", length=large)
    assert (accepted, kind) == (False, "queue_full")
    assert "large calls" in reason
    assert ask(queue, "c", 1, address="home", length=bodies.SMALL)[0]  # there is always room for small ones
    assert ask(queue, "d", 1, length=large)[0]
    assert not ask(queue, "e", 1, length=large)[0]
    assert ask(queue, "e", 1)[0]
