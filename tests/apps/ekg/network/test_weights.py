"""The bundled network: its record, its card, its figures (DS1 holds training beats) and its memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from apps.ekg.aami import DS1, FOLDS, QTDB
from apps.ekg.answers.classify import Classified, classified, classify
from apps.ekg.beats.features import N_FEATURES
from apps.ekg.beats.signals import RATE_HZ
from apps.ekg.beats.windows import CHANNELS, WINDOW
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import MAX_PARAMETERS, N_CLASSES, parameters_of
from apps.ekg.network.weights import MODEL, leased
from apps.ekg.samples import SAMPLES, open_sample
from apps.ekg.training.evaluate import evaluate
from shared.errors import RecordError
from shared.registry import find, measured
from shared.settings import weights_dir

ROOT = Path(__file__).resolve().parents[4]


def test_the_record_is_whole() -> None:
    record = find(MODEL, "ekg")
    assert record.size < 1_000_000
    assert len(record.labels) == N_CLASSES
    assert record.card is not None
    card = (weights_dir() / record.card).read_text(encoding="utf-8")
    for word in ("ODC-By", "DS1", "not a medical device", "seed", "python -m apps.ekg train"):
        assert word.lower() in card.lower(), word


def test_the_network_is_small_and_ready() -> None:
    with leased() as network:
        assert parameters_of(network) <= MAX_PARAMETERS
        assert not network.training
        assert not any(parameter.requires_grad for parameter in network.parameters())
        out = network(torch.zeros(2, len(CHANNELS), WINDOW), torch.zeros(2, N_FEATURES))
        assert out.shape == (2, N_CLASSES)
        torch.testing.assert_close(out.exp().sum(1), torch.ones(2))


def test_the_figures_are_the_aim_and_consistent() -> None:
    figures = measured(find(MODEL, "ekg"))
    by_patient, by_beat = figures["by_patient"], figures["by_beat"]
    assert by_patient["n_records"] == 22
    assert sorted(name for fold in by_patient["folds"] for name in fold["records"]) == sorted(DS1)
    assert sorted(name for fold in FOLDS for name in fold) == sorted(DS1)
    confusion = np.array(by_patient["confusion"])
    assert confusion.sum() == by_patient["n_beats"]
    assert np.trace(confusion) / confusion.sum() == pytest.approx(by_patient["accuracy"])
    assert by_patient["accuracy"] > by_patient["always_n"]["accuracy"] + 0.05
    other = figures["second_hospital"]
    assert sorted(name for fold in other["folds"] for name in fold["records"]) == sorted(QTDB)
    for part, n in (("ds1", 22), ("second_hospital", 51)):
        assert figures["more_patients"][part]["n_patients"] == figures["seeds"][part]["n_patients"] == n
    assert by_beat["macro_f1_nsv"] > by_patient["macro_f1_nsv"]  # mixing beats flatters


def test_samples_are_classified_or_refused() -> None:
    for key in SAMPLES:
        with leased() as network, open_sample(key) as recording:
            if key == "noise":
                with pytest.raises(RecordError, match="cannot be classified"):
                    classified(recording, network)
                continue
            found = classified(recording, network)
            assert len(found.times_s) > 100
            if found.annotated is not None:
                assert (found.classes == found.annotated).mean() > 0.95, key


def test_the_208_sample_finds_its_ventricular_beats() -> None:
    with leased() as network, open_sample("208") as recording:
        found = classified(recording, network)
    counts = np.bincount(found.classes, minlength=5)
    assert 88 < counts[2] < 100  # the cardiologists have 93, and 56 fusion beats, which are called N
    assert counts[0] > 350


@pytest.mark.data
def test_evaluate_on_training_patients(data_dir: Path) -> None:
    with leased() as network:
        result = evaluate(data_dir / "mitdb", ("101", "119", "209", "102"), network)
    assert result["accuracy"] > 0.97
    assert result["n_records"] == 3
    assert result["paced"]["n_records"] == 1  # apart
    assert result["networks"] == {"101": 4, "119": 4, "209": 4, "102": 24}  # of DS1: those that never saw them
    assert result["per_class"]["V"]["se"] > 0.95
    assert result["per_class"]["S"]["se"] > 0.7


@pytest.mark.data
def test_what_a_person_marked_and_what_is_found_agree(data_dir: Path) -> None:
    with leased() as network, open_recording(data_dir / "mitdb" / "223") as recording:
        marked = classified(recording, network)
        found = classified(recording, network, use_annotations=False)
    share = [np.bincount(result.classes, minlength=5) / len(result.classes) for result in (marked, found)]
    assert np.abs(share[0] - share[1]).max() < 0.05


_DAY = """
import resource, sys
from apps.ekg.answers.classify import classified
from apps.ekg.network.weights import leased
from apps.ekg.formats.opening import open_recording
with leased() as network, open_recording(sys.argv[1]) as recording:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = classified(recording, network)
print(recording.duration_s, len(found.times_s), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_hours_fit_in_memory(tmp_path: Path) -> None:
    """An hour and a half; the memory is measured in a process of its own."""
    hour = synthetic(600, Rhythm(s_share=0.02, v_share=0.02), seed=1)
    assert hour.annotations is not None
    counts = np.round(hour.read(0, 0, hour.n_samples)[: 600 * 360 : 2] * 200).astype("<i2")  # 180 Hz
    with (tmp_path / "hours.dat").open("wb") as file:
        for _ in range(9):
            file.write(counts.tobytes())
    length = 9 * len(counts)
    (tmp_path / "hours.hea").write_text(f"hours 1 180 {length}\nhours.dat 16 200 16 0 {counts[0]}\n")
    command = [sys.executable, "-c", _DAY, str(tmp_path / "hours")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=600)
    seconds, beats, kilobytes = map(float, done.stdout.split())
    assert seconds == pytest.approx(1.5 * 3600, rel=0.01)
    assert beats > 5_500
    assert kilobytes < 200_000


def test_steps_come_before_the_answer() -> None:
    with leased() as network:
        *steps, last = classify(synthetic(60, Rhythm()), network)
    assert isinstance(last, Classified)
    shares = [step.fraction for step in steps if not isinstance(step, Classified)]
    assert shares == sorted(shares)
    assert len(last.prepared.plain_mv) == 60 * RATE_HZ
