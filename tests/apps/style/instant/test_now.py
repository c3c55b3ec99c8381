"""The question and the answer, as the endpoint and the command ask it."""

from __future__ import annotations

import json

import pytest
from PIL import Image, ImageChops

from apps.style import canvas
from apps.style.instant.now import stylize_now
from apps.style.instant.paint import paint_now
from apps.style.instant.style import find_any_style
from apps.style.samples import SAMPLES
from shared.errors import ImageError, OptionError


def _same(a: Image.Image, b: Image.Image) -> bool:
    return ImageChops.difference(a, b).getbbox() is None


def test_the_answer_is_the_painting_that_was_asked_for() -> None:
    cat = SAMPLES["cat"].path
    content = canvas.open_content(cat)
    first, second = (find_any_style(name) for name in ("dusk", "deep-red"))
    answer = stylize_now(cat, "dusk", second="deep-red", share=0.25, size=80, strength=0.8, keep_colours=True)
    wanted = paint_now(content, first.mixed(second, 0.25), size=80, strength=0.8, keep_colours=True)
    assert _same(answer.picture, wanted)
    assert _same(stylize_now(cat.read_bytes(), "dusk", size=80).picture, paint_now(content, first, size=80))


def test_its_numbers_are_json() -> None:
    answer = stylize_now(SAMPLES["cat"].path, SAMPLES["swirls"].path, size=64)
    numbers = json.loads(json.dumps(answer.numbers()))
    assert numbers["painter"] == "style/arbitrary-transform"
    assert numbers["size"] == list(answer.picture.size)
    assert numbers["seconds"] > 0
    assert numbers["estimate_s"] >= 0


def test_what_cannot_be_used_is_told() -> None:
    cat = SAMPLES["cat"].path
    with pytest.raises(OptionError, match="dusk"):
        stylize_now(cat, "monet")
    with pytest.raises(OptionError, match="same painter"):
        stylize_now(cat, "dusk", second=SAMPLES["ink"].path)
    with pytest.raises(ImageError, match="content"):
        stylize_now("", "dusk")
