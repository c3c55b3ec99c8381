"""What the style tab keeps per browser session: the run, its frames, a request to stop, files to download."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from apps.style.run.frames import Frames
from apps.style.samples import EXAMPLE
from shared.errors import InputError
from shared.serving.turns import TURNS
from shared.sessions import Sessions

if TYPE_CHECKING:
    from apps.style.descent.costs import Costs
    from apps.style.instant.answers import OwnStyle
    from apps.style.run.transfer import Run
    from apps.style.units.answers import Indexed

FIRST = {"content": EXAMPLE[0], "style": EXAMPLE[1]}  # on the page when it opens
_MOST = 40  # sessions whose runs are kept in memory
_MOST_IN_MEMORY = 4  # runs at rest with all that they need to go on: 35 MB each at 384 pixels
_MOST_STYLES = 12  # of a visitor's own
_IDLE_S = 3600.0  # s after which a run is forgotten


@dataclass(eq=False)
class Session:
    """One browser session."""

    run: Run | None = None
    frames: Frames = field(default_factory=Frames)
    samples: dict[str, str] = field(default_factory=lambda: dict(FIRST))  # role -> name, for pictures that are samples
    own: tuple[tuple[str, str], Indexed] | None = None  # (network, file) and the index of the visitor's own picture
    log: bool = True  # the curves' axis
    stop_requested: threading.Event = field(default_factory=threading.Event)
    idle: threading.Event = field(default_factory=threading.Event)  # nothing is being painted
    one_pass: Costs | None = None  # of the picture in one pass, on the axis of the run's J
    styles: dict[str, OwnStyle] = field(default_factory=dict)  # "own-1" -> the visitor's own
    stop_film: threading.Event = field(default_factory=threading.Event)
    stop_lesson: threading.Event = field(default_factory=threading.Event)
    _styles_made: int = 0
    _folder: Path | None = None

    def __post_init__(self) -> None:
        self.idle.set()

    def begin(self, run: Run) -> None:
        """A new run takes the place of the last."""
        self.run, self.frames, self.one_pass = run, Frames(), None
        self.stop_requested.clear()

    def current(self) -> Run:
        """The run on the page.

        Raises:
            InputError: there is none yet.
        """
        if self.run is None or self.run.done == 0:
            raise InputError("", "Nothing has been painted yet", "Press Paint first.")
        return self.run

    def keep(self, style: OwnStyle) -> str:
        """The name under which ``style`` can be chosen from now on; beyond twelve the oldest is forgotten."""
        self._styles_made += 1
        name = f"own-{self._styles_made}"
        self.styles[name] = style
        while len(self.styles) > _MOST_STYLES:
            del self.styles[next(iter(self.styles))]
        return name

    def latest_style(self) -> str:
        """The name of the visitor's latest own style.

        Raises:
            InputError: there is none yet.
        """
        if not self.styles:
            raise InputError("", "You have no style of your own yet", "Press Teach, or load a style file.")
        return next(reversed(self.styles))

    def stop_all(self) -> None:
        """Ask everything that the visitor has under way to stop."""
        for event in (self.stop_requested, self.stop_film, self.stop_lesson):
            event.set()

    def file(self, name: str, data: bytes | str | None = None) -> Path:
        """A path to a file of this session, with ``data`` in it if there is any."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="convhub-style-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)  # with the session, or the hub
        path = self._folder / name
        if data is not None:
            path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def read(self, name: str) -> bytes:
        """What the file ``name`` of this session holds.

        Raises:
            InputError: it is not there any more.
        """
        try:
            return self.file(name).read_bytes()
        except OSError as error:
            raise InputError("", "This is not kept any more", "Make it again.") from error


class Resting:
    """Sessions whose run nobody goes on with now. The latest runs keep their optimizer's memory; those of the others,
    who may be a class of 40, lie in a file of their session.
    """

    def __init__(self, most: int = _MOST_IN_MEMORY) -> None:
        self._most = most
        self._sessions: list[weakref.ref[Session]] = []
        self._lock = threading.Lock()

    def begin(self, session: Session) -> None:
        """The run of ``session`` has come to rest."""
        with self._lock:
            self._sessions = [*self._others(session), weakref.ref(session)]
            for old in self._sessions[: -self._most]:
                left = old()
                if left is not None and left.run is not None:
                    with contextlib.suppress(OSError):  # no room on the disk: it stays in memory
                        left.run.put_aside(left.file("descent.npz"))
            self._sessions = self._sessions[-self._most :]

    def end(self, session: Session) -> None:
        """The run of ``session`` goes on."""
        with self._lock:
            self._sessions = self._others(session)

    def _others(self, session: Session) -> list[weakref.ref[Session]]:
        return [one for one in self._sessions if one() not in (None, session)]


RESTING = Resting()
SESSIONS: Sessions[Session] = Sessions(Session, most=_MOST, idle_s=_IDLE_S)


def session_of(request: gr.Request | None) -> Session:
    """Who is asking; a call without a session has one of its own, for that call only."""
    name = getattr(request, "session_hash", None)
    return SESSIONS.get(str(name)) if name else Session()


def leave(request: gr.Request) -> None:
    """The page was closed: stop what it has under way, and forget it unless the page is back soon."""
    name = str(request.session_hash)
    left = SESSIONS.find(name)
    if left is not None:
        left.stop_all()
        TURNS.hurry(name)
        SESSIONS.leave(name)
