"""Training examples are the inputs that the product makes; leads, folds and made-up rhythms count as they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from apps.ekg.aami import DS1, FOLDS, QTDB, QTDB_FOLDS, fold_of, person_of
from apps.ekg.beats.inputs import network_inputs
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.training.dataset import OTHER_LEAD_WEIGHT, draw_examples, labelled
from apps.ekg.training.train import left_out_by
from apps.ekg.training.variants import VARIANTS, Labelled


@pytest.fixture(scope="module")
def records() -> list[Labelled]:
    made = [labelled(synthetic(120, Rhythm(s_share=0.12, v_share=0.08), seed=seed)) for seed in range(2)]
    return [replace(record, record=name) for record, name in zip(made, ("209", "sel821"), strict=True)]


def test_a_batch_is_what_the_product_would_show(records: list[Labelled]) -> None:
    examples = draw_examples(records, np.random.default_rng(0), draws=0)
    first = len(records[0].classes)
    assert len(examples.classes) == first + len(records[1].classes)
    for start, record in ((0, records[0]), (first, records[1])):
        n = len(record.classes)
        windows, features = network_inputs(record.beats).of(0, n, margin=True)
        np.testing.assert_allclose(examples.windows_of(np.arange(start, start + n)).numpy(), windows, atol=0.01)
        np.testing.assert_array_equal(examples.features[start : start + n], features)


def test_those_left_out_are_never_drawn(records: list[Labelled]) -> None:
    examples = draw_examples(records, np.random.default_rng(0), draws=1)
    assert {*examples.records} == {"209", "sel821"}
    assert len(examples.classes) > 3 * sum(len(record.classes) for record in records)  # made-up rhythms, too
    chances = examples.chances_without(("209",))
    assert chances.sum() == pytest.approx(1)
    assert not chances[examples.records == "209"].any()
    for member in range(12):
        left_out = left_out_by(member, records)
        assert left_out == tuple(name for name in ("209", "sel821") if fold_of(name) == member % 6)
    assert left_out_by(0, records[:1]) == ()  # nobody else would be there


def test_the_other_lead_counts_less() -> None:
    recording = synthetic(60, Rhythm(), seed=1)
    line = recording.read(0, 0, recording.n_samples)
    both = in_memory("x", [0.5 * line, line], recording.rate_hz, ("V1", "II"), annotations=recording.annotations)
    first, other = labelled(both), labelled(both, 0)
    assert first.beats.scale_mv == pytest.approx(2 * other.beats.scale_mv, rel=0.01)
    np.testing.assert_allclose(other.weights, OTHER_LEAD_WEIGHT * first.weights)


def test_every_patient_is_in_one_fold_whatever_the_record_is_called() -> None:
    assert sorted(name for names in FOLDS for name in names) == sorted(DS1)
    people = [person_of(name) for name in (*DS1, *QTDB)]
    assert len({*people}) == len(people) == 22 + 51
    assert {fold_of(name) for names in QTDB_FOLDS for name in names} == {*range(6)}
    assert fold_of("e0114") == fold_of("sele0114") == 4  # the European database's record and the QT Database's
    assert fold_of("sel114") == fold_of("114") == 0
    assert fold_of("sel100") is fold_of("100") is None
    assert fold_of("mitdb_208_MLII") == fold_of("MIT-BIH 208") == fold_of("208") == 3
    assert fold_of("SEL840 lead 1") == fold_of("sel840") == fold_of("svdb-840") == 5
    assert fold_of("room 208") is fold_of("208-five-minutes") is fold_of("mitdb_100") is None


def test_paroxysms_are_the_record_and_its_fibrillation_by_turns(records: list[Labelled]) -> None:
    made = VARIANTS["paroxysms"].make(records[0], np.random.default_rng(3))
    known = (made.beats.windows[:, None] == records[0].beats.windows[None]).all(axis=2).any(axis=1)
    assert 600 <= len(known) < 1000
    assert 0.2 < known.mean() < 0.8
    assert np.diff(np.flatnonzero(np.diff(known))).min() >= 20
    jumps = np.abs(np.diff(np.log(made.beats.rr_s)))
    assert np.median(jumps[~known[1:]]) > 2 * np.median(jumps[known[1:]])


def test_a_drift_keeps_the_beats_and_frequent_beats_are_early(records: list[Labelled]) -> None:
    drift = VARIANTS["rate drift"].make(records[0], np.random.default_rng(3))
    np.testing.assert_array_equal(drift.classes, records[0].classes)
    ratio = drift.beats.rr_s / records[0].beats.rr_s
    assert np.ptp(ratio) > 0.1
    assert np.abs(np.diff(ratio)).max() < 0.05  # over minutes, not from beat to beat
    often = VARIANTS["frequent"].make(records[0], np.random.default_rng(3))
    early = often.beats.rr_s[often.classes == 1] / np.median(records[0].beats.rr_s)
    assert (often.classes == 1).mean() > 0.08
    assert np.median(early) < 0.9
