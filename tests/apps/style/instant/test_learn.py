"""Teaching a style: what it costs in closed forms, and lessons short enough for a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image

from apps.style import canvas
from apps.style.descent import losses
from apps.style.instant import learn
from apps.style.instant.judge import Judge, Weights, colours, mean_gram
from apps.style.instant.learn import Learner, Lesson, Step, sample_contents
from apps.style.instant.networks import ManyStyles
from apps.style.instant.style import MANY_RECORD
from apps.style.samples import SAMPLES
from apps.style.vgg.network import VGG
from shared.errors import OptionError
from shared.model_cache import model_cache
from shared.registry import find

pytestmark = pytest.mark.slow  # trains, paints or starts programs

Pixels = Callable[..., torch.Tensor]
SHORT = Lesson(steps=6, crop=64, style_side=64)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def contents() -> list[Image.Image]:
    return sample_contents()


@pytest.fixture(scope="module")
def ink() -> Image.Image:
    return canvas.open_style(SAMPLES["ink"].path)


@pytest.fixture(autouse=True)
def _one_content(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of a short lesson is trying the 26 styles: on one content, but where their choice is tested."""
    if "known_style" not in request.node.name:
        monkeypatch.setattr(learn, "_TRIED", 1)


def test_a_painting_that_misses_nothing_costs_its_variation(network: VGG, pixels: Pixels) -> None:
    picture = pixels("cat", 64, 64)
    judge = Judge(network, picture, Weights(smoothness=0.7), torch.float32)
    cost, parts = judge(picture, judge.target(picture))
    assert float(cost) == pytest.approx(0.7 * float(losses.total_variation(picture)), abs=1e-6)
    assert float(parts.abs().max()) < 1e-8


def test_the_cost_is_put_together_as_written(network: VGG, pixels: Pixels) -> None:
    """Against the formulas on the activations of the plain network, in float64."""
    weights = Weights(content=3.0, lambdas={"relu1_1": 2.0, "relu3_1": 0.5}, colour=0.4, smoothness=0.1)
    content, style, painted = pixels("cat", 64, 64), pixels("ink", 80, 64), pixels("temple", 64, 64)
    judge = Judge(network, style, weights, torch.float32)
    cost, parts = judge(painted, judge.target(content))
    plain = VGG(network.layers).double()
    plain.load_state_dict(network.state_dict())

    def seen(picture: torch.Tensor) -> dict[str, np.ndarray]:
        found = plain(picture.double(), ["relu1_1", "relu3_1", "relu3_3"], pooling="average")
        return {name: one[0].flatten(1).detach().numpy() for name, one in found.items()}

    def relative(got: np.ndarray, wanted: np.ndarray) -> float:
        return float(((got - wanted) ** 2).sum() / (wanted**2).sum())

    c, s, g = seen(content), seen(style), seen(painted)
    styles = sum(
        weight * relative(g[name] @ g[name].T / g[name].shape[1], s[name] @ s[name].T / s[name].shape[1])
        for name, weight in weights.lambdas.items()
    )
    rgb = {name: picture[0].flatten(1).double().numpy() for name, picture in (("s", style), ("g", painted))}
    colour = (((rgb["g"].mean(1) - rgb["s"].mean(1)) / 0.1) ** 2).mean()
    colour += relative(np.cov(rgb["g"], bias=True), np.cov(rgb["s"], bias=True))
    wanted = 3.0 * relative(g["relu3_3"], c["relu3_3"]) + styles + 0.4 * colour
    wanted += 0.1 * float(losses.total_variation(painted))
    assert float(cost) == pytest.approx(wanted, rel=1e-3)
    assert float(parts[1]) == pytest.approx(styles, rel=1e-3)


def test_style_matrices_of_different_sizes_compare(pixels: Pixels) -> None:
    small = pixels("ink", 32, 32)
    assert torch.allclose(mean_gram(small), mean_gram(small.repeat(1, 1, 2, 3)))
    mean, covariance = colours(small.repeat(1, 1, 2, 1))
    torch.testing.assert_close(mean, small.mean(dim=(0, 2, 3)))
    torch.testing.assert_close(covariance, torch.cov(small[0].flatten(1), correction=0))


def _steps(picture: Image.Image, contents: list[Image.Image], lesson: Lesson) -> tuple[Learner, list[Step]]:
    learner = Learner(picture, contents, lesson, device=CPU, title="Ink")
    return learner, list(learner.steps(preview_every=4))


def test_a_lesson_makes_paintings_cost_less(
    network: VGG, many: ManyStyles, ink: Image.Image, contents: list[Image.Image], pixels: Pixels
) -> None:
    learner, steps = _steps(ink, contents, Lesson(steps=30, crop=64, style_side=64))
    assert steps[-1].style < steps[0].style
    style = learner.style
    assert style.title == "Ink"
    judge = Judge(network, pixels("ink", 64, 64), Weights(), torch.float32)
    unseen = pixels("circles", 64, 64)  # no content that was practised on
    with torch.no_grad():
        target = judge.target(unseen)
        taught = float(judge(many.painter(unseen, style.gamma[None], style.beta[None]), target)[0])
        known = [many.painter(unseen, many.gamma[[row]], many.beta[[row]]) for row in range(26)]
        nearest = min(float(judge(painted, target)[0]) for painted in known)
    assert taught < nearest


def test_a_picture_painted_in_a_known_style_is_learned_from_that_style(
    many: ManyStyles, contents: list[Image.Image], pixels: Pixels
) -> None:
    row = 20  # deep red
    painted = canvas.to_picture(many.painter(pixels("temple", 128, 128), many.gamma[[row]], many.beta[[row]]))
    learner = Learner(painted, contents, Lesson(steps=1, crop=96, style_side=96, rate=0.0), device=CPU)
    list(learner.steps())
    torch.testing.assert_close(learner.style.gamma, many.gamma[row])
    torch.testing.assert_close(learner.style.beta, many.beta[row])


def test_the_seed_decides(ink: Image.Image, contents: list[Image.Image]) -> None:
    first, again, other = (
        _steps(ink, contents, Lesson(steps=3, crop=64, style_side=64, seed=seed))[0].style.gamma for seed in (1, 1, 2)
    )
    torch.testing.assert_close(first, again, rtol=0, atol=1e-4)
    assert float((first - other).abs().max()) > 1e-3


def test_the_painter_itself_is_left_as_it_is(ink: Image.Image, contents: list[Image.Image]) -> None:
    with model_cache().lease(find(MANY_RECORD), CPU) as held:
        many = cast("ManyStyles", held)
        before = {name: tensor.clone() for name, tensor in many.state_dict().items()}
        _steps(ink, contents, SHORT)
        assert all(torch.equal(tensor, before[name]) for name, tensor in many.state_dict().items())


def test_a_lesson_can_be_ended_after_any_step(ink: Image.Image, contents: list[Image.Image]) -> None:
    learner = Learner(ink, contents, SHORT, device=CPU)
    with pytest.raises(ValueError, match="not begun"):
        _ = learner.style
    steps = learner.steps()
    assert next(steps).progress.done == 1
    assert next(steps).progress.done == 2
    steps.close()  # type: ignore[attr-defined]
    assert learner.style.gamma.shape == (495,)
    assert all(model.leases == 0 for model in model_cache().statistics().models)


def test_now_and_then_a_step_shows_the_style(ink: Image.Image, contents: list[Image.Image]) -> None:
    _, steps = _steps(ink, contents, SHORT)
    assert [step.preview is not None for step in steps] == [True, False, False, True, False, True]
    last = steps[-1].preview
    assert last is not None
    assert max(last.size) == 128  # the contents are kept at twice the crop


def test_what_is_kept_is_the_mean_of_the_numbers(ink: Image.Image, contents: list[Image.Image]) -> None:
    """After two steps of Adam at a rate of r, whose first step moves every number by r: the mean of both."""
    one = Learner(ink, contents, Lesson(steps=1, crop=64, style_side=64), device=CPU)
    two = Learner(ink, contents, Lesson(steps=2, crop=64, style_side=64), device=CPU)
    still = Learner(ink, contents, Lesson(steps=1, crop=64, style_side=64, rate=0.0), device=CPU)
    for learner in (one, two, still):
        list(learner.steps())
    moved = (one.style.gamma - still.style.gamma).abs()
    assert float(moved.median()) == pytest.approx(0.03, rel=0.05)
    assert 0.02 < float((two.style.gamma - still.style.gamma).abs().median()) < 0.045


def test_numbers_of_a_lesson_are_checked(ink: Image.Image, contents: list[Image.Image]) -> None:
    for wrong in (Lesson(steps=0), Lesson(steps=10**6), Lesson(seed=-1)):
        with pytest.raises(OptionError):
            Learner(ink, contents, wrong)


def test_elongated_pictures_are_taught_too(contents: list[Image.Image]) -> None:
    long = canvas.open_style(SAMPLES["ink"].path).resize((400, 50))
    _steps(long, [content.resize((300, 40)) for content in contents[:1]], Lesson(steps=1, crop=64, style_side=64))
