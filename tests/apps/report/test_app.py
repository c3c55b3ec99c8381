"""The report as streamlit runs it: full, empty and damaged figures, every section, no error."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from apps.ekg import measured as ekg

testing = pytest.importorskip("streamlit.testing.v1", reason="needs streamlit")

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "weights"
APP = ROOT / "apps" / "report" / "app.py"
SECTIONS = ("overview", "face", "style", "gan", "ekg", "cards", "benchmarks")

FACE = {
    "threshold": 0.591,
    "data": {"title": "made for this test", "pairs_same": 840, "pairs_different": 840},
    "curve": {"threshold": [0.0, 0.5, 1.0], "far": [0.0, 0.01, 1.0], "frr": [1.0, 0.02, 0.0]},
    "accuracy": 0.98,
    "n_pairs": 1680,
}
GAN = {
    "n": 10_000,
    "agreement": 0.995,
    "agreement_interval": [0.993, 0.996],
    "agreement_per_digit": {str(d): 0.99 for d in range(10)},
    "confusion": [[100 * (i == j) for j in range(10)] for i in range(10)],
    "fid": 1.2,
    "fid_floor": 0.3,
    "precision": 0.9,
    "recall": 0.8,
    "diversity": [0.9, 1.0],
    "copies": 0.01,
    "nearest": 30.0,
    "judge_accuracy": 0.996,
}
JUDGE = {"test_accuracy": 0.9961, "test_accuracy_interval": [0.9947, 0.9972], "n": 10_000, "parameters": 251_850}
STYLE = {"J": [9.0, 5.0, 3.0, 2.0], "seconds_per_iteration": 0.4}


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
def test_it_says_so_where_nothing_is_measured(section: str, weights: Path) -> None:
    app = run(section)
    if section in ("face", "style", "gan"):
        assert "not measured yet" in shown(app)
        assert not app.metric


@pytest.mark.parametrize("section", ["overview", "face", "style", "gan", "ekg"])
@pytest.mark.parametrize(
    "damage",
    [
        [],
        {},
        {"accuracy": "high"},
        {"by_patient": 3},
        {"confusion": [[1], 2]},
        {"sizes": {"9": 3}, "peak_gb": [], "finite": 1, "rows": [{}, 2]},
        "text",
    ],
)
def test_damaged_figures_do_no_harm(section: str, damage: Any, weights: Path) -> None:
    put(weights, f"{section}/anything.json", damage)
    if section in ("face", "overview"):
        put(weights, "face/resnet29-128d.json", damage)
        put(weights, "ekg/beatnet-ds1.json", damage)
    run(section)


def test_faces(weights: Path) -> None:
    put(weights, "face/resnet29-128d.json", FACE)
    text = shown(run("face"))
    assert "98.00 %" in text
    assert "n = 1,680 pairs; 95 %: 97.21 to 98.57 %" in text  # Wilson's interval
    assert "made for this test" in text
    assert "τ = 0.591" in text


def test_the_faces_steps_and_search(weights: Path) -> None:
    row = {"title": "reference pose", "kept": True, "accuracy": 0.9756, "accuracy_before": 0.85, "gained": 227}
    row |= {"lost": 16, "p": 6.49e-49, "ms": 27.2}
    put(weights, "face/accuracy.json", {"rows": [row], "data": {"title": "somebody", "pairs": 1680}})
    put(weights, "face/search.json", {"rows": [{"people": 1000, "seconds": 0.001, "naive_seconds": 0.002}]})
    app = run("face")
    (step,) = app.dataframe[0].value.to_dict("records")
    assert (step["accuracy before"], step["after"], step["pairs won / lost"]) == ("85.00 %", "97.56 %", "227 / 16")
    assert step["McNemar's p"] == "6.5e-49"
    assert "1,680 pairs of somebody" in shown(app)


def test_the_first_page_has_every_headline(weights: Path) -> None:
    assert "not measured yet" in shown(run("overview"))
    (weights / "ekg").mkdir()
    copyfile(BUNDLE / ekg.FILE, weights / ekg.FILE)
    (table,) = run("overview").dataframe
    rows = {row["measured"]: row for row in table.value.to_dict("records")}
    assert set(rows) == {row.figure for row in ekg.headlines()}
    assert rows["macro-F1 of N, S, V"]["figure"] == "0.883"


def test_a_demo_shows_its_chapters_and_its_files(weights: Path) -> None:
    (weights / "ekg").mkdir()
    (weights / "ekg" / "odd.json").write_text("{", encoding="utf-8")
    copyfile(BUNDLE / ekg.FILE, weights / ekg.FILE)
    app = run("ekg")
    assert ekg.parts()[0].title in shown(app)
    assert [one.label for one in app.expander] == ["beatnet-ds1.json, as stored", "odd.json, as stored"]
    assert "The file cannot be read" in shown(app)


def test_gans(weights: Path) -> None:
    put(weights, "gan/cgan-digits.json", GAN)
    put(weights, "gan/judge-digits.json", JUDGE)
    text = shown(run("gan"))
    assert "99.50 %" in text
    assert "n = 10,000; 95 %: 99.30 to 99.60 %" in text
    assert "real digits: 0.300" in text
    assert "99.61 %" in text


def test_style(weights: Path) -> None:
    put(weights, "style/costs.json", STYLE)
    text = shown(run("style"))
    assert "Cost J 2.000" in text
    assert "at first 9.000" in text


def test_styles_speed_and_limits(weights: Path) -> None:
    variants = {"textbook": {"seconds": 1.0, "times_faster": 1.0}, "ours": {"seconds": 0.5, "times_faster": 2.0}}
    put(weights, "style/speed.json", {"sizes": {"256": variants}, "device": "a processor"})
    put(weights, "style/limits.json", {"size": 512, "peak_gb": {"float32": 1.45}, "finite": {"huge": True, "nan": 0}})
    app = run("style")
    text = shown(app)
    assert "Peak memory at 512 px, float32 1.45 GB" in text
    assert "a processor" in text
    tables = [one.value.to_dict("records") for one in app.dataframe]
    assert {"settings": "nan", "finite": "no"} in tables[0]
    assert tables[1][1]["times faster"] == "2.00"


def test_benchmarks_say_where_their_figures_are(weights: Path) -> None:
    put(weights, "face/search.json", {})
    said = [caption.value for caption in run("benchmarks").caption]
    assert sum("`weights/face/search.json`" in one for one in said) == 1
    assert any("`python -m benchmarks.class_load`" in one for one in said)


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
