"""What was measured of the ways to enlarge: photos made small and restored, and faces put to the verifier. No torch."""

from __future__ import annotations

from collections.abc import Iterator

from apps.charts import Frame, lines
from apps.gan.sharpen.options import TITLES
from apps.markup import Content, Markup, h, joined, note, prose, table
from apps.measured import Chapter, Figures, Headline, between, drawn, percent, rows_of

PHOTOS = "gan/sharpen.json"
FACES = "gan/identity.json"
_PHOTOS_COMMAND = "python -m benchmarks.gan_sharpen --scikit DIR --write"
_FACES_COMMAND = "python -m benchmarks.gan_identity --images DIR --pairs FILE --write"
_FACE_SIDE = 24  # pixels, where the ways differ the most
FRAME = Frame(width=470, height=250, right=150)


def photos() -> Chapter:
    """Perception against distortion, on many photos."""
    return Chapter(
        title="Sharpened photos",
        text="Reduced to 384 pixels, made four times smaller, restored, and compared.",
        body=drawn(PHOTOS, _photos, _PHOTOS_COMMAND),
    )


def faces() -> Chapter:
    """Whether restored faces are still those of the same people."""
    return Chapter(
        title="Sharpened faces",
        text="The verifier's question, asked of two photos each of many people.",
        body=drawn(FACES, _faces, _FACES_COMMAND),
    )


def headlines() -> tuple[Headline, ...]:
    """The rows of the README's table."""
    return (*rows_of(PHOTOS, _photo_headline), *rows_of(FACES, _face_headlines))


def _photo_headline(found: Figures) -> Iterator[Headline]:
    change = found["gan_less_bicubic"]["psnr_db"]
    low, high = change["interval"]
    data = f"{found['n']} photos; bicubic: {found['mean']['bicubic']['psnr_db']:.2f} dB"
    title = "photos made small and restored by Real-ESRGAN: PSNR less bicubic's"
    yield Headline("GANs", title, f"{change['value']:.2f} dB", f"{low:.2f} to {high:.2f} dB", data)


def _face_headlines(found: Figures) -> Iterator[Headline]:
    data = f"{found['data']['people']} development people of LFW, two photos each"
    for way, name in (("bicubic", "bicubic interpolation"), ("gan", "Real-ESRGAN")):
        share = next(row["accepted"] for row in found["ways"][way]["rows"] if row["size"] == _FACE_SIDE)
        title = f"faces of {_FACE_SIDE} pixels restored by {name}: recognised"
        yield Headline("GANs", title, percent(share["value"], 1), between(share["interval"]), data)


def _photos(found: Figures) -> Markup:
    """Means, the difference with its interval, how many photos."""
    names = {
        "psnr_db": ("PSNR, dB (higher is better)", "{:.2f}"),
        "distance": ("perceptual distance, place by place", "{:.3f}"),
        "texture": ("texture distance, anywhere", "{:.3f}"),
        "kept_db": ("made small again: PSNR to the small picture, dB (higher is better)", "{:.1f}"),
    }
    rows = [_row(found, key, title, form) for key, (title, form) in names.items()]
    n, below = found["n"], found["gan_less_bicubic"]
    explained = prose(
        "n = {} photos ({}). The GAN is further away in pixels for {} of them, and nearer in texture for {}. Of the "
        "others, gravel, on which it paints something else, spoils its mean. Distances: {}. Command: {}. Weights and "
        "their licence: {}.",
        n,
        found["data"],
        n - below["psnr_db"]["above_zero"],
        n - below["texture"]["above_zero"],
        found["distance"],
        h.code(found["made_by"]),
        h.code("weights/gan/realesrgan-x4.md"),
    )
    head = ("mean", *TITLES.values(), "GAN less bicubic, 95 % interval")
    return joined([table(head, rows, class_="gan-figures"), note(explained)])


def _row(found: Figures, key: str, title: str, form: str) -> tuple[Content, ...]:
    change = found["gan_less_bicubic"][key]
    low, high = change["interval"]
    signed = form.replace(":", ":+")
    interval = prose(
        "{} <small>{} to {}</small>", signed.format(change["value"]), signed.format(low), signed.format(high)
    )
    return (title, *(form.format(found["mean"][way][key]) for way in TITLES), interval)


def _faces(found: Figures) -> Markup:
    """The curves of many people, with how often the verifier recognised them."""
    sizes = found["sizes"]
    rows = {way: found["ways"][way]["rows"] for way in TITLES}
    distance = {TITLES[way]: [row["to_second"]["value"] for row in rows[way]] for way in TITLES}
    distance |= {"untouched": [found["untouched"]["to_second"]["value"]] * len(sizes), "τ": [found["tau"]] * len(sizes)}
    accepted = {TITLES[way]: [row["accepted"]["value"] for row in rows[way]] for way in TITLES}
    accepted["untouched"] = [found["untouched"]["accepted"]["value"]] * len(sizes)
    away = "Median distance to another photo of the person, over pixels a side"
    share = "Share that is recognised (distance at most τ), over pixels a side"
    charts = h.div(
        lines(distance, sizes, title=away, frame=FRAME),
        lines(accepted, sizes, title=share, frame=FRAME, show=lambda value: f"{value:.0%}"),
        class_="gs-both",
    )
    head = ("recognised, 95 % interval", *(f"{size} × {size}" for size in sizes))
    body = [(TITLES[way], *(_share(row["accepted"]) for row in rows[way])) for way in TITLES]
    body.append(("other people taken for the person: GAN", *(_share(row["others_accepted"]) for row in rows["gan"])))
    return joined([charts, table(head, body, class_="gan-figures"), note(_explained(found))])


def _explained(found: Figures) -> Markup:
    loss = {row["size"]: row["share"] for row in found["gan_less_bicubic"]}[_FACE_SIDE]
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


def _share(figures: Figures) -> Markup:
    low, high = figures["interval"]
    return prose("{:.1%} <small>{:.1%} to {:.1%}</small>", figures["value"], low, high)
