"""The recordings one click away: one real, of a patient the network was trained on, and synthetic ones that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.recording import Recording, in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from shared.errors import check_choice


@dataclass(frozen=True)
class Sample:
    """One sample: what it is called, what it is, and how it is opened or made."""

    button: str  # what one chooses it by
    title: str
    note: str
    make: Callable[[], Recording] | None = None  # None: the WFDB record ``file`` in the folder ``samples``
    file: str = ""


def _premature() -> Recording:
    return synthetic(600, Rhythm(bpm=68, s_share=0.05, v_share=0.05), seed=3)


def _fibrillation() -> Recording:
    return synthetic(180, Rhythm(bpm=95, jitter=0.22, fibrillation_mv=0.05, v_share=0.02), seed=4)


def _noise() -> Recording:
    signal = 0.4 * np.random.default_rng(5).standard_normal(60 * 250)
    return in_memory("noise", signal, 250.0, ("loose electrode",), warnings=("Synthetic: noise, no heart in it.",))


SAMPLES = {
    "208": Sample(
        "Training patient 208",
        "Patient 208, 5 minutes (a training patient)",
        "MIT-BIH record 208, lead MLII, no annotations; a 23-year-old woman with uniform premature ventricular beats, "
        "couplets and fusion beats. The network was trained on her, so its answers here prove nothing. "
        "Moody & Mark 2001, ODC-By 1.0.",
        file="208-five-minutes",
    ),
    "premature": Sample(
        "Synthetic: premature beats",
        "Synthetic: premature beats, 10 minutes",
        "Synthetic, annotated by our generator: a sinus rhythm with premature atrial (S) and ventricular (V) beats. "
        "Not a real patient.",
        make=_premature,
    ),
    "fibrillation": Sample(
        "Synthetic: fibrillation",
        "Synthetic: like atrial fibrillation, 3 minutes",
        "Synthetic: no P waves, irregular intervals. Every beat is N or V; a classifier that calls every early beat S "
        "fails here. Not a real patient.",
        make=_fibrillation,
    ),
    "noise": Sample(
        "Synthetic: noise",
        "Synthetic: noise, 1 minute",
        "Synthetic: no heart at all; the classifier has to say that it cannot classify it.",
        make=_noise,
    ),
}


@contextmanager
def open_sample(key: str) -> Iterator[Recording]:
    """The sample ``key`` of ``SAMPLES``.

    Raises:
        OptionError: there is no sample of that name.
    """
    sample = SAMPLES[check_choice(key, SAMPLES, "The sample")]
    if sample.make is not None:
        yield sample.make()
        return
    with open_recording(Path(__file__).parent / "samples" / sample.file) as recording:
        yield recording
