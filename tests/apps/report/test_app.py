"""The report as streamlit runs it: every section, with and without figures, no error."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from apps.ekg import measured as ekg

pytestmark = pytest.mark.slow  # trains, paints or starts programs

testing = pytest.importorskip("streamlit.testing.v1", reason="needs streamlit")

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "weights"
APP = ROOT / "apps" / "report" / "app.py"
SECTIONS = ("overview", "face", "style", "gan", "ekg", "machines", "cards", "benchmarks")


def run(section: str) -> Any:
    """The app at one section; no exception, no warning of streamlit's."""
    app = testing.AppTest.from_file(str(APP), default_timeout=60)
    app.query_params["section"] = section
    app.run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def shown(app: Any) -> str:
    """All text of the page."""
    kinds = (app.title, app.header, app.subheader, app.caption, app.markdown, app.info, app.warning)
    metrics = " ".join(f"{one.label} {one.value}" for one in app.metric)
    return metrics + " ".join(str(one.value) for kind in kinds for one in kind)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder."""
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, data: Any) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize("section", SECTIONS)
def test_it_shows_the_bundle_as_it_is(section: str) -> None:
    assert run(section).header


@pytest.mark.parametrize("section", SECTIONS)
def test_no_section_needs_a_file(section: str, weights: Path) -> None:
    """What each chapter says then: ``tests/apps/test_measured.py``."""
    app = run(section)
    assert app.header
    assert not app.expander or section == "cards"


def test_the_first_page_has_every_headline(weights: Path) -> None:
    assert "nothing was measured yet" in shown(run("overview"))
    (weights / "ekg").mkdir()
    copyfile(BUNDLE / ekg.FILE, weights / ekg.FILE)
    (table,) = run("overview").dataframe
    rows = {row["measured"]: row for row in table.value.to_dict("records")}
    assert set(rows) == {row.figure for row in ekg.headlines()}
    assert rows["macro-F1 of N, S, V"]["figure"] == "0.905"


def test_a_demo_shows_its_chapters_and_its_files(weights: Path) -> None:
    (weights / "ekg").mkdir()
    (weights / "ekg" / "odd.json").write_text("{", encoding="utf-8")
    copyfile(BUNDLE / ekg.FILE, weights / ekg.FILE)
    app = run("ekg")
    assert ekg.chapters()[0].title in shown(app)
    assert [one.label for one in app.expander] == ["beatnet-ds1.json, as stored", "odd.json, as stored"]
    assert "The file cannot be read" in shown(app)


def test_benchmarks_say_where_their_figures_are(weights: Path) -> None:
    put(weights, "face/search.json", {})
    said = [caption.value for caption in run("benchmarks").caption]
    assert sum("`weights/face/search.json`" in one for one in said) == 1
    assert any("`python -m benchmarks.page_start`" in one for one in said)


def test_a_section_is_chosen_by_its_name() -> None:
    app = run("face")
    app.radio[0].set_value("cards").run()
    assert not app.exception
    assert app.header[0].value == "Model cards"
    assert run("nonsense").header[0].value == "At a glance"


def test_cards_are_shown_or_missed() -> None:
    app = run("cards")
    assert app.selectbox[0].options
    for name in app.selectbox[0].options[:3]:
        app.selectbox[0].set_value(name).run()
        assert not app.exception


def test_streamlit_is_told_to_ask_nobody() -> None:
    config = (APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8").splitlines()
    assert "gatherUsageStats = false" in config
    assert any(line.startswith('serverAddress = "localhost"') for line in config)
