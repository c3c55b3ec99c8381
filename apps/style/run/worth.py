"""How many iterations is one pass worth? The picture in one pass on the axis of a run's own J.

As Johnson, Alahi & Fei-Fei 2016 (arXiv 1603.08155, figure 5) compare the two. ``benchmarks.style_one_pass`` measures it
over many pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.style.descent.costs import Costs
    from apps.style.run.transfer import Run


def one_pass(run: Run) -> Costs | None:
    """The costs of the picture in one pass, at the size of ``run``; ``None`` where J needs only one of the pictures.

    Raises:
        WeightsError: the files of a network are missing.
    """
    from apps.style.instant.begin import start_from

    options = run.options
    if run.content is None or run.style is None or options.alpha == 0 or options.beta == 0:
        return None
    return run.cost_of(start_from(run.content, run.style, options.size))


def reached_after(costs: Sequence[Costs], level: Costs) -> int | None:
    """The first iteration, at the size of ``level``, whose J is not above it; ``None`` if there is none yet."""
    return next((cost.iteration for cost in costs if cost.size == level.size and level.J >= cost.J), None)
