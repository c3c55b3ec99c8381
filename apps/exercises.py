"""The page of a demo's exercises: choose a kind, commit to an answer, see it with what lies behind the mistake.

One ``gr.HTML`` per demo, drawn again at every step; the browser keeps nothing but the kind and the number, which a link
carries. The answer is not in the page before one has committed to one: it is computed again then.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import gradio as gr

from apps.links import Choice, Whole
from apps.markup import Content, Markup, h, joined, message, page_file, style
from apps.sharing import share_stage
from apps.ui import FIRST_SIGHT, PRIVATE, QUICK, guard, keep_row, section
from shared.engine import room
from shared.errors import HubError, check_choice, check_whole
from shared.exercises import SEEDS, Answer, Exercise, Kind, written

_KEPT = 64  # exercises of each demo that need not be computed again when they are answered
_FIRST = 1  # the number of the exercise that the page opens with


def build(module: str, kinds: Mapping[str, Kind]) -> None:
    """Lay out the exercises of the room ``module`` ("apps.conv.exercises"), whose table is ``kinds``."""
    section("use", "Predict, then reveal", "Commit to an answer first: a wrong one that you explain is worth most.")
    panel = Panel(module, kinds)
    script = page_file(__file__, "exercises.js") + FIRST_SIGHT
    stage = gr.HTML("", js_on_load=script, apply_default_css=False, elem_classes="ch-exercises")
    share_stage(stage, exercise=Choice(tuple(kinds)), number=Whole(0, SEEDS))
    stage.expand(guard(panel.first), None, stage, **QUICK, **PRIVATE)
    stage.click(guard(panel.clicked), None, stage, **QUICK, **PRIVATE)


class Panel:
    """The exercises of one demo as markup."""

    def __init__(self, module: str, kinds: Mapping[str, Kind]) -> None:
        self._kinds, self._slug = kinds, module.split(".")[1]
        self._make = functools.lru_cache(maxsize=_KEPT)(lambda kind, number: room(module).ask(kind, number))

    def first(self) -> Markup:
        """What the page opens with."""
        return self.asked(next(iter(self._kinds)), _FIRST)

    def asked(self, kind: str, number: int) -> Markup:
        """An exercise that waits for its answer."""
        return self._drawn(kind, number, self._made(kind, number), "")

    def answered(self, kind: str, number: int, text: str) -> Markup:
        """The same with the visitor's answer judged; one that cannot be read is asked for again."""
        one = self._made(kind, number)
        try:
            given = one.read(text)
        except HubError as error:
            return self._drawn(kind, number, one, text, message(str(error), "warn"))
        self._keep(kind, number, one, given)
        return self._drawn(kind, number, one, text, verdict(one, given))

    def clicked(self, event: gr.EventData) -> Markup:
        """Another exercise, or the verdict on an answer: what the page's script says was pressed."""
        sent: dict[str, Any] = event._data
        kind = str(sent.get("exercise", next(iter(self._kinds))))
        number, answer = check_whole(sent.get("number"), "The exercise's number", low=0, high=SEEDS), sent.get("answer")
        return self.asked(kind, number) if answer is None else self.answered(kind, number, str(answer))

    def _keep(self, kind: str, number: int, one: Exercise, given: Answer) -> None:
        row = written(given, one.unit), written(one.answer, one.unit), "yes" if one.is_right(given) else "no"
        keep_row(
            f"{self._slug}/exercises",
            "answers.csv",
            ("exercise", "number", "question", "your answer", "the answer", "right"),
            (self._kinds[kind].title, number, one.question, *row),
            about="What you answered; its number brings an exercise back.",
            settings={"exercise": kind, "number": number},
        )

    def _made(self, kind: str, number: int) -> Exercise:
        made: Exercise = self._make(check_choice(kind, self._kinds, "The kind of exercise"), number)
        return made

    def _drawn(self, kind: str, number: int, one: Exercise, given: str, said: Content = None) -> Markup:
        kinds = (
            h.button(each.title, type="button", data_exercise=name, aria_pressed=str(name == kind).lower())
            for name, each in self._kinds.items()
        )
        form = h.form(
            h.fieldset(h.legend(one.question), one.shown or None, _field(one, given)),
            h.button("Reveal", type="submit", class_="ch-ask"),
            h.button("Another one", type="button", data_exercise=kind, aria_describedby=f"verdict-{self._slug}"),
        )
        box = h.section(
            h.nav(kinds, aria_label="Kinds of exercises"),
            form,
            h.div(said, class_="ch-verdict", role="status", id=f"verdict-{self._slug}"),
            class_="ch-exercise",
            data_kind=kind,
            data_number=number,
            aria_label="Exercise",
        )
        return joined((style(__file__, "exercises.css"), box))


def _field(one: Exercise, given: str) -> Markup:
    if one.choices:
        return joined(
            h.label(h.input(type="radio", name="answer", value=place, checked=given == str(place)), h.span(text))
            for place, text in enumerate(one.choices)
        )
    box = h.input(type="text", name="answer", value=given[:40], inputmode="decimal", autocomplete="off", maxlength=40)
    return h.label("Your answer ", box, h.span(one.unit) if one.unit else None)


def verdict(one: Exercise, given: Answer) -> Markup:
    """Right or wrong, why this mistake is made, and how one gets there."""
    slip = one.slip_of(given)
    right = one.is_right(given)
    parts = [h.p(h.b("Right." if right else "Not quite."), " ", slip.why if slip else None)]
    if not right:
        parts.append(h.p("The answer is ", h.b(written(one.answer, one.unit)), "."))
    return h.div(*parts, h.p(one.because), class_="ch-good" if right else "ch-bad")
