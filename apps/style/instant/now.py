"""The question and the answer of ``/stylize_now`` and of ``python -m apps.style now``."""

from __future__ import annotations

import time
from pathlib import Path

from PIL import Image, ImageOps

from apps.style import canvas
from apps.style.instant import limits
from apps.style.instant.answers import Answer, Look, OwnStyle
from apps.style.instant.paint import SIZE, Wish, checked, paint_now, paint_together
from apps.style.instant.style import ANY_RECORD, MANY_RECORD, Style, find_any_style, from_file, from_look, plain_style
from apps.style.instant.stylefile import read_style, write_style
from apps.style.samples import SAMPLES
from shared.device import describe, pick_device
from shared.images import Source, jpeg_bytes
from shared.progress import estimate

THUMB = 96  # pixels of an own style's thumbnail
_PAINTED = 256  # ... at which it is painted
StyleSource = str | Path | bytes | Image.Image | Style  # a name; a picture or a style file; a style


def stylize_now(
    content: Source,
    style: StyleSource,
    *,
    second: StyleSource | None = None,
    share: float = 0.5,
    size: int = SIZE,
    strength: float = 1.0,
    keep_colours: bool = False,
) -> Answer:
    """Paint ``content`` in ``style`` at once; with a ``second`` style, in the mixture that has ``share`` of it.

    Raises:
        OptionError: a name, number or pair of styles that cannot be used.
        ImageError, InputError: a picture or style file that cannot be used.
        ResourceError: too large for this machine.
    """
    begun = time.perf_counter()
    chosen = _mixture(style, second, share)
    picture, ground = canvas.open_content_and_ground(content)
    wish = checked(Wish(content=picture, style=chosen, size=size, strength=strength, keep_colours=keep_colours))
    device = pick_device()
    estimate_s = limits.estimate_s(wish, device)
    limits.check_fits(wish, device)
    (painted,) = paint_together([wish], device=device)
    painted = canvas.on_ground(painted, ground)
    return Answer(
        picture=painted,
        style=chosen.title,
        painter=chosen.record.name,
        estimate_s=estimate_s,
        seconds=time.perf_counter() - begun,
        device=describe(device),
    )


def look(style: StyleSource, second: StyleSource | None = None, share: float = 0.5) -> Look:
    """The style, or the mixture, that many pictures are to be painted in, as ``paint_frame`` takes it.

    Raises:
        OptionError, ImageError, InputError: as ``stylize_now``.
    """
    return _mixture(style, second, share).look()


def paint_frame(
    picture: Image.Image, look: Look, *, size: int = SIZE, strength: float = 1.0, keep_colours: bool = False
) -> Image.Image:
    """``picture``, RGB, painted in ``look``; see ``paint.paint_now``."""
    return paint_now(picture, from_look(look), size=size, strength=strength, keep_colours=keep_colours)


def estimate_note(shape: tuple[int, int], size: int, *, any_picture: bool) -> str:
    """How long a picture of ``size`` pixels takes, for people; ``any_picture``: its style is read from a picture.

    Raises:
        OptionError, ImageError, ResourceError: as ``stylize_now``, for a content of ``shape`` (width, height).
    """
    style = plain_style(ANY_RECORD if any_picture else MANY_RECORD)
    wish = checked(Wish(content=Image.new("1", shape), style=style, size=size))
    device = pick_device()
    limits.check_fits(wish, device)
    return estimate(limits.estimate_s(wish, device))


def own_style(data: bytes) -> OwnStyle:
    """The style in the file ``data``, with the cat painted in it as its thumbnail.

    Raises:
        InputError: it is no style file.
    """
    file = read_style(data)
    painted = paint_now(canvas.open_content(SAMPLES["cat"].path), from_file(file), size=_PAINTED)
    small = ImageOps.fit(painted, (THUMB, THUMB), Image.Resampling.LANCZOS)
    return OwnStyle(file.title, write_style(file), jpeg_bytes(small))


def _mixture(style: StyleSource, second: StyleSource | None, share: float) -> Style:
    chosen = find_any_style(style)
    return chosen if second is None else chosen.mixed(find_any_style(second), share)
