"""What an event carries: files that are the visitor's own, values that the components can read, and a reason if not.

gradio answers a value that it cannot read with no reason and writes a traceback to the log; it takes the path of any
file that it is given in the right shape; and it hands a handler whatever a client sends. All three end here: a handler
gets files of its visitor and values that keep to its type hints, and a reason goes to the client for everything else.
"""

from __future__ import annotations

import base64
import contextvars
import functools
import logging
import typing
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from apps.door import type_hints
from apps.door.bodies import REFUSED
from apps.door.lanes import asked_by
from apps.door.visitors import FILES, NO_ROOM, UnreadableRequestError, file_objects, parts
from apps.markup import h, joined
from shared.errors import HubError, InputError, disk_full, quoted

log = logging.getLogger("convhub")

NEUTRAL = "Something went wrong on our side. It was written to the log; your inputs are still here. Please try again."
GONE = InputError(
    "a file that was uploaded here", "another one, or one that is gone by now", "Choose the file on the page again."
)
LONGEST_TEXT = 200_000  # characters that a client may send as one text; pictures inside a call begin with data:
_asking: contextvars.ContextVar[str] = contextvars.ContextVar("visitor")
_ERROR_S = 12.0  # that a message stays on the page: two or three sentences, read without haste
PUT_IN = (gr.Request, gr.EventData, gr.Progress)  # what gradio itself gives to a handler


def refusal(error: HubError) -> gr.Error:
    """``error`` as a message on the page and a reason for clients, without a line in the log."""
    return gr.Error(str(joined(error.sentences(), h.br())), title=REFUSED, duration=_ERROR_S, print_exception=False)


def apology() -> gr.Error:
    """The one sentence about a mistake of ours, whose traceback is in the log."""
    return gr.Error(NEUTRAL, title="Sorry", duration=_ERROR_S, print_exception=False)


def as_gradio_error(error: Exception, what: str) -> gr.Error:
    """What the page says of ``error``, which is no message yet: a full disk, or a bug, whose traceback is logged."""
    full = disk_full(error)
    if full is not None:
        log.error("%s failed: the disk is full", what)
        return refusal(full)
    log.error("%s failed", what, exc_info=error)
    return apology()


def guard_inputs(page: gr.Blocks) -> None:
    """Put the checks before every event of ``page``, public or private, and note what it hands out."""
    process, read, write = page.process_api, page.preprocess_data, page.postprocess_data
    FILES.publish(file["path"] for file in file_objects(_plain(page.config)) if isinstance(file.get("path"), str))

    async def process_api(block_fn: Any, inputs: Any, **rest: Any) -> dict[str, Any]:
        request = rest.get("request")
        request = request[0] if isinstance(request, list) else request
        mark = _asking.set(asked_by(getattr(request, "request", None))[0])
        try:
            _check_event(block_fn, rest.get("event_data"))
            answer: dict[str, Any] = await process(block_fn, inputs, **rest)
            return answer
        except gr.Error:
            raise
        except Exception as error:  # noqa: BLE001 - from gradio's own handlers, or what it makes of an answer
            raise as_gradio_error(error, "an event, outside of its handler,") from None
        finally:
            _asking.reset(mark)

    async def preprocess_data(block_fn: BlockFunction, inputs: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        _check(inputs)
        wanted = [getattr(block, "label", None) or block.get_block_name() for block in block_fn.inputs]
        if not isinstance(inputs, list) or len(inputs) < len(wanted):
            found = len(inputs) if isinstance(inputs, list) else 0
            raise refusal(InputError(f"{len(wanted)} inputs ({', '.join(wanted)})", str(found), "Send all of them."))
        for block, value in zip(block_fn.inputs, inputs, strict=False):
            if not getattr(block, "takes_as_sent", False):  # hand_over_as
                _write_down(value)
        try:
            read_inputs: list[Any] = await read(block_fn, inputs, *args, **kwargs)
        except gr.Error as error:
            error.print_exception = False
            raise
        except Exception as error:  # a value that a component of gradio cannot read
            raise refusal(_unreadable(wanted, inputs)) from error
        _check_kinds(block_fn, read_inputs, wanted)
        return read_inputs

    async def postprocess_data(*args: Any, **kwargs: Any) -> list[Any]:
        shown: list[Any] = await write(*args, **kwargs)
        named = (file.get("path") for file in file_objects(_plain(shown)))
        FILES.give(_asking.get("unknown"), [path for path in named if isinstance(path, str) and written_here(path)])
        return shown

    patched: dict[str, Callable[..., Awaitable[Any]]] = {
        "process_api": process_api,
        "preprocess_data": preprocess_data,
        "postprocess_data": postprocess_data,
    }
    vars(page).update(patched)


def written_here(path: str) -> bool:
    """Whether ``path`` lies where gradio writes: an answer may repeat what a visitor wrote, a "path" among it."""
    try:
        return Path(get_upload_folder()).resolve() in Path(path).resolve().parents
    except (OSError, ValueError):
        return False


def _check_kinds(block_fn: BlockFunction, values: list[Any], wanted: list[str]) -> None:
    """Refuse ``values`` that do not keep to the handler's type hints; those of a state come from the hub itself."""
    if block_fn.fn is None:
        return
    hints = type_hints.hints_of(block_fn.fn, len(values), PUT_IN)
    for block, name, value, hint in zip(block_fn.inputs, wanted, values, hints, strict=False):
        missing = value is None and isinstance(block, gr.Dataset)  # gradio's own handler has no hints
        if not block.stateful and (missing or not type_hints.fits(value, hint)):
            found = "nothing" if value is None else quoted(value, 40)
            raise refusal(InputError(f"{name}: {type_hints.described(hint)}", found, "Fill it in and try again."))


def _check_event(block_fn: BlockFunction, event: gr.EventData | None) -> None:
    """Refuse files in what the page sends with an event, and events that are not of the kind that the handler takes."""
    if event is None:
        return
    _check(event._data)
    if not isinstance(event._data, dict):
        event._data = {}  # whatever came; asked for something in it, the handler finds nothing
    for kind in _event_kinds(block_fn.fn):
        try:
            kind(event.target, event._data)
        except Exception:  # noqa: BLE001 - gradio's classes raise what comes
            raise refusal(InputError("", "This event came without its data", "Reload the page.")) from None


@functools.lru_cache(maxsize=1024)
def _event_kinds(handler: Callable[..., Any] | None) -> tuple[type[gr.EventData], ...]:
    """The special kinds of events (a selection, a key) that ``handler`` takes."""
    try:
        hints = typing.get_type_hints(handler)
    except (TypeError, NameError, AttributeError):
        return ()
    return tuple(
        hint
        for hint in hints.values()
        if isinstance(hint, type) and issubclass(hint, gr.EventData) and hint is not gr.EventData
    )


def _check(sent: Any) -> None:
    """Refuse every file in ``sent`` but the visitor's own and those that the page opens with, and endless texts."""
    visitor = _asking.get("unknown")
    try:
        for one in parts(sent):
            if isinstance(one, str) and len(one) > LONGEST_TEXT and not one.startswith("data:"):
                raise refusal(
                    InputError(f"a text of at most {LONGEST_TEXT:,} characters", f"{len(one):,}", "Shorten it.")
                )
        for file in file_objects(sent):
            path, url = file.get("path"), file.get("url")
            if path:
                # the disk is asked about the visitor's own files only
                if not isinstance(path, str) or not FILES.may_read(visitor, path) or not Path(path).is_file():
                    raise refusal(GONE)
                file["url"] = None  # the path counts; no address is ever fetched
            elif url and not (isinstance(url, str) and url.startswith("data:")):
                raise refusal(
                    InputError("a file that was uploaded here", "an address", "Download it first, then upload it.")
                )
    except UnreadableRequestError:
        raise refusal(InputError("values as the page sends them", "a very deeply nested one", "")) from None


def _write_down(sent: Any) -> None:
    """Make an upload of the visitor's of every file that is inside the call itself, as a ``data:`` URL.

    gradio would open such a picture on its own: in any format, of any size, on nobody's account.
    """
    visitor = _asking.get("unknown")
    for file in file_objects(sent):
        if not file.get("path"):
            head, _, body = str(file.get("url")).partition(",")
            try:
                data = base64.b64decode(body if head.endswith(";base64") else "", validate=True)
            except ValueError:
                data = b""
            if not data:
                raise refusal(InputError("a file in base64", "something else", "Upload the file."))
            if len(data) > FILES.left(visitor):
                raise refusal(InputError("", NO_ROOM))
            file["path"], file["url"] = save_bytes_to_cache(data, "file.bin", get_upload_folder()), None
            FILES.give(visitor, [file["path"]])


def _unreadable(wanted: list[str], inputs: list[Any]) -> InputError:
    """The reason for a value that a component could not read: what was wanted, and what came."""
    found = ", ".join(quoted(value, 40) for value in inputs[: len(wanted)])
    return InputError(
        f"values that fit {', '.join(wanted)}" if wanted else "a call without values",
        found or "none",
        "The page's API description lists the types.",
    )


def _plain(value: Any) -> Any:
    """gradio's models inside an answer as dictionaries, so that the files in them are found."""
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
