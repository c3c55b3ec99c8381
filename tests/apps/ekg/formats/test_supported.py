"""The table of formats is what the page accepts and what is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.supported import BEGINNINGS, COMPANIONS, FORMATS, MEMBERS, NAMES, ZIP, format_of
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.formats.text_heading import Heading, heading_of
from apps.ekg.formats.wfdb_marks import ANNOTATORS, OTHERS
from apps.ekg.training.dataset import annotations_of, labelled
from apps.ekg.ui.answer import classify_ekg
from shared.errors import RecordError
from tests.apps.ekg.recordings import counts_of, write_edf, write_wfdb


def test_every_ending_is_that_of_one_format_and_named() -> None:
    assert {*MEMBERS} >= {".hea", ".dat", ".mat", ".atr", ".qrs", ".csv", ".txt", ".tsv", ".edf", ".bdf"}
    assert {*BEGINNINGS} == {*MEMBERS, ZIP} - {*COMPANIONS}
    for ending in (*MEMBERS, ZIP):
        assert ending in NAMES
        assert sum(ending in (*each.endings, *each.companions) for each in FORMATS) == (ending != ".zip")
    for each in FORMATS:
        assert {format_of(Path(f"A{ending.upper()}")) for ending in each.endings} == {each}
        assert not any(map(format_of, (Path(f"a{ending}") for ending in each.companions)))


def test_no_file_of_a_recording_is_taken_for_its_marks() -> None:
    endings = {ending[1:] for ending in (*BEGINNINGS, *COMPANIONS)}
    assert not endings - {*ANNOTATORS} - {*OTHERS}, "OTHERS of wfdb_marks.py lacks these"
    assert not {ending[1:] for ending in BEGINNINGS} & {*ANNOTATORS}, "these are endings of WFDB's annotators"


def test_the_end_point_says_what_it_reads() -> None:
    said = classify_ekg.__doc__ or ""
    named = [each.name.partition(" (")[0].split(" or ")[0] for each in FORMATS]
    assert [name for name in named if name not in said] == [], "the docstring of classify_ekg lacks these"


@pytest.mark.parametrize("ending", [".csv", ".TXT", ".tsv", ".EDF"])
def test_the_ending_decides_by_path_and_by_upload(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    if ending == ".EDF":
        write_edf(path, [counts_of(2000, 1)[:, 0]])
    else:
        made = synthetic(10, Rhythm())
        separator = "\t" if ending == ".tsv" else ","
        rows = (f"{n / 360:.5f}{separator}{v:.4f}\n" for n, v in enumerate(made.read(0, 0, made.n_samples)))
        path.write_text(f"time (s){separator}II (mV)\n" + "".join(rows))
    with open_recording(path) as by_path, open_recording([path]) as uploaded:
        assert by_path.name == uploaded.name == "a"
        assert by_path.n_samples == uploaded.n_samples > 0
        assert by_path.read(0, 0, 50).tolist() == uploaded.read(0, 0, 50).tolist()


def test_a_header_is_named_with_and_without_its_ending(tmp_path: Path) -> None:
    write_wfdb(tmp_path)
    (tmp_path / "r1").mkdir()  # a folder of the record's name is not in the way
    with open_recording(tmp_path / "r1") as short, open_recording(str(tmp_path / "r1.hea")) as long:
        assert short.name == long.name == "r1"
        assert short.annotations is None
        with pytest.raises(RecordError, match=r"annotations of record r1.*\.atr"):
            annotations_of(short)
    made = synthetic(10, Rhythm(bpm=40))
    with pytest.raises(RecordError, match="at least 10 annotated beats"):
        labelled(made)


def test_the_heading_of_a_watch_in_any_language() -> None:
    lines = ("Name,A B", "Version,1.7", "Abtastrate,512,0 Hertz", "Ableitung,Ableitung I", "Einheit,µV", "")
    assert heading_of(lines) == Heading(512.0, "µV", "I")
    assert heading_of(("Sample Rate,511.5 hertz", "Lead;Lead III", "Unit;mV")) == Heading(511.5, "mV", "III")
    assert heading_of(("Rate, Hz", "hertz", "Lead,Lead IV", "Unit,mmHg")) == Heading()
    assert heading_of(()) == Heading()


def test_the_unit_is_in_the_last_brackets(tmp_path: Path) -> None:
    rows = "".join(f"{n / 250:.3f},{500 * (n % 2)}\n" for n in range(2500))
    (tmp_path / "a.csv").write_text("time (elapsed) [s],chest (left) [µV]\n" + rows)
    with open_recording(tmp_path / "a.csv") as recording:
        assert recording.leads == ("chest (left)",)
        assert recording.read(0, 0, 4).tolist() == [0, 0.5, 0, 0.5]
        assert recording.warnings == ()
