"""Broken on purpose: what is done to a recording, and what changed in the answer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from apps.ekg.aami import LETTERS
from apps.ekg.answers.classify import classified
from apps.ekg.answers.disturb import Agreement, Disturbance, agreement, disturbed, excerpt, nearest
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import Ensemble
from shared.errors import OptionError


def test_disturbances_do_what_they_say(network: Ensemble) -> None:
    found = classified(synthetic(60, Rhythm()), network, use_annotations=False)
    part = excerpt(found, length_s=30)
    assert part.duration_s == 30
    same = disturbed(part, Disturbance())
    np.testing.assert_allclose(same.read(0, 0, 100), part.read(0, 0, 100), atol=0.0026)
    upside_down = disturbed(part, Disturbance(gain=2, inverted=True))
    np.testing.assert_allclose(upside_down.read(0, 0, 100), -2 * part.read(0, 0, 100), atol=0.0026)
    noisy = disturbed(part, Disturbance(noise_mv=0.3)).read(0, 0, 3750) - part.read(0, 0, 3750)
    assert noisy.std() == pytest.approx(0.3, rel=0.05)
    with pytest.raises(OptionError, match="noise"):
        disturbed(part, Disturbance(noise_mv=-1))
    counted = agreement(found, found)
    assert (counted.share, counted.changed, counted.lost, counted.added) == (1.0, 0, 0, 0)
    assert agreement(found, None).lost == len(found.times_s)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("noise_mv", 0, 5), ("drift_mv", 0, 10), ("gain", 0, 100), ("rate_hz", 10, None)]
)
def test_the_ends_of_each_range_are_in_it(name: str, low: float, high: float | None) -> None:
    part = in_memory("x", np.sin(np.arange(1000) / 9), 125, ("II",))
    for end, beyond in ((low, low - 0.01), (high, None if high is None else high + 0.01)):
        if end is not None and beyond is not None:
            assert disturbed(part, Disturbance(**{name: end})).n_samples == 1000
            with pytest.raises(OptionError, match="a number from"):
                disturbed(part, Disturbance(**{name: beyond}))


def _answers(times_s: list[float], letters: str) -> Any:
    return SimpleNamespace(
        times_s=np.array(times_s, np.float64), classes=np.array([LETTERS.index(one) for one in letters], np.int64)
    )


def test_each_beat_is_kept_changed_given_up_or_lost() -> None:
    before = _answers([1, 2, 3, 4, 5, 6, 7], "NNVVSNN")
    after = _answers([1.15, 2.0, 2.9, 4.1, 5.2, 6, 7, 8, 9], "NSVQSNNNQ")
    counted = agreement(before, after)
    assert counted == Agreement(kept=4, changed=1, given_up=1, lost=1, added=2)  # 5.2 is another beat than 5.0
    assert counted.share == 4 / 7
    nothing = Agreement(kept=0, changed=0, given_up=0, lost=7, added=0)
    assert agreement(before, None) == agreement(before, _answers([], "")) == nothing
    assert agreement(_answers([], ""), after).share == 0


def test_the_nearest_is_that_of_a_brute_force() -> None:
    random = np.random.default_rng(4)
    for count in (1, 2, 30):
        among, times = np.sort(random.uniform(0, 10, count)), random.uniform(-1, 11, 50)
        assert nearest(among, times).tolist() == np.abs(among[None] - times[:, None]).argmin(axis=1).tolist()


def test_drift_is_a_sine_and_a_lower_rate_joins_its_own_samples() -> None:
    line = in_memory("line", np.zeros(1250), 125, ("II",))
    t = np.arange(1250) / 125
    drifted = disturbed(line, Disturbance(drift_mv=0.5)).read(0, 0, 1250)
    np.testing.assert_allclose(drifted, 0.5 * np.sin(0.6 * np.pi * t), atol=0.0026)
    signal = np.sin(2 * np.pi * 3 * t)
    coarse = disturbed(in_memory("sine", signal, 125, ("II",)), Disturbance(rate_hz=25)).read(0, 0, 1250)
    np.testing.assert_allclose(coarse[::5], signal[::5], atol=0.0026)
    np.testing.assert_allclose(coarse[2:1240:5], 0.6 * signal[:1236:5] + 0.4 * signal[5:1241:5], atol=0.0026)
    as_it_is = disturbed(line, Disturbance(rate_hz=125, seed=1, noise_mv=0.1)).read(0, 0, 1250)
    np.testing.assert_array_equal(as_it_is, disturbed(line, Disturbance(seed=1, noise_mv=0.1)).read(0, 0, 1250))
    for how in (Disturbance(rate_hz=9), Disturbance(gain=101), Disturbance(drift_mv=11), Disturbance(noise_mv=6)):
        with pytest.raises(OptionError):
            disturbed(line, how)
    assert not disturbed(in_memory("sine", signal, 125, ("II",)), Disturbance(gain=0)).read(0, 0, 1250).any()


def test_an_excerpt_ends_where_the_recording_does(network: Ensemble) -> None:
    found = classified(synthetic(40, Rhythm()), network)
    whole = found.prepared.plain_mv
    for start_s, first in ((-5, 0), (10, 1250), (35, 3750)):
        part = excerpt(found, start_s=start_s, length_s=10)
        np.testing.assert_allclose(part.read(0, 0, part.n_samples), whole[first : first + 1250], atol=1e-6)
    assert excerpt(found).n_samples == len(whole)
    np.testing.assert_allclose(excerpt(found, length_s=10).read(0, 0, 1250), whole[:1250], atol=1e-6)
