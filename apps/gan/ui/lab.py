"""GAN Lab: the game on points of the plane, trained live, with every lever in the visitor's hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.gan.choices import LOSSES
from apps.gan.drawing.tiles import ink
from apps.gan.lab.rules import DRAWN, MOST_ROUNDS, PRESETS, SHAPES, Rules
from apps.gan.lab.view import picture
from apps.gan.ui.common import LATEST, heading, pad
from apps.markup import Markup, note
from apps.ui import LIGHT, PRIVATE, guard
from shared.errors import check_choice

if TYPE_CHECKING:
    from apps.gan.lab.game import Lab

_PLAY: dict[str, Any] = {"concurrency_id": "gan-lab", "concurrency_limit": 8, "show_progress": "hidden"}
_STEP: dict[str, Any] = {"concurrency_limit": 4, "show_progress": "hidden"}
_BRUSH = 0.05  # of the sheet's width
_FORGET_S = 1_800  # s after which an idle game is forgotten
_DEFAULT = Rules()


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use",
        "A GAN small enough to see",
        "Blue dots are the data, orange triangles are what G makes of its noise. The background is D's opinion: blue "
        "where it says real, orange where it says fake, clear where it is uncertain. Both networks are trained now.",
    )
    lab = gr.State(None, time_to_live=_FORGET_S)
    with gr.Row():
        with gr.Column(scale=1, min_width=290):
            preset = gr.Dropdown(list(PRESETS), value=next(iter(PRESETS)), label="Start with a game worth watching")
            shape = gr.Dropdown([(title, name) for name, title in SHAPES.items()], value="ring", label="Real points")
            sheet = pad("Draw the real points", brush=_BRUSH, visible=False)
            losses = [(title, name) for name, (title, _) in LOSSES.items()]
            loss = gr.Dropdown(losses, value=_DEFAULT.loss, label="Loss")
            with gr.Row():
                lr_d, lr_g = (
                    gr.Number(rate, label=f"{who}'s learning rate", minimum=0, maximum=1, step=0.001, min_width=120)
                    for who, rate in (("D", _DEFAULT.lr_d), ("G", _DEFAULT.lr_g))
                )
            ratio = gr.Slider(1, 10, value=1, step=1, label="Updates of D per update of G")
            speed = gr.Slider(1, 20, value=4, step=1, label="Speed: rounds per picture, at ten pictures a second")
            seed = gr.Number(0, label="Seed", precision=0, minimum=0)
        with gr.Column(scale=2, min_width=320):
            with gr.Row():
                play = gr.Button("Play", variant="primary", min_width=80)
                pause = gr.Button("Pause", min_width=80)
                one_d, one_g = gr.Button("One step of D", min_width=110), gr.Button("One step of G", min_width=110)
                reset = gr.Button("New game", min_width=90)
            advice = gr.HTML(note(PRESETS[next(iter(PRESETS))].watch))
            view = gr.HTML(note("Press Play."), label="The game")
    rules = [preset, shape, loss, lr_d, lr_g, ratio, seed, sheet]
    running = play.click(guard(_play), [lab, speed, *rules], [lab, view], **_PLAY, **PRIVATE)
    stopped = pause.click(None, None, None, cancels=[running], **PRIVATE)
    stopped.then(guard(_paused), lab, view, **_STEP, **PRIVATE)
    for button, player in ((one_d, "d"), (one_g, "g")):
        button.click(guard(_stepper(player)), [lab, *rules], [lab, view], cancels=[running], **_STEP, **PRIVATE)
    seen.expand(guard(_new), rules, [lab, view], **_STEP, **PRIVATE)
    reset.click(guard(_new), rules, [lab, view], cancels=[running], **_STEP, **PRIVATE)
    chosen = preset.input(guard(_preset), preset, [shape, loss, lr_d, lr_g, ratio, advice], **LIGHT, **PRIVATE)
    chosen.then(guard(_new), rules, [lab, view], cancels=[running], **_STEP, **PRIVATE)
    shape.change(lambda name: gr.update(visible=name == DRAWN), shape, sheet, **LIGHT, **PRIVATE)
    shape.input(guard(_new_unless_drawn), rules, [lab, view], cancels=[running], **_STEP, **PRIVATE)
    levers = [control.input for control in (loss, lr_d, lr_g, ratio)]
    gr.on(levers, guard(_change), [lab, *rules], advice, **LATEST, **LIGHT, **PRIVATE)


def _play(lab: Lab | None, speed: int, *rules: Any) -> Iterator[tuple[Any, Markup]]:
    lab = lab or _made(*rules)
    yield lab, picture(lab.frame())
    for frame in lab.live(MOST_ROUNDS, per_frame=int(speed)):
        yield gr.skip(), picture(frame)


def _paused(lab: Lab | None) -> Markup:
    """The game now: a round may have been played after the last picture that was sent."""
    return note("Press Play.") if lab is None else picture(lab.halt(), paused=True)


def _stepper(player: str) -> Callable[..., tuple[Lab, Markup]]:
    def step(lab: Lab | None, *rules: Any) -> tuple[Lab, Markup]:
        lab = lab or _made(*rules)
        lab.halt()
        if player == "d":
            lab.step_d()
        else:
            lab.step_g()
        return lab, picture(lab.frame(), paused=True)

    return step


def _new(*rules: Any) -> tuple[Lab, Markup]:
    lab = _made(*rules)
    return lab, picture(lab.frame())


def _new_unless_drawn(*rules: Any) -> tuple[Any, Markup]:
    if rules[1] == DRAWN:
        return None, note("Draw on the sheet, then press Play.")
    return _new(*rules)


def _change(lab: Lab | None, *rules: Any) -> Markup:
    chosen = _rules(*rules)
    if lab is not None:
        lab.change(chosen)
    return note(LOSSES[chosen.loss][1])


def _preset(name: str) -> tuple[str, str, float, float, int, Markup]:
    preset = PRESETS[check_choice(name, PRESETS, "The game")]
    rules = preset.rules
    return rules.shape, rules.loss, rules.lr_d, rules.lr_g, rules.d_per_g, note(preset.watch)


def _rules(preset: str, shape: str, loss: str, lr_d: float, lr_g: float, ratio: int, seed: int, sheet: str) -> Rules:
    """The levers as rules; what has no lever (networks, optimizer) comes from the preset."""
    from apps.gan.lab.game import check_rules

    base = PRESETS[preset].rules if preset in PRESETS else _DEFAULT
    asked = replace(base, shape=shape, loss=loss, lr_d=lr_d, lr_g=lr_g, d_per_g=ratio, seed=seed)
    return check_rules(asked)


def _made(*rules: Any) -> Lab:
    from apps.gan.lab.game import Lab, points_of

    asked, strokes = _rules(*rules), rules[-1]
    if asked.shape != DRAWN:
        return Lab(asked)
    return Lab(asked, points_of(ink(strokes, brush=_BRUSH, side=120) > 0.5))
