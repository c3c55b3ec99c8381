"""The teacher of a class gallery: the password opens everything, guessing is slow, places are counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from apps.door import logins
from apps.door.bodies import ADDRESS
from apps.door.logins import Guesses
from apps.door.middleware import VISITOR
from apps.face.gallery.gallery import TEACHER, GalleryFullError
from apps.face.ui import state, teacher
from shared.errors import InputError


def asking(name: str, address: str = "10.0.0.1") -> Any:
    scope = {VISITOR: f"cookie {name}", ADDRESS: address}
    return SimpleNamespace(session_hash=f"session-{name}", request=SimpleNamespace(scope=scope))


@pytest.fixture(autouse=True)
def in_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CONVHUB_GALLERY", str(tmp_path / "class.sqlite3"))
    monkeypatch.setenv("CONVHUB_TEACHER", "chalkboard")
    monkeypatch.setattr(logins, "TEACHERS_GUESSES", Guesses())
    state._PLACES_TAKEN.clear()
    yield
    for name in ("ann", "bob", "eve"):
        state.VISITORS.drop(f"session-{name}")


def test_the_password_makes_this_session_the_teachers_and_no_other() -> None:
    teacher.admit("chalkboard", asking("ann"))
    assert state.owner_of(asking("ann"), "a key") == TEACHER
    assert state.owner_of(asking("bob"), "a key") == "key a key"


@pytest.mark.parametrize("guess", ["", "chalk", "chalkboard ", "CHALKBOARD", None])
def test_anything_else_is_refused(guess: Any) -> None:
    with pytest.raises(InputError, match="the teacher's password"):
        teacher.admit(guess, asking("eve"))
    assert state.owner_of(asking("eve"), "k") == "key k"


def test_without_a_password_nobody_is_the_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVHUB_TEACHER", "")
    with pytest.raises(InputError):
        teacher.admit("", asking("eve"))


def test_guessing_is_slowed_down_for_the_address_that_guesses() -> None:
    for _ in range(5):
        with pytest.raises(InputError, match="the teacher's password"):
            teacher.admit("guess", asking("eve"))
    with pytest.raises(InputError, match="Too many wrong passwords"):
        teacher.admit("chalkboard", asking("eve"))
    teacher.admit("chalkboard", asking("ann", "10.0.0.2"))


def test_a_private_gallery_has_no_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher.admit("chalkboard", asking("ann"))
    monkeypatch.setenv("CONVHUB_GALLERY", "")
    assert state.owner_of(asking("ann"), "k") == "key k"


def test_one_visitor_and_one_address_have_a_share_of_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_PLACES", 3)
    monkeypatch.setattr(state, "_PLACES_OF_ADDRESS", 4)
    state.take_places(asking("ann"), 3)
    with pytest.raises(GalleryFullError, match="3 photos"):
        state.take_places(asking("ann"))
    state.take_places(asking("bob"))
    with pytest.raises(GalleryFullError, match="4 photos"):
        state.take_places(asking("eve"))
    state.take_places(asking("eve", "10.0.0.2"))
    teacher.admit("chalkboard", asking("ann"))
    state.take_places(asking("ann"), 1000)
    monkeypatch.setenv("CONVHUB_GALLERY", "")
    state.take_places(asking("bob"), 1000)  # a private gallery has its own limit


def test_the_field_is_there_only_where_it_opens_something(monkeypatch: pytest.MonkeyPatch) -> None:
    def fields() -> int:
        with gr.Blocks() as page:
            teacher.build(gr.Textbox(), gr.HTML(), lambda owner, request: "")  # type: ignore[arg-type,return-value]
        return sum(isinstance(block, gr.Accordion) for block in page.blocks.values())

    assert fields() == 1
    monkeypatch.setenv("CONVHUB_TEACHER", "")
    assert fields() == 0
    monkeypatch.setenv("CONVHUB_TEACHER", "chalkboard")
    monkeypatch.setenv("CONVHUB_GALLERY", "")
    assert fields() == 0
