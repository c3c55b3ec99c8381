"""The queue: who is next in each lane, and who may wait at all.

gradio's queue takes events in the order in which they come, from anybody, up to one total. Here every lane has room of
its own, each visitor has a fair share of it, an event is begun only while somebody waits for its answer, and one that
nobody waits for is dropped. Events that have begun compute in turns (shared.serving.turns): long ones side by side, as
many as there is memory for, one of each browser session.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import time
from collections import Counter
from typing import Any

import gradio as gr
import psutil
from gradio import queueing
from gradio.queueing import Event, EventQueue

from apps.door.bodies import ADDRESS, LENGTH, REFUSED, SMALL, fits
from apps.door.metrics import METRICS
from apps.door.middleware import VISITOR
from shared import engine
from shared.device import HEAVY_LANE, QUICK_LANE
from shared.serving.attendance import ATTENDANCE
from shared.serving.turns import TURNS, GoneError

log = logging.getLogger("convhub")

MOST_WAITING = 400  # events of all lanes together
LANE_WAITING = {HEAVY_LANE: 120}  # of one lane: a class of 40 with three long runs each
OTHER_LANE_WAITING = 200  # ... of any other: five short ones each
HEAVY_EACH = 3  # events that one visitor may have waiting in the lane of long runs
HEAVY_EACH_BEGUN = 6  # of one visitor at a time, each of another browser session
OTHER_EACH = 24  # ... in another lane: sliders send many
ADDRESS_SHARE = 0.6  # of a lane's places that one address may take
UNATTENDED_S = 20.0  # how long an event may wait with nobody there for its answer
_SWEEP_S = 1.0  # between two looks for events that nobody waits for any more
_LONG_BYTES = 300_000_000  # that a long call may come to need, once it has begun
_SPARE_BYTES = 500_000_000  # of the machine's memory, for everything else
_SESSION = re.compile(r"[A-Za-z0-9_-]{4,64}")

_IN_TURNS = (HEAVY_LANE, QUICK_LANE, "webcam")
_NARROW = {"stylize"}  # whose first step computes with one thread anyhow
_LANES = {HEAVY_LANE: "long", QUICK_LANE: QUICK_LANE}  # their names in the metrics; others are "other"

Answer = tuple[bool, Any, Any]


class FairQueue(queueing.Queue):
    """gradio's queue with shares."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._served: dict[tuple[str, str], float] = {}  # (lane, visitor) -> when last served
        self._swept = 0.0

    async def push(self, body: Any, request: Any, username: str | None) -> Answer:
        """Take an event in, or say why not."""
        reason = self._refusal(body, request)
        if reason is not None:
            return False, reason[1], reason[0]
        try:
            answer: Answer = await super().push(body, request, username)
        except Exception:
            log.exception("an event could not be queued")
            return False, "This call could not be understood.", "error"
        return answer

    def _refusal(self, body: Any, request: Any) -> tuple[str, str] | None:
        """Why this event may not wait: gradio's name for the case, and a sentence."""
        session = body.session_hash
        if session is not None and not _SESSION.fullmatch(session):
            return "error", "Needed: session_hash, 4 to 64 letters and digits. Found: something else."
        fn = self.blocks.fns.get(body.fn_index)
        if fn is None:
            return "error", f"There is no function {str(body.fn_index)[:20]}."
        if body.event_data is not None and not isinstance(body.event_data, dict | list | str | int | float | bool):
            return "error", "Needed: event_data as the page sends it. Found: something else."
        # what follows the page's own load event comes with the number of the page itself
        if body.trigger_id is not None and body.trigger_id not in {*self.blocks.blocks, self.blocks._id}:
            return "error", "Needed: trigger_id, a component of this page. Found: none of that number."
        lane = self.event_queue_per_concurrency_id.get(fn.concurrency_id)
        waiting = lane.queue if lane is not None else []
        visitor, address = asked_by(request)
        most = LANE_WAITING.get(fn.concurrency_id, OTHER_LANE_WAITING)
        if len(self) >= MOST_WAITING or len(waiting) >= most:
            return "queue_full", "The hub is busy: too many calls wait. Try again in a minute."
        if sum(asked_by(event.request)[1] == address for event in waiting) >= most * ADDRESS_SHARE:
            return "queue_full", "Too many calls from this address wait. Try again in a minute."
        if not self._has_room_for(request):
            return "queue_full", "Too many large calls wait. Try again in a minute."
        each = HEAVY_EACH if fn.concurrency_id == HEAVY_LANE else OTHER_EACH
        if sum(asked_by(event.request)[0] == visitor for event in waiting) >= each:
            return "queue_full", f"{each} of your calls wait already. Let them finish first."
        return None

    def _has_room_for(self, request: Any) -> bool:
        """Whether the memory has room for one more call of this length, besides those that wait."""
        mine = _length(request)
        if mine == 0:
            return True
        lanes = self.event_queue_per_concurrency_id.values()
        lengths = [(asked_by(event.request)[1], _length(event.request)) for lane in lanes for event in lane.queue]
        address = asked_by(request)[1]
        return fits(
            mine + sum(length for other, length in lengths if other == address), mine + sum(one for _, one in lengths)
        )

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """The event to begin now: in a lane with room, of the visitor who was served longest ago."""
        self._sweep()
        lanes = list(self.event_queue_per_concurrency_id.values())
        random.shuffle(lanes)
        for lane in lanes:
            if not _has_room(lane):
                continue
            event = self._next(lane)
            if event is not None:
                lane.queue.remove(event)
                self._served[lane.concurrency_id, asked_by(event.request)[0]] = time.monotonic()
                return [event], False, lane.concurrency_id
        return None

    def _next(self, lane: EventQueue) -> Event | None:
        running = Counter(
            asked_by(event.request)[0]
            for job in self.active_jobs
            if job
            for event in job
            if event.concurrency_id == lane.concurrency_id
        )
        clicked = {_clicks(event) for job in self.active_jobs if job for event in job} - {None}
        attended = [event for event in lane.queue if _attended(event) and _clicks(event) not in clicked]
        if lane.concurrency_id == HEAVY_LANE:  # what the page keeps of a long call is there once per session
            begun = {event.session_hash for job in self.active_jobs if job for event in job if _is_long(event)}
            attended = [
                event
                for event in attended
                if event.session_hash not in begun and running[asked_by(event.request)[0]] < HEAVY_EACH_BEGUN
            ]

        def turn(event: Event) -> tuple[int, float]:
            visitor = asked_by(event.request)[0]
            return running[visitor], self._served.get((lane.concurrency_id, visitor), 0.0)

        return min(attended, key=turn, default=None)  # of equals the one that has waited longest

    async def process_events(self, events: list[Event], *args: Any) -> None:
        """Answer ``events``, in turns with the others that compute."""
        endpoint, begun = _endpoint(events[0].fn), time.monotonic()
        METRICS.began(endpoint, begun - events[0].enqueue_time)
        try:
            with TURNS.call(events[0].session_hash, long=_is_long(events[0])):
                await super().process_events(events, *args)
        finally:
            METRICS.ended(endpoint, time.monotonic() - begun)

    async def clean_events(self, *, session_hash: str | None = None, event_id: str | None = None) -> None:
        """Nobody listens to that session any more: end what it has begun."""
        await super().clean_events(session_hash=session_hash, event_id=event_id)
        if session_hash is not None:
            TURNS.drop(session_hash)

    async def remove_from_queue(self, event_id: str) -> None:
        """Somebody stops an event: end its run, too, whatever function's number came with the request.

        gradio finds the run by that number; with another one it would lose the run's place and begin it again, for
        nobody.
        """
        begun = any(event._id == event_id for job in self.active_jobs if job for event in job)
        runs = [task for task in asyncio.all_tasks() if begun and task.get_name().endswith(event_id)]
        for task in runs:
            task.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        await super().remove_from_queue(event_id)

    def _sweep(self) -> None:
        """Drop what nobody waits for, and forget who was served long ago."""
        now = time.monotonic()
        if now - self._swept < _SWEEP_S:
            return
        self._swept = now
        for lane in self.event_queue_per_concurrency_id.values():
            for event in list(lane.queue):
                if now - event.enqueue_time > UNATTENDED_S and not _attended(event):
                    lane.queue.remove(event)
                    event.alive = False
                    self.event_ids_to_events.pop(event._id, None)
                    self.pending_event_ids_session.get(event.session_hash, set()).discard(event._id)
                    if not self.pending_event_ids_session.get(event.session_hash):
                        self.pending_event_ids_session.pop(event.session_hash, None)
                        self.pending_messages_per_session.pop(event.session_hash, None)
        self._served = {key: when for key, when in self._served.items() if now - when < 3600}


def compute_in_turns(page: gr.Blocks) -> None:
    """Let the events of the lanes of ``page`` compute in turns: a whole answer, or one step of a long one."""
    compute = page.call_function
    elsewhere = engine.current().far  # in other processes, which have turns of their own

    async def call_function(block_fn: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        lane = block_fn.concurrency_id
        here = lane in _IN_TURNS and not elsewhere
        endpoint = _endpoint(block_fn)
        narrow = endpoint[1] in _NARROW
        in_turn = TURNS.turn(long=lane == HEAVY_LANE, narrow=narrow) if here else contextlib.nullcontext()
        try:
            async with in_turn:
                begun = time.perf_counter()
                answer: dict[str, Any] = await compute(block_fn, *args, **kwargs)
                METRICS.computed(endpoint, time.perf_counter() - begun)
                return answer
        except gr.Error as error:
            METRICS.failed(endpoint, "refused" if error.title == REFUSED else "failed")
            raise
        except GoneError:
            METRICS.failed(endpoint, "gone")
            raise gr.Error("Nobody waits for this any more.", print_exception=False) from None

    vars(page)["call_function"] = call_function


def _endpoint(fn: Any) -> tuple[str, str]:
    """Lane and name of an event's handler; a lane of its own has no name that means anything to anybody."""
    lane = _LANES.get(fn.concurrency_id, "other")
    return lane, str(fn.api_name or "unnamed")


def count_waiting(page: gr.Blocks) -> dict[str, tuple[int, int]]:
    """Lane -> events that wait in the queue of ``page``, and events that have begun."""
    found = {"long": (0, 0), QUICK_LANE: (0, 0), "other": (0, 0)}
    for lane in page._queue.event_queue_per_concurrency_id.values():
        name = _LANES.get(lane.concurrency_id, "other")
        waiting, begun = found[name]
        found[name] = waiting + len(lane.queue), begun + lane.current_concurrency
    return found


def _has_room(lane: EventQueue) -> bool:
    """Whether one more event of ``lane`` may begin."""
    if lane.concurrency_limit is not None and lane.current_concurrency >= lane.concurrency_limit:
        return False
    if lane.concurrency_id != HEAVY_LANE or lane.current_concurrency == 0:
        return True
    coming = TURNS.not_begun() + 1  # each takes its memory with its first turn
    return bool(psutil.virtual_memory().available >= _SPARE_BYTES + coming * _LONG_BYTES)


def _attended(event: Event) -> bool:
    """Whether somebody waits for it: its page, or a client that reads the answer of this one call."""
    return ATTENDANCE.there(event.session_hash) or ATTENDANCE.there(event._id)


def _clicks(event: Event) -> tuple[str, int] | None:
    """Whose clicks on what, which are answered in their order; ``None``: not something with data of its own."""
    if event.data is None or event.data.event_data is None:
        return None
    return event.session_hash, event.fn._id


def _is_long(event: Event) -> bool:
    return event.concurrency_id == HEAVY_LANE


def _length(request: Any) -> int:
    """Bytes of a call, if it is a large one."""
    length = int(getattr(request, "scope", {}).get(LENGTH, 0))
    return length if length > SMALL else 0


def asked_by(request: Any) -> tuple[str, str]:
    """Visitor and address of a request that came through the door."""
    scope = getattr(request, "scope", {})
    return scope.get(VISITOR, "unknown"), scope.get(ADDRESS, "unknown")
