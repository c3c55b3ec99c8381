"""Seeds, walks, sheets, and what a visitor may type."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.gan.choices import FULL, check_count, check_seed, check_truncation, digits_in
from apps.gan.drawing.sampling import classes_for, latents, linear, paint, spherical, verdicts
from apps.gan.players.networks import Discriminator, Generator, Z
from shared.errors import OptionError


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(3)
    model = Generator(classes=10, widths=(16, 8, 8))
    for parameter in model.parameters():
        parameter.data.normal_(0, 0.3)
    return model.eval()


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 40])
def test_the_number_of_pictures_changes_no_bit_of_them(generator: Generator, count: int) -> None:
    y = torch.arange(40) % 10
    everything = paint(generator, latents(5, 40), y)
    assert everything.float().std() > 1
    assert torch.equal(latents(5, count), latents(5, 40)[:count])
    assert torch.equal(paint(generator, latents(5, count), y[:count]), everything[:count])


def test_another_seed_is_another_picture() -> None:
    assert not torch.equal(latents(0, 3), latents(1, 3))


def test_latents_are_normal_and_truncation_cuts_them_smoothly() -> None:
    z = latents(0, 2_000)
    assert abs(z.mean().item()) < 0.01
    assert abs(z.std().item() - 1) < 0.01
    cut = latents(0, 2_000, truncation=0.5)
    assert cut.abs().max() <= 0.5
    assert torch.equal(cut.sign(), z.sign())
    uniform = torch.rand(2_000, Z, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.equal(latents(0, 2_000, truncation=FULL), torch.special.ndtri(uniform).clamp(-6, 6).float())
    nearly = latents(0, 2_000, truncation=FULL - 1e-6)
    assert (nearly - z).abs().quantile(0.999) < 0.2


def test_walks_hit_their_end_points_exactly() -> None:
    a, b = latents(1, 2)
    for walk in (linear, spherical):
        steps = walk(a, b, 9)
        assert torch.equal(steps[0], a)
        assert torch.equal(steps[-1], b)
        assert steps.shape == (9, Z)


def test_the_arc_keeps_its_length_where_the_line_cuts_through() -> None:
    a, b = torch.zeros(Z), torch.zeros(Z)
    a[0], b[1] = 8, 8
    assert spherical(a, b, 5).norm(dim=1) == pytest.approx([8.0] * 5)
    assert linear(a, b, 3)[1].norm().item() == pytest.approx(8 / math.sqrt(2))
    middle = spherical(a, b, 3)[1]
    assert middle[:2].tolist() == pytest.approx([8 / math.sqrt(2)] * 2)


def test_the_arc_of_parallel_vectors_is_the_line() -> None:
    for a in latents(2, 40):  # of some the cosine is rounded to a little more than 1
        assert torch.allclose(spherical(a, 2 * a, 5), linear(a, 2 * a, 5), atol=1e-5)


@given(seed=st.integers(0, 1000), steps=st.integers(2, 40))
@settings(max_examples=30, deadline=None)
def test_walks_between_any_vectors_stay_finite(seed: int, steps: int) -> None:
    a, b = latents(seed, 2)
    for walk in (linear, spherical):
        assert torch.isfinite(walk(a, b, steps)).all()


def test_a_number_is_read_with_what_people_put_between_digits() -> None:
    assert digits_in("2026") == (2, 0, 2, 6)
    assert digits_in(" +1 (555) 010-99 ") == (1, 5, 5, 5, 0, 1, 0, 9, 9)
    assert digits_in("31.12.2026") == (3, 1, 1, 2, 2, 0, 2, 6)
    assert digits_in(2026) == (2, 0, 2, 6)


@pytest.mark.parametrize("text", ["", "  ", "12a4", "٣", "1" * 10_000, "-", "²", None])
def test_what_is_no_number_is_refused(text: object) -> None:
    with pytest.raises(OptionError):
        digits_in(text)


@pytest.mark.parametrize("value", [-1, 2**31, 1.5, "x", float("nan"), None])
def test_bad_seeds(value: object) -> None:
    with pytest.raises(OptionError):
        check_seed(value)


@pytest.mark.parametrize("value", [0, -3, 10_001, float("inf"), "ten"])
def test_bad_counts(value: object) -> None:
    with pytest.raises(OptionError):
        check_count(value)


@pytest.mark.parametrize("value", [0, -1, 5, float("nan"), "a"])
def test_bad_truncations(value: object) -> None:
    with pytest.raises(OptionError):
        check_truncation(value)


def test_classes_in_turn_or_one_of_them(generator: Generator) -> None:
    y = classes_for(generator, 12, None)
    assert y is not None
    assert y.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert classes_for(generator, 3, 7).tolist() == [7, 7, 7]  # type: ignore[union-attr]
    plain = Generator(widths=(8, 8, 8))
    assert classes_for(plain, 3, None) is None
    with pytest.raises(OptionError, match="cgan-digits"):
        classes_for(plain, 3, 7)


def test_verdicts_do_not_depend_on_the_company() -> None:
    torch.manual_seed(0)
    model = Discriminator(widths=(8, 8, 8), hidden=8).eval()
    x = torch.rand(20, 1, 28, 28) * 2 - 1
    assert torch.allclose(verdicts(model, x)[3:4], verdicts(model, x[3:4]), atol=1e-6)
    assert torch.equal(verdicts(model, x[:5]), verdicts(model, x)[:5])
    assert len(verdicts(model, x[:0])) == 0
