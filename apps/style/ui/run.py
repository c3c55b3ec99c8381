"""A run on the page: the pictures that were sent, the run's steps as the page's components, and its exact result."""

from __future__ import annotations

import dataclasses
import functools
import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.charts import short
from apps.markup import Markup, joined
from apps.results import later
from apps.style import canvas
from apps.style.canvas import on_ground
from apps.style.run.recipe import costs_csv, painting, recipe
from apps.style.run.transfer import Run, Step
from apps.style.ui import graphics
from apps.style.ui.controls import values_of
from apps.style.ui.rooms import limits, worth
from apps.style.ui.state import RESTING, Session
from apps.ui import keep_result
from shared.engine import current
from shared.errors import InputError
from shared.images import jpeg_bytes
from shared.progress import duration

if TYPE_CHECKING:
    from PIL import Image


PAINTING, _FILM = "style-transfer.png", "style-transfer.gif"
Answer = tuple[Any, Any, Any, Any, Any]  # live, curves, grams, numbers, result


def open_pictures(
    content: str | None, style: str | None, alpha: float, beta: float
) -> tuple[Image.Image | None, Image.Image | None, Image.Image | None]:
    """Content and style, checked, and the content's transparency, if any; a picture that J does not use may be missing.

    Raises:
        ImageError: a picture that J uses is missing, or one that cannot be used.
    """
    opened = canvas.open_content_and_ground(content) if content or alpha > 0 else (None, None)  # type: ignore[arg-type]
    return opened[0], canvas.open_style(style) if style or beta > 0 else None, opened[1]  # type: ignore[arg-type]


def warn_if_long(run: Run) -> str:
    """A warning if the run will be long, else nothing.

    Raises:
        ResourceError: it does not fit into this machine.
    """
    return limits.warning(run.options, (run.content or run.style).size)  # type: ignore[union-attr]


def stream(session: Session, run: Run, *, compare: bool = False) -> Iterator[Answer]:
    """The steps of ``run`` until it ends or the visitor stops it, then its exact result.

    Each is one turn of the machine. What others would wait for comes later: curves and style matrices with the second
    step, and, with ``compare``, the picture in one pass on the axis of J at the end instead of after the first step.
    """
    RESTING.end(session)
    steps = run.steps()
    session.idle.clear()
    try:
        for alone in steps:
            step = dataclasses.replace(alone, left_s=current().until_done_s(alone.left_s))
            data = session.frames.add(step.picture, step.done)
            others = current().sharing() - 1
            live = graphics.live(data, step, others=others)
            if step.done == 1 and others > 0:
                yield live, graphics.cost_curves([], {}, log=True), graphics.gram_table({}), _numbers(step), gr.skip()
            else:
                grams: Any = graphics.gram_table(step.grams) if step.grams else gr.skip()
                yield live, curves(session, run), grams, _numbers(step), gr.skip()
            if session.stop_requested.is_set():
                break
            if compare and (step.finished or current().sharing() <= 1):
                compare, session.one_pass = False, worth.one_pass(run)
                yield gr.skip(), curves(session, run), gr.skip(), gr.skip(), gr.skip()
    finally:
        steps.close()  # type: ignore[attr-defined]
        RESTING.begin(session)
        session.idle.set()
    if session.run is run:
        yield _finished(session, run)


def files_of(session: Session) -> dict[str, bytes]:
    """The session's run as files, by their names: the picture with its recipe inside, the costs, the recipe."""
    run = session.current()
    made = recipe(run, session.samples)
    return {
        PAINTING: painting(on_ground(run.picture, run.ground), made, Path(PAINTING)),
        "costs.csv": costs_csv(run.costs).encode(),
        "recipe.json": json.dumps(made, indent=1).encode(),
    }


def _take_home(session: Session, run: Run) -> None:
    """The session keeps its run anyhow, or another one by then."""
    painted = weakref.ref(run)

    def of_run(name: str, found: Session) -> bytes:
        if found.run is not painted():
            raise InputError("", "This run is not kept any more", "Paint again.")
        return found.frames.gif() if name == _FILM else files_of(found)[name]

    about = {
        PAINTING: "The painting; its recipe is in it, too.",
        "costs.csv": "The costs, iteration by iteration.",
        "recipe.json": "To paint it again: python -m apps.style transfer ... --replay recipe.json",
        _FILM: "How the picture developed.",
    }
    files = {name: (later(session, functools.partial(of_run, name)), words) for name, words in about.items()}
    keep_result("style/paint", files, settings=session.samples | values_of(run.options))


def _finished(session: Session, run: Run) -> Answer:
    exact = run.result()
    picture = run.picture
    _take_home(session, run)
    left = run.total - run.done
    state = f"Stopped at iteration {run.done} of {run.total}" if left else f"{run.done} iterations"
    text = (
        f"{state} in {duration(run.elapsed_s)}: J from {short(exact.first.J)} to {short(exact.last.J)} "
        f"({picture.width} × {picture.height} pixels, {1000 * exact.seconds_per_iteration:.0f} ms per iteration)"
    )
    live = graphics.framed(graphics.jpeg_url(jpeg_bytes(picture, quality=93)), text, run.done / max(1, run.total))
    costs = joined((curves(session, run), graphics.cost_table(exact)))
    return (
        live,
        costs,
        gr.skip(),
        exact.numbers() | {"recipe": recipe(run, session.samples)},
        on_ground(picture, run.ground),
    )


def curves(session: Session, run: Run) -> Markup:
    """The curves of the costs so far, on the axis that the visitor chose."""
    weights = {"alpha": run.options.alpha, "beta": run.options.beta}
    return graphics.cost_curves(run.costs, weights, log=session.log, one_pass=session.one_pass)


def _numbers(step: Step) -> dict[str, Any]:
    last = step.costs[-1]
    return {
        "iteration": step.done,
        "of": step.total,
        "size": list(last.size),
        "J": last.J,
        "J_content": last.content,
        "J_style": last.style,
        "layers": dict(last.layers),
        "elapsed_s": round(step.elapsed_s, 2),
        "left_s": None if step.left_s is None else round(step.left_s, 1),
        "peak_bytes": step.peak_bytes,
    }
