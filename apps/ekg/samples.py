"""The recordings one click away: one real, from a patient the network was trained on, and made-up ones that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from apps.ekg.formats.recording import Recording
from shared.errors import check_choice


@dataclass(frozen=True)
class Sample:
    """One sample: what it is called, what it is, and how it is opened or made."""

    button: str  # what one chooses it by
    title: str
    note: str
    make: Callable[[], Recording] | None = None  # None: the WFDB record ``file`` beside this module
    file: str = ""


def _premature() -> Recording:
    from apps.ekg.formats.synthetic import Rhythm, synthetic

    return synthetic(600, Rhythm(bpm=68, s_share=0.05, v_share=0.05), seed=3)


def _fibrillation() -> Recording:
    from apps.ekg.formats.synthetic import Rhythm, synthetic

    return synthetic(180, Rhythm(bpm=95, jitter=0.22, fibrillation_mv=0.05, v_share=0.02), seed=4)


def _noise() -> Recording:
    import numpy as np

    from apps.ekg.formats.recording import in_memory

    signal = 0.4 * np.random.default_rng(5).standard_normal(60 * 250)
    return in_memory("noise", signal, 250.0, ("loose electrode",), warnings=("Synthetic: noise, no heart in it.",))


SAMPLES = {
    "208": Sample(
        "Training patient 208",
        "Patient 208, 5 minutes (a training patient)",
        "MIT-BIH record 208, lead MLII, nobody's annotations: a woman of 23 with uniform premature ventricular beats, "
        "couplets and fusion beats. The network was trained on her, so its answers here prove nothing. "
        "Moody & Mark 2001, ODC-By 1.0.",
        file="208-five-minutes",
    ),
    "premature": Sample(
        "Made up: premature beats",
        "Synthetic: premature beats, 10 minutes",
        "Made by our generator with its own annotations: a sinus rhythm with premature atrial (S) and ventricular (V) "
        "beats. Nobody's heart.",
        make=_premature,
    ),
    "fibrillation": Sample(
        "Made up: fibrillation",
        "Synthetic: like atrial fibrillation, 3 minutes",
        "Made by our generator: no P waves, irregular intervals. Every beat is N or V; a classifier that calls every "
        "early beat S fails here.",
        make=_fibrillation,
    ),
    "noise": Sample(
        "Made up: noise",
        "Synthetic: noise, 1 minute",
        "Not a heart: the classifier has to say that it cannot classify it.",
        make=_noise,
    ),
}


@contextmanager
def opened_sample(key: str) -> Iterator[Recording]:
    """The sample ``key`` of ``SAMPLES``.

    Raises:
        OptionError: there is none of that name.
    """
    sample = SAMPLES[check_choice(key, SAMPLES, "A sample")]
    if sample.make is not None:
        yield sample.make()
        return
    from apps.ekg.formats.records import opened

    with opened(Path(__file__).parent / "samples" / sample.file) as recording:
        yield recording
