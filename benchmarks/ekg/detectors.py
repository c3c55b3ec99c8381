"""Beat detectors on the annotated records of a folder: sensitivity, PPV (within 150 ms) and seconds per half hour.

``python -m benchmarks.ekg.detectors DIR [--records ds1] [--json]``
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from apps.ekg.aami import DS1, classes_of
from apps.ekg.answers.disturb import nearest
from apps.ekg.beats.detect import DETECTORS, find_beats
from apps.ekg.beats.signals import prepare
from apps.ekg.formats.opening import open_recording
from apps.ekg.training.sources import parse_records

TOLERANCE_S = 0.15  # AAMI EC57


def main() -> None:
    """Measure every detector on every record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--records", default="ds1")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    totals = {name: {"hits": 0, "n_beats": 0, "n_found": 0, "seconds": 0.0} for name in DETECTORS}
    for record in parse_records(arguments.records):
        with open_recording(arguments.data / record) as recording:
            marks = recording.annotations
            if marks is None:
                continue
            prepared = prepare(recording, recording.lead_index())
        truth = marks.times_s[classes_of(marks.symbols) >= 0]
        for name, total in totals.items():
            started = time.process_time()
            found = find_beats(prepared, detector=name)
            total["seconds"] += time.process_time() - started
            hits = matched(truth, found)
            total["hits"] += hits
            total["n_beats"] += len(truth)
            total["n_found"] += len(found)
            if not arguments.json:
                print(f"{record} {name}: Se {hits / len(truth):.4f} PPV {hits / max(1, len(found)):.4f}")
    result = {
        name: {
            "se": total["hits"] / total["n_beats"],
            "ppv": total["hits"] / total["n_found"],
            "n_beats": total["n_beats"],
            "seconds_per_half_hour": round(total["seconds"] / max(1, len(DS1)), 2),
        }
        for name, total in totals.items()
    }
    print(json.dumps(result, indent=1))


def matched(truth: np.ndarray, found: np.ndarray) -> int:
    """How many of ``truth`` have a mark of their own within the tolerance: nearest pairs that choose each other."""
    if len(found) == 0:
        return 0
    there, back = nearest(found, truth), nearest(truth, found)
    mutual = back[there] == np.arange(len(truth))
    return int(np.sum(mutual & (np.abs(found[there] - truth) <= TOLERANCE_S)))


if __name__ == "__main__":
    main()
