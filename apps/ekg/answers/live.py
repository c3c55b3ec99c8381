"""Classification as the recording runs: only the past is used, and every answer comes a beat or two late.

Every two seconds the last minute is filtered, its beats are found, cut and compared, and those that now have the
samples and the interval after them are answered. The references are then the medians of that minute, not of the
record, and beats of one shape are not pooled; how much that costs is part of what the page shows. Hum is taken out and
the same doubts are heard as for a whole recording (``limits``), but those about a pacemaker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from apps.ekg.answers.classify import MIN_BEATS, probabilities_of, with_unclassified
from apps.ekg.answers.limits import doubts_of, less_sure
from apps.ekg.beats.detect import find_beats
from apps.ekg.beats.inputs import network_inputs
from apps.ekg.beats.signals import RATE_HZ, Prepared, band_passed, steadied, without_hum
from apps.ekg.beats.windows import AFTER, cut_beats, without_noisy

if TYPE_CHECKING:
    from torch import nn

STEP_S = 2.0  # between two looks at the recording
LOOK_BACK_S = 60.0  # what each look sees
_SAME_BEAT_S = 0.25  # a beat found again in the next look has moved by less


@dataclass(frozen=True)
class LiveBeat:
    """One beat, answered while the recording runs."""

    time_s: float
    number: int  # of its class
    probability: float  # below ``UNSURE`` where it is doubtful
    decided_s: float  # when the answer was there, in seconds of the recording


@dataclass(frozen=True)
class LiveStep:
    """What one look added."""

    now_s: float
    beats: tuple[LiveBeat, ...]


Lease = Callable[[], AbstractContextManager["nn.Module"]]


def follow(prepared: Prepared, lease: Lease) -> Iterator[LiveStep]:
    """One ``LiveStep`` for every ``STEP_S`` seconds of the recording; the caller keeps the time.

    The network is leased separately for each look, so that the cache may use its memory during the seconds between.
    """
    end_s = len(prepared.plain_mv) / RATE_HZ
    answered: list[LiveBeat] = []
    now_s = STEP_S
    while now_s <= end_s:
        with lease() as network:
            beats = _look(prepared, network, now_s, answered)
        answered = [beat for beat in answered if beat.time_s > now_s - LOOK_BACK_S] + [*beats]
        yield LiveStep(now_s, beats)
        now_s += STEP_S


def _look(prepared: Prepared, network: nn.Module, now_s: float, answered: Sequence[LiveBeat]) -> tuple[LiveBeat, ...]:
    """The beats behind those ``answered`` that can be answered at ``now_s``."""
    seen = slice(max(0, round((now_s - LOOK_BACK_S) * RATE_HZ)), round(now_s * RATE_HZ))
    plain = prepared.plain_mv[seen]
    filtered = steadied(band_passed(without_hum(plain.astype(np.float64)))).astype(np.float32)
    past = replace(prepared, plain_mv=plain, filtered_mv=filtered, usable=prepared.usable[seen])
    times = find_beats(past)
    offset_s = seen.start / RATE_HZ
    if len(times) < MIN_BEATS:
        return ()
    beats = without_noisy(cut_beats(past, times))
    complete = times <= len(plain) / RATE_HZ - AFTER / RATE_HZ
    complete[-1] = False  # the interval after it is not known yet
    until_s = answered[-1].time_s if answered else 0.0
    new = np.flatnonzero(complete & (times + offset_s > until_s + _SAME_BEAT_S))
    if new.size == 0:
        return ()
    first, last = int(new[0]), int(new[-1]) + 1
    inputs = network_inputs(beats)
    answers = with_unclassified(probabilities_of(network, *inputs.of(first, last)), beats.usable[first:last])
    classes = _classes_before(answered, times + offset_s)
    classes[first:last] = answers.argmax(axis=1)
    answers = less_sure(answers, doubts_of(times, inputs, classes).of(classes)[first:last])
    return tuple(
        LiveBeat(float(times[place]) + offset_s, int(row.argmax()), float(row.max()), now_s)
        for place, row in zip(range(first, last), answers, strict=True)
    )


def _classes_before(answered: Sequence[LiveBeat], times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """(K,) what the beats at ``times_s`` were called before; N where nothing is known of them."""
    classes = np.zeros(len(times_s), np.int64)
    for beat in answered:
        place = int(np.abs(times_s - beat.time_s).argmin())
        if abs(times_s[place] - beat.time_s) < _SAME_BEAT_S:
            classes[place] = beat.number
    return classes
