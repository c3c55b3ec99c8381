"""Is the face still the same person? The face of the photo restored from fewer and fewer pixels, and the verifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.charts import Frame, lines
from apps.gan.measured import IDENTITY
from apps.gan.sharpen.samples import FACE, sample_path
from apps.gan.ui.sharpen_view import TITLES, working
from apps.markup import Content, Markup, cell, figure, h, joined, note, prose, table
from apps.measured import stored
from apps.ui import HEAVY, LIGHT, PRIVATE, QUICK, guard, heavy, photo_input, section
from shared.images import data_url

if TYPE_CHECKING:
    from apps.gan.sharpen.identity import Answer, Identity

_ASK = "The face of the photo above is cut out, made small to 16, 24, 32, 48 and 64 pixels a side, and restored."
_FRAME = Frame(width=470, height=250, right=150)


def panel(photo: gr.Image) -> Any:
    """Lay out the section; ``photo``: the photo that is sharpened above. Returns the event that changes it."""
    section(
        "inside",
        "Is the face still the same person?",
        "The hub's own face verifier measures the distance between the restored face and the untouched one; above the "
        "threshold τ it calls them two people.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=290):
            other = photo_input("Another photo of this person, if you have one", height=160, format="png")
            with gr.Row():
                go = gr.Button("Ask the verifier", variant="primary", min_width=130, elem_id="gan-face-go")
                stop = gr.Button("Stop", min_width=70)
                sample = gr.Button("Take a sample with a face", min_width=150)
            told = gr.HTML(note(_ASK), label="Progress")
        with gr.Column(scale=3, min_width=320):
            out = gr.HTML(label="The restored faces", apply_default_css=False, elem_id="gan-face-out")
    section("measure", "On many people", "The same question, asked of two photos each of many people.")
    gr.HTML(measured(), apply_default_css=False)
    running = go.click(heavy(_ask), [photo, other], [out, told], **HEAVY, **PRIVATE)
    stop.click(lambda: note("Stopped."), None, told, cancels=[running], **LIGHT, **PRIVATE)
    taken = sample.click(_sample, None, [photo, other], cancels=[running], **LIGHT, **PRIVATE)
    taken.then(guard(_expected), None, told, **QUICK, **PRIVATE)
    return taken


def _sample() -> tuple[str, None]:
    return str(sample_path(FACE)), None


def _expected() -> Markup:
    from apps.gan.sharpen.identity import identity_s
    from apps.gan.sharpen.upscale import describe_estimate

    return note(describe_estimate(identity_s()))


def _ask(photo: str | None, other: str | None) -> Iterator[tuple[Any, Markup]]:
    from apps.gan.sharpen.identity import identity
    from apps.gan.sharpen.upscale import open_photo
    from shared.progress import paced

    first = open_photo(photo)  # type: ignore[arg-type]
    second = open_photo(other, "The other photo") if other else None
    yield gr.skip(), _expected()
    shown = -1
    for found in paced(identity(first, second)):
        fresh = len(found.answers) != shown
        shown = len(found.answers)
        yield answers(found) if fresh else gr.skip(), working(found.progress)
    yield gr.skip(), note(_said(found))


def answers(found: Identity) -> Markup:
    """The face, and every restored one with its distance and the verdict."""
    given = [figure(_face(found.face, "The untouched face"), "The untouched face")]
    if found.other is not None and found.untouched is not None:
        words = f"The other photo; untouched, the two are {found.untouched:.2f} apart"
        given.append(figure(_face(found.other, "The other photo's face"), words))
    sizes = sorted({one.size for one in found.answers}, reverse=True)
    by_place = {(one.way, one.size): one for one in found.answers}
    rows = [
        (title, *(_cell(by_place.get((way, size))) for size in sizes))
        for way, title in TITLES.items()
        if any(one.way == way for one in found.answers)
    ]
    grid = table(("", *(f"{size} × {size}" for size in sizes)), rows) if rows else None
    curve = _curves(found) if len(found.answers) == len(TITLES) * len(sizes) else None
    return h.div(h.div(given, class_="gs-given"), grid, curve, class_="gs-faces")


def _face(picture: Any, alt: str) -> Markup:
    return h.img(src=data_url(picture), alt=alt)


def _cell(one: Answer | None) -> Content:
    if one is None:
        return cell()
    verdict = h.b("✓ same", class_="gs-same") if one.same else h.b("✕ two people", class_="gs-other")
    unseen = None if one.found else h.small("the detector finds no face in it")
    picture = h.img(src=data_url(one.picture), alt=f"{TITLES[one.way]}, from {one.size} × {one.size} pixels")
    return cell(picture, verdict, h.small(f"d = {one.distance:.2f}"), unseen)


def _said(found: Identity) -> Content:
    """The smallest size, way by way, from which on the verifier recognises the person."""
    parts = []
    for way, title in TITLES.items():
        mine = sorted((one for one in found.answers if one.way == way), key=lambda one: -one.size)
        kept = []
        for one in mine:
            if not one.same:
                break
            kept.append(one.size)
        parts.append(f"{title}: from {kept[-1]} pixels on" if kept else f"{title}: at none of the sizes")
    whom = "the other photo" if found.other is not None else "the untouched face"
    return f"The verifier ({found.encoder}) takes the restored face and {whom} for one person: {'; '.join(parts)}."


def _curves(found: Identity) -> Markup:
    sizes = sorted({one.size for one in found.answers})
    series = {
        title: [next(one.distance for one in found.answers if (one.way, one.size) == (way, size)) for size in sizes]
        for way, title in TITLES.items()
    }
    series["τ"] = [found.tau] * len(sizes)
    whom = "the other photo" if found.other is not None else "the untouched face"
    return lines(series, sizes, title=f"This face: distance to {whom}, over pixels a side", frame=_FRAME)


def measured() -> Markup:
    """The curves of many people, with how often the verifier recognised them."""
    found = stored(IDENTITY)
    if found is None:
        return note("Not measured yet: ", h.code("python -m benchmarks.gan_identity --images DIR --pairs FILE --write"))
    sizes = found["sizes"]
    rows = {way: found["ways"][way]["rows"] for way in TITLES}
    distance = {TITLES[way]: [row["to_second"]["value"] for row in rows[way]] for way in TITLES}
    distance |= {"untouched": [found["untouched"]["to_second"]["value"]] * len(sizes), "τ": [found["tau"]] * len(sizes)}
    accepted = {TITLES[way]: [row["accepted"]["value"] for row in rows[way]] for way in TITLES}
    accepted["untouched"] = [found["untouched"]["accepted"]["value"]] * len(sizes)
    away = "Median distance to another photo of the person, over pixels a side"
    share = "Share that is recognised (distance at most τ), over pixels a side"
    charts = h.div(
        lines(distance, sizes, title=away, frame=_FRAME),
        lines(accepted, sizes, title=share, frame=_FRAME, show=lambda value: f"{value:.0%}"),
        class_="gs-both",
    )
    head = ("recognised, 95 % interval", *(f"{size} × {size}" for size in sizes))
    body = [(TITLES[way], *(_share(row["accepted"]) for row in rows[way])) for way in TITLES]
    body.append(("other people taken for the person: GAN", *(_share(row["others_accepted"]) for row in rows["gan"])))
    return joined([charts, table(head, body, class_="gan-figures"), note(_explained(found))])


def _explained(found: Mapping[str, Any]) -> Markup:
    loss = {row["size"]: row["share"] for row in found["gan_less_bicubic"]}[24]
    return prose(
        "n = {} people ({}), two photos each: the one is restored, the other untouched; {:,} pairs of two people. The "
        "photos are close cuts, the eyes {:.0%} of a side apart. At 24 pixels the GAN's faces are recognised less "
        "often than bicubic's by {:.0f} points (95 % interval {:.0f} to {:.0f}): they are sharper, and those of "
        "somebody else. τ = {:.3f} was set on these same people, at one pair of strangers in a hundred. The face is "
        "cut by the landmarks of the untouched photo. Never restore a face to find out who it is. Command: {}.",
        found["data"]["people"],
        found["data"]["title"],
        found["pairs_different"],
        found["eyes"],
        -100 * loss["value"],
        -100 * loss["interval"][1],
        -100 * loss["interval"][0],
        found["tau"],
        h.code(found["made_by"]),
    )


def _share(figures: Mapping[str, Any]) -> Markup:
    low, high = figures["interval"]
    return prose("{:.1%} <small>{:.1%} to {:.1%}</small>", figures["value"], low, high)
