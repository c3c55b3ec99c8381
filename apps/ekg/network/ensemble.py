"""The networks: 1-D convolutions over a beat with an MLP over its intervals, MLPs alone, and many of them together.

Small on purpose (16,000 and 7,000 weights): 73 patients are few, and a larger network would memorise them. Networks
trained from different seeds on different patients are averaged: what they agree on is what carries over to the next
patient. ``weights/ekg/beatnet-ds1.md`` says what each kind is worth. Together they stay below 250,000 weights.

The convolutions have a say only in where a beat began, in the ventricles (V, F) or above them (N, S); whether it came
early is for its intervals, and for how like the others its P wave is, to say. With a say in that, too, they remember
the P waves of the patients in training, and do worse with S in others.

Axis letters: ``B`` beats, ``C`` channels, ``T`` samples, ``D`` features, ``K`` classes (N, S, V, F).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.ekg.aami import FOLDS, fold_of
from apps.ekg.beats.features import N_FEATURES
from apps.ekg.beats.windows import CHANNELS, WINDOW
from shared.weights import read_tensors

MAX_PARAMETERS = 250_000  # weights of all networks together: 0.5 MB in half precision
N_CLASSES = 4  # N, S, V, F; Q is what cannot be classified, which is decided without a network
_WIDTH = 16  # filters of the first layers
_HIDDEN = 48  # units of the layers above intervals and likenesses
_LAST = 8  # channels that are left when the convolutions end
_SHAPE = 32  # what the waves are summed up in
_VENTRICULAR = 2  # classes that the waves have a say in: V and F, the last two


class Layer(nn.Sequential):
    """Convolution, batch normalisation, ReLU: (B, C_in, T) -> (B, C_out, T / stride)."""

    def __init__(self, c_in: int, c_out: int, *, size: int, stride: int = 1) -> None:
        super().__init__(nn.Conv1d(c_in, c_out, size, stride, size // 2, bias=False), nn.BatchNorm1d(c_out), nn.ReLU())


class FeatureNet(nn.Module):
    """Features (B, D) alone to the logits (B, 4): the intervals and likenesses, not the signal itself."""

    def __init__(self, *, dropout: float = 0.3) -> None:
        super().__init__()
        self.rhythm = nn.Sequential(
            nn.Linear(N_FEATURES, _HIDDEN), nn.ReLU(), nn.Dropout(dropout / 2), nn.Linear(_HIDDEN, _HIDDEN), nn.ReLU()
        )  # (B, 48)
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(_HIDDEN, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, N_CLASSES)
        )

    def forward(self, windows: Tensor, features: Tensor) -> Tensor:
        """(B, C, T), which is ignored, and (B, D) -> (B, K) logits."""
        logits: Tensor = self.head(self.rhythm(features))
        return logits


class BeatNet(nn.Module):
    """Windows (B, C, 128) and features (B, D) to the logits (B, 4) of N, S, V, F."""

    def __init__(self, *, width: int = _WIDTH, dropout: float = 0.3) -> None:
        super().__init__()
        self.conv1 = Layer(len(CHANNELS), width, size=9, stride=2)  # (B, 16, 64): 72 ms filters
        self.conv2 = nn.Sequential(Layer(width, width, size=5), nn.MaxPool1d(2))  # (B, 16, 32)
        self.conv3 = nn.Sequential(Layer(width, width * 3 // 2, size=5), nn.MaxPool1d(2))  # (B, 24, 16)
        self.conv4 = Layer(width * 3 // 2, _LAST, size=3)  # (B, 8, 16)
        # Flattened, not averaged: where a wave lies is what makes it a QRS complex or a T wave.
        self.shape = nn.Sequential(
            nn.Flatten(), nn.Dropout(dropout), nn.Linear(_LAST * WINDOW // 8, _SHAPE), nn.ReLU(), nn.Dropout(dropout)
        )
        self.began = nn.Linear(_SHAPE, _VENTRICULAR)
        self.intervals = FeatureNet(dropout=dropout)

    def convolutions(self, windows: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The activations after every convolution, with their layer's name."""
        x = windows
        for name in ("conv1", "conv2", "conv3", "conv4"):
            x = self.get_submodule(name)(x)
            yield name, x

    def forward(self, windows: Tensor, features: Tensor) -> Tensor:
        """(B, C, T), (B, D) -> (B, K) logits."""
        *_, (_, last) = self.convolutions(windows)
        began = F.pad(self.began(self.shape(last)), (N_CLASSES - _VENTRICULAR, 0))  # 0 for N and S
        logits: Tensor = began + self.intervals(windows, features)
        return logits


Member = BeatNet | FeatureNet


class Ensemble(nn.Module):
    """Several networks; the answer is the mean of their probabilities, then moved by a fixed ``bias``.

    The first ``members`` are ``BeatNet``, the other ``feature_nets`` are ``FeatureNet``.

    Training shows rare classes far more often than patients do; the bias (K,) corrects that. It is chosen by
    cross-validation by patient and stored with the weights.
    """

    bias: Tensor

    def __init__(self, members: int, *, feature_nets: int = 0, width: int = _WIDTH) -> None:
        super().__init__()
        self.width = width
        networks: list[nn.Module] = [BeatNet(width=width) for _ in range(members)]
        self.members = nn.ModuleList(networks + [FeatureNet() for _ in range(feature_nets)])
        self.register_buffer("bias", torch.zeros(N_CLASSES))

    def forward(self, windows: Tensor, features: Tensor) -> Tensor:
        """(B, C, T), (B, D) -> (B, K) log-probabilities."""
        each = torch.stack([torch.log_softmax(member(windows, features), dim=1) for member in self.members])
        mean = torch.logsumexp(each, dim=0)  # a constant away from the mean; log_softmax takes it out again
        return torch.log_softmax(mean + self.bias, dim=1)


def members_without(network: nn.Module, record: str) -> nn.Module:
    """The members of an ensemble that never saw the patient of ``record``; all of them if that is all or none.

    Member n left out the patients of fold n modulo six (``apps.ekg.training.train``). Patients of no fold are judged by
    all members; a patient is known by other records, too: 202 is the same person as 201 of DS1.
    """
    fold = fold_of(record)
    if not isinstance(network, Ensemble) or fold is None or fold >= len(network.members):
        return network
    alone = Ensemble(0, width=network.width)
    alone.members, alone.bias = network.members[fold :: len(FOLDS)], network.bias
    return alone.train(network.training)


def parameters_of(network: nn.Module) -> int:
    """How many weights are trained."""
    return sum(parameter.numel() for parameter in network.parameters())


def members_of(network: nn.Module) -> int:
    """How many networks answer together."""
    return len(network.members) if isinstance(network, Ensemble) else 1


def members_in(tensors: dict[str, Tensor]) -> tuple[int, int]:
    """How many ``BeatNet`` and ``FeatureNet`` an ensemble's weights hold."""
    everyone = {name.split(".")[1] for name in tensors if name.startswith("members.")}
    with_waves = {name.split(".")[1] for name in tensors if ".conv1." in name}
    return len(with_waves), len(everyone - with_waves)


def load_ensemble(paths: Sequence[Path]) -> Ensemble:
    """The ensemble of a weight file, in float32 on the CPU; every tensor must be there and nothing else."""
    tensors = read_tensors(paths)
    width = tensors["members.0.conv1.0.weight"].shape[0]
    members, feature_nets = members_in(tensors)
    ensemble = Ensemble(members, feature_nets=feature_nets, width=width)
    ensemble.load_state_dict(
        {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    )
    return ensemble.eval()
