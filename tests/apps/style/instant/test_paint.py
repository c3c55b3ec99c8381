"""Pictures and styles in, pictures out: strength, colours, mixing, sizes, several at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops

from apps.style import canvas
from apps.style.instant import limits
from apps.style.instant.paint import Wish, paint_now, paint_together
from apps.style.instant.style import Style, find_any_style, from_file, style_of_picture
from apps.style.instant.stylefile import StyleFile, write_style
from apps.style.instant.table import KNOWN, STYLES
from apps.style.samples import SAMPLES
from shared.errors import ImageError, InputError, OptionError, ResourceError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def blue() -> Style:
    return find_any_style("starry-blue")


@pytest.fixture(scope="module")
def dabs() -> Style:
    return find_any_style("bright-dabs-on-black")


def _difference(a: Image.Image, b: Image.Image) -> int:
    return max(high for _, high in ImageChops.difference(a, b).getextrema())  # type: ignore[misc]


def test_names_are_unique_plain_and_in_the_order_of_the_network() -> None:
    assert [style.row for style in KNOWN] == list(range(26))
    assert len({style.title for style in STYLES.values()}) == len(STYLES)
    assert all(name == name.lower() and " " not in name for name in STYLES)


def test_every_style_has_a_thumbnail_and_all_are_small() -> None:
    sizes = []
    for style in STYLES.values():
        with Image.open(style.thumb) as thumb:
            assert thumb.size == (96, 96)
        sizes.append(style.thumb.stat().st_size)
    assert sum(sizes) < 300_000
    assert {path.stem for path in style.thumb.parent.iterdir()} == set(STYLES)


def test_a_name_paints_with_its_row(content: Image.Image, blue: Style) -> None:
    painted = paint_now(content, blue, size=96)
    assert max(painted.size) == 96
    red, _, high = (np.asarray(painted, dtype=float)[..., channel].mean() for channel in range(3))
    assert high > red + 20  # it is blue
    assert _difference(painted, paint_now(content, blue, size=96)) == 0


def test_strength_goes_from_the_photo_to_the_painting(content: Image.Image, blue: Style) -> None:
    (stage,) = canvas.plan(content.size, canvas.Options(size=80, coarse_to_fine=False))
    photo = canvas.to_picture(canvas.to_tensor(content, stage, CPU))
    none, half, whole = (paint_now(content, blue, size=80, strength=s) for s in (0, 0.5, 1))
    assert _difference(none, photo) == 0
    mean = (np.asarray(photo, dtype=float) + np.asarray(whole, dtype=float)) / 2
    assert np.abs(np.asarray(half, dtype=float) - mean).max() <= 1


def test_original_colours_are_the_photos(content: Image.Image, blue: Style) -> None:
    photo, kept = (paint_now(content, blue, size=128, strength=s, keep_colours=s > 0) for s in (0, 1))
    of_photo, of_kept = (np.asarray(one.convert("YCbCr"), dtype=float)[..., 1:].mean((0, 1)) for one in (photo, kept))
    assert np.abs(of_photo - of_kept).max() < 4
    light = [np.asarray(one.convert("L"), dtype=float).mean() for one in (photo, kept)]
    assert abs(light[0] - light[1]) < 8


def test_mixing_ends_in_either_style(content: Image.Image, blue: Style, dabs: Style) -> None:
    assert torch.equal(blue.mixed(dabs, 0).gamma, blue.gamma)
    assert torch.equal(blue.mixed(dabs, 1).beta, dabs.beta)
    between = blue.mixed(dabs, 0.25)
    torch.testing.assert_close(between.beta, 0.75 * blue.beta + 0.25 * dabs.beta)
    ends = [paint_now(content, style, size=64) for style in (blue, dabs)]
    assert all(_difference(paint_now(content, between, size=64), end) > 30 for end in ends)


def test_styles_of_different_painters_are_not_mixed(style: Image.Image, blue: Style) -> None:
    with pytest.raises(OptionError, match="same painter"):
        blue.mixed(style_of_picture(style), 0.5)
    with pytest.raises(OptionError, match="from 0 to 1"):
        blue.mixed(blue, 1.5)


def test_two_pictures_mix_as_their_numbers_do(content: Image.Image, style: Image.Image) -> None:
    first, second = style_of_picture(style), style_of_picture(content)
    assert not torch.equal(first.gamma, second.gamma)
    assert max(paint_now(content, first.mixed(second, 0.5), size=64).size) == 64


def test_pictures_of_several_visitors_are_those_that_each_would_get_alone(
    content: Image.Image, style: Image.Image, blue: Style, dabs: Style
) -> None:
    """Different sizes, shapes, styles and painters, in an order that no batch keeps."""
    anything = style_of_picture(style)
    square = content.crop((0, 0, 200, 200))
    wishes = [
        Wish(content=content, style=blue, size=96),
        Wish(content=square, style=anything, size=72),
        Wish(content=content, style=dabs, size=96, keep_colours=True),
        Wish(content=square, style=blue, size=65, strength=0.4),
        Wish(content=content.transpose(Image.Transpose.FLIP_LEFT_RIGHT), style=dabs, size=96),
    ]
    for wish, together in zip(wishes, paint_together(wishes), strict=True):
        (alone,) = paint_together([wish])
        assert together.size == alone.size
        assert _difference(together, alone) <= 1


def test_batches_are_bounded(content: Image.Image, blue: Style, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.style.instant import paint

    seen: list[int] = []
    original = paint.paint_tensor

    def counting(record: object, contents: torch.Tensor, *rest: object) -> torch.Tensor:
        seen.append(len(contents))
        return original(record, contents, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(paint, "paint_tensor", counting)
    monkeypatch.setattr(paint, "MOST_TOGETHER", 2 * 64 * 64)
    square = content.crop((0, 0, 200, 200))
    assert len(paint_together([Wish(content=square, style=blue, size=64)] * 5)) == 5
    assert seen == [2, 2, 1]
    seen.clear()
    paint_together([Wish(content=square, style=blue, size=128)] * 2)  # each larger than the bound: alone
    assert seen == [1, 1]


@pytest.mark.parametrize("size", [64, 65, 66, 67, 131])
def test_any_size_is_painted(content: Image.Image, blue: Style, size: int) -> None:
    assert max(paint_now(content, blue, size=size).size) == size


@pytest.mark.parametrize(("wrong", "words"), [({"size": 63}, "64"), ({"size": 1025}, "1,024"), ({"strength": 2}, "0")])
def test_what_is_out_of_range_is_said(content: Image.Image, blue: Style, wrong: dict[str, float], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        paint_now(content, blue, **wrong)  # type: ignore[arg-type]


def test_a_style_is_found_by_name_by_file_and_by_picture(blue: Style, tmp_path: Path) -> None:
    file = StyleFile(title="Mine", gamma=blue.gamma, beta=blue.beta)
    path = tmp_path / "mine.safetensors"
    path.write_bytes(write_style(file))
    for given in (path, path.read_bytes()):
        found = find_any_style(given)
        assert found.title == "Mine"
        assert torch.equal(found.gamma, from_file(file).gamma)
    for picture in (SAMPLES["ink"].path, SAMPLES["ink"].path.read_bytes(), Image.open(SAMPLES["ink"].path)):
        assert find_any_style(picture).record.name == "style/arbitrary-transform"


def test_what_is_no_style_is_told(tmp_path: Path) -> None:
    for text in ("no-such-style", str(SAMPLES["ink"].path)):  # text is never a path
        with pytest.raises(OptionError, match="starry-blue"):
            find_any_style(text)
    path = tmp_path / "text.png"
    path.write_text("no picture")
    with pytest.raises(ImageError):
        find_any_style(path)
    path.write_bytes(b"\x10\0\0\0\0\0\0\0" + b'{"__metadata__":{}}' + b"\0" * 100)
    with pytest.raises(InputError, match="style file"):
        find_any_style(path)
    with pytest.raises(ImageError, match="nowhere"):
        find_any_style(tmp_path / "nowhere.png")
    with pytest.raises(ImageError, match="strokes"):
        find_any_style(Image.new("RGB", (64, 64), "red"))


def test_the_estimate_grows_with_the_pixels_and_memory_is_looked_at(
    content: Image.Image, blue: Style, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "seconds_per_pixel", lambda name, device: 1e-6)
    small, large = (Wish(content=content, style=blue, size=size) for size in (256, 1024))
    assert limits.estimate_s(large, CPU) == pytest.approx(16 * limits.estimate_s(small, CPU), rel=0.02)
    limits.check_fits(small, CPU)
    free = type("Free", (), {"free": 50_000_000})()
    monkeypatch.setattr(limits.devices, "memory", lambda device: free)
    with pytest.raises(ResourceError, match="at most") as told:
        limits.check_fits(large, CPU)
    most = int(str(told.value).split("at most ")[1].split()[0])
    limits.check_fits(Wish(content=content, style=blue, size=most), CPU)


def test_the_probe_measures_the_painter_that_it_is_asked_for() -> None:
    for name in ("style/multistyle26", "style/arbitrary-transform"):
        assert limits.seconds_per_pixel(name, CPU) > 0
