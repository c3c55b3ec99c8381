"""What torch says of layers, and what was measured on them: plain values, without torch."""

from __future__ import annotations

from dataclasses import dataclass

from apps.conv.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What torch says of one step, and whether it is what the arithmetic says."""

    shape: Shape | None  # of torch's output; None: torch refuses the layer
    parameters: int  # numbers in torch's module
    multiplications: int | None  # by torch's counter of operations; None if there are none to count
    difference: float | None  # of one output value, by hand and by torch in float64; None: too large to run here
    agrees: bool
    refused: str = ""  # torch's reason, where it refuses the layer


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How many random layers torch and the arithmetic agree on so far."""

    n: int
    agreed: int
    by_axes: dict[int, int]  # layers with one, two, three axes
    largest_difference: float  # of one output value, by hand and by torch
    computed: int  # layers small enough to run on numbers
    wrong: tuple[str, ...]  # the first layers that disagree

    @property
    def most_wrong(self) -> float:
        """Upper end of the exact 95 % interval (Clopper and Pearson, one-sided) of the share that disagrees."""
        from scipy.stats import binomtest

        test = binomtest(self.n - self.agreed, self.n, alternative="less")
        return float(test.proportion_ci(confidence_level=0.95, method="exact").high)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one layer cost on this machine."""

    title: str
    text: str  # input and layer
    multiplications: int
    best_ms: float  # the fastest of the repeats
    middle_ms: float  # their median
    repeats: int

    @property
    def billions_a_second(self) -> float:
        """Multiplications a second, in billions, at the best time."""
        return self.multiplications / self.best_ms / 1e6
