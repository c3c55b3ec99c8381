"""What the page draws of a sharpened photo: the pictures under one lens, the figures, the plane of the two errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from apps.charts import COLOURS, chart
from apps.gan.sharpen.options import TITLES
from apps.markup import Content, Markup, figure, h, joined, note, progress_bar, table
from shared.images import data_url
from shared.progress import Progress, duration

if TYPE_CHECKING:
    from PIL import Image

    from apps.gan.sharpen.lesson import Lesson, Restored

WAIT = "Press “Restore with the GAN”."
_COLOURS = dict(zip(TITLES, COLOURS[1:], strict=False))
_LOSSLESS = 512 * 512  # pixels up to which a picture is sent as it is
_HINT = (
    "Move over a picture, or tap it: the lens is at the same place in all of them. By keyboard: Tab to the pictures, "
    "then the arrow keys, + and −."
)


def grid(figures: Sequence[Markup]) -> Markup:
    """The pictures side by side, under one lens."""
    label = "The same photo in every way, with a magnifier: arrow keys move it, plus and minus change its strength."
    tools = h.div(
        h.button("−", type="button", class_="gs-zoom", data_zoom="0.8", aria_label="Magnify less"),
        h.button("+", type="button", class_="gs-zoom", data_zoom="1.25", aria_label="Magnify more"),
        h.span(_HINT, class_="ch-note"),
        class_="gs-tools",
    )
    return joined([h.div(figures, class_="gs-grid", tabindex=0, role="group", aria_label=label), tools])


def framed(picture: Image.Image, title: str, small: Content = None, *, pixels: bool = False, save: str = "") -> Markup:
    """One picture with its lens; ``pixels``: shown pixel by pixel; ``save``: a file name to download it under."""
    address = data_url(picture, lossless=picture.width * picture.height <= _LOSSLESS)
    image = h.img(src=address, alt=title, width=picture.width, height=picture.height, draggable="false")
    link = h.a("Download", href=address, download=save, class_="gan-webp") if save else None
    words = [h.b(title), h.small(small) if small else None, link]
    return figure(h.div(image, class_=f"gs-frame{' gs-pixels' if pixels else ''}"), words)


def waiting(text: str, size: tuple[int, int], title: str) -> Markup:
    """An empty frame of ``size`` where a picture will be."""
    return figure(h.div(text, class_="gs-wait", style=f"aspect-ratio:{size[0]}/{size[1]}"), h.b(title))


def restored(found: Lesson, *, wait: str = WAIT) -> Markup:
    """The original, what is left of it, and every answer; ``wait`` stands where the GAN's will be."""
    width, height = found.small.size
    figures = [
        framed(found.original, f"Original, {found.original.width} × {found.original.height}", "the truth"),
        framed(found.small, f"Made small, {width} × {height}", "all that the others get to see", pixels=True),
    ]
    figures += [
        framed(one.picture, TITLES[one.way], f"PSNR {one.psnr_db:.1f} dB · {duration(one.seconds)}")
        for one in found.restored
    ]
    if all(one.way != "gan" for one in found.restored):
        figures.append(waiting(wait, found.original.size, TITLES["gan"]))
    return grid(figures)


def enlarged(photo: Image.Image, made: Mapping[str, Image.Image], *, wait: str = WAIT) -> Markup:
    """The photo as it is, pixel by pixel, and what each way made of it."""
    size = f"{4 * photo.width} × {4 * photo.height}"
    figures = [framed(photo, f"The photo, {photo.width} × {photo.height}", "every pixel repeated", pixels=True)]
    for way, title in TITLES.items():
        if way in made:
            figures.append(framed(made[way], title, size, save=f"{way}-x4.{_ending(made[way])}"))
        else:
            figures.append(waiting(wait, photo.size, title))
    return grid(figures)


def working(progress: Progress) -> Markup:
    """A bar, what is being done, and the time that is left."""
    left = progress.left_s
    time = "" if left is None or progress.elapsed_s < 1 else f", about {duration(left)} left"
    what = f"{progress.text}: " if progress.text else ""
    return joined([progress_bar(progress.fraction), note(f"{what}{progress.fraction:.0%}{time}")])


def nothing_judged() -> Markup:
    """What stands there before the GAN's answer does."""
    return note("The figures appear with the GAN's picture, where there is an original to compare with.")


def judged(found: Lesson) -> Markup:
    """The figures of every answer, and the plane of the two errors."""
    answers = [one for one in found.restored if one.distance is not None and one.texture is not None]
    if not answers:
        return nothing_judged()
    head = (
        "",
        "PSNR (higher: nearer in pixels)",
        "perceptual distance, place by place",
        "texture distance, anywhere",
        "made small again",
    )
    rows = [
        (
            TITLES[one.way],
            f"{one.psnr_db:.2f} dB",
            f"{one.distance:.3f}",
            f"{one.texture:.4f}",
            f"{one.kept_db:.1f} dB",
        )
        for one in answers
    ]
    words = h.div(table(head, rows, class_="gan-figures"), note(_verdict(answers)))
    return h.div(words, _plane(answers), class_="gs-both")


def _verdict(answers: Sequence[Restored]) -> Content:
    by_way = {one.way: one for one in answers}
    if not {"bicubic", "gan"} <= by_way.keys():
        return None
    gan, plain = by_way["gan"], by_way["bicubic"]
    pixels = gan.psnr_db - plain.psnr_db
    side = "further from" if pixels < 0 else "nearer to"
    texture = (gan.texture or 0) - (plain.texture or 0)
    look = "its texture is nearer to the photo's" if texture < 0 else "and its texture is further from the photo's, too"
    return (
        f"Here the GAN is {abs(pixels):.1f} dB {side} the original than bicubic interpolation, pixel by pixel; {look}. "
        "What it adds was not in the small picture: it is invented. Both distances are those of a VGG-16: the one asks "
        "for the same thing at the same place, the other for the same textures wherever they are."
    )


def _plane(answers: Sequence[Restored]) -> Markup:
    """PSNR from left to right, texture distance from bottom to top."""
    width, height, left, bottom, top, right = 430, 270, 56, 44, 16, 20
    across, up = [one.psnr_db for one in answers], [float(one.texture or 0) for one in answers]
    low, high, most = min(across) - 0.5, max(across) + 0.5, 1.15 * max(*up, 1e-4)
    parts: list[Markup] = [
        h.line(x1=left, x2=width - right, y1=height - bottom, y2=height - bottom, class_="ch-grid"),
        h.line(x1=left, x2=left, y1=top, y2=height - bottom, class_="ch-grid"),
        h.text(f"{low:.1f}", x=left, y=height - bottom + 15),
        h.text(f"{high:.1f} dB", x=width - right, y=height - bottom + 15, text_anchor="end"),
        h.text(f"{most:.2g}", x=left - 5, y=top + 8, text_anchor="end"),
        h.text("0", x=left - 5, y=height - bottom, text_anchor="end"),
        h.text("PSNR → nearer in pixels", x=(left + width - right) / 2, y=height - 8, text_anchor="middle"),
        h.text("texture distance ↓ looks more like a photo", x=left + 6, y=top + 4),
    ]
    for one, x, y in zip(answers, across, up, strict=True):
        cx = left + (x - low) / (high - low) * (width - left - right)
        cy = height - bottom - y / most * (height - bottom - top)
        colour = f"fill:var({_COLOURS[one.way]})"
        end = cx > 0.7 * width
        parts.append(h.circle(h.title(TITLES[one.way]), cx=cx, cy=cy, r=7, style=colour))
        parts.append(
            h.text(TITLES[one.way], x=cx + (-11 if end else 11), y=cy + 4, text_anchor="end" if end else "start")
        )
    label = "; ".join(f"{TITLES[one.way]}: {one.psnr_db:.1f} dB, texture {one.texture:.3f}" for one in answers)
    words = f"Perception against distortion. {label}"
    return chart(
        parts,
        size=(width, height),
        summary=words,
        head=("", "PSNR, dB", "texture distance"),
        rows=[(TITLES[one.way], f"{one.psnr_db:.1f}", f"{one.texture or 0:.3f}") for one in answers],
        caption="Lower right is best; how near any way can come to it is limited (Blau & Michaeli 2018).",
        class_="gs-plane",
    )


def _ending(picture: Image.Image) -> str:
    return "png" if picture.width * picture.height <= _LOSSLESS else "jpg"
