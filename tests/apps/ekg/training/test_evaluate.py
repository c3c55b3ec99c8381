"""The figures against scikit-learn and closed forms, and the detector, rhythm and disturbances on known signals."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

from apps.ekg.aami import LETTERS, UNSURE
from apps.ekg.answers.classify import classified
from apps.ekg.answers.disturb import agreement, nearest
from apps.ekg.answers.live import follow
from apps.ekg.answers.rhythm import rhythm_in
from apps.ekg.beats.detect import DETECTORS, find_beats
from apps.ekg.beats.signals import prepare
from apps.ekg.formats.recording import Recording, in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import Ensemble
from apps.ekg.samples import open_sample
from apps.ekg.training.evaluate import (
    Judged,
    accuracy_of,
    calibration_of,
    confusion_of,
    intervals_over_patients,
    macro_f1_of,
    scores_of,
    summary,
)
from shared.errors import RecordError


def judged(n: int = 500, seed: int = 0, record: str = "r") -> Judged:
    """``n`` answers, most of them right."""
    random = np.random.default_rng(seed)
    truth = random.choice(5, n, p=[0.7, 0.1, 0.15, 0.04, 0.01])
    logits = random.standard_normal((n, 5)) + 2.5 * np.eye(5)[truth]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Judged(record, truth, p.astype(np.float32))


def test_figures_are_scikit_learns() -> None:
    item = judged()
    confusion = confusion_of(item.truth, item.answer)
    np.testing.assert_array_equal(confusion, confusion_matrix(item.truth, item.answer, labels=range(5)))
    precision, recall, f1, support = precision_recall_fscore_support(
        item.truth, item.answer, labels=range(5), zero_division=0
    )
    for number, score in enumerate(scores_of(confusion).values()):
        assert (score.se, score.ppv, score.f1) == pytest.approx((recall[number], precision[number], f1[number]))
        assert score.support == support[number]
    assert macro_f1_of(confusion) == pytest.approx(f1_score(item.truth, item.answer, labels=[0, 1, 2], average="macro"))
    assert accuracy_of(confusion) == pytest.approx((item.truth == item.answer).mean())


def test_a_class_that_is_not_there_scores_zero_and_nothing_breaks() -> None:
    confusion = confusion_of(np.zeros(10, np.int64), np.zeros(10, np.int64))
    scores = scores_of(confusion)
    assert (scores["N"].se, scores["N"].ppv) == (1, 1)
    assert (scores["S"].se, scores["S"].ppv, scores["S"].f1, scores["S"].support) == (0, 0, 0, 0)


def test_intervals_come_from_patients_and_one_person_is_drawn_as_one() -> None:
    good, bad = np.diag([100, 0, 0, 0, 0]), np.zeros((5, 5), np.int64)
    bad[0, 1] = 100
    apart = intervals_over_patients([good, bad], ["a", "b"])["accuracy"]
    assert apart == (0.0, 1.0)
    assert intervals_over_patients([good, bad], ["a", "a"])["accuracy"] == (0.5, 0.5)


def test_calibration_has_the_closed_form() -> None:
    probabilities = np.zeros((100, 5), np.float32)
    probabilities[:, 0], probabilities[:, 1] = 0.75, 0.25
    truth = np.array([0] * 60 + [1] * 40)
    result = calibration_of([Judged("r", truth, probabilities)])
    assert result["ece"] == pytest.approx(0.15)
    assert result["bins"] == [{"confidence": pytest.approx(0.75), "accuracy": pytest.approx(0.6), "n": 100}]


def test_doubtful_answers_are_counted_apart() -> None:
    rows = {0: (0.9, 0.1, 0.0, 0.0, 0.0), 1: (0.45, 0.55, 0.0, 0.0, 0.0), 2: (0.2, 0.0, 0.8, 0.0, 0.0)}
    answers = np.array([0, 1, 1, 2, 2, 2, 2])
    probabilities = np.array([rows[answer] for answer in answers], np.float32)
    result = calibration_of([Judged("r", np.array([1, 1, 0, 2, 2, 2, 0]), probabilities)])["abnormal"]
    assert result == {"limit": 0.6, "below": {"n": 2, "right": 0.5}, "above": {"n": 4, "right": 0.75}}


def test_the_summary_has_the_keys_that_others_read() -> None:
    result = summary([judged(record="101"), judged(300, 1, "106")], seconds=1.0)
    assert {"accuracy", "per_class", "macro_f1_nsv", "confusion", "n_beats", "n_records", "seconds"} <= {*result}
    assert list(result["per_class"]) == list("NSVFQ")
    assert {*result["per_class"]["S"]} == {"se", "ppv", "f1", "support"}
    assert result["n_beats"] == 800 == int(np.sum(result["confusion"]))
    share_n = sum(result["confusion"][0]) / 800
    assert result["always_n"]["accuracy"] == pytest.approx(share_n)


@pytest.mark.parametrize("gain", [0.01, 0.3, 5.0, 1000.0])
def test_beats_are_found_whatever_the_unit(gain: float) -> None:
    with open_sample("208") as recording:
        prepared = prepare(recording, 0)
    louder = dataclasses.replace(prepared, filtered_mv=np.float32(gain) * prepared.filtered_mv)
    found, expected = find_beats(louder), find_beats(prepared)
    assert len(expected) > 400
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("detector", sorted(DETECTORS))
def test_the_detector_finds_the_beats_that_were_made(detector: str) -> None:
    recording = synthetic(120, Rhythm(s_share=0.08, v_share=0.08, noise_mv=0.02), seed=5)
    assert recording.annotations is not None
    found = find_beats(prepare(recording, 0), detector=detector)
    truth = recording.annotations.times_s
    place = nearest(found, truth)
    hits = np.abs(found[place] - truth) < 0.05
    assert hits.mean() > 0.98
    assert len(found) <= len(truth) + 2
    assert np.all(np.diff(found) >= 0.2)


def test_noise_is_refused_and_a_gap_is_q(network: Ensemble) -> None:
    noise = 0.4 * np.random.default_rng(5).standard_normal(60 * 250)
    with pytest.raises(RecordError, match="cannot be classified"):
        classified(in_memory("noise", noise, 250, ("II",)), network)
    recording = synthetic(120, Rhythm())
    signal = recording.read(0, 0, recording.n_samples).copy()
    signal[40 * 360 : 50 * 360] = np.nan
    found = classified(in_memory("gap", signal, 360, ("MLII",), annotations=recording.annotations), network)
    inside = (found.times_s > 40.6) & (found.times_s < 49.4)
    assert [LETTERS[n] for n in found.classes[inside]] == ["Q"] * int(inside.sum())
    assert (found.classes[~inside] < 4).mean() > 0.95
    assert any("missing" in warning for warning in found.warnings)


def _noisy_from_30_to_50(recording: Recording) -> Recording:
    signal = recording.read(0, 0, recording.n_samples).astype(np.float64)
    part = slice(30 * 360, 50 * 360)
    signal[part] += np.random.default_rng(0).normal(0, 0.8, 20 * 360)
    return in_memory("noisy", signal, 360, ("MLII",), annotations=recording.annotations)


def test_beats_in_noise_are_not_classified_unless_a_person_marked_them(network: Ensemble) -> None:
    recording = _noisy_from_30_to_50(synthetic(90, Rhythm()))
    found = classified(recording, network, use_annotations=False)
    inside = (found.times_s > 31) & (found.times_s < 49)
    calm = (found.times_s < 28) | (found.times_s > 52)
    assert inside.sum() > 10
    assert {LETTERS[n] for n in found.classes[inside]} == {"Q"}
    assert "Q" not in {LETTERS[n] for n in found.classes[calm]}
    assert any("lost in noise" in warning for warning in found.warnings)
    undisturbed = classified(synthetic(90, Rhythm()), network)
    counted = agreement(undisturbed, found)
    assert counted.given_up > 5
    assert (counted.changed, counted.added) == (0, 0)
    clean, noisy = rhythm_in(undisturbed), rhythm_in(found)
    assert noisy.fastest_bpm == pytest.approx(clean.fastest_bpm, rel=0.1)  # no beat of the noise counts
    assert noisy.sdnn_ms == pytest.approx(clean.sdnn_ms, rel=0.3)
    marked = classified(recording, network)
    assert "Q" not in {LETTERS[n] for n in marked.classes}
    live = [
        (beat.time_s, LETTERS[beat.number])
        for step in follow(prepare(recording, 0), lambda: nullcontext(network))
        for beat in step.beats
    ]
    called = {letter for time_s, letter in live if 34 < time_s < 48}
    assert called == {"Q"}
    assert "Q" not in {letter for time_s, letter in live if time_s < 25}


def test_a_lead_that_is_not_mlii_is_warned_of(network: Ensemble) -> None:
    found = classified(synthetic(30, Rhythm(), lead="V1"), network)
    assert any("not MLII" in warning for warning in found.warnings)
    assert not any("not MLII" in warning for warning in classified(synthetic(30, Rhythm()), network).warnings)


def test_live_looks_at_the_past_only(network: Ensemble) -> None:
    recording = synthetic(60, Rhythm(s_share=0.05, v_share=0.05), seed=8)
    prepared = prepare(recording, 0)
    leased = []

    @contextmanager
    def lease() -> Iterator[Ensemble]:
        leased.append(True)
        yield network
        leased.pop()

    steps = []
    for step in follow(prepared, lease):
        assert not leased, "between two looks nobody holds the network"
        steps.append(step)
    beats = [beat for step in steps for beat in step.beats]
    assert recording.annotations is not None
    truth = recording.annotations.times_s
    truth = truth[truth < 55]
    times = np.array([beat.time_s for beat in beats])
    assert np.all(np.diff(times) > 0.25)
    assert (np.abs(times[nearest(times, truth)] - truth) < 0.06).mean() > 0.9
    assert all(0 < beat.decided_s - beat.time_s < 8 for beat in beats)
    cut = 30 * 125
    prefix = type(prepared)(prepared.plain_mv[:cut], prepared.filtered_mv[:cut], prepared.usable[:cut], prepared.lead)
    known = [beat for step in follow(prefix, lease) for beat in step.beats]
    assert known == [beat for beat in beats if beat.decided_s <= 30]  # the future changed nothing


class _AlwaysV(torch.nn.Module):
    """Calls every beat ventricular."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, windows: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        return torch.log(torch.tensor([[0.02, 0.02, 0.95, 0.01]])).expand(len(windows), 4)


def test_the_monitor_takes_out_hum_and_hears_the_same_doubts() -> None:
    recording = synthetic(40, Rhythm(), seed=4)
    clean = recording.read(0, 0, recording.n_samples)
    hum = 2.0 * np.sin(2 * np.pi * 50 * np.arange(len(clean)) / recording.rate_hz)
    humming = in_memory("x", clean + hum, recording.rate_hz, ("II",))
    beats = [b for step in follow(prepare(humming, 0), lambda: nullcontext(_AlwaysV())) for b in step.beats]
    truth = [time for time in recording.annotations.times_s if 5 < time < 35]  # type: ignore[union-attr]
    times = np.array([beat.time_s for beat in beats])
    assert all(np.abs(times - time).min() < 0.06 for time in truth)
    assert {beat.number for beat in beats} == {2}
    assert all(beat.probability < UNSURE for beat in beats[10:])  # they have the usual QRS: V is doubtful
