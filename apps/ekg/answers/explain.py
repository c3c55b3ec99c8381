"""Why the network answered as it did for one beat: what it looked at, and what every layer made of it.

* Saliency: the gradient of the class's log-probability along the beat's own samples (Simonyan, Vedaldi and Zisserman
  2013), through every channel in which the beat appears: in the beat and in all its differences.
* Ablation: the answer with the shape alone, and with the rhythm alone (the other set to "like the reference"). For
  most supraventricular beats it is the rhythm that decides, and this shows it.
* Filters: the first layer's, slid over the beat, and the activations of every layer with their shapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apps.ekg.aami import LETTERS, UNCLASSIFIED
from apps.ekg.answers.classify import Classified
from apps.ekg.beats.features import FEATURES, OF_ITS_SHAPE, RHYTHM_FEATURES, SHAPE_FEATURES
from apps.ekg.beats.inputs import cropped
from apps.ekg.beats.shapes import EVERY_BEAT
from apps.ekg.beats.windows import WINDOW, Array, compressed
from shared.errors import check_whole

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class LayerView:
    """The activations of one layer for one beat."""

    name: str
    activations: Array  # (C, T)


@dataclass(frozen=True)
class Explained:
    """One beat from the inside; curves have WINDOW samples."""

    index: int
    probabilities: tuple[float, ...]  # of N S V F Q, after beats of one shape were pooled
    own: tuple[float, ...]  # N S V F of this beat alone, as the network answered
    signal: Array  # (T,) in units of the patient's QRS height
    reference: Array  # (T,) the local reference beat
    saliency: Array  # (T,) at least 0, largest 1
    shape_only: tuple[float, ...]  # N S V F with the rhythm like the reference's
    rhythm_only: tuple[float, ...]  # N S V F with the shape like the reference's
    features: tuple[tuple[str, float], ...]
    layers: tuple[LayerView, ...]


def explain(found: Classified, index: int, network: nn.Module) -> Explained:
    """Look into the network's answer for beat ``index``.

    Raises:
        OptionError: there is no such beat.
    """
    import torch

    from apps.ekg.network.ensemble import N_CLASSES, BeatNet, Ensemble

    if not isinstance(network, Ensemble):
        raise TypeError("the EKG classifier is an Ensemble")
    index = check_whole(index, "The beat's number", low=0, high=len(found.times_s) - 1)
    device = next(network.parameters()).device
    windows, features = (torch.from_numpy(part).to(device) for part in found.inputs.of(index, index + 1))
    local = cropped(found.inputs.reference.near(index, index + 1)[0])
    member = network.members[0]
    if not isinstance(member, BeatNet):
        raise TypeError("the first member of the ensemble is a BeatNet")
    target = int(found.probabilities[index, :N_CLASSES].argmax())
    with torch.no_grad():
        layers = tuple(LayerView(name, x[0].cpu().numpy()) for name, x in member.convolutions(windows))
    return Explained(
        index=index,
        probabilities=tuple(found.probabilities[index].tolist()),
        own=_answer(network, windows, features),
        signal=windows[0, 0].cpu().numpy(),
        reference=local,
        saliency=_saliency(network, windows, features, target),
        shape_only=_answer(network, windows, _with_even_rhythm(features)),
        rhythm_only=_answer(network, _like_reference(windows, local), _with_shape_of_reference(features)),
        features=tuple(zip(FEATURES, features[0].tolist(), strict=True)),
        layers=layers,
    )


def first_filters(network: nn.Module) -> Array:
    """The first layer of the first network: (filters, C, taps)."""
    return np.asarray(network.get_parameter("members.0.conv1.0.weight").detach().cpu().numpy())


def slide(kernel: Array, channels: Array, *, stride: int = 2) -> npt.NDArray[np.float64]:
    """One filter (C, taps) slid over (C, T), zero-padded by half its taps: the (T / stride,) sums of conv1."""
    taps = kernel.shape[1]
    padded = np.pad(channels.astype(np.float64), ((0, 0), (taps // 2, taps // 2)))
    view = np.lib.stride_tricks.sliding_window_view(padded, taps, axis=1)[:, ::stride]
    return np.asarray(np.einsum("ctk,ck->t", view, kernel.astype(np.float64)))


def _with_even_rhythm(features: Tensor) -> Tensor:
    """``features`` of a beat whose intervals are those around it: all ratios 1, all their logarithms 0."""
    changed = features.clone()
    changed[:, : len(RHYTHM_FEATURES)] = 0
    changed[:, [place for place, name in enumerate(FEATURES) if _is_of_shape(name) and "RR" in name]] = 0
    return changed


def _with_shape_of_reference(features: Tensor) -> Tensor:
    """``features`` (1, D) of a beat that looks exactly like its reference, as do all others."""
    changed, first = features.clone(), len(RHYTHM_FEATURES)
    for place, name in enumerate(SHAPE_FEATURES, first):
        changed[:, place] = 1.0 if " like " in name else 0.0  # correlations; logarithms of ratios
    own, ratio = (first + SHAPE_FEATURES.index(name) for name in ("QRS width", "QRS width / reference"))
    changed[:, own] = features[:, own] - features[:, ratio]
    for place, name in enumerate(FEATURES):
        if _is_of_shape(name) and "RR" not in name:
            changed[:, place] = changed[:, own] if "width" in name else 1.0 if "likeness" in name else EVERY_BEAT
    return changed


def _is_of_shape(name: str) -> bool:
    """Whether a feature describes what the beats of one shape have in common."""
    return name.startswith(OF_ITS_SHAPE)


def _like_reference(windows: Tensor, reference: Array) -> Tensor:
    """``windows`` (1, C, T) of a beat that is its ``reference`` (T,): no difference from anything."""
    import torch

    changed = torch.zeros_like(windows)
    changed[:, 0] = torch.from_numpy(reference)
    changed[:, 1] = torch.from_numpy(compressed(reference))
    return changed


def _answer(network: nn.Module, windows: Tensor, features: Tensor) -> tuple[float, ...]:
    import torch

    with torch.no_grad():
        return tuple(network(windows, features)[0].exp().cpu().tolist())


def _saliency(network: nn.Module, windows: Tensor, features: Tensor, target: int) -> Array:
    """|d log p(target) / d sample| of the beat's own samples, smoothed over 40 ms."""
    import torch

    beat = windows[:, 0].clone().requires_grad_(True)
    moved = torch.arcsinh(8 * beat) / 2 - windows[:, 1]  # 0, but with a gradient
    straight = beat - windows[:, 0]
    every = torch.stack(
        [windows[:, 0] + straight, *(windows[:, n] + moved for n in range(1, 6)), windows[:, 6] + straight], dim=1
    )
    with torch.enable_grad():
        network(every, features)[0, target].backward()
    gradient = beat.grad[0].abs() if beat.grad is not None else torch.zeros(WINDOW)
    smooth = np.convolve(gradient.cpu().numpy(), np.full(5, 0.2), "same")
    return np.asarray(smooth / max(float(smooth.max()), 1e-12), np.float32)


def sentence(found: Explained) -> str:
    """The ablation in words."""
    best = int(np.argmax(found.probabilities))
    if best == UNCLASSIFIED:
        return "This stretch is missing, flat, clipped or lost in noise: its answer is not used."
    shape, rhythm, both, own = (
        answer[best] for answer in (found.shape_only, found.rhythm_only, found.probabilities, found.own)
    )
    letter = LETTERS[best]
    before = f", {own:.2f} before pooling with the other beats of its shape" if abs(both - own) > 0.1 else ""
    if shape >= 0.5 and rhythm >= 0.5:
        why = "either alone says so, too"
    elif shape >= 0.5:
        why = "the shape alone says so, the rhythm alone does not"
    elif rhythm >= 0.5:
        why = "the rhythm alone says so, the shape alone does not"
    else:
        why = "only both together say so"
    return f"{letter} with probability {both:.2f}{before}: {why} (shape alone {shape:.2f}, rhythm alone {rhythm:.2f})."
