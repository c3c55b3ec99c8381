"""The page's handlers: an answer, a refusal that stays on the page, files and samples that take turns."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from markupsafe import escape

from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.samples import SAMPLES
from apps.ekg.ui import answer
from apps.ekg.ui.answer import classify_choice, classify_ekg, other_files, other_sample, progress_html, show_part
from shared.errors import RecordError

PAGE: Any = SimpleNamespace(session_hash="page")
HOSTILE = "<img src=x onerror=alert(1)>"


def _csv(path: Path, lead: str = "MLII", seconds: int = 30) -> Path:
    made = synthetic(seconds, Rhythm(v_share=0.1), seed=4)
    rows = "".join(f"{n / 360:.5f},{value:.4f}\n" for n, value in enumerate(made.read(0, 0, made.n_samples)))
    path.write_text(f"time (s),{lead} (mV)\n{rows}")
    return path


def _last(*arguments: Any) -> tuple[Any, ...]:
    *steps, last = classify_choice(*arguments, PAGE)
    assert all(len(step) == len(last) for step in steps)
    return last


def test_an_upload_comes_before_the_sample_and_its_words_stay_words(tmp_path: Path) -> None:
    path = _csv(tmp_path / f"{HOSTILE.replace('/', '')}.csv", lead=HOSTILE)
    summary, viewer, token, lead, _, table, marks, about = _last("noise", [str(path)], None, None, True)
    assert HOSTILE not in summary
    assert "&lt;img" in summary
    assert about == ""
    assert json.loads(viewer.value)["token"] == token != ""
    assert lead.value == HOSTILE
    for button, ending in ((table, ".csv"), (marks, ".convhub")):
        name = Path(button.value["path"] if isinstance(button.value, dict) else button.value).name
        assert name.endswith(ending)
        assert not set(name) & set("<>= ()")


def test_a_refusal_says_why_and_shows_the_bare_signal() -> None:
    summary, viewer, token, *_ = _last("noise", None, None, None, True)
    assert "Not classified." in summary
    assert 'role="alert"' in summary
    assert "Needed: " in summary
    assert "Needed: Needed" not in summary
    strip = json.loads(viewer.value)
    assert (strip["label"], strip["times"], token) == ("not classified", [], "")


def test_a_file_that_cannot_be_read_leaves_nothing_of_the_recording_before(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("hello")
    summary, viewer, token, *_ = _last(None, [str(tmp_path / "a.csv")], None, None, True)
    assert "lines of numbers" in summary
    assert (viewer.value, token) == ("", "")


def test_a_sample_says_what_it_is() -> None:
    summary, *_, about = _last("208", None, None, "no such lead", True)
    assert SAMPLES["208"].title in summary
    assert escape(SAMPLES["208"].note) in about


def test_a_sample_is_classified_once_for_everybody_and_a_file_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    classify = answer.served.classify

    def counted(recording: Any, **options: Any) -> Any:
        asked.append((recording.name, options))
        return classify(recording, **options)

    monkeypatch.setattr(answer, "_SAMPLES", {})
    monkeypatch.setattr(answer.served, "classify", counted)
    first, second = (_last("premature", None, None, None, annotated)[0] for annotated in (False, False))
    assert (first, len(asked)) == (second, 1)
    marked = _last("premature", None, None, None, True)
    assert (marked[0] != first, len(asked)) == (True, 2)
    files = [str(_csv(tmp_path / "mine.csv"))]
    tokens = {_last("premature", files, None, None, True)[2] for _ in range(2)}
    assert (len(tokens), len(asked)) == (2, 4)


def test_the_end_point_answers_in_plain_values(tmp_path: Path) -> None:
    answer = classify_ekg([str(_csv(tmp_path / "mine.csv"))])
    assert {"record", "lead", "rate_hz", "rhythm", "warnings", "beats", "notice"} <= {*answer}
    assert (answer["record"], answer["lead"], round(answer["rate_hz"])) == ("mine", "MLII", 360)
    assert {*answer["beats"][0]} == {"time_s", "class", "probability"}
    with pytest.raises(RecordError, match="nothing"):
        classify_ekg([])


def test_every_request_is_a_new_job(tmp_path: Path) -> None:
    assert other_sample(4)[-1] == 5
    kept, known, sample, _, job = other_files(["a/one.csv", "b/two.csv"], ["a/one.csv"], 7)
    assert (kept, known, sample, job) == (["b/two.csv"], ["b/two.csv"], None, 8)
    shutil.rmtree(tmp_path)


def test_a_part_is_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.ekg.ui.answer.PART_S", 20.0)
    monkeypatch.setattr("apps.ekg.ui.strip.PART_S", 20.0)
    _, viewer, token, _, part, *_ = _last("premature", None, None, None, True)
    assert part.visible
    assert part.maximum == 30
    first, second = json.loads(viewer.value), json.loads(show_part(token, 1))
    assert (first["start"], second["start"], second["first"]) == (0, 20, len(first["times"]))


def test_progress_is_announced() -> None:
    bar = progress_html("Reading <x>", 0.25)
    assert "Reading &lt;x&gt; …" in bar
    assert 'aria-valuenow="25"' in bar
