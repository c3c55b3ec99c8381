"""The picture in one pass on the axis of a run's J."""

from __future__ import annotations

import dataclasses

import pytest
from PIL import Image

from apps.style.descent.costs import Costs
from apps.style.options import Options
from apps.style.run.transfer import Run
from apps.style.run.worth import one_pass, reached_after

TINY = Options(size=64, iterations=2, coarse_to_fine=False, precision="float32")
AT = (48, 64)


def cost(iteration: int, J: float, size: tuple[int, int] = AT) -> Costs:
    return Costs(iteration=iteration, size=size, J=J, content=0.0, style=0.0, layers={}, variation=0.0)


@pytest.mark.parametrize("keep", [False, True])
def test_it_costs_what_a_run_that_begins_from_it_costs_at_first(
    content: Image.Image, style: Image.Image, keep: bool
) -> None:
    options = dataclasses.replace(TINY, keep_colours=keep)
    begun = Run(content, style, dataclasses.replace(options, init="instant"))
    for _ in begun.steps():
        break
    found = one_pass(Run(content, style, options))
    assert found is not None
    assert found.size == begun.costs[0].size
    assert pytest.approx(begun.costs[0].J, rel=1e-4) == found.J


@pytest.mark.parametrize("without", [{"alpha": 0.0}, {"beta": 0.0}])
def test_where_one_picture_does_not_count_there_is_nothing_to_compare(
    content: Image.Image, style: Image.Image, without: dict[str, float]
) -> None:
    assert one_pass(Run(content, style, dataclasses.replace(TINY, **without))) is None  # type: ignore[arg-type]


def test_the_iteration_that_comes_down_to_it_is_found_at_its_own_size_only() -> None:
    costs = [cost(1, 0.1, (24, 32)), cost(2, 0.9), cost(3, 0.5), cost(4, 0.3)]
    assert reached_after(costs, cost(0, 0.5)) == 3
    assert reached_after(costs, cost(0, 0.2)) is None
