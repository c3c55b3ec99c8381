"""The triplet explorer: one triplet in numbers, the gallery's triplets by region, and learning with the loss, live."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr
import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from apps.face.triplets.loss import DEFAULT_MARGIN, REGIONS, Triplet
from apps.face.ui.draw import chip_url, jpeg_url, message, panel, percent
from apps.face.ui.playground import Playground, playground
from apps.face.ui.plots import cloud, number_line, regions_bar, spark
from apps.face.ui.state import PHOTO, Run, Shot, Trio, Visitor, gallery_of, look, owner_of, visitor
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, guard, photo_input
from shared.errors import HubError

_SLOTS = (
    ("anchor", "Anchor A", "A photo of a person"),
    ("positive", "Positive P", "Another photo of the same person"),
    ("negative", "Negative N", "A photo of somebody else"),
)
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
                sample = gr.Button("Sample triplet", size="sm", min_width=90)
                mined = {
                    kind: gr.Button(f"Mine: {kind}", size="sm", min_width=90)
                    for kind in ("random", "semi-hard", "hardest")
                }
        with gr.Column(scale=7, min_width=330):
            view = panel(
                message("Choose three photos, take the sample, or mine a triplet from the gallery."),
                elem_id="face-triplet",
            )
    census = panel(elem_id="face-census")
    gr.HTML("<h3>Let it learn</h3>")
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
            label="The head g(x) = W f(x) gives",
            scale=3,
            min_width=260,
        )
        learn = gr.Button("Train", variant="primary", scale=1, min_width=90, elem_id="face-train")
        stop = gr.Button("Stop", variant="stop", scale=1, min_width=80)
    training = panel(
        message("Train with the margin above. Then set the margin to 0 and train again: everything collapses."),
        elem_id="face-training",
    )
    shown = [encoder, margin]
    for photo, (slot, _, _) in zip(photos, _SLOTS, strict=True):
        gr.on([photo.input, photo.clear], _on_photo(slot), [photo, *shown], view, **PHOTO)
    sample.click(guard(_on_sample), shown, [*photos, view], **QUICK, **PRIVATE)
    for kind, button in mined.items():
        button.click(_on_mine(kind), [*shown, owner], view, **QUICK, **PRIVATE)
    drag: dict[str, Any] = {**LIGHT, **PRIVATE, "trigger_mode": "always_last"}
    margin.input(guard(redraw), [*shown, owner], [view, census], **drag)
    run = learn.click(guard(_train), [encoder, margin, mining, numbers, owner], training, **HEAVY, **PRIVATE)
    stop.click(None, None, None, cancels=[run], **PRIVATE)
    return margin, view, census


def redraw(encoder: str, margin: float, owner: str, request: gr.Request) -> tuple[str, str]:
    """The triplet and the gallery's triplets at another margin: distances are known, nothing is encoded."""
    return _triplet_html(visitor(request), margin), census_html(encoder, margin, owner, request)


def opened(encoder: str, margin: float, owner: str, request: gr.Request) -> tuple[str, str]:
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

    def arrived(photo: str | None, encoder: str, margin: float, request: gr.Request) -> str:
        who = visitor(request)
        who.shots.pop(slot, None)
        if photo is None:
            return _triplet_html(who, margin)
        try:
            who.shots[slot] = look(photo, what)
            return _measured(encoder, margin, request)
        except HubError as error:
            return message(str(error), "warn")

    return guard(arrived)


def _on_sample(encoder: str, margin: float, request: gr.Request) -> tuple[Any, Any, Any, str]:
    from apps.face.samples import sample, sample_picture

    keys = ("obama", "obama2", "biden")
    for (slot, _, what), key in zip(_SLOTS, keys, strict=True):
        visitor(request).shots[slot] = look(sample(key), what)
    first, second, third = (sample_picture(key) for key in keys)
    return first, second, third, _measured(encoder, margin, request)


def _measured(encoder: str, margin: float, request: gr.Request) -> str:
    """Measure the triplet of the three photos, where all are there."""
    from apps.face.triplets.loss import measure

    who = visitor(request)
    shots: list[Shot] = [who.shots[slot] for slot, _, _ in _SLOTS if slot in who.shots]
    if len(shots) == len(_SLOTS):
        A, P, N = (shot.encoding(encoder) for shot in shots)
        one = measure(A, P, N, margin)
        who.triplet = Trio(one.d_ap, one.d_an, tuple(chip_url(shot.face.chip) for shot in shots), ("", "", ""))
    return _triplet_html(who, margin)


def _on_mine(kind: str) -> Any:
    def mined(encoder: str, margin: float, owner: str, request: gr.Request) -> str:
        return _mined(kind, encoder, margin, owner, request)

    return guard(mined)


def _mined(kind: str, encoder: str, margin: float, owner: str, request: gr.Request) -> str:
    """Mine a triplet of one kind from the gallery and show it."""
    from apps.face.triplets.loss import losses, squared_distances
    from apps.face.triplets.mining import mine

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
    d_ap, d_an = float(squared_distances(x[a], x[p])), float(squared_distances(x[a], x[n]))
    who.triplet = Trio(d_ap, d_an, pictures, names)
    return _triplet_html(who, margin)


def to_show(kind: str, cost: NDArray[np.float64], margin: float, seed: int) -> int:
    """Which of the mined triplets to show, by their losses ``cost`` (T,).

    Of the hardest the worst; of the semi-hard one that is so at ``margin``, where there is one (a pair without such a
    negative was given another); else any.
    """
    if kind == "hardest":
        return int(cost.argmax())
    rows = np.flatnonzero((cost > 0) & (cost < margin)) if kind == "semi-hard" else np.arange(len(cost))
    return int(rows[seed % len(rows)]) if rows.size else seed % len(cost)


def _triplet_html(who: Visitor, margin: float) -> str:
    from apps.face.triplets.loss import check_margin, of_distances

    check_margin(margin)
    if who.triplet is None:
        return message("Choose three photos, take the sample, or mine a triplet from the gallery.")
    trio = who.triplet
    one = of_distances(trio.d_ap, trio.d_an, margin)
    faces = "".join(
        f'<figure><img src="{picture}" alt="{role}"><figcaption><b>{letter}</b> '
        f"{escape(name or role)}"
        f"</figcaption></figure>"
        for picture, name, (letter, role) in zip(
            trio.pictures, trio.names, (("A", "anchor"), ("P", "positive"), ("N", "negative")), strict=True
        )
    )
    return f'<div class="cf-trio">{faces}</div>{_formula(one)}{number_line(one)}'


def _formula(one: Triplet) -> str:
    kind = {"easy": "cf-is-same", "semi-hard": "cf-is-semi", "hard": "cf-is-diff"}[one.region]
    return (
        f'<p class="cf-formula">L(A, P, N) = max(‖f(A) − f(P)‖² − ‖f(A) − f(N)‖² + α, 0)<br>'
        f"= max(<b>{one.d_ap:.4f}</b> − <b>{one.d_an:.4f}</b> + <b>{one.margin:.2f}</b>, 0) = "
        f'<b class="cf-loss">{one.loss:.4f}</b></p>'
        f'<p class="{kind} cf-region" data-region="{one.region}"><strong>{one.region}</strong>: '
        f"{REGIONS[one.region]}.</p>"
    )


def _ground(encoder: str, owner: str, request: gr.Request) -> Playground:
    return playground(gallery_of(request), owner_of(request, owner), encoder)


def census_html(encoder: str, margin: float, owner: str, request: gr.Request) -> str:
    """How many triplets of the gallery still have a loss, by region."""
    from apps.face.triplets.mining import census

    try:
        ground = _ground(encoder, owner, request)
    except HubError as error:
        return message(str(error))
    counted = census(ground.encodings, ground.person, margin)
    return (
        f'<p class="cf-statement"><b>{ground.title}</b>: {len(ground.person)} encodings of {len(ground.names)} '
        "people make "
        f"{counted.total:,} triplets. At α = {margin:.2f}, <b>{counted.with_loss:,}</b> "
        f"({percent(counted.with_loss / counted.total)}) still have a loss; the mean loss over all is "
        f"{counted.mean_loss:.4f}.</p>{regions_bar(counted.by_region())}"
    )


def _train(encoder: str, margin: float, mining: str, numbers: float, owner: str, request: gr.Request) -> Iterator[str]:
    from apps.face.triplets.head import Step, Training, train

    ground = _ground(encoder, owner, request)
    steps: list[Step] = []
    drawn = 0.0
    for step in train(ground.encodings, ground.person, Training(margin=margin, mining=mining, numbers=int(numbers))):
        steps.append(step)
        if time.monotonic() - drawn >= _EVERY_S:
            drawn = time.monotonic()
            yield _training_html(ground, steps, margin, mining)
    runs = visitor(request).runs
    runs.append(Run(mining, margin, int(numbers), steps[-1].with_loss, steps[-1].total, steps[-1].length))
    yield _training_html(ground, steps, margin, mining) + _runs_html(runs)


def _training_html(ground: Playground, steps: list[Any], margin: float, mining: str) -> str:
    last = steps[-1]
    limit = max(float(np.abs(steps[0].points).max()), 1e-9) * 1.25
    x = [one.step for one in steps]
    curves = (
        (
            f"Loss over the mined triplets ({escape(mining)}, α = {margin:.2f}): step {last.step}, L = {last.loss:.4f}",
            spark(x, [one.loss for one in steps], "loss"),
        ),
        (
            f"Triplets of the gallery that still have a loss: {last.with_loss:,} of {last.total:,}",
            spark(x, [one.with_loss for one in steps], "triplets with a loss"),
        ),
        (f"Mean length ‖g(x)‖: {last.length:.3f}", spark(x, [one.length for one in steps], "mean length")),
    )
    drawn = "".join(f"<figcaption>{title}</figcaption>{curve}" for title, curve in curves)
    collapsed = "Collapsed: every face has the encoding 0. Without a margin that has no loss, and nothing stops it."
    return (
        f'<div class="cf-learning"><figure>{drawn}</figure><figure><figcaption>The encodings g(x), one colour and '
        "letter "
        f"per person; the frame stays as it was at the start</figcaption>"
        f"{cloud(last.points, ground.person, ground.names, limit)}</figure></div>"
        f"{message(collapsed, 'warn') if last.collapsed else ''}"
    )


def _runs_html(runs: Sequence[Run]) -> str:
    """The last runs side by side: what mining, margin and size of the head change."""
    rows = "".join(
        f"<tr><td>{one.mining}</td><td>{one.margin:.2f}</td><td>{one.numbers}</td><td>{one.with_loss:,} of "
        f"{one.total:,}"
        f"</td><td>{one.length:.3f}</td></tr>"
        for one in runs
    )
    return (
        '<table class="cf-table"><caption>Your runs so far, 300 steps each: compare random with hard mining</caption>'
        "<tr><th>mining</th><th>α</th><th>numbers</th><th>triplets with a loss at the end</th><th>mean length</th></tr>"
        f"{rows}</table>"
    )
