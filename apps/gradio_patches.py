"""Where gradio 6 is changed from outside, each with its reason. ``tests/apps/test_gradio_patches.py`` fails when gradio
changes under one of them.

A subclass would do for the components, but gradio writes a .pyi file next to every module that subclasses one.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
from gradio import blocks, processing_utils, queueing, route_utils, routes, state_holder
from gradio.data_classes import ImageData
from gradio.route_utils import FileUploadProgress, GradioMultiPartParser
from gradio.state_holder import SessionState, StateHolder
from gradio_client import Client

from apps.door.lanes import FairQueue
from apps.door.middleware import Door, Gate
from shared.serving.attendance import ATTENDANCE

if TYPE_CHECKING:
    from gradio.mcp import GradioMCPServer
    from PIL import Image


def hand_over_unopened(image: gr.Image) -> None:
    """Give the handler of ``image`` the path of the file as it was sent.

    ``gr.Image`` opens the file before the handler runs, and fails without a message. Unopened, ``shared.images`` reads
    it: a damaged or disguised file gets our message, and a phone's HEIC works. What is inside the call itself the door
    has made an upload of.
    """

    def unopened(payload: ImageData | None) -> str | None:
        if payload is not None and payload.path is None:
            raise ValueError("a picture without a file")
        return None if payload is None else payload.path

    vars(image)["preprocess"] = unopened


def hand_over_as(component: gr.components.Component, preprocess: Callable[[Any], Any]) -> None:
    """Give the handler of ``component`` what ``preprocess`` makes of the request: a webcam's frame never is a file."""
    vars(component).update(preprocess=preprocess, takes_as_sent=True)  # the door makes no upload of it


def write_pictures_whole() -> None:
    """Make gradio write a picture of its cache to a temporary name and then move it into place.

    Equal pictures share one file, and gradio writes it again for each of them: when a class presses the same button,
    one student's browser read the file in the moment that another's call had emptied it.
    """
    vars(processing_utils)["save_pil_to_cache"] = _save_whole


def _save_whole(img: Image.Image, cache_dir: str, name: str = "image", format: str = "webp") -> str:
    """gradio's ``save_pil_to_cache``: the path of ``img``, in a folder named after its bytes."""
    data = processing_utils.encode_pil_to_bytes(img, format)  # type: ignore[no-untyped-call]
    folder = Path(cache_dir) / processing_utils.hash_bytes(data)
    folder.mkdir(exist_ok=True, parents=True)
    path = (folder / f"{name}.{format}").resolve()
    handle, partial = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(partial, path)  # noqa: PTH105 - a string, as mkstemp gives it
    except PermissionError:  # Windows, while somebody reads it: what is there has the same bytes
        Path(partial).unlink(missing_ok=True)
    except OSError:  # a full disk
        Path(partial).unlink(missing_ok=True)
        raise
    return str(path)


def put_door(gate: Gate) -> None:
    """Let every request pass ``gate`` first, in the place where gradio answers to pages of any other origin.

    gradio's own answer allows every origin, cookies included, as soon as the hub is reached under a name that is not
    this machine's own; an ASGI middleware of ours could only stand behind it.
    """
    Door.gate = gate
    vars(routes)["CustomCORSMiddleware"] = Door
    vars(routes)["file_upload_statuses"] = Progress()
    setattr(GradioMultiPartParser, "parse", _parse_or_remove)  # noqa: B010 - mypy takes no assignment of a method


_parse = GradioMultiPartParser.parse


async def _parse_or_remove(parser: GradioMultiPartParser) -> Any:
    """gradio's reading of an upload; what was written of one that is broken off, or refused in the middle, goes."""
    try:
        return await _parse(parser)
    except BaseException:
        for file in parser._files_to_close_on_error:
            with contextlib.suppress(OSError):
                file.close()
                Path(file.name).unlink(missing_ok=True)
        raise


def share_fairly() -> None:
    """Make pages from now on with our queue, and with room for those sessions first where somebody is there.

    gradio begins events for sessions that nobody listens to, counts all lanes as one, lets any made-up session push a
    real one's state out, and spends 0.3 s and a megabyte on each.
    """
    vars(queueing)["Queue"] = FairQueue
    vars(routes)["StateHolder"] = AttendedStates
    for module in (state_holder, route_utils, blocks):
        vars(module)["SessionState"] = LeanState


def serve_at_launch_alone() -> None:
    """Make no web application of a page that is being laid out.

    gradio makes three, with a description of the whole page each, and drops them when it makes that of the launch: a
    third of the time in which the hub's page is built.
    """
    vars(blocks)["App"] = SimpleNamespace(create_app=_states_alone)  # ``launch`` takes gradio's own


def _states_alone(page: gr.Blocks, **_: Any) -> None:
    vars(routes)["StateHolder"]().set_blocks(page)


class Progress(FileUploadProgress):
    """How far each upload is. gradio keeps every name that a client has ever asked about or uploaded under."""

    most = 500  # uploads; of those before, a page learns no more than their end

    def track(self, upload_id: str) -> None:
        """Begin with ``upload_id``; the oldest ones give way."""
        super().track(upload_id)
        for oldest in list(self._statuses)[: -self.most]:
            self.stop_tracking(oldest)

    async def is_tracked(self, upload_id: str) -> bool:
        """Wait until an upload of that name begins."""
        try:
            return bool(await super().is_tracked(upload_id))
        finally:
            if upload_id not in self._statuses:
                self._signals.pop(upload_id, None)

    def stop_tracking(self, upload_id: str) -> None:
        """It is over."""
        super().stop_tracking(upload_id)
        self._signals.pop(upload_id, None)


class LeanState(SessionState):
    """A session's state without gradio's copy of the page: every value that was ever sent or shown in each component.

    Only deep links read it, which are closed here. It is described component by component when a session begins, while
    everybody waits, and a client could fill the memory with it, 8 MB at a call.
    """

    def __init__(self, page: gr.Blocks) -> None:
        bare = SimpleNamespace(default_config=page.default_config, blocks=())  # no component to be described
        super().__init__(cast("gr.Blocks", bare))

    def __setitem__(self, key: int, value: Any) -> None:
        """Keep ``value`` as the value of a state, or as the component that has changed."""
        if isinstance(self.blocks_config.blocks.get(key), gr.State):
            super().__setitem__(key, value)
        else:
            self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class AttendedStates(StateHolder):
    """gradio's states of sessions; those whose page is open give way last."""

    most_unattended = 100

    def update(self, session_id: str) -> None:
        """Note a use of ``session_id``, and let others give way if there are too many."""
        with self.lock:
            if session_id in self.session_data:
                self.session_data.move_to_end(session_id)
            away = [one for one in self.session_data if one != session_id and not ATTENDANCE.there(one)]
            over = max(len(away) - self.most_unattended, len(self.session_data) - self.capacity)
            others = [one for one in self.session_data if one != session_id and ATTENDANCE.there(one)]
            for one in (*away, *others)[: max(over, 0)]:
                self.session_data.pop(one, None)
                self.time_last_used.pop(one, None)


def waiting(page: gr.Blocks) -> int:
    """How many requests wait in the page's queue; gradio has no public count."""
    return len(page._queue)


def limit_tools(hidden: tuple[str, ...]) -> None:
    """Name the tools that agents see after their endpoints, and take the endpoints ``hidden`` away.

    gradio can name a tool only after the function behind it, and shows every endpoint or none. The table is changed
    where gradio makes it, during the launch: changed afterwards, an agent in the first moment would see everything.

    Raises:
        ImportError: gradio was installed without ``gradio[mcp]``.
    """
    from gradio.mcp import GradioMCPServer

    given = GradioMCPServer.get_tool_to_endpoint

    def limited(server: GradioMCPServer) -> dict[str, str]:
        return {path.lstrip("/"): path for path in given(server).values() if path not in hidden}

    setattr(GradioMCPServer, "get_tool_to_endpoint", limited)  # noqa: B010 - mypy takes no assignment of a method
    setattr(GradioMCPServer, "_get_or_create_client", _own_client)  # noqa: B010


def _own_client(server: GradioMCPServer) -> Client:
    """The client by which gradio's MCP server calls the hub itself; with ``--auth``, logged in as the agent is.

    gradio's own has no log-in, so an agent with the password could list tools and call none.
    """
    request = server.mcp_server.request_context.request
    if server._client_instance is None and request is not None:
        headers = {"x-gradio-user": "mcp", "cookie": request.headers.get("cookie", "")}
        server._client_instance = Client(
            server.local_url or str(request.base_url),
            download_files=False,
            verbose=False,
            analytics_enabled=False,
            ssl_verify=False,
            headers=headers,
            _skip_components=False,
        )
    if server._client_instance is None:
        raise RuntimeError("an agent's call without its request")
    return server._client_instance


def tools(page: gr.Blocks) -> tuple[str, ...]:
    """The names of the tools that ``page`` shows to agents; none without ``--mcp``."""
    server = page.mcp_server_obj
    return () if server is None else tuple(server.tool_to_endpoint)
