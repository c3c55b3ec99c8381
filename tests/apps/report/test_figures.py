"""Figures are read without trust: missing, odd and damaged values become gaps, never errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.report.figures import (
    NOT_MEASURED,
    Figures,
    percent,
    plain,
    read_source,
    sources,
    span,
    thinned,
    wilson,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3))
def test_any_json_is_read(data: dict[str, object]) -> None:
    figures = Figures(data)
    for key in "abc":
        figures.number(key, "b")
        figures.numbers(key)
        figures.text(key)
        figures.rows(key)
        figures.matrix(key)
        figures.interval(key)
        figures.below(key)
    assert figures.rest() == {}


def test_what_is_of_its_kind_is_given() -> None:
    figures = Figures({"a": 0.5, "n": 3, "t": True, "m": [[1, 2], [3, 4]], "i": [0.1, 0.2], "bad": [[1], [2, 3]]})
    assert figures.number("a") == 0.5
    assert figures.number("n") == 3.0
    assert figures.number("t") is None
    assert figures.matrix("m") == [[1, 2], [3, 4]]
    assert figures.matrix("bad") is None
    assert figures.interval("i") == (0.1, 0.2)
    assert figures.interval("m") is None


def test_numbers_for_people() -> None:
    assert percent(0.98204, 2) == "98.20 %"
    assert percent(None) == plain(None) == NOT_MEASURED
    assert plain(10_000.0) == "10,000"
    assert plain(0.591) == "0.591"
    assert span((0.97, 0.985)) == "95 %: 97.0 to 98.5 %"
    assert span(None) == ""


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (990, 1000), (1, 3)])
def test_wilsons_interval(hits: int, n: int) -> None:
    """Oracle: scipy's."""
    from scipy.stats import binomtest

    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-6)


@given(st.integers(1, 2000))
def test_thinning_keeps_both_ends(n: int) -> None:
    kept = thinned(range(n))
    assert kept[0] == 0
    assert kept[-1] == n - 1
    assert len(kept) <= 300
    assert kept == sorted(set(kept))


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "[" * 100_000, "\x00"])
def test_a_damaged_file_is_a_problem_not_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "figures.json"
    path.write_text(text, encoding="utf-8")
    source = read_source("x", "X", path)
    assert source.figures is None
    assert source.problem


def test_files_beside_the_registry_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    (tmp_path / "style").mkdir()
    (tmp_path / "style" / "costs.json").write_text(json.dumps({"J": [3, 1]}), encoding="utf-8")
    found = list(sources("style"))
    assert found[-1].name == "style/costs.json"
    assert found[-1].figures is not None
