"""Pictures on their way in and out: nothing is lost, starts are what their names say, sizes add up."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from apps.style import canvas
from apps.style.canvas import Stage
from apps.style.options import INITS, LARGEST, SMALLEST, Options
from shared.errors import ImageError

CPU = torch.device("cpu")


def random_picture(width: int, height: int, seed: int = 0) -> Image.Image:
    levels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(levels)


def test_a_picture_of_the_right_size_goes_in_and_out_unchanged() -> None:
    picture = random_picture(20, 16)
    tensor = canvas.to_tensor(picture, Stage(height=16, width=20, iterations=1), CPU)
    assert tensor.shape == (1, 3, 16, 20)
    assert np.array_equal(np.asarray(canvas.to_picture(tensor)), np.asarray(picture))


def test_what_does_not_fit_is_cropped_around_the_centre() -> None:
    picture = Image.new("RGB", (64, 16), "red")
    picture.paste("blue", (24, 0, 40, 16))
    tensor = canvas.to_tensor(picture, Stage(height=16, width=16, iterations=1), CPU)
    assert float(tensor[0, 2].min()) == 1.0
    assert float(tensor[0, 0].max()) == 0.0


def test_values_outside_the_range_are_clipped() -> None:
    levels = np.asarray(canvas.to_picture(torch.tensor([-1.0, 0.5, 2.0]).view(1, 3, 1, 1)))
    assert levels.ravel().tolist() == [0, 128, 255]


def test_a_start_is_what_its_name_says() -> None:
    content, style = torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    style = 0.3 + 0.1 * style
    assert torch.equal(canvas.start("content", content, style, 0), content)
    assert torch.equal(canvas.start("style", content, style, 0), style)
    noise, blend = canvas.start("noise", content, style, 0), canvas.start("blend", content, style, 0)
    torch.testing.assert_close(noise.mean(dim=(2, 3)), style.mean(dim=(2, 3)), atol=0.02, rtol=0)
    assert float(noise.std()) == pytest.approx(0.15, abs=0.02)
    torch.testing.assert_close(blend, 0.5 * (noise + content))
    assert torch.equal(noise, canvas.start("noise", content, style, 0))
    assert not torch.equal(noise, canvas.start("noise", content, style, 1))


@pytest.mark.parametrize("init", INITS)
def test_a_start_is_no_view_of_a_picture_and_stands_in_for_a_missing_one(init: str) -> None:
    one = torch.rand(1, 3, 16, 16)
    for pair in ((one, None), (None, one)):
        begin = canvas.start(init, *pair, 0)
        assert begin.shape == one.shape
        assert begin.data_ptr() != one.data_ptr()
        assert float(begin.min()) >= 0
        assert float(begin.max()) <= 1


@given(
    st.tuples(st.integers(16, 600), st.integers(16, 600)).filter(lambda shape: max(shape) <= 8 * min(shape)),
    st.integers(SMALLEST, LARGEST),
    st.integers(1, 300),
    st.sampled_from(sorted(INITS)),
    st.booleans(),
)
def test_a_plan_grows_to_the_size_and_spends_every_iteration(
    shape: tuple[int, int], size: int, iterations: int, init: str, coarse_to_fine: bool
) -> None:
    options = Options(size=size, iterations=iterations, init=init, coarse_to_fine=coarse_to_fine, extra=7)
    if min(shape) * size < 16 * max(shape):
        with pytest.raises(ImageError, match="shorter side"):
            canvas.plan(shape, options)
        return
    stages = canvas.plan(shape, options)
    longer = [max(stage.height, stage.width) for stage in stages]
    assert longer == sorted(longer)
    assert longer[-1] == size
    assert sum(stage.iterations for stage in stages) == iterations + 7
    assert [stage.extra for stage in stages[:-1]] == [0] * (len(stages) - 1)
    assert stages[-1].extra == 7
    planned = [stage.iterations - stage.extra for stage in stages]
    assert min(planned) >= 1
    assert max(planned) - min(planned) <= 1
    assert min(min(stage.height, stage.width) for stage in stages) >= 16
    if not coarse_to_fine:
        assert len(stages) == 1


def test_the_schedule_ends_before_the_extra_iterations() -> None:
    stage = Stage(height=16, width=16, iterations=15, extra=4)
    assert [stage.share(done) for done in (0, 5, 10, 14)] == [0.0, 0.5, 1.0, 1.0]


def test_enlarging_keeps_the_range_and_a_constant() -> None:
    stage = Stage(height=40, width=48, iterations=1)
    edge = torch.zeros(1, 3, 20, 24)
    edge[..., 12:] = 1.0  # bicubic interpolation overshoots at an edge
    large = canvas.enlarged(edge, stage)
    assert large.shape == (1, 3, 40, 48)
    assert float(large.min()) == 0.0
    assert float(large.max()) == 1.0
    assert large.is_contiguous()
    torch.testing.assert_close(canvas.enlarged(torch.full((1, 3, 8, 8), 0.25), stage), torch.full((1, 3, 40, 48), 0.25))


def test_light_is_moved_to_the_mean_and_contrast_of_the_content() -> None:
    style = canvas.greyed(Image.fromarray(np.linspace(60, 100, 64 * 64).reshape(64, 64).astype(np.uint8)))
    content = Image.fromarray(np.linspace(40, 200, 64 * 64).reshape(64, 64).astype(np.uint8)).convert("RGB")
    moved, wanted = (np.asarray(one, dtype=float) for one in (canvas.with_light_of(style, content), content))
    assert moved.mean() == pytest.approx(wanted.mean(), abs=1)
    assert moved.std() == pytest.approx(wanted.std(), abs=1)


def test_colours_are_the_content_s_and_lightness_the_picture_s() -> None:
    light, colours = canvas.greyed(random_picture(32, 32)), Image.new("RGB", (16, 16), (200, 120, 80))
    made = np.asarray(canvas.with_colours_of(light, colours).convert("YCbCr"), dtype=float)
    wanted = np.asarray(colours.resize((32, 32)).convert("YCbCr"), dtype=float)
    middle = (np.asarray(light)[..., 0] > 90) & (np.asarray(light)[..., 0] < 180)  # where no channel is clipped
    assert np.abs(made[middle] - wanted[middle])[:, 1:].max() <= 2
    assert np.abs(made[middle][:, 0] - np.asarray(light, dtype=float)[middle][:, 0]).max() <= 2


@pytest.mark.parametrize(("shape", "fits"), [((128, 16), True), ((129, 16), False), ((16, 128), True)])
def test_a_picture_may_be_eight_times_as_long_as_wide(shape: tuple[int, int], fits: bool) -> None:
    picture = random_picture(*shape)
    if fits:
        assert canvas.open_content(picture).size == shape
    else:
        with pytest.raises(ImageError, match="8 times"):
            canvas.open_content(picture)


@pytest.mark.parametrize(("contrast", "fits"), [(1, False), (3, True)])
def test_a_style_picture_needs_some_contrast(contrast: int, fits: bool) -> None:
    halves = np.repeat([[100, 100 + 2 * contrast]], 64, axis=0).repeat(32, axis=1)  # standard deviation: ``contrast``
    picture = Image.fromarray(halves.astype(np.uint8)).convert("RGB")
    if fits:
        assert canvas.open_style(picture).size == (64, 64)
    else:
        with pytest.raises(ImageError, match="one flat colour"):
            canvas.open_style(picture)
