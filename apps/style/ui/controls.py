"""The recipe's controls: presets, layers by name, lambda per layer, and everything else in a fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from apps.links import Choice, Text
from apps.markup import h, url_of
from apps.sharing import SAMPLES_JS, share, share_stage
from apps.style.options import (
    INITS,
    LARGEST,
    MOST_ITERATIONS,
    OPTIMIZERS,
    POOLINGS,
    SMALLEST,
    UNITS,
    Options,
    checked,
    layer_names,
    parse_lambdas,
    write_lambdas,
)
from apps.style.run.presets import PRESETS
from apps.style.samples import Role, of_role
from apps.style.vgg.backbones import BACKBONES, choices
from apps.ui import CLICKS, LIGHT, PRIVATE, guard
from shared.errors import check_choice, check_whole

Controls = dict[str, Any]  # component by the name of stylize's argument
_LONGEST_LAMBDAS = 400  # characters, in a link


def turn() -> dict[str, Any]:
    """Lay out a badge, on the corner of what comes next, that shows waiting visitors their place in the queue.

    Returns:
        Keyword arguments of the event whose place it shows.
    """
    badge = gr.HTML(elem_classes="cs-turn", label="The place in the queue")
    return {"show_progress": "full", "show_progress_on": badge}


def sample_strip(
    role: Role,
    label: str,
    place: str = "samples",
    *,
    shares: tuple[str, str, str] | None = None,
    beside: Sequence[str] = (),
) -> gr.HTML:
    """Thumbnails of the samples, as buttons.

    Args:
        role: content or style.
        label: of the strip.
        place: distinguishes the strips of several sub-tabs.
        shares: where links say which sample there is: its name in them, the first one, and the picture's elem_id.
        beside: other sub-tabs whose links say it, too.
    """
    buttons = [
        h.button(
            h.img(alt=sample.title, src=url_of(sample.thumb.read_bytes(), "image/jpeg")),
            type="button",
            data_act="sample",
            data_sample=sample.name,
            title=sample.title,
        )
        for sample in of_role(role)
    ]
    strip = gr.HTML(
        h.div(buttons, class_="cs-strip", role="group", aria_label=label),
        js_on_load=CLICKS + SAMPLES_JS,
        apply_default_css=False,
        elem_id=f"style-{place}-{role}",
        shares=shares and [*shares, beside],
    )
    if shares:
        share_stage(strip, beside=beside, **{shares[0]: Choice(tuple(sample.name for sample in of_role(role)))})
    return strip


def main_controls() -> Controls:
    """What most visitors touch."""
    default = Options()
    with gr.Row():
        preset = gr.Dropdown(
            [(one.title, name) for name, one in PRESETS.items()],
            value="brush",
            label="Recipe",
            info=PRESETS["brush"].note,
            elem_id="style-preset",
            scale=3,
            min_width=240,
        )
        beta = gr.Number(default.beta, label="β: how much the style counts", scale=1, min_width=130)
    with gr.Row():
        size = gr.Slider(SMALLEST, LARGEST, value=256, step=16, label="Size: pixels of the longer side", min_width=200)
        iterations = gr.Slider(1, 1000, value=150, step=1, label="Iterations", min_width=200)
    return {"preset": preset, "beta": beta, "size": size, "iterations": iterations}


def fine_controls() -> Controls:
    """Every other choice."""
    default = Options()
    names = layer_names(default.backbone)
    made: Controls = {}
    with gr.Row():
        made["content_layers"] = gr.Dropdown(
            names, value=list(default.content_layers), multiselect=True, label="Content layers", min_width=220
        )
        made["style_layers"] = gr.Dropdown(
            names, value=list(default.style_layers), multiselect=True, label="Style layers", min_width=220
        )
    made["lambdas"] = gr.Textbox(
        write_lambdas(default.style_layers, default.lambdas), label="λ per style layer", elem_id="style-lambdas"
    )
    with gr.Row():
        made["units"] = gr.Dropdown(_pairs(UNITS), value=default.units, label="Units of λ", min_width=220)
        made["alpha"] = gr.Number(default.alpha, label="α: how much the content counts", min_width=150)
        made["smoothness"] = gr.Number(default.smoothness, label="Smoothness (total variation)", min_width=150)
    with gr.Row():
        made["init"] = gr.Dropdown(_pairs(INITS), value=default.init, label="Start from", min_width=160)
        made["optimizer"] = gr.Dropdown(_pairs(OPTIMIZERS), value=default.optimizer, label="Optimizer", min_width=220)
        made["pooling"] = gr.Dropdown(_pairs(POOLINGS), value=default.pooling, label="Pooling", min_width=200)
    with gr.Row():
        made["backbone"] = gr.Dropdown(choices(), value=default.backbone, label="Network", min_width=240)
        made["seed"] = gr.Number(default.seed, label="Seed", precision=0, min_width=100)
    with gr.Row():
        made["coarse_to_fine"] = gr.Checkbox(default.coarse_to_fine, label="Coarse to fine: small first, then larger")
        made["keep_colours"] = gr.Checkbox(default.keep_colours, label="Keep the content's colours")
    _connect(made)
    return made


PRESET_FIELDS = (
    "beta",
    "content_layers",
    "style_layers",
    "lambdas",
    "units",
    "alpha",
    "smoothness",
    "init",
    "optimizer",
    "pooling",
    "coarse_to_fine",
    "keep_colours",
)


RECIPE_FIELDS = (*PRESET_FIELDS, "size", "iterations", "backbone", "seed")


def values_of(options: Options) -> dict[str, Any]:
    """What the controls show for ``options``."""
    shown = {name: getattr(options, name) for name in RECIPE_FIELDS}
    shown["lambdas"] = write_lambdas(options.style_layers, options.lambdas)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in shown.items()}


def share_recipe(
    made: Controls, *, then: Sequence[Any] = (), beside: gr.components.Component | None = None, **others: Any
) -> None:
    """Let links carry the recipe, after ``others``, which stand in the same sub-tab; the rest: see ``share``."""
    names = ("preset", *RECIPE_FIELDS)
    recipe = {name: made[name] for name in names} | {"lambdas": (made["lambdas"], Text(_LONGEST_LAMBDAS))}
    share(**others, **recipe, leader="preset", fit=_fit, then=then, beside=beside)


def _fit(asked: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a link's preset brings with it."""
    if "preset" not in asked:
        return {}
    preset = PRESETS[asked["preset"]]
    shown = values_of(preset.options())
    return {"preset": {"info": preset.note}} | {name: {"value": shown[name]} for name in PRESET_FIELDS}


def preset_updates(name: str) -> list[Any]:
    """The controls of ``PRESET_FIELDS`` for a preset.

    Raises:
        OptionError: there is none of that name.
    """
    shown = values_of(PRESETS[check_choice(name, PRESETS, "The recipe")].options())
    return [gr.update(value=shown[field]) for field in PRESET_FIELDS]


def options_from(given: Mapping[str, Any]) -> Options:
    """The recipe that ``stylize``'s arguments describe, checked.

    Raises:
        OptionError: an option outside its range, a lambda that is no number or has no layer.
    """
    named = given["style_layers"] or ()
    layers, lambdas = parse_lambdas(str(given["lambdas"] or ""), tuple(named))
    rest = {k: v for k, v in given.items() if k not in ("style_layers", "lambdas", "content_layers")}
    rest["iterations"] = check_whole(given["iterations"], "The number of iterations", low=1, high=MOST_ITERATIONS)
    return checked(
        Options(style_layers=layers, lambdas=lambdas, content_layers=tuple(given["content_layers"] or ()), **rest)
    )


def _connect(made: Controls) -> None:
    def layers_changed(layers: list[str], text: str) -> str:
        known = dict(zip(*parse_lambdas(text), strict=True))
        return write_lambdas(layers, [known.get(name, 1.0) for name in layers])

    def network_changed(backbone: str, content: list[str], style: list[str]) -> tuple[Any, Any]:
        names = layer_names(backbone) if backbone in BACKBONES else []
        return tuple(gr.update(choices=names, value=[n for n in chosen if n in names]) for chosen in (content, style))  # type: ignore[return-value]

    made["style_layers"].input(
        guard(layers_changed), [made["style_layers"], made["lambdas"]], made["lambdas"], **LIGHT, **PRIVATE
    )
    made["backbone"].input(
        guard(network_changed),
        [made["backbone"], made["content_layers"], made["style_layers"]],
        [made["content_layers"], made["style_layers"]],
        **LIGHT,
        **PRIVATE,
    )


def _pairs(table: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(title, name) for name, title in table.items()]
