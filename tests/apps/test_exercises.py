"""The exercises of all demos: what each has, and what the page makes of an answer."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from apps import exercises
from apps.conv.exercises import KINDS, ask
from apps.on_demand import FIRST, Page, part
from shared.demos import SLUGS
from shared.errors import HubError
from shared.exercises import SEEDS

LEAST = 5  # kinds of every demo


@pytest.fixture
def panel() -> exercises.Panel:
    return exercises.Panel("apps.conv.exercises", KINDS)


@pytest.mark.parametrize("demo", SLUGS)
def test_every_demo_has_its_kinds(demo: str) -> None:
    kinds = importlib.import_module(f"apps.{demo}.exercises").KINDS
    assert len(kinds) >= LEAST
    assert len({kind.title for kind in kinds.values()}) == len(kinds)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mistake_gets_its_own_words_and_the_right_answer_its_reason(kind: str, panel: exercises.Panel) -> None:
    for number in (1, 2, SEEDS):
        one = ask(kind, number)
        answers = [*one.slips, SimpleNamespace(answer=one.answer, why="Right.")]
        for given in answers:
            text = str(one.choices.index(given.answer)) if one.choices else repr(given.answer)
            shown = panel.answered(kind, number, text).unescape()
            slip = one.slip_of(given.answer)
            assert (slip.why if slip else "Right.") in shown
            assert one.because in shown


def test_the_answer_is_not_in_the_page_before_one_has_committed(panel: exercises.Panel) -> None:
    for number in range(20):
        one = ask("multiplications", number)
        assert f"{one.answer:,.0f}" not in panel.asked("multiplications", number).partition("</style>")[2]
        shapes = ask("shape", number)
        waiting = panel.asked("shape", number)
        assert waiting.count(f"<span>{shapes.answer}</span>") == 1  # among the choices
        assert "checked" not in waiting
        assert shapes.because not in waiting.unescape()


def test_what_cannot_be_read_is_asked_for_again_and_shown_as_text(panel: exercises.Panel) -> None:
    shown = panel.answered("parameters", 1, "<img src=x>")
    assert "is no number" in shown
    assert "<img" not in shown
    assert "Not quite" not in shown
    assert "Choose an answer first" in panel.answered("shape", 1, "")


@pytest.mark.parametrize(
    "sent",
    [{}, {"exercise": "nothing", "number": 1}, {"exercise": "shape"}, {"exercise": "shape", "number": -1},
     {"exercise": ["shape"], "number": 1}, {"exercise": "shape", "number": 1e30}],
)  # fmt: skip
def test_an_event_of_anything_else_is_refused(sent: dict[str, Any], panel: exercises.Panel) -> None:
    with pytest.raises(HubError):
        panel.clicked(gr.EventData(None, sent))


def test_a_link_may_name_the_number_alone(panel: exercises.Panel) -> None:
    assert panel.clicked(gr.EventData(None, {"number": 7})) == panel.asked("shape", 7)
    given = {"exercise": "parameters", "number": 7, "answer": "12"}
    assert panel.clicked(gr.EventData(None, given)) == panel.answered("parameters", 7, "12")


def test_a_browser_hears_of_them_when_their_tab_is_opened() -> None:
    with Page() as page, gr.Tabs(), gr.Tab("Exercises", id="exercises") as tab, part():
        exercises.build("apps.conv.exercises", KINDS)
    (event,) = page.parts
    inside = [one["id"] for one in page._described[event]["components"] if one["id"] != tab._id]
    assert len(inside) <= 3  # a heading, the exercise, what holds them
    assert not set(inside) & {one["id"] for one in page._described[FIRST]["components"]}
