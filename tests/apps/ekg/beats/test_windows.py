"""The AAMI mapping, the windows, the references and the features against closed forms and invariances."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from apps.ekg import aami
from apps.ekg.beats.features import RHYTHM_FEATURES, SHAPE_FEATURES, likeness, rhythm_features, shape_features
from apps.ekg.beats.signals import RATE_HZ, Prepared, prepare
from apps.ekg.beats.windows import (
    AFTER,
    BEFORE,
    CHANNELS,
    MARGIN,
    PEAK,
    WINDOW,
    Beats,
    channels,
    compressed,
    cut_beats,
    noise_of,
    references,
    without_noisy,
)
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic


def test_the_mapping_is_aami() -> None:
    wanted = {"N": "NLRBej", "S": "AaJSn", "V": "VEr", "F": "F", "Q": "/fQ?"}
    for letter, symbols in wanted.items():
        assert [aami.LETTERS[n] for n in aami.classes_of(symbols)] == [letter] * len(symbols)
    assert aami.classes_of('+~|![]x"').tolist() == [-1] * 8


def test_the_split_is_de_chazals() -> None:
    assert len(aami.DS1) == len(aami.DS2) == 22
    assert not {*aami.DS1} & {*aami.DS2}
    assert not {*aami.PACED} & {*aami.DS1, *aami.DS2}
    assert "201" in aami.DS1
    assert "202" in aami.DS2
    assert aami.person_of("202") == aami.person_of("201") != aami.person_of("203")


def _ramp(n_samples: int = 4000) -> Prepared:
    ramp = np.arange(n_samples, dtype=np.float32)
    return Prepared(ramp, ramp, np.ones(n_samples, bool), "II")


def test_a_window_is_where_it_should_be() -> None:
    times = np.array([8.0, 9.0, 10.5, 12.0])
    beats = cut_beats(_ramp(), times)
    assert beats.windows.shape == (4, WINDOW + 2 * MARGIN)
    assert WINDOW == BEFORE + AFTER == 128
    for window, second in zip(beats.windows * beats.scale_mv, times, strict=True):
        place = round(second * RATE_HZ)
        np.testing.assert_allclose(window, np.arange(place - PEAK, place - PEAK + WINDOW + 2 * MARGIN), rtol=1e-5)
    np.testing.assert_allclose(beats.rr_s, [1.5, 1.0, 1.5, 1.5])  # the first is the median of the others


def test_windows_at_the_ends_are_padded_and_unusable_stretches_noticed() -> None:
    prepared = _ramp(1000)
    usable = prepared.usable.copy()
    usable[490:560] = False
    beats = cut_beats(replace(prepared, usable=usable), np.array([0.0, 2.0, 4.0, 6.0, 7.99]))
    np.testing.assert_array_equal(beats.windows[0, :PEAK], 0)
    np.testing.assert_array_equal(beats.windows[-1, PEAK + 2 :], 0)
    assert beats.usable.tolist() == [True, True, False, True, True]


@pytest.mark.parametrize("height_mv", [1.0, 4.0])
def test_white_noise_is_measured_in_heights_of_the_qrs(height_mv: float) -> None:
    sigma, peaks = 0.1, np.arange(100, 7400, 100)
    signal = np.random.default_rng(1).normal(0, sigma, 7500).astype(np.float32)
    signal[peaks] += np.float32(height_mv)  # one sample wide: outside the QRS there is nothing but noise
    prepared = Prepared(signal, signal, np.ones(len(signal), bool), "MLII")
    beats = cut_beats(prepared, peaks / RATE_HZ)
    found = noise_of(beats)
    assert beats.scale_mv == pytest.approx(height_mv, rel=0.4)
    # the second difference of white noise, x[t-1] - 2 x[t] + x[t+1], has the variance (1 + 4 + 1) sigma^2
    assert np.median(found) == pytest.approx(np.sqrt(6) * sigma / beats.scale_mv, rel=0.05)
    assert without_noisy(beats).usable.all() == (height_mv == 4.0)


def _features(scale: float = 1.0, tempo: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    recording = synthetic(90, Rhythm(s_share=0.1, v_share=0.1, noise_mv=0))
    assert recording.annotations is not None
    signal = recording.read(0, 0, recording.n_samples) * scale
    prepared = prepare(in_memory("x", signal, recording.rate_hz, ("II",)), 0)
    beats = cut_beats(prepared, recording.annotations.times_s)
    beats = replace(beats, rr_s=beats.rr_s * tempo)
    reference = references(beats)
    n = len(beats.rr_s)
    return channels(beats, reference, 0, n), np.concatenate(
        [rhythm_features(beats.rr_s), shape_features(beats, reference, 0, n)], axis=1
    )


def test_nothing_depends_on_the_gain() -> None:
    windows, features = _features()
    louder, same = _features(scale=7.0)
    np.testing.assert_allclose(louder, windows, atol=1e-3)
    np.testing.assert_allclose(same, features, atol=1e-3)


def test_rhythm_features_are_ratios() -> None:
    rr = np.random.default_rng(0).uniform(0.6, 1.2, 200)
    np.testing.assert_allclose(rhythm_features(rr), rhythm_features(rr * 1.3), atol=1e-5)


def test_an_even_rhythm_is_all_zeros() -> None:
    np.testing.assert_allclose(rhythm_features(np.full(50, 0.8)), 0, atol=1e-6)


def test_one_early_beat_has_the_closed_form() -> None:
    rr = np.full(101, 1.0)
    rr[50], rr[51] = 0.5, 1.5
    row = dict(zip(RHYTHM_FEATURES, rhythm_features(rr)[50], strict=True))
    assert row["RR +0 / local median"] == pytest.approx(np.log(0.5))
    assert row["RR +1 / local median"] == pytest.approx(np.log(1.5))
    assert row["RR / record median"] == pytest.approx(np.log(0.5))
    assert row["RR and next / two local medians"] == pytest.approx(0, abs=1e-6)  # fully compensatory


def test_long_intervals_stay_the_measure_where_ectopic_beats_are_the_majority() -> None:
    rr = np.tile([0.6] * 7 + [1.2] * 2, 40)
    rows = rhythm_features(rr)
    early, sinus = rows[10 * 9 + 3], rows[10 * 9 + 7]
    at = RHYTHM_FEATURES.index("RR / local long")
    assert early[RHYTHM_FEATURES.index("RR / record median")] == pytest.approx(0)  # the median calls it normal
    assert early[at] == pytest.approx(np.log(0.5), abs=1e-5)  # the long intervals do not
    assert sinus[at] == pytest.approx(0, abs=1e-5)


def test_the_reference_is_the_sinus_beat_even_in_the_minority() -> None:
    sinus, ectopic = np.zeros(WINDOW + 2 * MARGIN, np.float32), np.ones(WINDOW + 2 * MARGIN, np.float32)
    windows = np.stack([sinus if n % 9 >= 7 else ectopic for n in range(180)])
    rr = np.array([1.2 if n % 9 >= 7 else 0.6 + 0.001 * (n % 7) for n in range(180)])
    beats = Beats(windows, rr, np.ones(180, bool), 1.0)
    found = references(beats)
    assert np.median(windows, axis=0).max() == 1  # a plain median is the ectopic beat
    assert found.record.max() == 0
    assert found.local.max() == 0


def test_the_local_reference_is_made_of_the_beats_around() -> None:
    """After 300 beats of one shape come 100 of another: those far from the change are compared with their own."""
    later = np.arange(400) >= 300
    windows = np.repeat(later.astype(np.float32)[:, None], WINDOW + 2 * MARGIN, axis=1)
    found = references(Beats(windows, np.ones(400), np.ones(400, bool), 1.0))
    assert found.record.max() == 0
    assert found.near(0, 270).max() == 0
    assert found.near(330, 400).min() == 1
    rr = np.where(later, 1.0, 0.9)  # nine tenths of the long interval are still long
    assert references(Beats(windows, rr, np.ones(400, bool), 1.0)).near(285, 295).max() == 0


def test_channels_are_what_they_are_called() -> None:
    windows, _ = _features()
    assert windows.shape[1] == len(CHANNELS)
    np.testing.assert_allclose(windows[:, 1], compressed(windows[:, 0]), atol=1e-6)
    np.testing.assert_allclose(windows[1:, 2], windows[1:, 1] - windows[:-1, 1], atol=1e-6)
    np.testing.assert_allclose(windows[:-1, 3], windows[:-1, 1] - windows[1:, 1], atol=1e-6)


def test_likeness_is_the_correlation() -> None:
    random = np.random.default_rng(1)
    a, b = random.standard_normal((5, 40)).astype(np.float32), random.standard_normal((5, 40)).astype(np.float32)
    expected = [np.corrcoef(x[5:30], y[5:30])[0, 1] for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(likeness(a, b, 5, 30, lag=0), expected, atol=1e-3)
    assert (likeness(a, b, 5, 30, lag=3) >= likeness(a, b, 5, 30, lag=0) - 1e-9).all()
    np.testing.assert_allclose(likeness(a, a, 5, 30, lag=3), 1, atol=1e-3)


def test_shape_features_know_a_ventricular_beat() -> None:
    recording = synthetic(120, Rhythm(v_share=0.15, noise_mv=0), seed=2)
    assert recording.annotations is not None
    beats = cut_beats(prepare(recording, 0), recording.annotations.times_s)
    rows = shape_features(beats, references(beats), 0, len(beats.rr_s))
    wide = np.array([symbol == "V" for symbol in recording.annotations.symbols])
    alike, width = SHAPE_FEATURES.index("QRS like the local reference"), SHAPE_FEATURES.index("QRS width / reference")
    assert rows[~wide, alike].min() > 0.9 > rows[wide, alike].max()
    assert rows[wide, width].min() > 0.3 > rows[~wide, width].max()


def test_the_change_from_the_beat_before_is_counted_in_the_jumps_around_it() -> None:
    rr = 0.8 * np.exp(np.random.default_rng(3).normal(0, 0.05, 80))
    rows = dict(zip(RHYTHM_FEATURES, rhythm_features(rr).T, strict=True))
    change = np.diff(np.log(rr))
    np.testing.assert_allclose(rows["RR / RR before"][1:], change, atol=1e-5)
    spreads = rows["RR / RR before, in spreads"][1:]
    assert (np.sign(spreads) == np.sign(change)).all()
    jumps = rows["local jumps"][1:] + 3 * 0.06  # three upper quartiles of |change|, and the least that counts
    np.testing.assert_allclose(spreads, change / jumps, atol=1e-5)
