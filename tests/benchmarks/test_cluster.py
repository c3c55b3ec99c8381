"""A small course on two pages, two workers and a database, each of which is broken in the middle."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

from benchmarks import cluster
from tools.cluster import missing
from tools.hub import ROOT


def moment(at_s: float, who: int, error: str = "") -> cluster.Moment:
    return cluster.Moment(at_s, who, "verify", 0.5, error)


def test_what_is_counted() -> None:
    record = cluster.Record(enrolled={"Ann", "Bo"}, blows=[(10.0, "a"), (20.0, "b")])
    record.moments = [
        moment(5, 2),
        moment(11, 2, "away"),
        moment(12, 0, "away"),
        moment(13, 2),
        moment(21, 2),
        moment(3, 1, "odd"),
    ]
    found = cluster.figures(record, 2, {"Bo"})
    assert (found["answers"], found["failed"], found["failed_otherwise"]) == (3, 3, 1)
    assert (found["enrolments"], found["enrolments_lost"]) == (2, 1)
    assert found["blows"]["a"] == {
        "failed": 2, "visitors": 2, "recovered_s": 3.0, "longest_wait_s": 0.5, "errors": ["away"],
    }  # fmt: skip
    assert found["blows"]["b"]["failed"] == 0


@pytest.mark.cluster
def test_nothing_that_was_acknowledged_is_lost_and_everybody_goes_on() -> None:
    if missing():
        pytest.skip(f"needs {missing()}")
    options = "--visitors 6 --minutes 0.8 --pause 1 --steady 0 --json"
    command = [sys.executable, "-m", "benchmarks.cluster", *options.split()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False, timeout=900)
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["enrolments"] > 0
    assert found["enrolments_lost"] == 0
    assert found["answers"] > found["failed"]
    assert list(found["blows"]) == list(cluster.BLOWS)
    assert all(math.isfinite(one["recovered_s"]) for one in found["blows"].values())
