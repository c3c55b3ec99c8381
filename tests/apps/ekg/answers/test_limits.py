"""What the classifier does not know is said, and made no surer than it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from apps.ekg.aami import UNCLASSIFIED, UNSURE
from apps.ekg.answers.classify import classified
from apps.ekg.answers.limits import (
    Doubts,
    beats_alone,
    beside_steps_and_noise,
    doubts_of,
    irregular_beats,
    less_sure,
    limits_of,
    movement,
)
from apps.ekg.beats.inputs import network_inputs
from apps.ekg.beats.signals import prepare
from apps.ekg.beats.windows import cut_beats
from apps.ekg.formats.recording import Annotations, in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.weights import leased
from benchmarks.ekg.hearts import bumps, heart, table

FEW = (
    "heart, 25 a minute",
    "heart, 300 a minute",
    "heart in steps of 38 µV",
    "heart of 0.1 mV",
    "heart, 2 mV of 50 Hz",
    "heart, bumps of 1.5 mV every 3 s",
    "heart, bumps of 1.5 mV every 8 s",
    "ramp",
    "counter, as microvolts",
    "breathing",
    "like an EEG, 30 µV",
    "like an EEG, read as 1 mV",
    "sine of 8.1777 Hz",
    "white noise, 0.4 mV",
    "heart, irregular, 170 a minute",
    "heart, wander of 10 mV",
    "heart, pops of 8 mV",
    "saw teeth",
    "steps and slow returns",
    "a square wave",
    "bursts of noise",
    "spikes of a stimulator",
)
_RANDOM = np.random.default_rng(2)


def test_fibrillation_is_irregular_and_ectopic_beats_are_not() -> None:
    n = np.zeros(200, np.int64)
    wild = np.cumsum(0.7 * np.exp(0.25 * _RANDOM.standard_normal(200)))
    assert irregular_beats(wild, n).mean() > 0.9
    even = np.cumsum(0.8 + 0.02 * _RANDOM.standard_normal(200))
    assert not irregular_beats(even, n).any()
    bigeminy = np.cumsum(np.tile([0.5, 1.1], 100))
    assert not irregular_beats(bigeminy, n).any()
    every_third = np.tile([0, 0, 2], 67)[:200]
    assert not irregular_beats(
        np.cumsum(np.where(every_third == 2, _RANDOM.uniform(0.3, 0.7, 200), 0.8)), every_third
    ).any()
    assert not irregular_beats(wild, np.tile([0, 2], 100)).any()  # before and after V an interval says nothing
    assert not irregular_beats(wild[:20], n[:20]).any()  # too few to tell


def test_of_three_beats_alone_nothing_is_said_and_of_four_it_is() -> None:
    beats = cut_beats(prepare(synthetic(60, Rhythm()), 0), np.arange(1.0, 41.0))
    noise = replace(beats, windows=_RANDOM.standard_normal(beats.windows.shape).astype(np.float32))
    for called, alone in ((3, 0), (4, 4)):
        classes = np.where(np.arange(40) % 9 == 4, 2, 0)
        classes[np.flatnonzero(classes)[called:]] = 0
        assert np.flatnonzero(beats_alone(noise, classes)).size == alone


def test_a_beat_called_s_in_a_stretch_that_cannot_be_used_is_doubtful_like_those_beside_it() -> None:
    whole = cut_beats(prepare(synthetic(60, Rhythm(noise_mv=0)), 0), np.arange(1.0, 41.0))
    beats = replace(whole, windows=np.repeat(whole.windows[5:6], 40, axis=0), usable=np.arange(40) != 20)
    for called, doubtful in ((np.full(40, 1), [19, 20, 21]), (np.full(40, 2), [])):
        assert np.flatnonzero(beside_steps_and_noise(beats, called)).tolist() == doubtful


def test_a_doubtful_answer_stays_the_best_and_is_no_longer_sure() -> None:
    given = np.array(
        [[0.05, 0.95, 0, 0, 0], [0.1, 0.9, 0, 0, 0], [0.3, 0.3, 0.4, 0, 0], [0.9, 0.1, 0, 0, 0]], np.float32
    )
    less = less_sure(given, np.array([True, False, True, True]))
    assert less.argmax(axis=1).tolist() == [1, 1, 2, 0]
    assert less[0, 1] < UNSURE
    assert less[0, 0] > 0.4
    assert (less[3, 0] < UNSURE, less[3, 4] > 0.3) == (True, True)  # what is no sure N may be no beat
    np.testing.assert_allclose(less.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(less[1:3], given[1:3])


def test_what_is_said() -> None:
    recording = synthetic(120, Rhythm(v_share=0.15), seed=1)
    assert recording.annotations is not None
    times = recording.annotations.times_s
    classes = np.array(["NSV".index(symbol) for symbol in recording.annotations.symbols])
    beats = cut_beats(prepare(recording, 0), times)
    inputs = network_inputs(beats)
    assert not beats_alone(beats, classes).any()
    assert limits_of(recording, 0, times, inputs, classes).notes == ()
    seen = limits_of(replace(recording, name="208"), 0, times, inputs, classes)
    assert "trained on" in seen.notes[0]
    assert "trained on" in limits_of(replace(recording, name="202"), 0, times, inputs, classes).notes[0]  # 201's person
    assert limits_of(replace(recording, name="100"), 0, times, inputs, classes).notes == ()
    paced = Annotations(times, ("/",) * len(times))
    assert "Paced? " in limits_of(replace(recording, annotations=paced), 0, times, inputs, classes).notes[0]
    signal = recording.read(0, 0, recording.n_samples).copy()
    signal[np.round((times - 0.1) * recording.rate_hz).astype(int)] += 1.0
    spiked = replace(recording, annotations=None, read=lambda lead, start, stop: signal[start:stop])
    seen_paced = limits_of(spiked, 0, times, inputs, classes)
    assert "Spikes like a pacemaker's" in seen_paced.notes[0]
    assert seen_paced.doubtful.tolist() == (classes > 0).tolist()
    fast = limits_of(recording, 0, times / 3, inputs, classes)
    assert any("Faster than 180" in note for note in fast.notes)
    noisy = replace(beats, windows=_RANDOM.standard_normal(beats.windows.shape).astype(np.float32))
    alone = limits_of(recording, 0, times, network_inputs(noisy), classes)
    assert alone.doubtful[classes == 2].all()
    assert any("look like no other" in note for note in alone.notes)
    assert any("Too noisy" in note for note in alone.notes)
    assert any("hardly look like one another" in note for note in alone.notes)


def _moves(line: np.ndarray, times: np.ndarray, *, every: int = 1) -> float:
    inputs = network_inputs(cut_beats(prepare(in_memory("x", line, 250, ("II",)), 0), times))
    return movement(inputs, np.arange(len(times)) % every == 0)


def test_what_moves_in_a_fast_heart_and_between_beats_of_two_classes_is_no_electrode() -> None:
    t = np.arange(60 * 250) / 250
    for bpm, irregular in ((72, False), (134, False), (150, True)):
        assert _moves(*heart(t, bpm, irregular=irregular)) == 0
    line, times = heart(t, 72)
    assert _moves(line + np.sin(2 * np.pi * 1.9 * t), times) > 0.2
    wide, _ = heart(t, 72, wide=True)
    second = np.any([np.abs(t - time - 0.1) < 0.4 for time in times[1::2]], axis=0)
    assert _moves(np.where(second, wide, line), times) > 0
    assert _moves(np.where(second, wide, line), times, every=2) == 0


def test_a_normal_beat_on_a_bump_called_v_is_doubtful() -> None:
    t = np.arange(120 * 250) / 250
    line, times = heart(t, 75)
    inputs = network_inputs(cut_beats(prepare(in_memory("x", line + bumps(t, 3, 1.5), 250, ("II",)), 0), times))
    classes = np.zeros(len(times), np.int64)
    classes[::4] = 2
    doubts = doubts_of(times, inputs, classes)
    assert doubts.of(classes).tolist() == (classes == 2).tolist()
    assert any(
        "a line that moved" in note
        for note in limits_of(in_memory("x", line, 250, ("II",)), 0, times, inputs, classes).notes
    )


def test_beats_on_steps_and_early_ones_beside_them_or_beside_noise_are_doubtful() -> None:
    t = np.arange(60 * 250) / 250
    line, times = heart(t, 75)
    steps_s = times[[18, 28]] + 0.47  # behind the T wave, where no beat is
    marks = np.sort(np.concatenate([times, steps_s]))
    classes = np.zeros(len(marks), np.int64)
    classes[[9, 19, 20, 30, 31, 40, 50]] = [4, 2, 1, 2, 1, 2, 1]
    step = 3.0 * ((t > steps_s[0]) & (t < steps_s[1]))
    loud = 0.3 * _RANDOM.standard_normal(len(t)) * (np.abs(t - marks[51]) < 0.55)
    beats = cut_beats(prepare(in_memory("x", line + step + loud, 250, ("II",)), 0), marks)
    beside = beside_steps_and_noise(beats, classes)
    assert np.flatnonzero(beside & (classes > 0)).tolist() == [19, 20, 30, 31, 50]
    assert not beside_steps_and_noise(beats, np.where(np.arange(len(marks)) == 9, 4, 0)).any()


def test_beats_that_are_not_classified_are_surely_so() -> None:
    """An electrode that moves makes every answer doubtful, not Q."""
    classes = np.array([0, 1, 2, 3, 4])
    none = np.zeros(5, bool)
    doubts = Doubts(none, none, none, none, moves=0.5, unlike=0.0, broad=False, bare=False, lost=0.0)
    assert doubts.of(classes).tolist() == [True, True, True, True, False]
    assert replace(doubts, moves=0.1, unlike=0.5).of(classes).tolist() == [True, True, True, True, False]
    for field in ("broad", "bare"):
        assert replace(doubts, moves=0.1, **{field: True}).of(classes).tolist() == [True, True, True, True, False]
    assert replace(doubts, moves=0.1, lost=0.51).of(classes).tolist() == [True, True, True, True, False]
    assert not replace(doubts, moves=0.1, unlike=0.2, lost=0.5).of(classes).any()
    second = np.arange(5) % 2 == 1
    for field, doubtful in (("irregular", [1]), ("alone", [1, 3]), ("on_moved_line", [1, 3]), ("beside", [1, 3])):
        calm = replace(doubts, moves=0.0, **{field: second})
        assert np.flatnonzero(calm.of(classes)).tolist() == doubtful


def test_where_most_beats_are_lost_in_noise_none_is_sure() -> None:
    line, _ = heart(np.arange(0, 60, 1 / 250), 70)
    noise = np.where(np.arange(len(line)) < 0.6 * len(line), 0.25, 0.0) * _RANDOM.standard_normal(len(line))
    with leased() as network:
        found = classified(in_memory("noise", line + noise, 250, ("II",)), network)
    assert 0.5 < (found.classes == UNCLASSIFIED).mean() < 0.9
    assert found.probabilities[found.classes != UNCLASSIFIED].max() < UNSURE
    assert any("are lost in noise; no other is sure" in words for words in found.warnings)


@pytest.fixture(scope="module")
def verdicts() -> dict[str, str]:
    with leased() as network:
        rows = table(network, rates_hz=(250,), wanted=FEW.__contains__)
    return {row["case"]: row["verdict"] for row in rows}


def test_hearts_are_answered_and_what_is_none_is_refused(verdicts: dict[str, str]) -> None:
    assert {*verdicts} == {*FEW}
    assert set(verdicts.values()) == {"right"}, verdicts


def test_a_line_that_only_rises_and_one_too_low_say_so() -> None:
    from apps.ekg.answers.classify import classified
    from shared.errors import RecordError

    made = synthetic(20, Rhythm(noise_mv=0))
    low = in_memory("x", 0.001 * made.read(0, 0, made.n_samples), made.rate_hz, ("II",))
    ramp = in_memory("x", np.arange(5000.0), 250, ("II",))
    with leased() as network:
        for recording, says in ((low, "µV"), (ramp, "only rises")):
            with pytest.raises(RecordError, match=says):
                classified(recording, network)
