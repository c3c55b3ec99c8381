"""What the answers are worth in noise: why a beat that is found above ``windows.NOISY`` is not classified.

``python -m benchmarks.ekg.noise DIR [--json]``

Every record of DS1 as it is, and its first five minutes with white noise of 0.1 to 0.5 mV; beats found by the detector,
judged by the networks that never saw the patient, right where a person marked a beat of that class within 150 ms.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np

from apps.ekg.aami import DS1, classes_of
from apps.ekg.answers.classify import classified
from apps.ekg.answers.disturb import Disturbance, disturbed, nearest
from apps.ekg.beats.signals import RATE_HZ, prepare
from apps.ekg.beats.windows import noise_of
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.recording import in_memory
from apps.ekg.network.ensemble import members_without
from apps.ekg.network.weights import leased
from shared.errors import RecordError

TOLERANCE_S = 0.15  # AAMI EC57
NOISE_MV = (0.0, 0.1, 0.2, 0.35, 0.5)
EDGES = (0.0, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 1.0)  # of the noise, in units of the QRS height
_EXCERPT = 300 * RATE_HZ


def main() -> None:
    """Measure, and print a row per range of the noise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    beats = np.concatenate([part for record in DS1 for part in of_record(arguments.data / record)])
    noise, added, right, called = beats.T
    rows = []
    for low, high in pairwise(EDGES):
        inside = (noise >= low) & (noise < high)
        abnormal = inside & (called > 0)
        rows.append(
            {
                "noise": [low, high],
                "n": int(inside.sum()),
                "right": float(right[inside].mean()) if inside.any() else None,
                "n_abnormal": int(abnormal.sum()),
                "abnormal_right": float(right[abnormal].mean()) if abnormal.any() else None,
                "n_without_added_noise": int((inside & (added == 0)).sum()),
            }
        )
    for row in rows:
        print(json.dumps(row) if arguments.json else row)


def of_record(path: Path) -> list[np.ndarray]:
    """Per noise that was added: (K, 4) noise around the beat, noise added in mV, 1 where right, the class's number."""
    with open_recording(path) as recording:
        prepared, marks = prepare(recording, recording.lead_index()), recording.annotations
    if marks is None:
        return []
    classes = classes_of(marks.symbols)
    times, classes = marks.times_s[classes >= 0], classes[classes >= 0]
    found = []
    for added in NOISE_MV:
        signal = prepared.plain_mv[:_EXCERPT] if added else prepared.plain_mv
        noisy = disturbed(in_memory(path.name, signal, RATE_HZ, ("MLII",)), Disturbance(noise_mv=added))
        try:
            with leased() as network, patch("apps.ekg.beats.windows.NOISY", np.inf):
                answers = classified(noisy, members_without(network, path.name))
        except RecordError:  # refused as a whole: nothing to judge
            continue
        place = nearest(times, answers.times_s)
        right = (np.abs(times[place] - answers.times_s) < TOLERANCE_S) & (classes[place] == answers.classes)
        columns = (noise_of(answers.beats), np.full(len(right), added), right, answers.classes)
        found.append(np.column_stack(columns).astype(np.float64))
    return found


if __name__ == "__main__":
    main()
