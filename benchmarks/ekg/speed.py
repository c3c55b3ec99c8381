"""How long the analysis of a recording takes, and what our faster GQRS alone gains in it.

``python -m benchmarks.ekg.speed DIR [--records 101,119,203] [--rounds 3]``

Reading, filtering, finding the beats (annotations are ignored) and classifying them, on one core, in seconds of this
process; with the detector of the wfdb package in its place, which gives the same marks. The least of the rounds, which
take turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

from apps.ekg.answers.classify import classified
from apps.ekg.beats.quick_gqrs import Marks, detected, gqrs
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.recording import Signal
from apps.ekg.formats.wfdb_package import wfdb_package
from apps.ekg.network.weights import leased
from apps.ekg.training.sources import parse_records


def package_gqrs(signal: Signal, rate_hz: float) -> Marks:
    """The marks of the package's own detector."""
    found = detected(wfdb_package("wfdb.processing.qrs").GQRS, signal, rate_hz)
    return np.array([mark.time for mark in found.annotations], np.int64)


def seconds(path: Path, detector: Callable[[Signal, float], Marks]) -> float:
    """Seconds of this process for one analysis."""
    with patch("apps.ekg.beats.detect.gqrs", detector), leased() as network:
        started = time.process_time()
        with open_recording(path) as recording:
            classified(recording, network, use_annotations=False)
        return time.process_time() - started


def main() -> None:
    """Measure, and print a line per record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--records", default="101,119,203")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    records = parse_records(arguments.records)
    seconds(arguments.data / records[0], gqrs)  # loads the network and what else is loaded once
    for record in records:
        path = arguments.data / record
        rounds = [(seconds(path, gqrs), seconds(path, package_gqrs)) for _ in range(arguments.rounds)]
        ours, theirs = (min(times) for times in zip(*rounds, strict=True))
        print(f"{record}: {ours:.2f} s, with the package's detector {theirs:.2f} s ({theirs / ours:.2f} times)")


if __name__ == "__main__":
    main()
