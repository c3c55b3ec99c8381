"""A run that is computed on workers: stopped, continued, and gone on with after a worker has died."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from apps.style.options import Options
from apps.style.run.transfer import Run
from shared.engine import Here, cluster, use
from tests.shared.engine.fake_ray import busy, cluster_here

pytestmark = pytest.mark.slow  # paints

TINY = Options(size=48, iterations=5, init="noise", coarse_to_fine=False, precision="float32")
GROWS = dataclasses.replace(TINY, iterations=4, coarse_to_fine=True, init="content", size=140)  # in two sizes
TOLD: list[str] = []


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[cluster.Cluster]:
    TOLD.clear()
    with cluster_here(monkeypatch, TOLD) as made:
        yield made


def approx(costs: dict[str, Any]) -> dict[str, Any]:
    return {
        name: approx(cost) if isinstance(cost, dict) else pytest.approx(cost, rel=1e-4) for name, cost in costs.items()
    }


def painted(run: Run) -> np.ndarray:
    for _ in run.steps(every_s=0.0):
        pass
    return np.asarray(run.picture)


def test_stopped_and_continued_elsewhere_it_is_the_run_at_home(
    far: cluster.Cluster, content: Image.Image, style: Image.Image
) -> None:
    run = Run(content, style, TINY)
    steps = run.steps(every_s=0.0)
    next(steps), next(steps)
    steps.close()  # type: ignore[attr-defined]
    there = painted(run)
    exact = run.result()
    assert run.done == 5
    assert [cost.iteration for cost in run.costs] == list(range(1, 6))  # those that nobody saw, too
    use(Here())
    at_home = Run(content, style, TINY)
    # A worker's threads may add in another order than those at home: the last digits of a sum are nobody's promise.
    assert np.abs(there.astype(int) - painted(at_home)).max() <= 1
    assert dataclasses.asdict(exact.last) == approx(dataclasses.asdict(at_home.result().last))
    assert not TOLD


def test_a_worker_dies_and_another_one_goes_on_from_g(
    far: cluster.Cluster, content: Image.Image, style: Image.Image
) -> None:
    run = Run(content, style, dataclasses.replace(TINY, iterations=6))
    seen = []
    for step in run.steps(every_s=0.0):
        seen.append(step.done)
        if step.done == 3:
            busy(far)[0].die()
    assert len(TOLD) == 1
    assert seen == list(range(1, 7))  # from the last step that was seen
    assert [cost.iteration for cost in run.costs] == seen
    assert run.result().last.J < run.costs[2].J
    assert run.memory is not None


def test_a_worker_dies_at_the_second_size(far: cluster.Cluster, content: Image.Image, style: Image.Image) -> None:
    run = Run(content, style, GROWS)
    seen = []
    for step in run.steps(every_s=0.0):
        seen.append((step.done, max(step.picture.size)))
        if step.done in (2, 3):  # the last of a size, and the first of the next one
            busy(far)[0].die()
    small, large = (max(stage.width, stage.height) for stage in run.stages)
    assert small < large
    assert seen == [(1, small), (2, small), (3, large), (4, large)]
    assert len(TOLD) == 2


@pytest.mark.parametrize("options", [TINY, GROWS], ids=["one size", "two sizes"])
def test_what_a_step_tells_is_small(content: Image.Image, style: Image.Image, options: Options) -> None:
    """A painting in a class must not fill the network: of the optimizer's memory nothing, of the costs the new ones."""
    run = Run(content, style, options)
    steps = run.steps(every_s=0.0)
    for _ in range(3):
        next(steps)
        noted = run.noted()
        assert len(noted["costs"]) == 1
        assert len(pickle.dumps(noted)) < run.pixels.nbytes + 2_000
    steps.close()  # type: ignore[attr-defined]
    assert len(pickle.dumps(run.noted())) > 5 * run.pixels.nbytes  # a pause keeps all
    assert len(pickle.dumps(run._forgetful())) < len(pickle.dumps(run))
