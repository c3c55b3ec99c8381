"""The filters to slide: one table per scene. Weights are (C, D, kH, kW); a signal has D = kH = 1, a picture D = 1.

Convolution in networks is cross-correlation: the filter is not turned round. A filter answers most strongly where the
input looks like it, which is why a beat cut from the signal finds the beats that look alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One filter, and what to notice."""

    title: str
    weights: np.ndarray  # (C, D, kH, kW), float64
    note: str


def _row(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=float).reshape(1, 1, 1, -1)


def _square(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, dtype=float)[None, None]


def _bell(size: int, sigma: float) -> np.ndarray:
    x = np.arange(size) - size // 2
    bell = np.exp(-(x**2) / (2 * sigma**2))
    return np.asarray(bell / bell.sum())


def cut_out(signal: np.ndarray, centre: int, size: int) -> np.ndarray:
    """``size`` samples of ``signal`` (T,) round ``centre`` as a filter: mean 0, length 1."""
    piece = signal[centre - size // 2 : centre - size // 2 + size].astype(float)
    piece = piece - piece.mean()
    return np.asarray(piece / np.linalg.norm(piece)).reshape(1, 1, 1, -1)


def signal_filters(signal: np.ndarray, normal_at: int, ventricular_at: int) -> tuple[Filter, ...]:
    """The filters for a signal (T,); two of them are cut out of it at the given samples."""
    return (
        Filter(title="Average of 9", weights=_row(*[1 / 9] * 9), note="Blurs: the noise goes, the peaks sink."),
        Filter(
            title="Slope",
            weights=_row(-0.5, 0, 0.5),
            note="Next minus previous: high on the way up, low on the way down.",
        ),
        Filter(title="Curvature", weights=_row(1, -2, 1), note="Only sharp corners are left; so is the noise."),
        Filter(
            title="A normal beat",
            weights=cut_out(signal, normal_at, 15),
            note="A beat cut from this very signal: the sum is largest where the signal looks like the filter.",
        ),
        Filter(
            title="The ventricular beat",
            weights=cut_out(signal, ventricular_at, 31),
            note="The broad beat as a filter: it answers most to its own kind.",
        ),
        Filter(
            title="Bell curve",
            weights=_bell(11, 2.0).reshape(1, 1, 1, -1),
            note="Blurs without the steps of an average.",
        ),
        Filter(
            title="Nothing (identity)",
            weights=_row(0, 0, 1, 0, 0),
            note="A single 1 copies the input. Start here to draw.",
        ),
    )


def photo_filters() -> tuple[Filter, ...]:
    """The filters for a photo; those with one channel see it in grey, those with three in colour."""
    bell = _bell(5, 1.0)
    return (
        Filter(
            title="Edges, vertical",
            weights=_square((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
            note="Right minus left (Sobel): 0 on flat ground, large where dark turns to light.",
        ),
        Filter(
            title="Edges, horizontal",
            weights=_square((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
            note="Below minus above: the same filter, turned.",
        ),
        Filter(
            title="Edges, all",
            weights=_square((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
            note="The middle against its eight neighbours.",
        ),
        Filter(
            title="Blur, 5x5", weights=(bell[:, None] * bell[None, :])[None, None], note="A weighted mean of 25 pixels."
        ),
        Filter(title="Blur, 7x7 average", weights=np.full((1, 1, 7, 7), 1 / 49), note="A plain mean of 49 pixels."),
        Filter(
            title="Sharpen",
            weights=_square((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
            note="The pixel plus its edge; adds up to 1.",
        ),
        Filter(
            title="Relief",
            weights=_square((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
            note="Light from one corner. Adds up to 1.",
        ),
        Filter(
            title="Red against the rest, 1x1x3",
            weights=np.array([1.0, -0.5, -0.5]).reshape(3, 1, 1, 1),
            note="A 1x1 filter looks at one pixel and weighs its three channels.",
        ),
        Filter(
            title="Edges in colour, 3x3x3",
            weights=np.repeat(_square((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), 3, axis=0) / 3,
            note="Three layers of weights, 27 products, one sum: the channels are added up.",
        ),
        Filter(
            title="Nothing (identity)",
            weights=_square((0, 0, 0), (0, 1, 0), (0, 0, 0)),
            note="A single 1 copies the input.",
        ),
    )


def _along(axis: int, numbers: tuple[float, ...]) -> np.ndarray:
    shape = [1, 1, 1, 1]
    shape[axis] = len(numbers)
    return np.array(numbers, dtype=float).reshape(shape)


def _motion(dx: int) -> np.ndarray:
    """Along the way of something that moves by ``dx`` pixels a frame, minus along the opposite way; (1, 3, 3, 3)."""
    weights = np.zeros((1, 3, 3, 3))
    for t in range(3):
        weights[0, t, :, 1 + dx * (t - 1)] += 1 / 3
        weights[0, t, :, 1 - dx * (t - 1)] -= 1 / 3
    return weights


def film_filters() -> tuple[Filter, ...]:
    """The filters for a film: depth is time."""
    return (
        Filter(
            title="Motion to the right",
            weights=_motion(1),
            note="The weights step right from frame to frame: + for what moves right, − for what moves left, 0 for "
            "what stands.",
        ),
        Filter(title="Motion to the left", weights=_motion(-1), note="The mirror image: every sign changes."),
        Filter(
            title="What has changed",
            weights=_along(1, (-1, 0, 1)),
            note="A later frame minus an earlier one: whatever stands still is gone.",
        ),
        Filter(
            title="Blur in time", weights=_along(1, (0.2,) * 5), note="Five frames added up: what moves leaves a trail."
        ),
        Filter(
            title="Edges in each frame",
            weights=_square((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
            note="Depth 1: a 2-D filter, frame by frame. It cannot see motion.",
        ),
        Filter(title="Average, 3x3x3", weights=np.full((1, 3, 3, 3), 1 / 27), note="Blurs in space and in time."),
    )


def volume_filters() -> tuple[Filter, ...]:
    """The filters for a volume: depth is the slice."""
    laplace = np.zeros((1, 3, 3, 3))
    laplace[0, 1, 1, 1] = 6
    for axis in range(3):
        for side in (0, 2):
            at = [1, 1, 1]
            at[axis] = side
            laplace[(0, *at)] = -1
    return (
        Filter(
            title="Surfaces, all",
            weights=laplace,
            note="A voxel against its six neighbours: the skull and the ventricles.",
        ),
        Filter(
            title="Surfaces across the slices",
            weights=_along(1, (-1, 0, 1)),
            note="The slice above minus the slice below: what a 2-D filter cannot see.",
        ),
        Filter(title="Surfaces, left to right", weights=_along(3, (-1, 0, 1)), note="Right minus left in each slice."),
        Filter(title="Average, 3x3x3", weights=np.full((1, 3, 3, 3), 1 / 27), note="Less noise, less detail."),
        Filter(
            title="Sharpen",
            weights=laplace + np.pad(np.ones((1, 1, 1, 1)), ((0, 0), (1, 1), (1, 1), (1, 1))),
            note="The voxel plus its surface.",
        ),
    )
