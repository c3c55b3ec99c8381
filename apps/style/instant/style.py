"""A style ready to paint with: gamma and beta for one of the two painters, and where they come from.

A style has a name (one of the painter's 26, or learned from a sample picture), is in a file that a hub saved, or is
read from a picture by the predictor. Two styles of the same painter can be mixed: gamma and beta are what they differ
in, and everything between two of them is a style too (Dumoulin et al. 2017, section 3.4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from PIL import Image
from torch import Tensor

from apps.style import canvas
from apps.style.instant.answers import Look
from apps.style.instant.networks import ANY, MANY, STYLE_SIDE
from apps.style.instant.stylefile import LARGEST, StyleFile, looks_like_style, read_style
from apps.style.instant.table import NamedStyle, find_style
from shared.errors import OptionError, check_number
from shared.model_cache import model_cache
from shared.registry import Record, find

if TYPE_CHECKING:
    from apps.style.instant.mobilenet import StylePredictor
    from apps.style.instant.networks import AnyStyle, LearnedStyles, ManyStyles

MANY_RECORD, ANY_RECORD = "style/multistyle26", "style/arbitrary-transform"
PREDICTOR_RECORD, LEARNED_RECORD = "style/arbitrary-predict", "style/learned-samples"
_SEEN = canvas.Stage(height=STYLE_SIDE, width=STYLE_SIDE, iterations=0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Style:
    """What a painter needs to know of a style, on the CPU."""

    title: str
    record: Record  # of the painter that it is for
    gamma: Tensor  # (N,)
    beta: Tensor  # (N,)

    def mixed(self, other: Style, share: float) -> Style:
        """Between this style (``share`` 0) and ``other`` (1).

        Raises:
            OptionError: ``other`` is for the other painter, or ``share`` is outside [0, 1].
        """
        share = check_number(share, "The share of the second style", low=0, high=1)
        if self.record.name != other.record.name:
            raise OptionError(
                "two styles of the same painter",
                f"“{self.title}” and “{other.title}”, of which one was read from a picture",
                "Mix two styles that have names, or two pictures.",
            )
        title = {0.0: self.title, 1.0: other.title}.get(share, f"{self.title} and {other.title}")
        gamma, beta = (torch.lerp(*pair, share) for pair in ((self.gamma, other.gamma), (self.beta, other.beta)))
        return Style(title=title, record=self.record, gamma=gamma, beta=beta)

    def look(self) -> Look:
        """The same as plain values, for who paints elsewhere."""
        return Look(title=self.title, painter=self.record.name, numbers=torch.stack((self.gamma, self.beta)).numpy())


def find_any_style(given: str | Path | bytes | Image.Image | Style) -> Style:
    """The style that ``given`` stands for: a name (text is never a path), a style file or picture, or itself.

    Raises:
        OptionError: a text that is no name of a style.
        InputError: a style file that cannot be used.
        ImageError: a picture that cannot be used.
    """
    if isinstance(given, Style):
        return given
    if isinstance(given, str):
        return named_style(find_style(given))
    if not isinstance(given, Image.Image) and looks_like_style(head := _first_bytes(given)):
        return from_file(read_style(head))
    return style_of_picture(canvas.open_style(given))


def _first_bytes(given: Path | bytes) -> bytes:
    """As much of a file as shows whether it is a style file, and holds all of one."""
    if isinstance(given, bytes):
        return given[: LARGEST + 1]
    if not given.is_file():
        return b""
    with given.open("rb") as stream:
        return stream.read(LARGEST + 1)


def named_style(named: NamedStyle) -> Style:
    """The style that the table calls ``named``.

    Raises:
        WeightsError: the files of the network are missing.
    """
    many = find(MANY_RECORD)
    with model_cache().lease(many if named.kind == "known" else find(LEARNED_RECORD), torch.device("cpu")) as held:
        if named.kind == "learned":
            return from_file(cast("LearnedStyles", held).files[named.name])
        known = cast("ManyStyles", held)
        gamma, beta = known.gamma[named.row].clone(), known.beta[named.row].clone()
    return Style(title=named.title, record=many, gamma=gamma, beta=beta)


def plain_style(record: str) -> Style:
    """A style for the painter called ``record`` that changes nothing in what its convolutions say: to measure with."""
    total = (MANY if record == MANY_RECORD else ANY).total
    return Style(title="", record=find(record), gamma=torch.ones(total), beta=torch.zeros(total))


def from_look(look: Look) -> Style:
    """The style of what ``Style.look`` gave."""
    gamma, beta = torch.from_numpy(look.numbers.copy())
    return Style(title=look.title, record=find(look.painter), gamma=gamma, beta=beta)


def from_file(file: StyleFile) -> Style:
    """The style of a file that was read."""
    return Style(title=file.title, record=find(MANY_RECORD), gamma=file.gamma, beta=file.beta)


def style_of_picture(picture: Image.Image) -> Style:
    """The style of ``picture``, RGB: the mean of what the predictor reads in squares that cover all of it."""
    record, cpu = find(ANY_RECORD), torch.device("cpu")
    with (
        model_cache().lease(find(PREDICTOR_RECORD), cpu) as predictor,
        model_cache().lease(record, cpu) as held,
        torch.inference_mode(),
    ):
        seen = torch.cat([canvas.to_tensor(square, _SEEN, cpu) for square in squares(picture)])  # n 3 256 256
        code = cast("StylePredictor", predictor)(seen).mean(0, keepdim=True)  # 1 100
        maps = cast("AnyStyle", held)
        gamma, beta = maps.gamma(code)[0], maps.beta(code)[0]
    return Style(title="Your picture", record=record, gamma=gamma.clone(), beta=beta.clone())


def squares(picture: Image.Image) -> list[Image.Image]:
    """Squares of the shorter side, as few as cover ``picture``, evenly along its longer side."""
    side, longer = min(picture.size), max(picture.size)
    count = math.ceil(longer / side)
    starts = [round(index * (longer - side) / max(1, count - 1)) for index in range(count)]
    corners = [(start, 0) if picture.width > picture.height else (0, start) for start in starts]
    return [picture.crop((left, top, left + side, top + side)) for left, top in corners]
