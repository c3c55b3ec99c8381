"""The triplet explorer: one triplet in numbers, the gallery's triplets by region, and learning with the loss, live."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from apps.charts import spark
from apps.face.decision.matching import squared_distance
from apps.face.samples import sample, sample_picture
from apps.face.triplets.linear_map import Step, Training
from apps.face.triplets.loss import (
    DEFAULT_MARGIN,
    REGIONS,
    Triplet,
    check_margin,
    losses,
    measure,
    of_distances,
)
from apps.face.triplets.mining import census, mine
from apps.face.ui.draw import chip_url, jpeg_url, panel
from apps.face.ui.playground import Playground, playground
from apps.face.ui.plots import cloud, number_line, regions_bar
from apps.face.ui.rooms import linear_map
from apps.face.ui.state import (
    PHOTO,
    Shot,
    ShownTriplet,
    TrainedMap,
    Visitor,
    gallery_of,
    owner_of,
    read_photo,
    visitor,
)
from apps.markup import Markup, h, joined, message, prose, table
from apps.measured import percent
from apps.results import as_json
from apps.results import table as csv_table
from apps.sharing import share
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, guard, keep_result, photo_input
from shared.errors import HubError

_SLOTS = (
    ("anchor", "Anchor A", "A photo of a person"),
    ("positive", "Positive P", "Another photo of the same person"),
    ("negative", "Negative N", "A photo of somebody else"),
)
_MINED = {  # what the buttons find in the gallery
    "random": "Find any triplet",
    "semi-hard": "Find a semi-hard triplet",
    "hardest": "Find the hardest triplet",
}
_FIRST = "semi-hard"  # what is mined when the tab is opened
_EVERY_S = 0.25  # between two drawings of the training


def build(encoder: gr.Dropdown, owner: gr.Textbox) -> tuple[gr.Slider, gr.HTML, gr.HTML]:
    """Lay out the sub-tab; returns the margin and its two panels, which are filled when the tab is opened."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=330):
            with gr.Row():
                photos = [
                    photo_input(title, height=200, min_width=100, elem_id=f"face-{slot}", format="png")
                    for slot, title, _ in _SLOTS
                ]
            margin = gr.Slider(0, 1.0, DEFAULT_MARGIN, step=0.01, label="Margin α", elem_id="face-margin")
            with gr.Row(elem_classes="cf-samples"):
                example = gr.Button("Sample triplet", size="sm", min_width=90)
                mined = {kind: gr.Button(_MINED[kind], size="sm", min_width=90) for kind in _MINED}
        with gr.Column(scale=7, min_width=330):
            view = panel(
                message("Choose three photos, take the sample, or find a triplet in the gallery."),
                elem_id="face-triplet",
            )
    census = panel(elem_id="face-census")
    gr.HTML(h.h3("Let it learn"))
    with gr.Row():
        mining = gr.Radio(
            ["random", "semi-hard", "hardest"],
            value="semi-hard",
            label="Mining",
            scale=2,
            min_width=220,
            elem_id="face-mining",
        )
        numbers = gr.Radio(
            [("2 numbers, drawn as they are", 2), ("16 numbers, by their principal axes", 16)],
            value=2,
            label="The map g(x) = W f(x) gives",
            scale=3,
            min_width=260,
        )
        learn = gr.Button("Train", variant="primary", scale=1, min_width=90, elem_id="face-train")
        stop = gr.Button("Stop", variant="stop", scale=1, min_width=80)
    training = panel(
        message("Train with the margin above. Then set the margin to 0 and train again: everything collapses."),
        elem_id="face-training",
    )
    share(margin=margin, mining=mining, numbers=numbers)
    shown = [encoder, margin]
    for photo, (slot, _, _) in zip(photos, _SLOTS, strict=True):
        gr.on([photo.input, photo.clear], _on_photo(slot), [photo, *shown], view, **PHOTO)
    example.click(guard(_on_sample), shown, [*photos, view], **QUICK, **PRIVATE)
    for kind, button in mined.items():
        button.click(_on_mine(kind), [*shown, owner], view, **QUICK, **PRIVATE)
    drag: dict[str, Any] = {**LIGHT, **PRIVATE, "trigger_mode": "always_last"}
    margin.input(guard(redraw), [*shown, owner], [view, census], **drag)
    run = learn.click(guard(_train), [encoder, margin, mining, numbers, owner], training, **HEAVY, **PRIVATE)
    stop.click(None, None, None, cancels=[run], **PRIVATE)
    return margin, view, census


def redraw(encoder: str, margin: float, owner: str, request: gr.Request) -> tuple[Markup, Markup]:
    """The triplet and the gallery's triplets at another margin: distances are known, nothing is encoded."""
    return _triplet_html(visitor(request), margin), census_html(encoder, margin, owner, request)


def opened(encoder: str, margin: float, owner: str, request: gr.Request) -> tuple[Markup, Markup]:
    """When the tab is opened: the triplet there is, else one mined from the gallery; and the gallery's triplets."""
    census = census_html(encoder, margin, owner, request)
    if visitor(request).triplet is None:
        try:
            return _mined(_FIRST, encoder, margin, owner, request), census
        except HubError:  # a gallery without a triplet: the census says what is missing
            pass
    return _triplet_html(visitor(request), margin), census


def _on_photo(slot: str) -> Any:
    what = next(text for name, _, text in _SLOTS if name == slot)

    def arrived(photo: str | None, encoder: str, margin: float, request: gr.Request) -> Markup:
        who = visitor(request)
        who.shots.pop(slot, None)
        if photo is None:
            return _triplet_html(who, margin)
        try:
            who.shots[slot] = read_photo(photo, what)
            return _measured(encoder, margin, request)
        except HubError as error:
            return message(str(error), "warn")

    return guard(arrived)


def _on_sample(encoder: str, margin: float, request: gr.Request) -> tuple[Any, Any, Any, Markup]:
    keys = ("obama", "obama2", "biden")
    for (slot, _, what), key in zip(_SLOTS, keys, strict=True):
        visitor(request).shots[slot] = read_photo(sample(key), what)
    first, second, third = (sample_picture(key) for key in keys)
    return first, second, third, _measured(encoder, margin, request)


def _measured(encoder: str, margin: float, request: gr.Request) -> Markup:
    """Measure the triplet of the three photos, where all are there."""
    who = visitor(request)
    shots: list[Shot] = [who.shots[slot] for slot, _, _ in _SLOTS if slot in who.shots]
    if len(shots) == len(_SLOTS):
        A, P, N = (shot.encoding(encoder) for shot in shots)
        one = measure(A, P, N, margin)
        who.triplet = ShownTriplet(one.d_ap, one.d_an, tuple(chip_url(shot.face.chip) for shot in shots), ("", "", ""))
    return _triplet_html(who, margin)


def _on_mine(kind: str) -> Any:
    def mined(encoder: str, margin: float, owner: str, request: gr.Request) -> Markup:
        return _mined(kind, encoder, margin, owner, request)

    return guard(mined)


def _mined(kind: str, encoder: str, margin: float, owner: str, request: gr.Request) -> Markup:
    """Mine a triplet of one kind from the gallery and show it."""

    ground = _ground(encoder, owner, request)
    seed = time.time_ns() % 2**31
    found = mine(kind, ground.encodings, ground.person, seed=seed)
    x = ground.encodings
    cost = losses(x[found.anchor], x[found.positive], x[found.negative], margin)
    pick = to_show(kind, cost, margin, seed)
    a, p, n = (int(of[pick]) for of in (found.anchor, found.positive, found.negative))
    who = visitor(request)
    names = tuple(ground.names[ground.person[row]] for row in (a, p, n))
    pictures = tuple(jpeg_url(ground.thumbnails[row]) for row in (a, p, n))
    d_ap, d_an = float(squared_distance(x[a], x[p])), float(squared_distance(x[a], x[n]))
    who.triplet = ShownTriplet(d_ap, d_an, pictures, names)
    return _triplet_html(who, margin)


def to_show(kind: str, cost: NDArray[np.float64], margin: float, seed: int) -> int:
    """Which of the mined triplets to show, by their losses ``cost`` (T,).

    Of the hardest the worst; of the semi-hard one that is so at ``margin``, if there is one (a pair without such a
    negative was given another); else any.
    """
    if kind == "hardest":
        return int(cost.argmax())
    rows = np.flatnonzero((cost > 0) & (cost < margin)) if kind == "semi-hard" else np.arange(len(cost))
    return int(rows[seed % len(rows)]) if rows.size else seed % len(cost)


def _triplet_html(who: Visitor, margin: float) -> Markup:
    check_margin(margin)
    if who.triplet is None:
        return message("Choose three photos, take the sample, or find a triplet in the gallery.")
    shown = who.triplet
    one = of_distances(shown.d_ap, shown.d_an, margin)
    numbers = {"d_ap": one.d_ap, "d_an": one.d_an, "margin": margin, "loss": one.loss, "region": one.region}
    keep_result(
        "face/triplets", {"triplet.json": (as_json(numbers), "The triplet in numbers.")}, settings={"margin": margin}
    )
    roles = (("A", "anchor"), ("P", "positive"), ("N", "negative"))
    faces = (
        h.figure(h.img(src=picture, alt=role), h.figcaption(h.b(letter), " ", name or role))
        for picture, name, (letter, role) in zip(shown.pictures, shown.names, roles, strict=True)
    )
    return joined((h.div(faces, class_="cf-trio"), _formula(one), number_line(one)))


def _formula(one: Triplet) -> Markup:
    kind = {"easy": "cf-is-same", "semi-hard": "cf-is-semi", "hard": "cf-is-diff"}[one.region]
    formula = prose(
        "L(A, P, N) = max(‖f(A) − f(P)‖² − ‖f(A) − f(N)‖² + α, 0)<br>= max(<b>{:.4f}</b> − <b>{:.4f}</b> + "
        '<b>{:.2f}</b>, 0) = <b class="cf-loss">{:.4f}</b>',
        one.d_ap,
        one.d_an,
        one.margin,
        one.loss,
    )
    region = h.p(h.strong(one.region), f": {REGIONS[one.region]}.", class_=f"{kind} cf-region", data_region=one.region)
    return joined((h.p(formula, class_="cf-formula"), region))


def _ground(encoder: str, owner: str, request: gr.Request) -> Playground:
    return playground(gallery_of(request), owner_of(request, owner), encoder)


def census_html(encoder: str, margin: float, owner: str, request: gr.Request) -> Markup:
    """How many triplets of the gallery still have a loss, by region."""
    try:
        ground = _ground(encoder, owner, request)
    except HubError as error:
        return message(str(error))
    counted = census(ground.encodings, ground.person, margin)
    words = prose(
        "<b>{}</b>: {} encodings of {} people make {:,} triplets. At α = {:.2f}, <b>{:,}</b> ({}) still have a loss; "
        "the mean loss over all is {:.4f}.",
        ground.title,
        len(ground.person),
        len(ground.names),
        counted.total,
        margin,
        counted.with_loss,
        percent(counted.with_loss / counted.total),
        counted.mean_loss,
    )
    return joined((h.p(words, class_="cf-statement"), regions_bar(counted.by_region())))


def _train(
    encoder: str, margin: float, mining: str, numbers: float, owner: str, request: gr.Request
) -> Iterator[Markup]:
    ground = _ground(encoder, owner, request)
    steps: list[Step] = []
    drawn = 0.0
    training = Training(margin=margin, mining=mining, numbers=int(numbers))
    for step in linear_map.train(ground.encodings, ground.person, training):
        steps.append(step)
        if time.monotonic() - drawn >= _EVERY_S:
            drawn = time.monotonic()
            yield _training_html(ground, steps, margin, mining)
    runs = visitor(request).runs
    runs.append(TrainedMap(mining, margin, int(numbers), steps[-1].with_loss, steps[-1].total, steps[-1].length))
    rows = [(one.step, one.loss, one.with_loss, one.total, one.length) for one in steps]
    head = "step", "loss", "triplets with a loss", "triplets", "mean length"
    files = {"training.csv": (csv_table(head, rows), "How the map learned.")}
    settings = {"margin": margin, "mining": mining, "numbers": int(numbers)}
    keep_result("face/triplets", files, part="training", settings=settings)
    yield joined((_training_html(ground, steps, margin, mining), _runs_html(runs)))


def _training_html(ground: Playground, steps: list[Step], margin: float, mining: str) -> Markup:
    last = steps[-1]
    limit = max(float(np.abs(steps[0].points).max()), 1e-9) * 1.25
    mined = f"Loss over the mined triplets ({mining}, α = {margin:.2f}): step {last.step}, L = {last.loss:.4f}"
    left = f"Triplets of the gallery that still have a loss: {last.with_loss:,} of {last.total:,}"
    curves = (
        (mined, spark([one.loss for one in steps], "loss")),
        (left, spark([one.with_loss for one in steps], "triplets with a loss")),
        (f"Mean length ‖g(x)‖: {last.length:.3f}", spark([one.length for one in steps], "mean length")),
    )
    frame = "The encodings g(x), one colour and letter per person; the frame stays as it was at the start"
    collapsed = "Collapsed: every face has the encoding 0. Without a margin that has no loss, and nothing stops it."
    return joined(
        (
            h.div(
                h.figure((h.figcaption(title), curve) for title, curve in curves),
                h.figure(h.figcaption(frame), cloud(last.points, ground.person, ground.names, limit)),
                class_="cf-learning",
            ),
            message(collapsed, "warn") if last.collapsed else None,
        )
    )


def _runs_html(runs: Sequence[TrainedMap]) -> Markup:
    """The latest trainings side by side: what mining, margin and size of the map change."""
    rows = (
        (run.mining, f"{run.margin:.2f}", run.numbers, f"{run.with_loss:,} of {run.total:,}", f"{run.length:.3f}")
        for run in runs
    )
    return table(
        ("mining", "α", "numbers", "triplets with a loss at the end", "mean length"),
        rows,
        caption="Your runs so far, 300 steps each: compare random with hard mining",
        class_="cf-table",
    )
