"""A run on the page: it streams, stops when asked, and says what it has come to."""

from __future__ import annotations

import dataclasses
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from apps.charts import short
from apps.style.options import Options
from apps.style.run import limits
from apps.style.run.transfer import Run
from apps.style.ui import graphics
from apps.style.ui.run import curves, stream, warn_if_long
from apps.style.ui.state import Session
from shared.serving.turns import TURNS

TINY = Options(size=48, iterations=3, coarse_to_fine=False, precision="float32")


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def run(session: Session, content: Image.Image, style: Image.Image, monkeypatch: pytest.MonkeyPatch) -> Run:
    made = Run(content, style, TINY)
    steps = made.steps
    monkeypatch.setattr(made, "steps", lambda: steps(every_s=0.0))
    session.begin(made)
    return made


def skipped(part: Any) -> bool:
    return bool(part == gr.skip())


def test_every_step_is_shown_and_the_last_answer_is_exact(session: Session, run: Run) -> None:
    answers = list(stream(session, run))
    assert [numbers["iteration"] for _, _, _, numbers, _ in answers[:-1]] == [1, 2, 3]
    assert all("Iteration" in live and skipped(result) for live, _, _, _, result in answers[:-1])
    live, costs, grams, numbers, picture = answers[-1]
    exact = run.result()
    assert "3 iterations in " in live
    assert f"J from {short(exact.first.J)} to {short(exact.last.J)} (48 × 32 pixels" in live
    assert numbers["J"] == [exact.first.J, exact.last.J]
    assert numbers["recipe"]["iterations_done"] == 3
    assert numbers["recipe"]["content"]["sample"] == "cat"
    assert picture == run.picture
    assert skipped(grams)
    assert "in J, now" in costs
    assert len(session.frames.kept()) == 3


def test_in_a_class_the_first_picture_does_not_wait_for_its_charts(session: Session, run: Run) -> None:
    with TURNS.call("a", long=True), TURNS.call("b", long=True):
        answers = list(stream(session, run))
    assert [numbers["iteration"] for _, _, _, numbers, _ in answers[:-1]] == [1, 2, 3]
    first, second = answers[:2]
    assert "Iteration 1" in first[0]
    assert (first[1], first[2]) == (graphics.cost_curves([], {}, log=True), graphics.gram_table({}))
    assert second[1] != first[1]
    assert "<svg" in second[1]


def test_a_stop_ends_it_after_the_iteration(session: Session, run: Run) -> None:
    answers = stream(session, run)
    next(answers)
    assert not session.idle.is_set()
    session.stop_requested.set()
    rest = list(answers)
    assert run.done == 1
    assert "Stopped at iteration 1 of 3" in rest[-1][0]
    assert session.idle.is_set()


def test_a_closed_page_leaves_nothing_running(session: Session, run: Run) -> None:
    answers = stream(session, run)
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert session.idle.is_set()


def test_a_run_that_was_replaced_says_nothing_at_its_end(
    session: Session, run: Run, content: Image.Image, style: Image.Image
) -> None:
    answers = stream(session, run)
    next(answers)
    session.begin(Run(content, style, TINY))
    rest = list(answers)
    assert run.done == 3
    assert not any("3 iterations in" in live for live, *_ in rest)


def test_a_new_run_begins_with_no_frames_and_no_stop(session: Session, run: Run) -> None:
    list(stream(session, run))
    session.stop_requested.set()
    session.begin(run)
    assert session.frames.kept() == ()
    assert not session.stop_requested.is_set()


def test_style_matrices_are_drawn_with_the_first_and_the_last_step_only(session: Session, run: Run) -> None:
    """Three iterations take less than the second between two drawings, unless the clock says otherwise."""
    shown = [not skipped(grams) for _, _, grams, _, _ in stream(session, run)]
    assert shown[0]
    assert shown[2]


def test_the_axis_is_the_one_that_was_chosen(session: Session, run: Run) -> None:
    list(stream(session, run))
    logarithmic = curves(session, run)
    session.log = False
    assert curves(session, run) != logarithmic


@pytest.mark.parametrize(("seconds", "words"), [(limits.LONG_S, ""), (limits.LONG_S + 1, "over two minutes")])
def test_a_long_run_is_announced(run: Run, monkeypatch: pytest.MonkeyPatch, seconds: float, words: str) -> None:
    monkeypatch.setattr(limits, "estimate_s", lambda *_: seconds)
    warning = warn_if_long(run)
    assert words in warning
    assert bool(warning) is bool(words)


def test_the_picture_that_is_there_gives_the_size(style: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(limits, "check_fits", lambda options, shape, device: asked.append(shape))
    monkeypatch.setattr(limits, "estimate_s", lambda *_: 0.0)
    warn_if_long(Run(None, style, dataclasses.replace(TINY, alpha=0.0, init="noise")))
    assert asked == [style.size]
