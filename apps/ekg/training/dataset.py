"""Training examples: annotated records as beats with classes, and batches drawn from them.

What the loss sees is not what patients have: a record with two thousand normal beats must not outweigh one with
twenty ectopic ones, nor 209's 383 ectopic beats the 94 of 220. A class of a record with n beats is drawn in
proportion to sqrt(n). Then every batch is augmented with what disturbs recordings: gain, muscle noise, electrode
drift, a QRS mark a few samples off, intervals a little off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from apps.ekg.aami import UNCLASSIFIED, classes_of
from apps.ekg.beats.inputs import cropped, network_inputs
from apps.ekg.beats.signals import prepare
from apps.ekg.beats.windows import WINDOW, Array, cut_beats
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.recording import Annotations, Recording
from apps.ekg.training.variants import VARIANTS, Labelled, Random
from shared.errors import RecordError

ABERRATED_WEIGHT = 0.3  # "a": an atrial beat conducted abnormally looks ventricular; 97 of DS1's 100 are one patient's
CLASS_WEIGHTS = (1.0, 1.0, 1.0, 0.15)  # N S V F; 373 of DS1's 414 fusion beats are one patient's
_FEWEST_BEATS = 10
_SHIFT = 3  # samples that a QRS mark may be off


@dataclass(frozen=True)
class Examples:
    """Inputs and classes of ``B`` beats, and the chance that each is drawn."""

    windows: Tensor  # (B, C, T + 2 * MARGIN) float32
    features: Tensor  # (B, D) float32
    classes: Tensor  # (B,) int64
    chances: npt.NDArray[np.float64]  # (B,), sum 1


def labelled(recording: Recording) -> Labelled:
    """The annotated beats of ``recording`` in the lead closest to MLII.

    Raises:
        RecordError: it has no annotations, or fewer than ten beats.
    """
    marks = annotations_of(recording)
    classes = classes_of(marks.symbols)
    beat = classes >= 0
    if beat.sum() < _FEWEST_BEATS:
        needed = f"at least {_FEWEST_BEATS} annotated beats in record {recording.name}"
        raise RecordError(needed, str(int(beat.sum())), "Choose another record.")
    beats = cut_beats(prepare(recording, recording.lead_index()), marks.times_s[beat])
    aberrated = np.array([symbol == "a" for symbol in marks.symbols])[beat]
    return Labelled(recording.name, beats, classes[beat], np.where(aberrated, ABERRATED_WEIGHT, 1.0))


def annotations_of(recording: Recording) -> Annotations:
    """What a person marked in ``recording``.

    Raises:
        RecordError: there are none.
    """
    if recording.annotations is None:
        needed = f"the annotations of record {recording.name}"
        raise RecordError(needed, "no .atr file", "Put it next to the header.")
    return recording.annotations


def read_labelled(data: Path, records: Iterable[str]) -> Iterator[Labelled]:
    """The annotated beats of the WFDB records of these names in ``data``."""
    for name in records:
        with open_recording(data / name) as recording:
            yield labelled(recording)


def inputs(source: Labelled) -> tuple[Array, Array]:
    """((K, C, T + 2 * MARGIN), (K, D)) of all beats of a record, for training."""
    return network_inputs(source.beats).of(0, len(source.classes), margin=True)


def draw_examples(records: Sequence[Labelled], random: Random, *, variants: bool = True) -> Examples:
    """All beats of ``records``, and those of made-up rhythms from them, with the chance to be drawn."""
    windows, features, classes, chances = [], [], [], []
    for record in records:
        made = [(record, 1.0)]
        for variant in VARIANTS.values() if variants else ():
            if variant.fits(record) and random.random() < variant.chance:
                made.append((variant.make(record, random), variant.weight))
        for sequence, weight in made:
            known = sequence.classes != UNCLASSIFIED
            of_windows, of_features = inputs(sequence)
            windows.append(of_windows[known])
            features.append(of_features[known])
            classes.append(sequence.classes[known])
            chances.append(_chances(sequence, weight)[known])
    every = np.concatenate(chances)
    return Examples(
        torch.from_numpy(np.concatenate(windows)),
        torch.from_numpy(np.concatenate(features)),
        torch.from_numpy(np.concatenate(classes)),
        every / every.sum(),
    )


def _chances(sequence: Labelled, weight: float) -> npt.NDArray[np.float64]:
    """How often each beat is drawn: a class of n beats in proportion to sqrt(n), times its weights."""
    chances = np.zeros(len(sequence.classes))
    for number, class_weight in enumerate(CLASS_WEIGHTS):
        own = sequence.classes == number
        n = int(own.sum())
        if n:
            chances[own] = n**0.5 / n * class_weight
    return chances * weight * sequence.weights


def augmented(
    windows: Tensor, features: Tensor, generator: torch.Generator, *, noise: float = 0.06, drift: float = 0.15
) -> tuple[Tensor, Tensor]:
    """A batch (B, C, T + 2 * MARGIN), (B, D) as a noisier recorder would have given it; windows come out (B, C, T).

    ``noise`` and ``drift`` are the most that a beat gets, in units of the patient's QRS height.
    """

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    B, C = windows.shape[:2]
    shift = int(torch.randint(-_SHIFT, _SHIFT + 1, (1,), generator=generator))
    windows = cropped(windows, shift)
    windows = windows * torch.exp(0.15 * torch.randn(B, 1, 1, generator=generator))  # gain
    windows = windows + noise * uniform(B, 1, 1) * torch.randn(windows.shape, generator=generator)  # muscle noise
    cycles, phase = 1.5 * uniform(B, C, 1), uniform(B, C, 1)
    wave = torch.sin(2 * torch.pi * (cycles * torch.linspace(0, 1, WINDOW) + phase))
    windows = windows + drift * uniform(B, 1, 1) * wave
    return windows, features + 0.04 * torch.randn(features.shape, generator=generator)
