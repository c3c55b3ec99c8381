"""What the strip gets: the signal, the beats, and every figure that the page writes next to them."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from apps.ekg.aami import LETTERS
from apps.ekg.answers.classify import Classified, classified
from apps.ekg.answers.live import LiveBeat
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import Ensemble
from apps.ekg.ui import strip as strips
from apps.ekg.ui.monitor import answers_on_strip
from apps.ekg.ui.strip import signal_json, strip_json


def test_the_strip_is_the_signal_and_the_beats() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(60, Rhythm(s_share=0.1)), Ensemble(1).eval())
    strip = json.loads(strip_json(found, "token"))
    counts = np.frombuffer(base64.b64decode(strip["signal"]), "<i2")
    np.testing.assert_allclose(counts / 200, found.prepared.plain_mv, atol=0.0026)
    np.testing.assert_allclose(strip["times"], found.times_s, atol=0.001)
    assert [LETTERS.index(letter) for letter in strip["classes"]] == found.classes.tolist()
    almost = replace(found, probabilities=np.tile(np.array([0.4, 0, 0.5996, 0, 0.0004]), (len(found.times_s), 1)))
    edge = json.loads(strip_json(almost, "token"))
    assert set(edge["sure"]) == {"59 %"}  # doubtful, though it rounds to 60
    later = json.loads(strip_json(found, "token", start_s=30))
    assert later["first"] == np.searchsorted(found.times_s, 30)
    assert later["times"][0] == pytest.approx(found.times_s[later["first"]] - 30, abs=0.001)


def test_a_refused_recording_is_still_shown() -> None:
    signal = np.sin(np.arange(3600) / 20.0)
    signal[100:150] = np.nan
    strip = json.loads(signal_json(in_memory("r", signal, 360.0, ("MLII",)), 0))
    shown = np.frombuffer(base64.b64decode(strip["signal"]), "<i2") / 200
    assert strip["duration"] == pytest.approx(10, abs=0.01)
    assert (strip["classes"], strip["times"], strip["token"]) == ("", [], "")
    expected = np.interp(np.arange(len(shown)) / 125, np.arange(3600) / 360, np.sin(np.arange(3600) / 20.0))
    good = (np.arange(len(shown)) < 30) | (np.arange(len(shown)) > 60)
    np.testing.assert_allclose(shown[good], expected[good], atol=0.01)
    assert signal_json(in_memory("r", np.full(3600, np.nan), 360.0, ("MLII",)), 0) == ""


@pytest.fixture(scope="module")
def found() -> Classified:
    torch.manual_seed(0)
    return classified(synthetic(60, Rhythm()), Ensemble(1).eval())


def _as(
    found: Classified, letters: str, times: list[float], *, sure: float = 0.9, annotated: bool = False
) -> Classified:
    """``found`` with other beats: their letters, times and one probability for all."""
    classes = np.array([LETTERS.index(letter) for letter in letters])
    probabilities = np.full((len(classes), 5), 0.025, np.float32)
    probabilities[np.arange(len(classes)), classes] = 0.9
    return replace(
        found,
        times_s=np.array(times),
        classes=classes,
        probabilities=probabilities,
        annotated=classes if annotated else None,
    )


def _strip(found: Classified, **options: Any) -> dict[str, Any]:
    return dict(json.loads(strip_json(found, "token", **options)))


def test_the_heart_rate_is_that_of_the_eight_latest_intervals(found: Classified) -> None:
    intervals = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.5]
    times = np.cumsum([1.0, *intervals]).tolist()
    strip = _strip(_as(found, "N" * 11, times))
    assert strip["rr"] == [None, *(round(1000 * rr) for rr in intervals)]
    assert strip["rates"] == [None, *(round(60 / rr) for rr in intervals)]
    means = [60 * len(latest) / sum(latest) for n in range(10) if (latest := intervals[max(0, n - 7) : n + 1])]
    assert strip["mean_rates"] == [None, *map(round, means)]


def test_marks_in_noise_give_no_rate_unless_a_person_set_them(found: Classified) -> None:
    times = [1.0, 2.0, 3.0, 3.5, 4.5, 16.0, 16.0]
    strip = _strip(_as(found, "NNNQNNN", times))
    assert strip["rates"] == [None, 60, 60, None, None, 5, None]
    assert strip["mean_rates"] == [None, 60, 60, 60, 60, round(60 * 3 / 13.5), round(60 * 3 / 13.5)]
    assert strip["rr"] == [None, 1000, 1000, 500, 1000, None, None]  # an interval of 11 s is not written
    assert _strip(_as(found, "NNNQNNN", times, annotated=True))["rates"] == [None, 60, 60, 120, 60, 5, None]


def test_a_later_part_knows_the_interval_before_it(found: Classified) -> None:
    strip = _strip(_as(found, "NNNN", [1.0, 2.0, 3.5, 4.0]), start_s=3.0)
    assert (strip["first"], strip["times"], strip["rr"], strip["rates"]) == (2, [0.5, 1.0], [1500, 500], [40, 120])


def test_sure_beats_are_listed_before_doubtful_and_unclassified_ones(found: Classified) -> None:
    mixed = _as(found, "VNQSFVN", [1.0, 2, 3, 4, 5, 6, 7])
    mixed.probabilities[0] = (0.45, 0, 0.55, 0, 0)  # a V below 60 %
    mixed.probabilities[6] = (0.55, 0, 0.45, 0, 0)  # an N, which is not in the list
    strip = _strip(mixed)
    assert strip["called"] == ["V?", "N", "Q", "S", "F", "V", "N?"]
    assert strip["sure"] == ["55 %", "90 %", "", "90 %", "90 %", "90 %", "55 %"]
    assert strip["listed"] == [3, 4, 5, 0, 2]
    assert strip["counts"] == {
        "SVFQ": "5 beats, 1 doubtful (under 60%) and 1 not classified last",
        "S": "1 beats",
        "V": "2 beats, 1 doubtful (under 60%) last",
        "F": "1 beats",
        "Q": "1 beats, 1 not classified last",
    }
    assert _strip(_as(found, "NN", [1.0, 2.0]))["counts"]["SVFQ"] == "none of these classes"


def test_a_long_list_says_how_many_it_shows(found: Classified, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strips, "MOST_LISTED", 2)
    strip = _strip(_as(found, "VVV", [1.0, 2.0, 3.0]))
    assert (strip["counts"]["V"], strip["most_listed"]) == ("3 beats, 2 listed", 2)


def test_live_answers_go_to_the_beats_of_the_strip(found: Classified) -> None:
    known = _as(found, "NNNN", [1.0, 2.0, 3.0, 4.0])
    beats = tuple(LiveBeat(time_s, number, 0.9, 5.0) for time_s, number in ((1.1, 2), (2.9, 1), (3.5, 0)))
    assert answers_on_strip(known, beats) == {0: "V", 2: "S"}  # 3.5 s is near no beat
    assert answers_on_strip(known, ()) == {}
    unsure = tuple(LiveBeat(float(number + 1), number, 0.59, 5.0) for number in (0, 2))
    assert answers_on_strip(known, unsure) == {0: "N?", 2: "V?"}
