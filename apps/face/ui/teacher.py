"""The teacher of a class: a password opens the whole class gallery to whoever knows it, in this browser session."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from apps.door.lanes import asked_by
from apps.door.logins import check_teacher
from apps.face.ui.draw import panel
from apps.face.ui.state import class_path, visitor
from apps.markup import Markup, message
from apps.ui import LIGHT, PRIVATE, guard
from shared import settings


def build(owner: gr.Textbox, people: gr.HTML, people_html: Callable[[str, gr.Request], Markup]) -> None:
    """Lay out the password's field, where there is a class gallery and a password."""
    if class_path() is None or settings.current().teacher is None:
        return
    with gr.Accordion("For the teacher", open=False, elem_id="face-teacher"):
        with gr.Row(equal_height=True):
            password = gr.Textbox(label="Password", type="password", max_lines=1, elem_id="face-teacher-password")
            enter = gr.Button("I am the teacher", size="sm", min_width=120, elem_id="face-teacher-enter")
        said = panel(elem_id="face-teacher-said")

    def entered(password: str, owner: str, request: gr.Request) -> tuple[Markup, Markup, str]:
        admit(password, request)
        words = "You may delete everybody in this gallery now; “Forget everybody I enrolled” empties it."
        return message(words, "good"), people_html(owner, request), ""

    for trigger in (enter.click, password.submit):
        trigger(guard(entered), [password, owner], [said, people, password], **LIGHT, **PRIVATE)


def admit(password: str, request: gr.Request) -> None:
    """Make this visitor the teacher, if the password is right.

    Raises:
        InputError: it is not, or the last wrong one was a moment ago.
    """
    check_teacher(password, asked_by(request.request)[1])
    visitor(request).teacher = True
