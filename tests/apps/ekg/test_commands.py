"""The command line as people type it, and the files that it and the page write."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from apps.ekg.aami import LETTERS
from apps.ekg.answers.classify import classified
from apps.ekg.answers.export import answer_of, csv_text, write_annotations
from apps.ekg.formats.recording import in_memory
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.formats.wfdb_package import quietly, wfdb_package
from apps.ekg.network.ensemble import Ensemble
from apps.ekg.network.weights import save_weights
from apps.ekg.ui.measured import measure_html
from apps.ekg.ui.results import ResultStore, size_of
from apps.ekg.ui.strip import signal_json, strip_json
from shared.errors import OptionError, RecordError
from shared.registry import measured, records

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    save_weights(Ensemble(1).eval(), path)
    return path


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic record as WFDB files named like one of MIT-BIH's, so that evaluate takes it."""
    folder = tmp_path_factory.mktemp("data")
    made = synthetic(60, Rhythm(s_share=0.1, v_share=0.1), seed=2)
    assert made.annotations is not None
    signal = made.read(0, 0, made.n_samples).astype(float)
    wfdb = wfdb_package()
    samples = np.round(made.annotations.times_s * 360).astype(int)
    with quietly():
        wfdb.wrsamp(
            "101", fs=360, units=["mV"], sig_name=["MLII"], p_signal=signal[:, None], fmt=["16"], write_dir=str(folder)
        )
        wfdb.wrann("101", "atr", sample=samples, symbol=list(made.annotations.symbols), write_dir=str(folder))
    return folder / "101"


def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "apps.ekg", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_evaluate_prints_one_json_object(record: Path, weights: Path) -> None:
    done = _run("evaluate", "--data", record.parent, "--records", "101", "--weights", weights, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    made = synthetic(60, Rhythm(s_share=0.1, v_share=0.1), seed=2)
    assert made.annotations is not None
    assert result["n_beats"] == len(made.annotations.symbols)
    assert result["per_class"]["V"]["support"] == made.annotations.symbols.count("V")
    assert done.stdout.count("\n") == 1


def test_classify_writes_what_others_read(record: Path, weights: Path, tmp_path: Path) -> None:
    table, marks = tmp_path / "beats.csv", tmp_path / "beats.atr"
    done = _run("classify", record, "--weights", weights, "--json", "--csv", table, "--annotations", marks)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    with quietly():
        read = wfdb_package().rdann(str(tmp_path / "beats"), "atr")
    assert read.symbol == [beat["class"] for beat in result["beats"]]
    np.testing.assert_allclose(read.sample / 360, [beat["time_s"] for beat in result["beats"]], atol=0.002)
    assert read.fs == 360
    rows = table.read_text().splitlines()
    assert rows[0].startswith("time_s,rr_s,class,p_N")
    assert len(rows) == len(result["beats"]) + 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("classify", "/nowhere/100"),
        ("evaluate", "--data", "/nowhere", "--records", "101"),
        ("evaluate", "--data", "/nowhere", "--records", "999"),
        ("evaluate", "--data", "."),
        ("train", "--data", "/nowhere", "--out", "/tmp/x", "--records", "102"),
        ("dance",),
    ],
)
def test_bad_input_is_one_line_and_2(arguments: tuple[str, ...], weights: Path) -> None:
    extra = () if arguments[0] in ("train", "dance") else ("--weights", weights)
    done = _run(*arguments, *extra)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_the_strip_is_the_signal_and_the_beats() -> None:
    import base64

    torch.manual_seed(0)
    found = classified(synthetic(60, Rhythm(s_share=0.1)), Ensemble(1).eval())
    strip = json.loads(strip_json(found, "token"))
    counts = np.frombuffer(base64.b64decode(strip["signal"]), "<i2")
    np.testing.assert_allclose(counts / 200, found.prepared.plain_mv, atol=0.0026)
    np.testing.assert_allclose(strip["times"], found.times_s, atol=0.001)
    assert [LETTERS.index(letter) for letter in strip["classes"]] == found.classes.tolist()
    almost = replace(found, probabilities=np.tile(np.array([0.4, 0, 0.5996, 0, 0.0004]), (len(found.times_s), 1)))
    edge = json.loads(strip_json(almost, "token"))
    assert set(edge["sure"]) == {edge["unsure"] - 1}  # doubtful, though it rounds to 60
    later = json.loads(strip_json(found, "token", start_s=30))
    assert later["first"] == np.searchsorted(found.times_s, 30)
    assert later["times"][0] == pytest.approx(found.times_s[later["first"]] - 30, abs=0.001)


def test_exports_of_a_result(tmp_path: Path) -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    answer = answer_of(found)
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert "Not a medical device" in answer["notice"]
    assert csv_text(found).count("\n") == len(found.times_s) + 1
    with pytest.raises(OptionError, match="WFDB annotations"):
        write_annotations(found, tmp_path / "a b.atr")


def test_the_store_forgets_the_oldest() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    store = ResultStore(limit=2 * size_of(found))
    first, second, third = (store.keep(found) for _ in range(3))
    assert store.get(second) is store.get(third) is found
    with pytest.raises(RecordError, match="expired"):
        store.get(first)
    with pytest.raises(RecordError):
        store.get(None)


def test_a_refused_recording_is_still_shown() -> None:
    signal = np.sin(np.arange(3600) / 20.0)
    signal[100:150] = np.nan
    strip = json.loads(signal_json(in_memory("r", signal, 360.0, ("MLII",)), 0))
    shown = np.frombuffer(base64.b64decode(strip["signal"]), "<i2") / 200
    assert strip["duration"] == pytest.approx(10, abs=0.01)
    assert (strip["classes"], strip["times"], strip["token"]) == ("", [], "")
    expected = np.interp(np.arange(len(shown)) / 125, np.arange(3600) / 360, np.sin(np.arange(3600) / 20.0))
    good = (np.arange(len(shown)) < 30) | (np.arange(len(shown)) > 60)
    np.testing.assert_allclose(shown[good], expected[good], atol=0.01)
    assert signal_json(in_memory("r", np.full(3600, np.nan), 360.0, ("MLII",)), 0) == ""


def test_the_figures_are_those_of_the_file() -> None:
    figures = measured(records("ekg")[0])
    html = measure_html(figures)
    for result in (figures["by_patient"], figures["by_beat"], figures["by_patient"]["always_n"]):
        assert f"<b>{result['accuracy']:.1%}</b>" in html
        assert f"<b>{result['macro_f1_nsv']:.3f}</b>" in html
    low, high = figures["by_patient"]["interval_95_over_patients"]["S_se"]
    assert f"{low:.1%} to {high:.1%}" in html
    for name in figures["by_patient"]["per_record"]:
        assert f"<span>{name}</span>" in html
    assert f"{figures['by_patient']['calibration']['ece']:.3f}" in html
    lean = {key: value for key, value in figures.items() if key not in ("ablation", "detectors")}
    assert "What each choice" not in measure_html(lean)
