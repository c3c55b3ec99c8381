"""The chapters of the face demo say what their files say, with their tests, intervals and machines."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from apps.face import measured


def test_the_measured_panel_says_for_whom_and_with_which_intervals() -> None:
    html = measured.figures_html("resnet29-128d")
    for words in ("LFW protocol", "95 % interval", "TAR at FAR 0.1 %", "For whom these figures hold", "74.96", "made"):
        assert words.lower() in html.lower()
    before = html.partition("What each step is worth")[0]
    drawn = re.sub(r'<details class="ch-numbers">.*?</details>', "", before, flags=re.DOTALL)
    assert drawn.count("<tr>") == 6  # a head and five rates
    assert "dlib’s own pipeline" in html


def test_the_speed_table_names_its_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stored = {"machine": "a <machine>", "date": "2026-01-01", "made_by": "a command"}
    stored["rows"] = [{"people": 1_000_000, "seconds": 0.1, "naive_seconds": 1.5}]  # type: ignore[assignment]
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    assert "Not measured yet" in measured.speed_html()
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / "search.json").write_text(json.dumps(stored), encoding="utf-8")
    html = measured.speed_html()
    for words in ("1,000,000", "100.0 ms", "1.50 s", "15.0 ×", "a &lt;machine&gt;"):
        assert words in html


def test_the_worth_of_each_step_is_reported_with_its_test_and_its_cost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = {"name": "mirror", "title": "<mirror>", "against": "box", "kept": False, "n_pairs": 100, "accuracy": 0.98}
    row |= {"accuracy_before": 0.97, "gained": 3, "lost": 2, "p": 0.5, "ms": 20.2, "ms_before": 10.4, "tar_gain": 0.012}
    row |= {"tar_gain_interval": [-0.001, 0.02]}
    first = {"name": "box", "title": "box", "against": "", "kept": True, "n_pairs": 100, "accuracy": 0.97, "ms": 10.4}
    stored = {"encoder": "resnet29-128d", "made_by": "a command", "date": "2026-01-01", "machine": "a machine"}
    stored |= {"data": {"title": "people", "images": 50, "pairs": 100}, "rows": [first, row], "dlib": row}  # type: ignore[dict-item]
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    assert "Not measured yet" in measured.gains_html("resnet29-128d")
    (tmp_path / "face").mkdir()
    (tmp_path / "face" / "accuracy.json").write_text(json.dumps(stored), encoding="utf-8")
    html = str(measured.gains_html("resnet29-128d"))
    for words in (
        "&lt;mirror&gt;",
        "97.00 → 98.00",
        "3 / 2",
        "+1.2 (-0.1 to +2.0)",
        "10 → 20",
        "not kept",
        "1.94 times",
    ):
        assert words in html
    assert measured.gains_html("facenet-vggface2") == ""  # another encoder's
