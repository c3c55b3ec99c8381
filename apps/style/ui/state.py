"""What the style tab keeps per browser session: the run, its frames, the wish to stop, files to download."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.style.run.frames import Reel
from apps.style.samples import EXAMPLE
from shared.errors import InputError

if TYPE_CHECKING:
    from apps.style.run.transfer import Run
    from apps.style.units.patches import Indexed

FIRST = {"content": EXAMPLE[0], "style": EXAMPLE[1]}  # on the page when it opens
_MOST = 40  # sessions whose runs are kept in memory
_IDLE_S = 3600.0  # s after which a run is forgotten


@dataclass(eq=False)
class Painter:
    """One browser session."""

    run: Run | None = None
    reel: Reel = field(default_factory=Reel)
    samples: dict[str, str] = field(default_factory=lambda: dict(FIRST))  # role -> name, for pictures that are samples
    own: tuple[tuple[str, str], Indexed] | None = None  # (network, file) and the index of the visitor's own picture
    log: bool = True  # the curves' axis
    wish: threading.Event = field(default_factory=threading.Event)  # to stop
    idle: threading.Event = field(default_factory=threading.Event)  # nothing is being painted
    used: float = field(default_factory=time.monotonic)
    _folder: tempfile.TemporaryDirectory[str] | None = None

    def __post_init__(self) -> None:
        self.idle.set()

    def begin(self, run: Run) -> None:
        """A new run takes the place of the last."""
        self.run, self.reel = run, Reel()
        self.wish.clear()

    def current(self) -> Run:
        """The run on the page.

        Raises:
            InputError: there is none yet.
        """
        if self.run is None or self.run.done == 0:
            raise InputError("There is a picture on the page", "none yet", "Press Paint first.")
        return self.run

    def file(self, name: str, data: bytes | str | None = None) -> Path:
        """A path to a file of this session, with ``data`` in it where it is given."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="convhub-style-")  # removed with this object
        path = Path(self._folder.name) / name
        if data is not None:
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path


_painters: OrderedDict[str, Painter] = OrderedDict()
_lock = threading.Lock()


def painter(request: gr.Request | None) -> Painter:
    """Who is asking; a call without a session is a session of its own."""
    key = str(getattr(request, "session_hash", None) or f"call {time.monotonic_ns()}")
    now = time.monotonic()
    with _lock:
        for old in [name for name, one in _painters.items() if now - one.used > _IDLE_S]:
            del _painters[old]
        found = _painters.pop(key, None) or Painter()
        found.used = now
        _painters[key] = found
        while len(_painters) > _MOST:
            _painters.popitem(last=False)
        return found


def leave(request: gr.Request) -> None:
    """The page was closed: stop its run and forget it."""
    with _lock:
        found = _painters.pop(str(request.session_hash), None)
    if found is not None:
        found.wish.set()


def updates(**values: Any) -> tuple[Any, ...]:
    """gradio updates that set the components to ``values``, in order."""
    return tuple(gr.update(value=value) for value in values.values())
