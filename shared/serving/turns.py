"""Whose turn it is to compute: never more threads than there are cores.

A long call (a painting, a lesson) computes in turns of a fraction of a second, each with all cores, with those of
others in between: every run moves, a question waits for one turn, not for a painting, and what a run computes does not
depend on who else computes. A question that is alone has all cores, too. Where several wait, one core each answers more
of them in the same time: reading a photo and small networks gain little from a second thread. So it is with the first
turns of long calls that ask for it (``narrow``), for which a class waits that presses Paint at once. Such a turn has
one core also where nobody else computes, so that what it computes does not depend on that either.

A turn that lasts for seconds is no turn any more: others go on meanwhile, so that nothing ever holds up everything.

Who is next: a question before a long call, unless long calls have waited for a second; of the long calls those about to
end, then those that have shown nothing yet, then those that have had the machine for the shortest time.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from shared.threads import cores, use_threads

PATIENCE_S = 1.0  # that long calls wait while questions keep coming
LONGEST_S = 5.0  # of a turn while others wait: who takes longer, a download say, goes on at the same time
_LOOK_S = 0.5  # between two looks whether a turn has lasted so long


class GoneError(BaseException):
    """Nobody waits for this call any more. No error of the call: what handles errors lets it pass, as Ctrl-C."""


@dataclass(eq=False)
class Call:
    """One call, from its beginning to its end."""

    owner: str  # the browser session
    long: bool
    turns: int = 0  # had so far
    used_s: float = 0.0  # that they took; a new call begins with what the others have had least
    left_s: float | None = None  # that it still needs, alone on the machine, as far as it knows
    hurried: bool = False
    gone: bool = False
    threads: int | None = None  # of its turn; None: all


@dataclass(eq=False)
class _Waiting:
    call: Call
    number: int  # in the order of asking
    wake: Callable[[], object]  # from any thread: it has a turn, or is gone
    granted: bool = False
    begun: float = 0.0  # when its turn began
    narrow: bool = False  # a long call's turn that has one core, whoever else computes


@dataclass(eq=False)
class Turns:
    """Who computes, and who waits for a turn. All methods may be called from any thread.

    ``cores``: how many questions may compute side by side.
    """

    clock: Callable[[], float] = time.monotonic
    cores: int = 1
    _calls: list[Call] = field(default_factory=list)
    _waiting: list[_Waiting] = field(default_factory=list)
    _holders: list[_Waiting] = field(default_factory=list)  # one with all cores, or several with one each
    _long_ended: float = 0.0  # when the last turn of a long call ended
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextlib.contextmanager
    def call(self, owner: str, *, long: bool) -> Iterator[Call]:
        """A call of ``owner`` as long as the block runs; what runs in the block's context is part of it."""
        with self._lock:
            shares = [other.used_s for other in self._calls if other.long]
            made = Call(owner=owner, long=long, used_s=min(shares, default=0.0))
            self._calls.append(made)
        mark = _current.set(made)
        try:
            yield made
        finally:
            _current.reset(mark)
            with self._lock:
                self._calls.remove(made)

    @contextlib.asynccontextmanager
    async def turn(self, *, long: bool, narrow: bool = False) -> AsyncIterator[None]:
        """Wait, without a thread, until it is the turn of this context's call; the turn lasts as long as the block.

        Without a call around it, as gradio's direct addresses come, it is one of its own. ``narrow``: the first turn of
        this long call has one core, next to those of others.

        Raises:
            GoneError: the call's owner went away while it waited.
        """
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        with contextlib.ExitStack() as own:
            call = _current.get() or own.enter_context(self.call("", long=long))
            asked = _Waiting(call, next(self._numbers), lambda: loop.call_soon_threadsafe(woken.set))
            asked.narrow = long and narrow and call.turns == 0
            try:
                self._ask(asked)
                while not woken.is_set():
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(woken.wait(), _LOOK_S)
                    self.expire()
                if not asked.granted:
                    raise GoneError
                yield
            finally:
                self._give_back(asked)

    def breathe(self) -> None:
        """Inside of a turn that takes long: let others have theirs, if they wait. Elsewhere nothing happens.

        Raises:
            GoneError: the call's owner went away.
        """
        call = _current.get()
        woken = threading.Event()
        with self._lock:
            held = next((one for one in self._holders if one.call is call), None)
            if call is None or held is None:
                return
            if call.gone:
                raise GoneError
            if not self._waiting:
                return
            held.wake, held.number, held.granted = woken.set, next(self._numbers), False
            self._waiting.append(held)
            self._end_turn(held)
        while not woken.wait(_LOOK_S):
            self.expire()
        if not held.granted:
            raise GoneError
        use_threads(call.threads)

    def hurry(self, owner: str) -> None:
        """The long calls of ``owner`` are about to end: their next turn comes first."""
        with self._lock:
            for call in self._calls:
                call.hurried = call.hurried or call.owner == owner

    def drop(self, owner: str) -> None:
        """``owner`` has gone: calls that wait end now, one that computes after its turn."""
        with self._lock:
            for call in self._calls:
                call.gone = call.gone or call.owner == owner
            for asked in [one for one in self._waiting if one.call.gone]:
                self._waiting.remove(asked)
                asked.wake()

    def expire(self) -> None:
        """End a turn that has lasted for too long while others wait; its call goes on at the same time."""
        with self._lock:
            for held in list(self._holders):
                if self._waiting and self.clock() - held.begun > LONGEST_S:
                    self._end_turn(held)

    def until_done_s(self, alone_s: float | None) -> float | None:
        """How long the long call that computes now still takes, as it shares the machine; alone it were ``alone_s``."""
        call = _current.get()
        if call is None or alone_s is None:
            return alone_s
        with self._lock:
            call.left_s = alone_s
            others = [other for other in self._calls if other.long and other is not call]
            # equal shares: until this call is done, each of the others has as much as it needs, or as much as this one
            return alone_s + sum(alone_s if other.left_s is None else min(other.left_s, alone_s) for other in others)

    def sharing(self) -> int:
        """How many long calls there are."""
        with self._lock:
            return sum(call.long for call in self._calls)

    def not_begun(self) -> int:
        """How many long calls have not had a turn yet."""
        with self._lock:
            return sum(call.long and call.turns == 0 for call in self._calls)

    def _ask(self, asked: _Waiting) -> None:
        with self._lock:
            asked.granted = False
            if asked.call.gone:
                asked.wake()
                return
            self._waiting.append(asked)
            self._go_on()

    def _give_back(self, asked: _Waiting) -> None:
        """The end of a turn, or of waiting for it."""
        with self._lock:
            if asked in self._waiting:
                self._waiting.remove(asked)
            if asked in self._holders:
                self._end_turn(asked)

    def _end_turn(self, held: _Waiting) -> None:
        """Whoever has a turn gives it on. Call under the lock."""
        call, now = held.call, self.clock()
        call.turns += 1
        call.used_s += now - held.begun
        if call.long:
            self._long_ended = now
        self._holders.remove(held)
        self._go_on()

    def _go_on(self) -> None:
        """Give turns to those who are next, as long as there are cores. Call under the lock."""
        while self._waiting and (following := self._following()) is not None:
            call = following.call
            self._waiting.remove(following)
            crowd = self._holders or any(not one.call.long for one in self._waiting)
            alone = following.narrow if call.long else crowd
            call.threads = 1 if alone and self.cores > 1 else None
            self._holders.append(following)
            following.begun, following.granted = self.clock(), True
            following.wake()

    def _following(self) -> _Waiting | None:
        """Who waits and is to begin now. Call under the lock."""
        now = self.clock()
        impatient = now - self._long_ended >= PATIENCE_S and not any(one.call.long for one in self._holders)

        def place(one: _Waiting) -> tuple[bool, bool, float, int]:
            call = one.call
            if not call.long or call.hurried:
                return impatient, False, 0.0, one.number
            return not impatient, call.turns > 0, call.used_s if call.turns else 0.0, one.number

        first = min(self._waiting, key=place)
        if not self._holders:
            return first
        beside = len(self._holders) < self.cores and all(one.call.threads for one in self._holders)
        return first if beside and (first.narrow or not first.call.long) else None


_current: contextvars.ContextVar[Call | None] = contextvars.ContextVar("call", default=None)
TURNS = Turns(cores=cores())


def take_threads() -> None:
    """Let the calling thread compute with as many threads as the turn of this context's call has."""
    call = _current.get()
    use_threads(None if call is None else call.threads)


def current_call() -> Call | None:
    """The call that this context is part of."""
    return _current.get()
