"""Training, evaluation, the page and the monitor give the network identical inputs for the same beats."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from apps.ekg.answers.classify import classified
from apps.ekg.answers.live import follow
from apps.ekg.beats.inputs import cropped, network_inputs
from apps.ekg.beats.signals import prepare
from apps.ekg.beats.windows import CHANNELS, MARGIN, WINDOW, Array, cut_beats
from apps.ekg.formats.recording import Recording, in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.training import dataset
from benchmarks.ekg.validation import answers_for


class Recorder(nn.Module):
    """A network that keeps what it is shown and finds every class equally likely."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.shown: list[tuple[Array, Array]] = []

    def forward(self, windows: Tensor, features: Tensor) -> Tensor:
        self.shown.append((windows.numpy().copy(), features.numpy().copy()))
        return torch.log(torch.full((len(windows), 4), 0.25))

    def seen(self) -> tuple[Array, Array]:
        windows, features = zip(*self.shown, strict=True)
        return np.concatenate(windows), np.concatenate(features)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return synthetic(60, Rhythm(s_share=0.1, v_share=0.1), seed=3)


def test_training_and_serving_give_identical_inputs(recording: Recording) -> None:
    page, validation = Recorder(), Recorder()
    classified(recording, page)
    labelled = dataset.labelled(recording)
    answers_for(labelled, validation)
    trained_on, features = dataset.inputs(labelled)
    for windows, given in (page.seen(), validation.seen()):
        np.testing.assert_array_equal(windows, cropped(trained_on))
        np.testing.assert_array_equal(given, features)
    assert trained_on.shape[1:] == (len(CHANNELS), WINDOW + 2 * MARGIN)


def test_the_monitor_gives_the_same_inputs_for_what_it_has_seen(recording: Recording) -> None:
    signal = prepare(recording, 0).plain_mv  # at the network's rate, so that both filter the same samples
    monitor = Recorder()
    looks = follow(prepare(in_memory("same", signal, 125, ("MLII",)), 0), lambda: nullcontext(monitor))
    for look in looks:
        if not look.beats or look.now_s not in (20.0, 40.0, 60.0):
            continue
        page = Recorder()
        past = in_memory("past", signal[: round(look.now_s * 125)], 125, ("MLII",))
        found = classified(past, page, use_annotations=False)
        places = [int(np.abs(found.times_s - beat.time_s).argmin()) for beat in look.beats]
        for monitored, served in zip(monitor.shown[-1], page.seen(), strict=True):
            np.testing.assert_allclose(monitored, served[places], atol=1e-3)
    assert len(monitor.shown) > 20


def test_beats_that_cannot_be_used_have_no_shape_that_others_are_compared_with(recording: Recording) -> None:
    assert recording.annotations is not None
    beats = cut_beats(prepare(recording, 0), recording.annotations.times_s)
    usable = np.arange(len(beats.rr_s)) % 3 != 1
    chosen = network_inputs(replace(beats, usable=usable)).shapes.chosen
    assert usable[chosen].all()
    assert len(chosen) == usable.sum()


def test_a_part_is_a_part_of_all(recording: Recording) -> None:
    assert recording.annotations is not None
    inputs = network_inputs(cut_beats(prepare(recording, 0), recording.annotations.times_s))
    n = len(recording.annotations.times_s)
    windows, features = inputs.of(0, n)
    part = inputs.of(11, 29)
    np.testing.assert_array_equal(part[0], windows[11:29])
    np.testing.assert_allclose(part[1], features[11:29], atol=1e-5)
    wide, _ = inputs.of(11, 29, margin=True)
    np.testing.assert_array_equal(cropped(wide, 3)[..., :-3], cropped(wide)[..., 3:])
