"""The answer as text, table and marks: each says what the networks answered."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import torch

from apps.ekg.aami import LETTERS
from apps.ekg.answers.classify import Classified, classified
from apps.ekg.answers.export import answer_of, check_annotations, csv_text, in_words, write_annotations, write_csv
from apps.ekg.answers.rhythm import rhythm_in
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.formats.wfdb_package import quietly, wfdb_package
from apps.ekg.network.ensemble import Ensemble
from shared.errors import OptionError


@pytest.fixture(scope="module")
def found() -> Classified:
    torch.manual_seed(3)
    return classified(synthetic(40, Rhythm(v_share=0.2)), Ensemble(1).eval())


def test_three_lines_for_people(found: Classified) -> None:
    first, rate, counts = in_words(found).splitlines()
    assert first == f"{found.recording.name}, lead MLII: {len(found.times_s)} beats in 40 s"
    assert rate.startswith("rate ")
    assert counts == ", ".join(f"{letter} {(found.classes == n).sum()}" for n, letter in enumerate(LETTERS))


def test_a_table_has_a_row_for_every_beat(found: Classified, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert [row["class"] for row in rows] == [LETTERS[n] for n in found.classes]
    assert [float(row["time_s"]) for row in rows] == pytest.approx(found.times_s, abs=5e-4)
    assert rows[0]["rr_s"] == ""
    assert [float(row["rr_s"]) for row in rows[1:]] == pytest.approx(np.diff(found.times_s), abs=1e-3)
    shares = [[float(row[f"p_{letter}"]) for letter in LETTERS] for row in rows]
    np.testing.assert_allclose(shares, found.probabilities, atol=1e-4)
    write_csv(found, tmp_path / "beats.csv")
    assert (tmp_path / "beats.csv").read_text(encoding="utf-8") == csv_text(found)


def test_an_answer_is_plain_values(found: Classified) -> None:
    answer = answer_of(found)
    assert (answer["record"], answer["lead"], answer["rate_hz"]) == (found.recording.name, "MLII", 360.0)
    assert answer["warnings"] == list(found.warnings)
    assert answer["rhythm"]["n_beats"] == len(answer["beats"]) == len(found.times_s)
    exact = rhythm_in(found)
    assert answer["rhythm"]["mean_bpm"] == pytest.approx(exact.mean_bpm, abs=5e-5)
    assert answer["rhythm"]["mean_bpm"] != exact.mean_bpm, "it is rounded"
    best = found.probabilities[3].max()
    assert answer["beats"][3] == {
        "time_s": round(float(found.times_s[3]), 4),
        "class": LETTERS[found.classes[3]],
        "probability": pytest.approx(best, abs=5e-5),
    }


def test_marks_are_read_back_by_wfdb(found: Classified, tmp_path: Path) -> None:
    write_annotations(found, tmp_path / "deep" / "r_1-a.ann")
    with quietly():
        marks = wfdb_package().rdann(str(tmp_path / "deep" / "r_1-a"), "ann")
    assert marks.symbol == [LETTERS[n] for n in found.classes]
    assert marks.sample.tolist() == np.round(found.times_s * 360).tolist()
    assert marks.fs == 360
    assert [note.strip("\0") for note in marks.aux_note] == [f"p={row.max():.3f}" for row in found.probabilities]


@pytest.mark.parametrize("name", ["a", "a.a1", "a.", "ä.atr", "a b.atr", "a.b.atr"])
def test_wfdb_allows_few_names(name: str) -> None:
    assert check_annotations(Path("x/r_1-a.atr")) == "atr"
    with pytest.raises(OptionError, match="WFDB"):
        check_annotations(Path(name))
