"""What a browser session owns: one and the same at every call, its own folder, forgotten when the page is closed."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
import pytest

from apps.style.ui import state
from apps.style.ui.state import Session, leave, session_of
from shared.errors import InputError
from shared.sessions import Sessions
from tests.locks import WatchedLock

if TYPE_CHECKING:
    from apps.style.run.transfer import Run


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Sessions[Session]:
    made = Sessions(Session)
    monkeypatch.setattr(state, "SESSIONS", made)
    return made


def visit(name: str | None) -> gr.Request:
    return cast("gr.Request", SimpleNamespace(session_hash=name))


def test_a_visitor_keeps_one_session(store: Sessions[Session]) -> None:
    assert session_of(visit("a")) is session_of(visit("a"))
    assert session_of(visit("a")) is not session_of(visit("b"))
    assert len(store) == 2


@pytest.mark.parametrize("request_", [None, visit(None), visit("")])
def test_a_call_without_a_session_leaves_nothing_behind(store: Sessions[Session], request_: Any) -> None:
    assert session_of(request_) is not session_of(request_)
    assert len(store) == 0


def test_two_events_of_one_page_share_a_session(store: Sessions[Session], monkeypatch: pytest.MonkeyPatch) -> None:
    """A second event arrives while the first is making the session: without the lock each would have its own."""
    lock, made, found = WatchedLock(), [], []
    monkeypatch.setattr(store, "_lock", lock)
    finish = Session.__post_init__

    def slowly(self: Session) -> None:
        finish(self)
        made.append(self)
        if len(made) > 1:
            lock.contended.set()
        else:
            second.start()
            assert lock.contended.wait(60)

    monkeypatch.setattr(Session, "__post_init__", slowly)
    second = threading.Thread(target=lambda: found.append(session_of(visit("a"))))
    found.append(session_of(visit("a")))
    second.join(60)
    assert found == [made[0], made[0]]


def test_closing_the_page_stops_its_run(store: Sessions[Session]) -> None:
    mine, other = session_of(visit("a")), session_of(visit("b"))
    leave(visit("a"))
    assert mine.stop_requested.is_set()
    assert not other.stop_requested.is_set()


def test_closing_a_page_that_owned_nothing_makes_nothing(store: Sessions[Session]) -> None:
    leave(visit("a"))
    assert len(store) == 0


def test_a_closed_page_is_forgotten_unless_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(state, "SESSIONS", Sessions(Session, grace_s=60, clock=lambda: now))
    back, gone = session_of(visit("back")), session_of(visit("gone"))
    leave(visit("back"))
    leave(visit("gone"))
    assert session_of(visit("back")) is back
    now = 61.0
    assert session_of(visit("back")) is back
    assert session_of(visit("gone")) is not gone


def test_files_lie_in_a_folder_of_the_session_and_go_with_it() -> None:
    session = Session()
    text, data = session.file("a.txt", "α"), session.file("b.bin", b"\0")
    assert text.parent == data.parent
    assert text.read_text(encoding="utf-8") == "α"
    assert data.read_bytes() == b"\0"
    assert Session().file("a.txt").parent != text.parent
    del session
    assert not text.exists()


def test_without_a_picture_the_visitor_is_sent_to_paint() -> None:
    with pytest.raises(InputError) as refused:
        Session().current()
    assert str(refused.value) == "Nothing has been painted yet. Press Paint first."


def test_of_many_runs_at_rest_the_latest_few_stay_in_memory() -> None:
    aside: list[int] = []
    sessions = [Session(run=cast("Run", Resting(number, aside))) for number in range(6)]
    resting = state.Resting(2)
    for session in sessions[:4]:
        resting.begin(session)
    assert aside == [0, 1]
    resting.end(sessions[3])  # goes on
    resting.begin(sessions[4])
    assert aside == [0, 1]
    resting.begin(sessions[3])
    resting.begin(sessions[3])
    assert aside == [0, 1, 2]
    del sessions[4], session
    resting.begin(sessions[4])
    resting.begin(Session())
    assert aside == [0, 1, 2, 3]


def test_whoever_has_painted_nothing_has_nothing_to_put_aside() -> None:
    resting, empty = state.Resting(1), [Session() for _ in range(3)]
    for session in empty:
        resting.begin(session)
    assert all(session._folder is None for session in empty)


def test_of_a_visitor_s_styles_the_latest_twelve_are_kept() -> None:
    session = Session()
    with pytest.raises(InputError, match="Press Teach"):
        session.latest_style()
    styles = [cast("Any", object()) for _ in range(14)]
    assert [session.keep(style) for style in styles] == [f"own-{number}" for number in range(1, 15)]
    assert session.latest_style() == "own-14"
    assert list(session.styles.values()) == styles[2:]


def test_a_new_run_begins_without_what_the_last_one_left() -> None:
    session = Session()
    assert session.idle.is_set()
    session.stop_all()
    assert all(event.is_set() for event in (session.stop_requested, session.stop_film, session.stop_lesson))
    session.one_pass, frames = cast("Any", object()), session.frames
    run = cast("Run", SimpleNamespace(done=0))
    session.begin(run)
    assert (session.run, session.one_pass, session.stop_requested.is_set()) == (run, None, False)
    assert session.frames is not frames
    with pytest.raises(InputError, match="Nothing has been painted"):
        session.current()
    cast("Any", run).done = 1
    assert session.current() is run


class Resting:
    """A run that notes when it is put aside, and once finds no room."""

    def __init__(self, number: int, aside: list[int]) -> None:
        self.number, self.aside = number, aside

    def put_aside(self, path: Path) -> None:
        self.aside.append(self.number)
        if self.number == 0:
            raise OSError(28, "No space left on device")


def test_a_file_of_a_session_is_read_while_it_is_there() -> None:
    session = Session()
    session.file("painted.mp4", b"film")
    assert session.read("painted.mp4") == b"film"
    session.file("painted.mp4").unlink()
    with pytest.raises(InputError, match="not kept any more"):
        session.read("painted.mp4")
