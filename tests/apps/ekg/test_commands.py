"""The command line as people type it, and the files that it and the page write."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from apps.ekg.__main__ import main
from apps.ekg.answers.classify import classified
from apps.ekg.answers.export import answer_of, csv_text, write_annotations
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.formats.wfdb_package import quietly, wfdb_package
from apps.ekg.network.ensemble import Ensemble
from apps.ekg.network.weights import save_weights
from shared.cli import run
from shared.errors import OptionError

pytestmark = pytest.mark.slow  # trains, paints or starts programs

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


def _called(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command that runs in this process, whose imports are done."""
    with pytest.raises(SystemExit) as ended:
        run(main, [str(argument) for argument in arguments])
    return int(ended.value.code or 0), *capsys.readouterr()


def test_classify_writes_what_others_read(
    record: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, marks = tmp_path / "beats.csv", tmp_path / "beats.atr"
    written = ("--csv", table, "--annotations", marks)
    status, stdout, stderr = _called(capsys, "classify", record, "--weights", weights, "--json", *written)
    assert status == 0, stderr
    result = json.loads(stdout)
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
def test_bad_input_is_one_line_and_2(
    arguments: tuple[str, ...], weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = () if arguments[0] in ("train", "dance") else ("--weights", weights)
    status, stdout, stderr = _called(capsys, *arguments, *extra)
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)


def test_exports_of_a_result(tmp_path: Path) -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    answer = answer_of(found)
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert "Not a medical device" in answer["notice"]
    assert csv_text(found).count("\n") == len(found.times_s) + 1
    with pytest.raises(OptionError, match="WFDB annotations"):
        write_annotations(found, tmp_path / "a b.atr")
