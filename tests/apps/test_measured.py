"""Figures are drawn from what is in the files; a missing or damaged file leaves a sentence, never an error."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from apps.measured import Figures, Headline, between, drawn, percent, rows_of, stored
from apps.report import headlines
from shared.demos import SLUGS

DAMAGED = ("", "{", "[1, 2]", "[" * 100_000, "\x00", "{}", '{"by_patient": 3}', '{"rows": [{}, 2], "sizes": {"9": 3}}')


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder."""
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    (tmp_path / "ekg").mkdir()
    return tmp_path


def with_figures() -> list[Any]:
    """The modules of the demos that have measured figures."""
    found = []
    for slug in SLUGS:
        try:
            found.append(importlib.import_module(f"apps.{slug}.measured"))
        except ModuleNotFoundError:
            continue
    return found


def test_every_demo_with_figures_is_in_the_report_and_in_the_readme() -> None:
    page = (Path(headlines.__file__).parent / "page.py").read_text(encoding="utf-8")  # it imports streamlit
    for module in with_figures():
        assert module in vars(headlines).values()
        assert f'"{module.__name__.split(".")[1]}": (' in page


def test_what_is_stored_is_drawn(weights: Path) -> None:
    (weights / "ekg" / "a.json").write_text(json.dumps({"n": 3, "who": "<b>"}), encoding="utf-8")
    assert stored("ekg/a.json") == {"n": 3, "who": "<b>"}
    assert drawn("ekg/a.json", lambda found: (found["n"], found["who"]), "make it") == "3&lt;b&gt;"


def test_what_is_missing_names_its_command(weights: Path) -> None:
    html = drawn("ekg/none.json", lambda found: found["n"], "make <it>")
    assert "Not measured yet" in html
    assert "<code>make &lt;it&gt;</code>" in html
    assert stored("ekg/none.json") is None


def _row(found: Figures) -> list[Headline]:
    return [Headline("EKG", "n", found["n"], "", "")]


@pytest.mark.parametrize("text", DAMAGED)
def test_what_is_damaged_is_said(weights: Path, text: str) -> None:
    (weights / "ekg" / "a.json").write_text(text, encoding="utf-8")
    html = drawn("ekg/a.json", lambda found: found["n"], "make it")
    assert "weights/ekg/a.json cannot be read" in html
    assert "make it" in html
    assert rows_of("ekg/a.json", _row) == ()


@pytest.mark.parametrize("text", [None, *DAMAGED])
def test_every_chapter_stands_without_its_files(weights: Path, text: str | None) -> None:
    """The hub starts whatever lies in the folder."""
    for path in _files():
        target = weights / path
        target.parent.mkdir(exist_ok=True)
        if text is not None:
            target.write_text(text, encoding="utf-8")
    for module in with_figures():
        assert all(part.title for part in module.chapters())
        assert module.headlines() == ()


def test_every_chapter_of_the_bundle_is_drawn() -> None:
    for module in with_figures():
        html = "".join(part.body for part in module.chapters())
        assert "cannot be read" not in html
        assert module.headlines()


def _files() -> list[Path]:
    """The bundle's files of figures, relative to its folder."""
    bundle = Path(__file__).resolve().parents[2] / "weights"
    return sorted(path.relative_to(bundle) for path in bundle.glob("*/*.json"))


def test_rates_for_people() -> None:
    assert percent(0.98204, 2) == "98.20 %"
    assert percent(0.98204) == "98.2 %"
    assert percent(0.00091) == "0.091 %"
    assert percent(0.0, n=200) == "under 0.5 %"
    assert percent(1.0) == "100 %"
    assert between((0.97, 0.985)) == "97.0 to 98.5 %"
