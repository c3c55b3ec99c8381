"""The functions that may run elsewhere lend the network to those that need one."""

from __future__ import annotations

from apps.ekg.answers import served
from apps.ekg.beats.signals import prepare
from apps.ekg.formats.synthetic import Rhythm, synthetic


def test_the_bundled_network_answers_explains_and_follows() -> None:
    recording = synthetic(20, Rhythm(v_share=0.1), seed=2)
    found = served.classified(recording)
    assert len(found.times_s) == len(recording.annotations.times_s)  # type: ignore[union-attr]
    assert sum(served.explained(found, 3).probabilities) > 0.99
    assert len(served.first_filters()) == 16
    *_, last = served.followed(prepare(recording, 0))
    assert last.now_s == 20
