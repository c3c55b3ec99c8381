"""Where a run of the optimizer may start."""

from __future__ import annotations

import torch
from PIL import Image

from apps.style import canvas
from apps.style.instant.begin import start_from, style_for
from apps.style.instant.style import style_of_picture
from apps.style.samples import SAMPLES


def test_any_other_picture_is_read_by_the_predictor(content: Image.Image) -> None:
    for picture in (
        content,
        canvas.open_style(SAMPLES["ink"].path).rotate(90),
        Image.new("L", (512, 512)).convert("RGB"),
    ):
        found = style_for(picture)
        assert found.record.name == "style/arbitrary-transform"
        assert torch.equal(found.gamma, style_of_picture(picture).gamma)


def test_the_picture_has_the_size_of_the_run(content: Image.Image) -> None:
    assert max(start_from(content, content, 48).size) == 64  # the painter's smallest
    assert max(start_from(content, content, 130).size) == 130
