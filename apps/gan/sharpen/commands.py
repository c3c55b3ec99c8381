"""The core of ``/upscale``, and the commands ``upscale``, ``restore`` and ``same-person`` of ``python -m apps.gan``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from apps.gan.drawing.tiles import in_rows
from apps.gan.sharpen.identity import identity, identity_s
from apps.gan.sharpen.lesson import lesson, prepared
from apps.gan.sharpen.options import DEFAULT, FACTOR, LEAST_SIDE, MOST_SIDE, SMALLEST, TITLES
from apps.gan.sharpen.steps import LONG_S, bicubic, describe_estimate, open_photo, result
from shared.cli import say, write_json
from shared.device import describe, pick_device
from shared.errors import check_whole
from shared.images import Source, open_with_alpha
from shared.progress import Progress, paced
from shared.targets import check_picture, picture_bytes, save

_SAY_EVERY_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Enlarged:
    """A photo four times as large, and what it took."""

    picture: Image.Image  # RGB, or RGBA where parts of the photo are transparent
    model: str  # a key of UPSCALERS
    small: tuple[int, int]  # width and height of the photo
    expected_s: float  # seconds, estimated before the work
    seconds: float
    device: str  # for people

    def numbers(self) -> dict[str, Any]:
        """Everything but the picture, as plain values."""
        return {
            "model": self.model,
            "width": self.picture.width,
            "height": self.picture.height,
            "from_width": self.small[0],
            "from_height": self.small[1],
            "expected_s": round(self.expected_s, 3),
            "seconds": round(self.seconds, 3),
            "device": self.device,
        }


def enlarge(
    photo: Source,
    *,
    model: str = DEFAULT,
    expected: Callable[[float], None] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Enlarged:
    """``photo``, in any form that ``shared.images.open_image`` takes, four times as large: the core of ``/upscale``.

    Args:
        photo: a path, bytes, picture or array.
        model: a key of ``UPSCALERS``.
        expected: called before it begins with the seconds that it will take.
        progress: called every few seconds with how far it is.

    Raises:
        ImageError: no photo, a damaged one, or one with a side under 8 pixels.
        OptionError, ResourceError, WeightsError: see ``upscale``.
    """
    from apps.gan.sharpen.upscale import check_fits, estimate_s, upscale

    small, ground = open_with_alpha(photo, min_side=SMALLEST)
    check_fits(small.size, model)
    seconds = estimate_s(small.size, model)
    if expected is not None:
        expected(seconds)
    begun = time.perf_counter()
    for step in paced(upscale(small, model=model), every_s=_SAY_EVERY_S):
        if progress is not None:
            progress(step.progress)
    picture = result(step)
    if ground is not None:
        picture.putalpha(bicubic(ground))
    return Enlarged(
        picture=picture,
        model=model,
        small=small.size,
        expected_s=seconds,
        seconds=time.perf_counter() - begun,
        device=describe(pick_device()),
    )


def upscale_to(photo: Path, out: Path, *, model: str = DEFAULT, as_json: bool = False) -> None:
    """Write ``photo`` four times as large to ``out``, say how long it takes, and print what was done.

    Raises:
        InputError: ``out`` cannot be written; checked before the work begins.
        HubError: see ``enlarge``.
    """
    check_picture(out, apart_from=(photo,))
    try:
        answer = enlarge(photo, model=model, expected=_say_if_long, progress=_say_progress)
    except KeyboardInterrupt as stop:  # a layer goes over the whole picture before the next: no part is ready early
        words = "Stopped: nothing is written, because all parts of the picture become ready together, at the end."
        raise KeyboardInterrupt(words) from stop
    save([("--out", out, picture_bytes(answer.picture, out))])
    if as_json:
        write_json(answer.numbers() | {"out": str(out)})
    else:
        say(f"{answer.picture.width} x {answer.picture.height} pixels by {model} in {answer.seconds:.1f} s: {out}")


def restore(photo: Path, *, side: object, out: Path | None = None, as_json: bool = False) -> None:
    """Print what each way makes of ``photo`` made small; ``out``: the photo and its restorations, side by side.

    Raises:
        OptionError: ``side`` is out of range.
        HubError: see ``lesson``.
    """
    from apps.gan.sharpen.upscale import estimate_s

    longer = FACTOR * check_whole(side, "--side", low=LEAST_SIDE, high=MOST_SIDE)
    if out is not None:
        check_picture(out, apart_from=(photo,))
    original = prepared(open_photo(photo), longer)
    _say_if_long(estimate_s((original.width // FACTOR, original.height // FACTOR)))
    for found in paced(lesson(original, side=longer), every_s=_SAY_EVERY_S):
        _say_progress(found.progress)
    if out is not None:
        beside = in_rows([found.original, *(one.picture for one in found.restored)])
        save([("--out", out, picture_bytes(beside, out))])
    if as_json:
        write_json(found.numbers())
        return
    for one in found.restored:
        figures = f"PSNR {one.psnr_db:.2f} dB, perceptual {one.distance:.3f}, texture {one.texture:.4f}"
        say(f"{TITLES[one.way]}: {figures}, made small again {one.kept_db:.1f} dB")


def ask_verifier(photo: Path, other: Path | None = None, *, as_json: bool = False) -> None:
    """Print what the hub's verifier says of the face in ``photo``, restored from fewer and fewer pixels.

    Args:
        photo: with a face.
        other: another photo of the same person; without it the untouched face is the reference.
        as_json: as ``Identity.numbers``, else as a table.

    Raises:
        HubError: see ``identity``.
    """
    first, second = open_photo(photo), None if other is None else open_photo(other, "The other photo")
    _say_if_long(identity_s())
    for found in paced(identity(first, second), every_s=_SAY_EVERY_S):
        _say_progress(found.progress)
    if as_json:
        write_json(found.numbers())
        return
    say(f"{found.encoder}; one person up to a distance of {found.tau:.3f}")
    for answer in found.answers:
        verdict = "same person" if answer.same else "two people"
        say(f"{answer.size:>3} pixels, {TITLES[answer.way]}: {answer.distance:.3f}, {verdict}")


def _say_if_long(seconds: float) -> None:
    if seconds > LONG_S:
        say(describe_estimate(seconds))


def _say_progress(progress: Progress) -> None:
    if 0 < progress.fraction < 1:
        say(f"{progress.fraction:.0%}")
