"""Which recordings are answered, which are refused and with which words, and what is said beside an answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from apps.ekg.aami import UNCLASSIFIED, UNSURE
from apps.ekg.answers.classify import Classified, classified, classify, probabilities_of, with_unclassified
from apps.ekg.formats.recording import Annotations, Recording, in_memory
from apps.ekg.network.ensemble import Ensemble
from benchmarks.ekg import hearts
from benchmarks.ekg.hearts import heart, sensors
from shared.errors import RecordError
from shared.progress import Progress

_T = np.arange(30 * 250) / 250
_LINE, _TIMES = heart(_T, 75)
_OTHERS = sensors(_T)
_NOISE = 0.005 * np.random.default_rng(0).standard_normal(len(_T))


def _of(line_mv: np.ndarray, *, rate_hz: float = 250, lead: str = "II") -> Recording:
    return in_memory("made", line_mv, rate_hz, (lead,))


@pytest.mark.parametrize(("bpm", "answered"), [(15, True), (14.7, False)])
def test_fifteen_a_minute_may_be_a_heart_and_fewer_are_none(network: Ensemble, bpm: float, answered: bool) -> None:
    line, times = heart(np.arange(90 * 250) / 250, bpm)
    recording = _of(line + np.tile(_NOISE, 3))
    if answered:
        assert len(classified(recording, network).times_s) == len(times)
    else:
        with pytest.raises(RecordError, match="15 beats per minute"):
            classified(recording, network)


def test_the_inputs_go_where_the_network_is() -> None:
    class Elsewhere(torch.nn.Module):
        """A network on a device without memory, as all of torch has it, which answers that every beat is a V."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.empty(1, device="meta"))

        def forward(self, windows: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
            assert windows.device == features.device == self.weight.device
            return torch.log(torch.tensor([[0.0, 0.0, 1.0, 0.0]])).expand(len(windows), 4)

    found = probabilities_of(Elsewhere(), np.zeros((3, 8, 128), np.float32), np.zeros((3, 5), np.float32))
    assert found.tolist() == [[0, 0, 1, 0]] * 3


def test_the_steps_of_an_answer(network: Ensemble) -> None:
    *steps, last = classify(_of(_LINE + _NOISE), network)
    assert isinstance(last, Classified)
    assert all(isinstance(step, Progress) for step in steps)
    assert [(step.done, step.text) for step in steps if isinstance(step, Progress)] == [
        (5, "Reading and filtering"),
        (20, "Finding the beats"),
        (50, "Comparing the beats"),
        (100, "Classifying"),
    ]
    marked = replace(_of(_LINE + _NOISE), annotations=Annotations(_TIMES, ("N",) * len(_TIMES)))
    assert "Finding the beats" not in [step.text for step in classify(marked, network) if isinstance(step, Progress)]


@pytest.mark.parametrize(
    ("line_mv", "says"),
    [
        (_LINE * (_T < 3) + _NOISE, "lower than a QRS complex|[0-4] beats in 30 s"),
        (0.03 * _LINE + 0.02 * _NOISE, "waves of .* µV, lower than a QRS complex"),
        (np.sin(2 * np.pi * 8 * _T), "do not stand out of the line"),
        (1 - _T * 1.5 % 1, "steps or saw teeth"),
        (2.0 * (np.abs(_T * 1.2 % 1 - 0.5) < 0.003) + _NOISE, "spikes narrower than any QRS"),
        (100 * _NOISE * (np.abs(_T % 1 - 0.5) < 0.25) + 0.1 * _NOISE, "bursts of noise|noise"),
        (np.sin(2 * np.pi * 50 * _T) * (_T % 1 < 0.3) + _NOISE, "bursts of noise or hum"),
        (100 * _NOISE, "cannot be classified"),
        (0.001 * np.arange(len(_T)), "only rises"),
        (-0.001 * np.arange(len(_T)), "only falls"),
        (0 * _T, "a flat, clipped or missing line"),
        (_OTHERS["finger pulse, 75 a minute"], "broader than a QRS"),
        (_OTHERS["pressure of 80 to 120, read as mV"], "broader than a QRS|steps or saw teeth"),
        (_OTHERS["P waves alone"], "nothing between them"),
        (_OTHERS["a stimulator"], "nothing between them"),
        (_OTHERS["spikes and waves"], "broad waves a minute"),
        (_OTHERS["speech"], "no two look alike|noise"),
    ],
)
def test_where_no_heart_is_the_words_are_those_of_what_is_there(
    network: Ensemble, line_mv: np.ndarray, says: str
) -> None:
    with pytest.raises(RecordError, match=says):
        classified(_of(line_mv), network)


@pytest.mark.parametrize(
    "name", ["walking, in g", "taps", "sharp pulse", "finger pulse, 140 a minute", "T waves alone"]
)
def test_what_may_be_steps_taps_or_a_pulse_is_never_sure(network: Ensemble, name: str) -> None:
    try:
        found = classified(_of(sensors(np.arange(60 * 250) / 250)[name]), network)
    except RecordError as error:
        assert "cannot be classified" in str(error)  # noqa: PT017 - either will do
    else:
        assert found.probabilities[found.classes != UNCLASSIFIED].max() < UNSURE
        assert "no beat is sure" in " ".join(found.warnings)


@pytest.mark.parametrize("wider", [1.0, 1.15, 1.3])
def test_the_broadest_beats_are_answered_and_not_sure(
    network: Ensemble, monkeypatch: pytest.MonkeyPatch, wider: float
) -> None:
    """As in a ventricular escape rhythm, or with much potassium in the blood: a quarter of a second."""
    monkeypatch.setattr(hearts, "_WIDE", tuple((at * wider, mv, width * wider) for at, mv, width in hearts._WIDE))
    line, times = heart(_T, 50, wide=True)
    found = classified(_of(line + _NOISE), network)
    assert np.abs(found.times_s - times[: len(found.times_s)]).max() < 0.1
    assert found.probabilities[found.classes != UNCLASSIFIED].max() < UNSURE
    assert "the broadest QRS complexes; no beat is sure" in " ".join(found.warnings)


def test_a_heart_whose_every_second_beat_is_another_is_no_noise(network: Ensemble) -> None:
    wide, _ = heart(_T, 75, wide=True)
    second = np.zeros(len(_T), bool)
    for time in _TIMES[1::2]:
        second |= np.abs(_T - time - 0.1) < 0.4
    found = classified(_of(np.where(second, wide, _LINE) + _NOISE), network)
    assert len(found.times_s) == len(_TIMES)


@pytest.mark.parametrize("noise_mv", [0.1, 0.2, 0.3])
def test_a_heart_in_constant_noise_is_no_burst(network: Ensemble, noise_mv: float) -> None:
    try:
        found = classified(_of(_LINE + 200 * noise_mv * _NOISE), network)
    except RecordError as error:
        assert "stands out of the noise" in str(error)  # noqa: PT017 - either will do
    else:
        near = np.abs(found.times_s[:, None] - _TIMES).min(axis=0)
        assert (near < 0.15).mean() > 0.9


def test_a_channel_that_is_something_else_is_answered_only_by_its_name(network: Ensemble) -> None:
    recording = _of(_LINE + _NOISE, lead="EEG Fp1")
    with pytest.raises(RecordError, match="“EEG Fp1”, by its name something else"):
        classified(recording, network)
    found = classified(recording, network, lead="EEG Fp1")
    assert "Lead EEG Fp1 is, by its name, no EKG" in found.warnings[-1]


@pytest.mark.parametrize(("rate_hz", "coarse"), [(124.0, True), (125.0, False), (250.0, False)])
def test_a_rate_below_the_networks_own_is_said(network: Ensemble, rate_hz: float, coarse: bool) -> None:
    t = np.arange(round(30 * rate_hz)) / rate_hz
    line, _ = heart(t, 75)
    found = classified(_of(line + 0.005 * np.sin(t), rate_hz=rate_hz), network)
    assert any("below 125 Hz" in warning for warning in found.warnings) == coarse


def test_what_is_lost_low_or_marked_elsewhere_is_said(network: Ensemble) -> None:
    gap = _LINE + _NOISE
    gap[2000:2600] = np.nan
    assert any("8% of the recording is missing" in said for said in classified(_of(gap), network).warnings)
    low = classified(_of(0.1 * _LINE + 0.1 * _NOISE), network).warnings
    assert any("The QRS is only 0.1" in said for said in low)
    assert not any("The QRS is only" in said for said in classified(_of(_LINE + _NOISE), network).warnings)
    recording = _of(_LINE + _NOISE)
    for shift_s, said in ((0.0, False), (0.4, True)):
        marks = Annotations(_TIMES + shift_s, ("N",) * len(_TIMES))
        found = classified(replace(recording, annotations=marks), network)
        assert any("do not lie on QRS complexes" in warning for warning in found.warnings) == said


def test_what_cannot_be_used_is_q_and_nothing_else() -> None:
    four = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4]], np.float32)
    five = with_unclassified(four, np.array([True, False]))
    np.testing.assert_array_equal(five, np.array([[0.7, 0.1, 0.1, 0.1, 0], [0, 0, 0, 0, 1]], np.float32))
