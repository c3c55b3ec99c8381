"""The live monitor: the recording plays in real time, and beats are answered with what the past alone allows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import gradio as gr

from apps.ekg.aami import LETTERS
from apps.ekg.ui.results import result_store
from apps.ekg.ui.strip import strip_json


def play_live(token: str) -> Iterator[Any]:
    """Play the recording of ``token`` on the strip; every two seconds the new answers."""
    from apps.ekg.answers.live import STEP_S, follow
    from apps.ekg.network.weights import leased

    found = result_store().get(token)
    yield gr.HTML(strip_json(found, token))  # from its first hour, undisturbed
    yield gr.HTML(live=json.dumps({"begin": 0}))
    started = time.monotonic()
    for step in follow(found.prepared, leased):
        time.sleep(max(0.0, step.now_s - (time.monotonic() - started)))
        beats = [
            {"t": round(beat.time_s, 3), "c": LETTERS[beat.number], "at": round(beat.decided_s, 2)}
            for beat in step.beats
        ]
        yield gr.HTML(live=json.dumps({"now": step.now_s, "step": STEP_S, "beats": beats}))
    yield gr.HTML(live=json.dumps({"end": True}))


def stop_live() -> Any:
    """End the playing."""
    return gr.HTML(live=json.dumps({"end": True, "at": time.monotonic()}))  # another text each time, so that it is sent
