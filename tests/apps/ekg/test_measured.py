"""The chapter of measured figures says what the file says; its headlines too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from apps.ekg import measured
from shared.settings import weights_dir

FIGURES = json.loads((weights_dir() / measured.FILE).read_text(encoding="utf-8"))


def chapter(folder: Path, figures: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The chapter as it is drawn from ``figures``."""
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(folder))
    (folder / "ekg").mkdir(exist_ok=True)
    (folder / measured.FILE).write_text(json.dumps(figures), encoding="utf-8")
    (part,) = measured.chapters()
    return str(part.body)


def test_the_figures_are_those_of_the_file() -> None:
    (part,) = measured.chapters()
    html = str(part.body)
    for result in (FIGURES["by_patient"], FIGURES["by_beat"], FIGURES["by_patient"]["always_n"]):
        assert f"<b>{result['accuracy']:.1%}</b>" in html
        assert f"<b>{result['macro_f1_nsv']:.3f}</b>" in html
    low, high = FIGURES["by_patient"]["interval_95_over_patients"]["S_se"]
    assert f"{low:.1%} to {high:.1%}" in html
    assert f"{FIGURES['by_patient']['calibration']['ece']:.3f}" in html
    for row in FIGURES["by_patient"]["confusion"]:
        assert all(f">{n:,}</td>" in html for n in row)


def test_patients_stand_by_their_errors_the_worst_first() -> None:
    (part,) = measured.chapters()
    patients = FIGURES["by_patient"]["per_record"]
    shown = re.findall(r"<span>(\d{3})</span>", str(part.body))
    assert shown == sorted(patients, key=lambda name: (patients[name]["accuracy"], -int(name)))


def test_what_was_not_measured_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "What each choice is worth" in chapter(tmp_path, FIGURES, monkeypatch)
    lean = {key: value for key, value in FIGURES.items() if key not in ("ablation", "detectors")}
    html = chapter(tmp_path, lean, monkeypatch)
    assert "What each choice is worth" not in html
    assert "Finding the beats" not in html
    assert "Patient by patient" in html


def test_a_class_that_is_never_found_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_patient = FIGURES["by_patient"]
    fused = by_patient["per_class"]["F"]
    for sensitivity, named in ((0.0, True), (0.1, False)):
        changed = {**by_patient["per_class"], "F": fused | {"se": sensitivity}}
        html = chapter(tmp_path, FIGURES | {"by_patient": {**by_patient, "per_class": changed}}, monkeypatch)
        assert (f"It never answers F: none of {fused['support']:,} such beats is found." in html) is named


def test_a_hostile_file_stays_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "<script>" not in chapter(tmp_path, FIGURES | {"about": "<script>alert(1)</script>"}, monkeypatch)


def test_headlines_are_those_of_the_file() -> None:
    rows = {row.figure: row for row in measured.headlines()}
    by_patient, by_beat = FIGURES["by_patient"], FIGURES["by_beat"]
    accuracy = rows[f"accuracy (always N: {100 * by_patient['always_n']['accuracy']:.1f} %)"]
    assert accuracy.value == f"{100 * by_patient['accuracy']:.1f} %"
    low, high = by_patient["interval_95_over_patients"]["accuracy"]
    assert accuracy.interval == f"{100 * low:.1f} to {100 * high:.1f} %"
    assert accuracy.data.endswith(f"{by_patient['n_beats']:,} beats")
    veb = by_patient["per_class"]["V"]
    assert rows["V: sensitivity / PPV"].value == f"{100 * veb['se']:.1f} % / {100 * veb['ppv']:.1f} %"
    assert rows["accuracy with beats mixed"].value == f"{100 * by_beat['accuracy']:.1f} %"
