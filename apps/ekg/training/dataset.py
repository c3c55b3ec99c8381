"""Training examples: annotated records as beats with classes, and batches drawn from them.

What the loss sees is not what patients have: a record with two thousand normal beats must not outweigh one with
twenty ectopic ones, nor 209's 383 ectopic beats the 94 of 220. A class of a record with n beats is drawn in
proportion to sqrt(n). Then every batch is augmented with what disturbs recordings: gain, muscle noise, electrode
drift, a QRS mark a few samples off, intervals a little off.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from apps.ekg.aami import classes_of
from apps.ekg.beats.inputs import cropped, network_inputs
from apps.ekg.beats.signals import prepare
from apps.ekg.beats.windows import WINDOW, Array, channels_of, cut_beats, local_reference
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.recording import Annotations, Recording
from apps.ekg.training.variants import VARIANTS, Labelled, Random
from shared.errors import RecordError

ABERRATED_WEIGHT = 0.3  # "a": an atrial beat conducted abnormally looks ventricular; 97 of DS1's 100 are one patient's
OTHER_LEAD_WEIGHT = 0.5  # against the lead closest to MLII
CLASS_WEIGHTS = (1.0, 1.0, 1.0, 0.15)  # N S V F; 373 of DS1's 414 fusion beats are one patient's
_FEWEST_BEATS = 10  # of a record: fewer have no usual beat to be compared with
_SHIFT = 3  # samples that a QRS mark may be off
_JITTER = 0.04  # of the features
Half = npt.NDArray[np.float16]


@dataclass(frozen=True)
class Examples:
    """``B`` beats of all patients, from which the input of a batch is made: that of all would not fit in memory."""

    windows: Half  # (B, T + 2 * MARGIN) in half precision
    neighbours: npt.NDArray[np.int64]  # (2, B) the places of the beats before and after
    references: Half  # (R, T + 2 * MARGIN)
    compared: npt.NDArray[np.int64]  # (2, B) the places of the local and the record's reference
    features: Array  # (B, D)
    classes: npt.NDArray[np.int64]  # (B,)
    chances: npt.NDArray[np.float64]  # (B,) how often each is drawn, in proportion
    records: npt.NDArray[np.str_]  # (B,) of whom

    def chances_without(self, left_out: Iterable[str]) -> npt.NDArray[np.float64]:
        """The chance (B,) that each beat is drawn, sum 1, if those of the records ``left_out`` are not."""
        chances = np.where(np.isin(self.records, list(left_out)), 0.0, self.chances)
        return np.asarray(chances / chances.sum())

    def windows_of(self, places: npt.NDArray[np.int64]) -> Tensor:
        """(K, C, T + 2 * MARGIN) float32 of the beats at ``places`` (K,)."""
        shown = (self.windows[places], *self.windows[self.neighbours[:, places]])
        parts = (*shown, *self.references[self.compared[:, places]])
        return torch.from_numpy(channels_of(*(part.astype(np.float32) for part in parts)))


def labelled(recording: Recording, lead: int | None = None) -> Labelled:
    """The annotated beats of ``recording`` in a lead, by default the one closest to MLII.

    Beats of another lead count ``OTHER_LEAD_WEIGHT`` in training.

    Raises:
        RecordError: it has no annotations, or fewer than ten beats, or the lead has no signal.
    """
    marks = annotations_of(recording)
    classes = classes_of(marks.symbols)
    beat = classes >= 0
    if beat.sum() < _FEWEST_BEATS:
        needed = f"at least {_FEWEST_BEATS} annotated beats in record {recording.name}"
        raise RecordError(needed, str(int(beat.sum())), "Choose another record.")
    first = recording.lead_index()
    lead = first if lead is None else lead
    beats = cut_beats(prepare(recording, lead), marks.times_s[beat])
    aberrated = np.array([symbol == "a" for symbol in marks.symbols])[beat]
    weights = np.where(aberrated, ABERRATED_WEIGHT, 1.0) * (1.0 if lead == first else OTHER_LEAD_WEIGHT)
    return Labelled(recording.name, beats, classes[beat], weights)


def annotations_of(recording: Recording) -> Annotations:
    """What a person marked in ``recording``.

    Raises:
        RecordError: there are none.
    """
    if recording.annotations is None:
        needed = f"the annotations of record {recording.name}"
        raise RecordError(needed, "no .atr file", "Put it next to the header.")
    return recording.annotations


def read_labelled(data: Path, records: Iterable[str], *, every_lead: bool = False) -> Iterator[Labelled]:
    """The annotated beats of the WFDB records of these names in ``data``: in the lead closest to MLII, and, for
    training, in ``every_lead`` that has a signal.
    """
    for name in records:
        with open_recording(data / name) as recording:
            yield labelled(recording)
            for lead in range(len(recording.leads)) if every_lead else ():
                if lead != recording.lead_index():
                    with contextlib.suppress(RecordError):
                        yield labelled(recording, lead)


def inputs(source: Labelled) -> tuple[Array, Array]:
    """((K, C, T + 2 * MARGIN), (K, D)) of all beats of a record."""
    return network_inputs(source.beats).of(0, len(source.classes), margin=True)


def draw_examples(records: Sequence[Labelled], random: Random, *, draws: int = 1) -> Examples:
    """All beats of ``records`` and of made-up rhythms from them, drawn ``draws`` times, with the chance of each."""
    sequences = [(record, 1.0) for record in records]
    for _ in range(draws):
        for record in records:
            for variant in VARIANTS.values():
                if variant.fits(record) and random.random() < variant.chance:
                    sequences.append((variant.make(record, random), variant.weight / draws))
    return _joined([_Part.of(sequence, weight) for sequence, weight in sequences])


@dataclass(frozen=True)
class _Part:
    """The examples of one sequence of beats; places are counted inside it."""

    windows: Half  # (K, T + 2 * MARGIN)
    references: Half  # (R, T + 2 * MARGIN), the record's last
    features: Array
    source: Labelled
    chances: npt.NDArray[np.float64]

    @classmethod
    def of(cls, source: Labelled, weight: float) -> _Part:
        made = network_inputs(source.beats)
        references = np.concatenate([made.reference.local, made.reference.record[None]])
        return cls(
            source.beats.windows.astype(np.float16),
            references.astype(np.float16),
            made.features(0, len(source.classes)),
            source,
            _chances(source, weight),
        )

    def neighbours(self) -> npt.NDArray[np.int64]:
        """(2, K) the beats before and after; the first and the last are their own."""
        n = len(self.windows)
        return np.stack([np.maximum(np.arange(n) - 1, 0), np.minimum(np.arange(n) + 1, n - 1)])

    def compared(self) -> npt.NDArray[np.int64]:
        """(2, K) the local and the record's reference."""
        n = len(self.windows)
        return np.stack([local_reference(np.arange(n)), np.full(n, len(self.references) - 1)])


def _joined(parts: Sequence[_Part]) -> Examples:
    beats = np.cumsum([0, *(len(part.windows) for part in parts)])
    references = np.cumsum([0, *(len(part.references) for part in parts)])
    return Examples(
        windows=np.concatenate([part.windows for part in parts]),
        neighbours=np.concatenate([part.neighbours() + n for part, n in zip(parts, beats, strict=False)], axis=1),
        references=np.concatenate([part.references for part in parts]),
        compared=np.concatenate([part.compared() + n for part, n in zip(parts, references, strict=False)], axis=1),
        features=np.concatenate([part.features for part in parts]),
        classes=np.concatenate([part.source.classes for part in parts]),
        chances=np.concatenate([part.chances for part in parts]),
        records=np.concatenate([np.full(len(part.windows), part.source.record) for part in parts]),
    )


def _chances(sequence: Labelled, weight: float) -> npt.NDArray[np.float64]:
    """How often each beat is drawn: a class of n beats in proportion to sqrt(n), times its weights; Q never."""
    chances = np.zeros(len(sequence.classes))
    for number, class_weight in enumerate(CLASS_WEIGHTS):
        own = sequence.classes == number
        n = int(own.sum())
        if n:
            chances[own] = n**0.5 / n * class_weight
    return chances * weight * sequence.weights


def augmented(windows: Tensor, generator: torch.Generator, *, noise: float = 0.06, drift: float = 0.15) -> Tensor:
    """A batch (B, C, T + 2 * MARGIN) as a noisier recorder would have given it: (B, C, T).

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
    return windows + drift * uniform(B, 1, 1) * wave


def jittered(features: Tensor, generator: torch.Generator) -> Tensor:
    """Features (B, D) a little off, as from marks a little off."""
    return features + _JITTER * torch.randn(features.shape, generator=generator)
