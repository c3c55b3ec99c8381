"""What a call says that runs in another process: its value or its steps, what it noted, or why there is neither."""

from __future__ import annotations

import contextlib
import inspect
import traceback
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared import engine
from shared.errors import HubError
from shared.serving.turns import GoneError

Kind = Literal["value", "steps", "step", "ended", "refused", "failed", "gone"]


class WorkerError(Exception):
    """A function failed on a worker: its traceback there. A bug of ours, as if it had failed here."""


@dataclass(frozen=True)
class Message:
    """What is reported of a call where it runs."""

    kind: Kind
    value: Any = None  # the value, the step, the error, or a traceback
    noted: Any = None  # of the call's first argument: see engine.Resumable
    sharing: int = 1  # long calls on this worker, this one included


def messages_of(function: engine.Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Message]:
    """The messages of a call of ``function`` that runs alone, as it runs."""
    resumable = engine.resumable_of(args)
    try:
        made = engine.find(function)(*args, **kwargs)
        if not inspect.isgenerator(made):
            yield Message("value", made, resumable and resumable.noted())
            return
        with contextlib.closing(made):
            yield Message("steps")
            for step in made:
                yield Message("step", step, resumable and resumable.noted())
        yield Message("ended", None, resumable and resumable.noted())
    except HubError as error:
        yield Message("refused", error)
    except Exception:  # noqa: BLE001 - raised where the call was made, and logged there
        yield Message("failed", traceback.format_exc())


def take(resumable: engine.Resumable | None, message: Message) -> None:
    """Note where the call was made what was noted where it runs."""
    if resumable is not None and message.noted is not None:
        resumable.note(message.noted)


def check(message: Message) -> None:
    """Raise here what was raised there."""
    if message.kind == "refused":
        raise message.value
    if message.kind == "gone":
        raise GoneError
    if message.kind == "failed":
        raise WorkerError(message.value)


def answer(messages: Generator[Message, None, None]) -> Any:
    """What the call gives: a value, or a generator of its steps. Of ``messages`` "ended" is left out."""
    first = next(messages)
    if first.kind == "value":
        messages.close()
        return first.value
    return _steps(messages)


def _steps(messages: Generator[Message, None, None]) -> Iterator[Any]:
    with contextlib.closing(messages):
        for message in messages:
            yield message.value
