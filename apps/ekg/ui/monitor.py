"""The live monitor: the recording plays in real time, and beats are answered with what the past alone allows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from apps.ekg.aami import LETTERS, UNCLASSIFIED, UNSURE
from apps.ekg.answers.disturb import nearest
from apps.ekg.ui.results import result_store
from apps.ekg.ui.rooms import served
from apps.ekg.ui.strip import strip_json

if TYPE_CHECKING:
    from apps.ekg.answers.classify import Classified
    from apps.ekg.answers.live import LiveBeat

_SAME_BEAT_S = 0.15  # a beat found live and one found in the recording are the same: AAMI EC57


def play_live(token: str) -> Iterator[Any]:
    """Play the recording of ``token`` on the strip; every two seconds the new answers."""
    found = result_store().get(token)
    yield gr.HTML(strip_json(found, token))  # from its first hour, undisturbed
    yield gr.HTML(live=json.dumps({"begin": True}))
    started = time.monotonic()
    for step in served.followed(found.prepared):
        time.sleep(max(0.0, step.now_s - (time.monotonic() - started)))
        yield gr.HTML(live=json.dumps({"now": step.now_s, "answers": answers_on_strip(found, step.beats)}))
    yield gr.HTML(live=json.dumps({"end": True}))


def answers_on_strip(found: Classified, beats: tuple[LiveBeat, ...]) -> dict[int, str]:
    """The letter that each of ``beats`` got, with "?" where it is doubtful, by its place among the beats of ``found``;
    others are not on the strip.
    """
    if not beats:
        return {}
    times = np.array([beat.time_s for beat in beats])
    places = nearest(found.times_s, times)
    same = np.abs(found.times_s[places] - times) < _SAME_BEAT_S
    return {int(place): _called(beat) for place, beat, on in zip(places, beats, same, strict=True) if on}


def _called(beat: LiveBeat) -> str:
    """Its letter; as on the strip, an answer that is not sure has a question mark."""
    doubtful = beat.number != UNCLASSIFIED and beat.probability < UNSURE
    return LETTERS[beat.number] + "?" * doubtful


def stop_live() -> Any:
    """End the playing."""
    return gr.HTML(live=json.dumps({"end": True, "at": time.monotonic()}))  # another text each time, so that it is sent
