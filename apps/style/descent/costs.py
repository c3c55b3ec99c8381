"""What one G costs, and what a descent remembers: plain values, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Memory = dict[str, np.ndarray[Any, np.dtype[np.float32]]]  # of a descent: G and what its optimizer remembers


@dataclass(frozen=True, kw_only=True)
class Costs:
    """The exact costs of one G."""

    iteration: int
    size: tuple[int, int]  # height, width
    J: float  # alpha J_content + beta J_style
    content: float  # J_content
    style: float  # J_style = sum_l lambda'_l J_style[l]
    layers: Mapping[str, float]  # J_style[l]
    variation: float  # total variation, outside J
