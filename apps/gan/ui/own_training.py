"""Two players, trained by the visitor: from the first step, with sixteen seeds, losses, verdicts and a film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np

from apps.charts import Frame, lines
from apps.gan.choices import check_seed
from apps.gan.drawing.tiles import Tile, sheet, tiles
from apps.gan.training.own import Breath, OwnTraining
from apps.gan.ui.common import REDRAW, film, heading, seed_input
from apps.gan.ui.rooms import trainings
from apps.markup import Markup, h, joined, note, progress_bar, prose, url_of
from apps.results import table
from apps.sharing import share
from apps.ui import HEAVY, PRIVATE, SENDS, guard, keep_result
from shared.errors import check_whole
from shared.images import data_url
from shared.progress import Progress, duration

_STEPS = 200  # of one press of the button
_MOST_AT_ONCE = 400  # of one call of the endpoint
_COLUMNS = 4  # of its sheet
_FORGET_S = 1_800  # s after which an idle training is forgotten
_CURVES = Frame(width=620, height=250, left=44, right=108)
_OUTLIERS = 0.02  # share of the losses at each end that leave the chart, so that one spike does not flatten it
_LANE: dict[str, Any] = HEAVY | {"show_progress": "hidden"}


def panel() -> None:
    """Lay out the part of "Two players" where the visitor trains."""
    seen = heading(
        "use",
        "Train it yourself",
        "The same DCGAN from its first step, on the 500 digits that this page holds. Sixteen z are drawn again and "
        "again. Others may be training, too: then you wait for your turn.",
    )
    training = gr.State(None, time_to_live=_FORGET_S)
    with gr.Row():
        go = gr.Button(f"Train {_STEPS} steps", variant="primary", min_width=150, elem_id="gan-own-go")
        stop = gr.Button("Stop", min_width=80, elem_id="gan-own-stop")
        film = gr.Button("Make the film", min_width=110, elem_id="gan-own-film")
        seed = seed_input(info="")
        again = gr.Button("Start again", min_width=110)
    status = gr.HTML(note("The untrained players come in a moment."), label="Progress", elem_id="gan-own-status")
    with gr.Row():
        with gr.Column(min_width=320):
            pictures = gr.HTML(label="What G draws of the sixteen z", elem_id="gan-own", elem_classes=SENDS)
            movie = gr.HTML(label="The film of the training", elem_id="gan-own-movie", elem_classes=SENDS)
        with gr.Column(min_width=320):
            curves = gr.HTML(label="Both losses", apply_default_css=False)
    share(own_seed=seed)
    outputs = [status, pictures, curves]
    run = go.click(guard(_train), [training, seed], [training, *outputs], **_LANE, **PRIVATE)
    stop.click(None, None, None, cancels=[run], **PRIVATE).then(guard(_now), training, outputs, **REDRAW, **PRIVATE)
    film.click(guard(_film), training, movie, **REDRAW, **PRIVATE)
    _endpoint()
    begin = [training, *outputs, movie]
    gr.on([again.click, seed.change, seen.expand], guard(_begin), seed, begin, cancels=[run], **REDRAW, **PRIVATE)


def train_gan(steps: int = _STEPS, seed: int = 0) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Train a DCGAN from its first step on 500 real digits.

    Args:
        steps: 1 to 400, of 32 digits each.
        seed: of the weights, the batches and the sixteen z that are drawn.

    Returns:
        The sixteen pictures on a sheet, at step 0 and again and again; a dictionary: seed, steps, losses_d and losses_g
        (one a step), fake and real (D's probability of "real" for the sixteen and for as many real digits).
    """
    last = check_whole(steps, "The number of steps", low=1, high=_MOST_AT_ONCE)
    training = trainings.begun(check_seed(seed))
    yield sheet(training.breath.pictures, _COLUMNS), training.numbers()
    for _ in training.play(last):
        yield sheet(training.breath.pictures, _COLUMNS), training.numbers()


def _endpoint() -> None:
    """/train_gan, whose components no visitor sees."""
    with gr.Row(visible=False):
        steps = gr.Number(_STEPS, label="Steps", minimum=1, maximum=_MOST_AT_ONCE, precision=0)
        seed = gr.Number(0, label="Seed", precision=0)
        pictures = gr.Image(label="The sixteen pictures", format="png")
        numbers = gr.JSON(label="As numbers")
        button = gr.Button("Train")
    button.click(guard(train_gan), [steps, seed], [pictures, numbers], api_name="train_gan", **_LANE)


def _begin(seed: int) -> tuple[OwnTraining, Markup, Markup, Markup, str]:
    training = trainings.begun(check_seed(seed))
    return training, *_shown(training.breath), ""


def _train(training: OwnTraining | None, seed: int) -> Iterator[tuple[Any, ...]]:
    training = training or trainings.begun(check_seed(seed))
    yield training, gr.skip(), gr.skip(), gr.skip()
    for step in training.play(_STEPS):
        yield gr.skip(), *_shown(training.breath, step)
        _take_home(training)


def _take_home(training: OwnTraining) -> None:
    breath, seed = training.breath, training.seed
    seen = OwnTraining(seed, breath, replace(training.kept, game=b""))  # the players are ten times as large
    rows = zip(range(1, breath.steps + 1), breath.losses_d, breath.losses_g, strict=True)
    keep_result(
        "gan/two-players",
        {
            "film.gif": (seen.film, "The sixteen pictures, from the first step to the latest."),
            "losses.csv": (table(("step", "D's loss", "G's loss"), rows), "The losses, step by step."),
        },
        part="own training",
        settings={"own_seed": seed},
        holds=sum(frame.nbytes for frame in (*seen.kept.frames, breath.pictures)),
    )


def _now(training: OwnTraining | None) -> tuple[Any, ...]:
    return (gr.skip(),) * 3 if training is None else _shown(training.breath)


def _film(training: OwnTraining | None) -> Markup:
    if training is None or not training.breath.steps:
        return note("There is no film before the first step: train first.")
    address = url_of(training.film(), "image/gif")
    still = data_url(sheet(training.breath.pictures, _COLUMNS, zoom=3), lossless=True)
    picture = film(address, still, alt="the sixteen pictures, from the first step to the latest", size=(351, 351))
    return joined([picture, note(h.a("Download the film (GIF)", class_="gan-webp", download="gan.gif", href=address))])


def _shown(breath: Breath, step: Progress | None = None) -> tuple[Markup, Markup, Markup]:
    """Words, pictures and curves; ``step``: how far a training is that goes on."""
    captions = [Tile(f"{chance:.0%} real") for chance in breath.fake]
    pictures = tiles(breath.pictures, captions, width_px=72)
    if not breath.steps:
        return note(untrained(breath.fake, breath.real)), pictures, note("The losses appear with the first step.")
    fooled, caught = (f"{np.mean(chances > 0.5):.0%}" for chances in (breath.fake, breath.real))
    words = prose(
        "<b>After {} steps</b>: D calls {} of these fakes and {} of sixteen real digits real{}.",
        breath.steps, fooled, caught, _left(step),
    )  # fmt: skip
    bar = progress_bar(step.fraction, "Steps of this press") if step and step.done < step.total else None
    return joined([note(words), bar]), pictures, _losses(breath)


def _left(step: Progress | None) -> str:
    if step is None or step.left_s is None or step.elapsed_s < 2 or step.done == step.total:
        return ""
    return f"; about {duration(step.left_s)} left"


def untrained(fake: np.ndarray, real: np.ndarray) -> Markup:
    """Step 0 in words: D's probabilities of "real" for fakes (N,) and for real digits (M,)."""
    both = np.concatenate((fake, real))
    low, high = (f"{value:.1%}" for value in (both.min(), both.max()))
    return prose(
        "<b>Step 0, nobody has learned anything.</b> G's pictures are its random weights at work: a grey that hardly "
        "changes with z. D gives every picture, real or not, between {} and {}: it has no opinion. The first gradient "
        "comes from D, so D has to learn first.",
        low, high,
    )  # fmt: skip


def _losses(breath: Breath) -> Markup:
    low, high = np.quantile((breath.losses_d, breath.losses_g), (_OUTLIERS, 1 - _OUTLIERS))
    both = {"D’s loss": breath.losses_d, "G’s loss": breath.losses_g}
    series = {name: np.clip(values, low, high).tolist() for name, values in both.items()}
    steps = list(range(1, breath.steps + 1))
    return lines(series, steps, title="Losses of both players, step by step", low=None, frame=_CURVES)
