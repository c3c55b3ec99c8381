"""Paint: two pictures in, the picture and its costs as they evolve, stop and continue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from apps.markup import Content, Markup, figure, h, message, note
from apps.sharing import share
from apps.style import canvas
from apps.style.options import LARGEST, SMALLEST
from apps.style.run.presets import PRESETS
from apps.style.run.transfer import Run
from apps.style.samples import EXAMPLE, SAMPLES, find_sample
from apps.style.ui import graphics
from apps.style.ui.controls import (
    PRESET_FIELDS,
    Controls,
    fine_controls,
    main_controls,
    options_from,
    preset_updates,
    sample_strip,
    share_recipe,
    turn,
)
from apps.style.ui.rooms import begin, limits
from apps.style.ui.run import Answer, curves, open_pictures, stream, warn_if_long
from apps.style.ui.state import FIRST, session_of
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, SENDS, guard, photo_input
from shared.errors import HubError, InputError, check_whole
from shared.images import as_sent
from shared.progress import duration
from shared.serving.turns import TURNS

_BESIDE = tuple(f"style/{name}" for name in ("after", "grams", "compare"))  # where the samples count, too
_MORE = 50  # iterations that Continue adds to a finished run
_STOP_S = 20.0  # s: no iteration takes longer, and a run that is to stop has the next turn
# On a phone the picture is below the controls: go there.
_LOOK = """(...sent) => {
  if (innerWidth < 760) document.querySelector('#style-live').scrollIntoView({block: 'center'});
  return sent;
}"""


def build() -> dict[str, Any]:
    """Lay out the sub-tab; returns the components that the other sub-tabs use."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=330):
            with gr.Row():
                photos = {}
                for role, label in (("content", "Content C"), ("style", "Style S")):
                    with gr.Column(min_width=150):
                        photos[role] = photo_input(
                            label,
                            height=170,
                            elem_id=f"style-{role}",
                            format="png",
                            value=str(SAMPLES[FIRST[role]].path),
                        )
                        shares = (role, FIRST[role], f"style-{role}")
                        strip = sample_strip(role, f"{label}: samples", shares=shares, beside=_BESIDE)  # type: ignore[arg-type]
                    strip.click(_on_sample(role), None, photos[role], **LIGHT, **PRIVATE)
                    photos[role].input(_on_upload(role), None, None, **LIGHT, **PRIVATE)
            with gr.Row(elem_classes="cs-buttons"):
                paint = gr.Button("Paint", variant="primary", elem_id="style-paint", min_width=110)
                stop = gr.Button("Stop", elem_id="style-stop", min_width=80)
                more = gr.Button("Continue", elem_id="style-more", min_width=100)
            status = gr.HTML(elem_id="style-status", label="Progress")
            controls = main_controls()
            with gr.Row(elem_classes="cs-buttons"):
                content_only = gr.Button("Content only", size="sm", min_width=110, elem_id="style-content-only")
                style_only = gr.Button("Style only", size="sm", min_width=110, elem_id="style-style-only")
            with gr.Accordion("Layers, λ and everything else", open=False, elem_id="style-fine"):
                controls |= fine_controls()
        with gr.Column(scale=6, min_width=330):
            waiting = turn()
            live = gr.HTML(
                _example(),
                elem_id="style-live",
                elem_classes=SENDS,
                label="The picture so far",
                apply_default_css=False,
            )
            axis = gr.Radio(
                ["logarithmic", "linear"], value="logarithmic", label="Axis of the costs", elem_id="style-axis"
            )
            curves = gr.HTML(
                graphics.cost_curves([], {}, log=True),
                elem_id="style-curves",
                label="The costs",
                apply_default_css=False,
            )
    with gr.Accordion("As numbers", open=False):
        numbers = gr.JSON(label="Costs, weights, time, recipe")
        result = gr.Image(label="G", format="png", interactive=False, height=320, buttons=["download", "fullscreen"])
    grams = gr.HTML(
        graphics.gram_table({}),
        elem_id="style-grams",
        label="The style matrices",
        apply_default_css=False,
        render=False,
    )
    parts = {"live": live, "curves": curves, "grams": grams, "numbers": numbers, "result": result}
    buttons = {"paint": paint, "stop": stop, "more": more}
    _connect(photos, controls, parts, buttons, (content_only, style_only), status, waiting)
    drawn = axis.change(guard(_axis), axis, curves, **LIGHT, **PRIVATE)
    share(axis=axis, then=[drawn])
    return parts | {"photos": photos, "controls": controls, "waiting": waiting}


def _example() -> Markup:
    """A finished picture, for those who have not painted yet."""
    content, style, path = EXAMPLE
    words = f"{SAMPLES[content].title} in the style of {SAMPLES[style].title}, painted earlier"
    caption = f"{words}. Press Paint and watch a picture emerge, or choose two of your own."
    return figure(h.img(src=graphics.jpeg_url(path.read_bytes()), alt=words), caption, class_="cs-live")


def _connect(
    photos: dict[str, Any],
    controls: Controls,
    parts: dict[str, Any],
    buttons: dict[str, gr.Button],
    only: tuple[gr.Button, gr.Button],
    status: gr.HTML,
    waiting: dict[str, Any],
) -> None:
    asked = [photos["content"], photos["style"], *(controls[name] for name in ARGUMENTS)]
    outputs = [parts[name] for name in ("live", "curves", "grams", "numbers", "result")]
    fields = [controls[name] for name in PRESET_FIELDS]
    stylize_once = guard(stylize)
    pictures = [*asked[:2], *(controls[name] for name in ("size", "alpha", "beta", "keep_colours", "init"))]
    first = buttons["paint"].click(guard(_in_one_pass), pictures, parts["live"], js=_LOOK, **QUICK, **PRIVATE)
    first.then(stylize_once, asked, outputs, api_name="stylize", **HEAVY, **waiting)
    buttons["more"].click(guard(_more), None, outputs, **HEAVY, **PRIVATE, **waiting)
    buttons["stop"].click(guard(_stop), None, status, queue=False, **LIGHT, **PRIVATE)
    chosen = [controls["preset"], *fields]
    controls["preset"].input(guard(_choose), controls["preset"], chosen, **LIGHT, **PRIVATE)
    for button, name in zip(only, ("content", "style"), strict=True):
        set_up = button.click(guard(_chooser(name)), None, chosen, **LIGHT, **PRIVATE)
        set_up.then(stylize_once, asked, outputs, **HEAVY, **PRIVATE, **waiting)
    changes = [controls[name].change for name in ("size", "iterations", "init")]
    estimated = gr.on(
        changes, guard(_estimate), [asked[0], *asked[2:]], status, trigger_mode="always_last", **QUICK, **PRIVATE
    )
    share_recipe(controls, then=[estimated])


ARGUMENTS = (
    "size",
    "iterations",
    "beta",
    "alpha",
    "content_layers",
    "style_layers",
    "lambdas",
    "units",
    "init",
    "optimizer",
    "pooling",
    "smoothness",
    "coarse_to_fine",
    "keep_colours",
    "seed",
    "backbone",
)


def _in_one_pass(
    content: str | None, style: str | None, size: float, alpha: float, beta: float, keep_colours: bool, init: str
) -> Any:
    """The picture in one pass at the run's size, before the optimizer begins; nothing where it says nothing about it.

    What is wrong with the pictures or the recipe is for ``stylize`` to say, which comes next.
    """
    if not (content and style and alpha and beta):
        return gr.skip()
    try:
        asked = check_whole(size, "The size", low=SMALLEST, high=LARGEST)
        painting = canvas.open_style(style)
        answer = begin.in_style_of(as_sent(content), painting, size=asked, keep_colours=keep_colours)
    except HubError:
        return gr.skip()
    goes_on = "goes on from it" if init == "instant" else "now begins on its own, for as long as you let it"
    found = f"{answer.picture.width} × {answer.picture.height} pixels in {duration(answer.seconds)}"
    return graphics.instant(answer.picture, f"In one pass: {found}. The optimizer {goes_on}.")


def stylize(
    content: str | None,
    style: str | None,
    size: float = 256,
    iterations: float = 150,
    beta: float = 1.0,
    alpha: float = 1.0,
    content_layers: list[str] | None = None,
    style_layers: list[str] | None = None,
    lambdas: str = "",
    units: str = "target",
    init: str = "content",
    optimizer: str = "lbfgs",
    pooling: str = "average",
    smoothness: float = 0.3,
    coarse_to_fine: bool = True,
    keep_colours: bool = False,
    seed: float = 0,
    backbone: str = "vgg16-hed",
    request: gr.Request | None = None,
) -> Iterator[Answer]:
    """Paint the content picture in the style of the style picture: J(G) = alpha J_content + beta J_style.

    Streams the picture and its costs about three times a second; the last message has the finished picture.

    Args:
        content: the picture whose content is kept; may be missing if alpha is 0.
        style: the picture whose style is used; may be missing if beta is 0.
        size: pixels of the longer side, 48 to 1024 (640 on a CPU).
        iterations: steps of the optimizer, shared by the sizes from small to large.
        beta: weight of the style cost.
        alpha: weight of the content cost.
        content_layers: layers whose activations are compared, such as relu4_2.
        style_layers: layers whose style matrices are compared, such as relu1_1.
        lambdas: weight of each style layer, "relu1_1=1, relu2_1=0.5"; 1 if it is left out.
        units: "target": lambda weighs each layer relative to its target; "written": it multiplies the bare cost.
        init: what G starts from: content, noise, style, blend, or instant: the picture in one pass.
        optimizer: lbfgs or adam.
        pooling: average or max.
        smoothness: weight of the total variation.
        coarse_to_fine: begin small and enlarge.
        keep_colours: keep the content's colours and take only lightness from the style.
        seed: of the noise; the same seed, pictures and options give the same picture.
        backbone: vgg16-hed (bundled) or vgg19-imagenet (downloaded).

    Returns:
        The live picture, the cost curves and the style matrices as HTML; the costs, weights, times and recipe as
        numbers; the finished picture.
    """
    given = locals()
    options = options_from({name: given[name] for name in ARGUMENTS})
    session = session_of(request)
    session.stop_requested.set()  # a run of this session that is still going gives way
    seen, painted_as, ground = open_pictures(content, style, options.alpha, options.beta)
    run = Run(seen, painted_as, options, ground=ground)
    warning = warn_if_long(run)
    session.begin(run)
    if warning:
        gr.Warning(warning, title="A long run")  # with the picture in one pass, not in its place
    yield from stream(session, run, compare=True)


def _more(request: gr.Request) -> Iterator[Answer]:
    """Continue the run on the page; a finished one gets some more iterations."""
    session = session_of(request)
    run = session.current()
    run.extend(_MORE if run.done >= run.total else 0)
    session.stop_requested.clear()
    yield from stream(session, run)


def _stop(request: gr.Request) -> Markup:
    """Stop the visitor's run after the iteration it is in, and say so when it has stopped."""
    session = session_of(request)
    nothing_runs = session.idle.is_set()
    session.stop_requested.set()  # in any case: a run may be about to begin
    TURNS.hurry(str(request.session_hash))
    if nothing_runs:
        return note("You have no run in progress. A queued run starts automatically.")
    stopped = session.idle.wait(_STOP_S)
    return note("Stopped: the picture stays, and Continue goes on from it." if stopped else "Stopping ...")


def _axis(chosen: str, request: gr.Request) -> Any:
    session = session_of(request)
    session.log = chosen == "logarithmic"
    return curves(session, session.run) if session.run is not None else gr.skip()


def _chooser(preset: str) -> Callable[[], list[Any]]:
    return lambda: _choose(preset)


def _choose(preset: str) -> list[Any]:
    updates = preset_updates(preset)
    return [gr.update(value=preset, info=PRESETS[preset].note), *updates]


def _on_sample(role: str) -> Any:
    def chosen(request: gr.Request, event: gr.EventData) -> Any:
        sample = find_sample(event.sample)
        session_of(request).samples[role] = sample.name
        return str(sample.path)

    return guard(chosen)


def _on_upload(role: str) -> Any:
    def arrived(request: gr.Request) -> None:
        session_of(request).samples.pop(role, None)

    return guard(arrived)


def _estimate(content: str | None, *values: Any) -> Content:
    """How long a run would take; nothing while the choices do not make a run."""
    if not content:
        return ""
    try:
        options = options_from(dict(zip(ARGUMENTS, values, strict=True)))
        return note(limits.estimate_note(options, canvas.open_content(content).size))
    except InputError:
        return ""
    except HubError as error:
        return message(str(error), "warn")
