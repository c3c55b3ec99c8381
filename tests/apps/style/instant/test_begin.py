"""Where a run of the optimizer may start."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from PIL import Image

from apps.style import canvas
from apps.style.instant.begin import start_from, style_for
from apps.style.instant.style import style_of_picture
from apps.style.instant.table import LEARNED
from apps.style.samples import SAMPLES, of_role
from shared.registry import find
from shared.settings import weights_dir


@pytest.mark.parametrize("name", [named.name for named in LEARNED])
def test_a_sample_picture_has_the_style_that_was_learned_from_it(name: str) -> None:
    found = style_for(canvas.open_style(SAMPLES[name].path))
    assert (found.title, found.record.name) == (SAMPLES[name].title, "style/multistyle26")


def test_another_decoder_of_the_same_file_makes_no_difference() -> None:
    buffer = io.BytesIO()
    Image.open(SAMPLES["ink"].path).save(buffer, "JPEG", quality=95)
    assert style_for(canvas.open_style(buffer.getvalue())).record.name == "style/multistyle26"


def test_any_other_picture_is_read_by_the_predictor(content: Image.Image) -> None:
    for picture in (
        content,
        canvas.open_style(SAMPLES["ink"].path).rotate(90),
        Image.new("L", (512, 512)).convert("RGB"),
    ):
        found = style_for(picture)
        assert found.record.name == "style/arbitrary-transform"
        assert torch.equal(found.gamma, style_of_picture(picture).gamma)


def test_every_sample_style_was_learned() -> None:
    styles = {sample.name: sample.title for sample in of_role("style")}
    record = find("learned-samples", "style")
    assert {Path(file.path).stem for file in record.files} == set(styles)
    assert {named.name: named.title for named in LEARNED} == styles
    assert record.card is not None
    judged = (weights_dir() / record.card).read_text(encoding="utf-8")
    assert [title for title in styles.values() if f"| {title} | " not in judged] == []


def test_the_picture_has_the_size_of_the_run(content: Image.Image) -> None:
    assert max(start_from(content, content, 48).size) == 64  # the painter's smallest
    assert max(start_from(content, content, 130).size) == 130
