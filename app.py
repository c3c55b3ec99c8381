"""ConvHub's launcher: parse the options, build the page, serve it. ``python app.py --help`` lists the options."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from shared import engine, settings
from shared.cli import BAD_INPUT
from shared.errors import HubError, OptionError, one_line
from shared.serving import workspace
from shared.serving.connections import make_room
from shared.serving.memory import share_heaps
from shared.serving.offline import forbid_connections
from shared.threads import be_a_good_neighbour


def main(argv: Sequence[str]) -> int:
    """Serve the hub until Ctrl-C or SIGTERM; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        chosen = settings.read_settings(argv)
        check_address(chosen)
        folder = workspace.open_workspace()
    except HubError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    settings.publish(chosen)
    be_a_good_neighbour()
    share_heaps()
    make_room()
    if chosen.offline:
        named = (*settings.hosts_in(chosen.engine), *settings.hosts_in(str(chosen.gallery or "")))
        forbid_connections(also=(chosen.host, *named))
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell that starts it in the background has SIGINT ignored
        signal.signal(number, _end)
    try:
        return serve(chosen, folder)
    except HubError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(chosen: settings.Settings, folder: Path) -> int:
    """Build the page and serve it until somebody ends it; returns the exit status.

    Raises:
        StoreError: the class gallery cannot be used.
    """
    with without_garbage_collection():
        from apps import hub  # after publish: gradio and huggingface-hub read the environment when they are imported

        hub.choose_engine(chosen)
        hub.check_gallery(chosen)
        hub.place_models(chosen)
        page = hub.build(chosen)
        gate = hub.put_door(chosen, folder)
        try:
            page.launch(**hub.launch_options(chosen), **hub.certified(chosen, gate), prevent_thread_lock=True)
        except OSError as error:
            sys.stderr.write(f"No free port to listen on ({one_line(str(error))}). Choose one with --port.\n")
            return BAD_INPUT
    gate.open(page.app)
    if chosen.mcp:
        logging.getLogger("convhub").info("MCP tools: %s", hub.tools(page))
    if chosen.https:
        logging.getLogger("convhub").info(hub.how_to_trust(str(page.local_url)))
    hub.warm_up(chosen)
    try:
        threading.Event().wait()
    finally:
        gate.state = "draining"
        engine.current().close()
    return 0


def _end(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Start a fifth faster: objects made at start live for ever, so looking through them for garbage wastes time.

    Afterwards they count as permanent, which spares every later collection the same search while visitors wait.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def check_address(chosen: settings.Settings) -> None:
    """Make sure that the hub can listen on its address before it spends seconds on building the page.

    Raises:
        OptionError: the port is taken, or the host is not an address of this machine.
    """
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    try:
        socket.create_server((chosen.host, chosen.port or 0), family=family).close()
    except OSError as error:
        where = f"{chosen.host}, port {chosen.port}" if chosen.port else chosen.host
        raise OptionError(
            "a free address of this machine for --host and --port",
            f"{where}: {(error.strerror or str(error)).partition(' (while')[0]}",
            "Choose another --port, or leave it out for the first free one.",
        ) from error


if __name__ == "__main__":
    status = main(sys.argv[1:])
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # a network may still compute in a thread; taking Python apart beneath it would end in an abort
