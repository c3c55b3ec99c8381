"""The question and the answer of ``/stylize_now`` and of ``python -m apps.style now``."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from apps.style import canvas
from apps.style.instant import cost
from apps.style.instant.paint import SIZE, Wish, checked, paint_together
from apps.style.instant.style import Style, find_any_style
from shared.device import describe, pick_device
from shared.images import Source

StyleSource = str | Path | bytes | Image.Image | Style  # a name; a picture or a style file; a style


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A painting, and what there is to say about it."""

    picture: Image.Image  # RGB, or RGBA where parts of the content are transparent
    style: Style
    estimate_s: float  # what was told before
    seconds: float  # what it took, reading the pictures included

    def numbers(self) -> dict[str, Any]:
        """The same without the picture, for JSON."""
        return {
            "style": self.style.title,
            "painter": self.style.record.name,
            "size": list(self.picture.size),
            "estimate_s": round(self.estimate_s, 3),
            "seconds": round(self.seconds, 3),
            "device": describe(pick_device()),
        }


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
    chosen = find_any_style(style)
    if second is not None:
        chosen = chosen.mixed(find_any_style(second), share)
    picture, ground = canvas.open_content_and_ground(content)
    wish = checked(Wish(content=picture, style=chosen, size=size, strength=strength, keep_colours=keep_colours))
    device = pick_device()
    estimate_s = cost.estimate_s(wish, device)
    cost.check_fits(wish, device)
    (painted,) = paint_together([wish], device=device)
    painted = canvas.on_ground(painted, ground)
    return Answer(picture=painted, style=chosen, estimate_s=estimate_s, seconds=time.perf_counter() - begun)
