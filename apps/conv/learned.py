"""Filters that networks of the hub learned: the first layer of each, where its weight file is at hand.

Only bundled files are read; nothing is downloaded to look at a filter.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from apps.conv.filters import Filter
from shared.errors import HubError
from shared.registry import find
from shared.registry.types import Bundled
from shared.settings import weights_dir
from shared.weights import ensure, read_tensors

log = logging.getLogger("convhub.conv")


@dataclass(frozen=True, kw_only=True)
class FirstLayer:
    """Where a network's first filters are, and how to show them."""

    record: str  # name in the registry
    title: str
    bgr: bool  # the network takes blue, green, red
    shown: int  # how many of the filters, the strongest first


EKG_RECORD, EKG_TENSOR, EKG_SHOWN = "ekg/beatnet-ds1", "members.0.conv1.0.weight", 6

FIRST_LAYERS: tuple[FirstLayer, ...] = (
    FirstLayer(record="face/resnet29-128d", title="face network", bgr=False, shown=12),
    FirstLayer(record="style/vgg16-hed", title="VGG-16", bgr=True, shown=12),
)


def first_weights(record_name: str, tensor: str = "") -> np.ndarray | None:
    """The kernel ``tensor`` of a bundled network, or, unnamed, its one kernel that sees three channels.

    ``None`` where the weights are not at hand, or have no such kernel.
    """
    return _read(record_name, tensor, weights_dir())


@lru_cache(maxsize=8)
def _read(record_name: str, tensor: str, folder: Path) -> np.ndarray | None:
    """The kernel, read once for the bundle in ``folder``: a class of visitors opens the scene at the same time."""
    try:
        record = find(record_name)
        if not isinstance(record.origin, Bundled):
            return None
        tensors = read_tensors(ensure(record))
    except HubError as error:
        log.info("no learned filters of %s: %s", record_name, error)
        return None
    if tensor:
        return tensors[tensor].double().numpy() if tensor in tensors else None
    kernels = [t for t in tensors.values() if t.ndim == 4 and t.shape[1] == 3]
    return kernels[0].double().numpy() if len(kernels) == 1 else None


def learned_signal_filters() -> tuple[Filter, ...]:
    """First-layer filters (1, 1, 1, kW) of the EKG network, their weights for the plain beat, scaled as the others."""
    weights = first_weights(EKG_RECORD, EKG_TENSOR)
    if weights is None or weights.ndim != 3:
        return ()
    own = weights[:, 0]  # (K, kW): the first channel is the beat itself, the others are beats compared with it
    strength = np.abs(own).sum(axis=1)
    return tuple(
        Filter(
            title=f"Learned: EKG network, {index + 1} of {len(own)}",
            weights=(own[index] / max(float(strength[index]), 1e-12)).reshape(1, 1, 1, -1),
            note="Trained on beats at 125 Hz, this signal's rate: its weights for the beat itself, one of "
            f"{weights.shape[1]} channels.",
        )
        for index in np.argsort(-strength)[:EKG_SHOWN]
    )


def learned_filters() -> tuple[Filter, ...]:
    """First-layer filters (3, 1, kH, kW) of the bundled networks, each divided by the sum of its absolute weights."""
    found: list[Filter] = []
    for layer in FIRST_LAYERS:
        weights = first_weights(layer.record)
        if weights is None:
            continue
        if layer.bgr:
            weights = weights[:, ::-1]
        strength = np.abs(weights).sum(axis=(1, 2, 3))
        for index in np.argsort(-strength)[: layer.shown]:
            found.append(
                Filter(
                    title=f"Learned: {layer.title}, {index + 1} of {len(weights)}",
                    weights=(weights[index] / max(float(strength[index]), 1e-12))[:, None],
                    note="Nobody chose these numbers: training did. Scaled so that the absolute weights add up to 1.",
                )
            )
    return tuple(found)
