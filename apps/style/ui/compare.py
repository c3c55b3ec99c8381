"""Compare: the same pictures twice, with two sets of weights, side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.charts import lines
from apps.markup import Markup, h, joined
from apps.style.run.recipe import costs_csv
from apps.style.run.transfer import Run
from apps.style.ui import graphics
from apps.style.ui.controls import options_from, share_recipe, turn, values_of
from apps.style.ui.paint import ARGUMENTS
from apps.style.ui.run import open_pictures
from apps.style.ui.state import session_of
from apps.ui import HEAVY, PRIVATE, SENDS, guard, keep_result, section
from shared.errors import check_number
from shared.images import jpeg_bytes

if TYPE_CHECKING:
    from PIL import Image

_SIZE = 160  # pixels: a class should not have to wait long for two runs
_ITERATIONS = 60  # of each of the two
_EMPTY = "A and B appear here."


def build(parts: Mapping[str, Any]) -> None:
    """Lay out the sub-tab; pictures and every other choice are those of the Paint tab."""
    section(
        "inside",
        "Two weights, one picture",
        f"Pictures and recipe come from the Paint tab, at {_SIZE} pixels with {_ITERATIONS} iterations; A and B "
        "differ in α and β only.",
    )
    weights = []
    with gr.Row():
        for name, beta in (("A", 1.0), ("B", 100.0)):
            with gr.Column(min_width=200), gr.Row():
                weights.append(gr.Number(1.0, label=f"α of {name}", min_width=90))
                weights.append(gr.Number(beta, label=f"β of {name}", min_width=90))
        both = gr.Button("Paint both", variant="primary", elem_id="style-both", min_width=140)
    waiting = turn()
    with gr.Row():
        boxes = [
            gr.HTML(
                graphics.empty(_EMPTY),
                elem_id=f"style-box-{name}",
                elem_classes=SENDS,
                apply_default_css=False,
                min_width=280,
            )
            for name in "ab"
        ]
    slider = gr.ImageSlider(label="A and B", interactive=False, format="png", max_height=420)
    curves = gr.HTML(elem_id="style-ab-curves", apply_default_css=False)
    photos, controls = parts["photos"], parts["controls"]
    asked = [*weights, photos["content"], photos["style"], *(controls[name] for name in ARGUMENTS)]
    named: dict[str, Any] = dict(zip(("alpha_a", "beta_a", "alpha_b", "beta_b"), weights, strict=True))
    share_recipe(controls, **named)
    both.click(guard(_both), asked, [*boxes, slider, curves], **HEAVY, **PRIVATE, **waiting)


def _both(
    alpha_a: float, beta_a: float, alpha_b: float, beta_b: float, content: str | None, style: str | None,
    request: gr.Request | None, *values: Any,
) -> Iterator[tuple[Any, ...]]:  # fmt: skip
    given = dict(zip(ARGUMENTS, values, strict=True)) | {"size": _SIZE, "iterations": _ITERATIONS}
    base = options_from(given | {"alpha": 1.0, "beta": 1.0})
    recipes = [
        dataclasses.replace(
            base,
            alpha=check_number(alpha, f"α of {name}", low=0),
            beta=check_number(beta, f"β of {name}", low=0),
        )
        for name, alpha, beta in (("A", alpha_a, beta_a), ("B", alpha_b, beta_b))
    ]
    runs = [Run(*open_pictures(content, style, one.alpha, one.beta)[:2], one) for one in recipes]
    pictures: list[Image.Image] = []
    for number, run in enumerate(runs):
        name = f"{'AB'[number]}: α = {run.options.alpha:g}, β = {run.options.beta:g}"
        for shown in _watch(run, name):
            row: list[Any] = [gr.skip(), gr.skip(), gr.skip(), gr.skip()]
            row[number] = shown
            yield tuple(row)
        pictures.append(run.picture)
    weights = {"alpha_a": alpha_a, "beta_a": beta_a, "alpha_b": alpha_b, "beta_b": beta_b}
    keep_result(
        "style/compare",
        {f"{name}.png": (picture, f"The painting {name}.") for name, picture in zip("AB", pictures, strict=True)}
        | {
            f"costs-{name}.csv": (costs_csv(run.costs), f"Its costs: {name}.")
            for name, run in zip("AB", runs, strict=True)
        },
        settings=weights | session_of(request).samples | values_of(base),
    )
    yield gr.skip(), gr.skip(), tuple(pictures), _curves(runs)


def _watch(run: Run, name: str) -> Iterator[Markup]:
    for step in run.steps():
        yield joined((h.p(name, class_="cs-head"), graphics.live(jpeg_bytes(step.picture), step)))


def _curves(runs: list[Run]) -> Markup:
    x = [float(cost.iteration) for cost in runs[0].costs]
    content = {name: [cost.content for cost in run.costs] for name, run in zip("AB", runs, strict=True)}
    style = {name: [cost.style for cost in run.costs] for name, run in zip("AB", runs, strict=True)}
    charts = lines(content, x, log=True, title="J content"), lines(style, x, log=True, title="J style")
    return h.div(charts, class_="cs-charts")
