"""Every drawing on the page has its numbers, or says why it is none that needs them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.charts import round_ticks
from apps.face.decision.matching import find_calibration
from apps.face.triplets.loss import of_distances
from apps.face.ui.plots import cloud, number_line
from apps.face.ui.ruler import ruler
from apps.face.ui.siamese import bars
from apps.gan.ui.players import _shares

APPS = Path(__file__).parents[2] / "apps"
_DRAWS, _NUMBERS = (
    {"svg", "_svg", "canvas", "Plot", "LinePlot", "BarPlot", "ScatterPlot"},
    {"numbers", "_numbers", "chart"},
)
_NO_CHART = {  # what is drawn without numbers below it, and where its numbers are
    "join.py:join_html": "a QR code; the address stands below it",
    "markup.py:svg": "makes the element",
    "conv/ui/blocks.py:block": "a shape, whose sizes are written below it and in the table",
    "conv/ui/stage_html.py:_panel": "numbers on a grid, with their sum in words",
    "ekg/ui/drawings.py:_svg": "of beat_svg and slide_svg, which have their numbers",
    "style/ui/units.py:_card": "a picture with its place in a larger one, which is written below it",
    "gan/ui/common.py:pad": "a sheet to draw on",
    "gan/ui/night.py:continent_pad": "a sheet to paint on",
    "gan/ui/lab_html.py:_overview": "ticks of the predictions; what share is called real is written below them",
    "gan/ui/lab_html.py:_thumbnail": "a small copy",
    "gan/ui/lab_html.py:_sheet": "points of the plane; how far apart they are is written and in the numbers",
}
_SCRIPTS = {  # scripts that draw, and the module with their numbers, or why they need none
    "classroom/page/board.js": "a picture that is sent",
    "conv/ui/page/paint.js": "the grids of the stage",
    "conv/ui/page/stage.js": "the same",
    "ekg/ui/page/strip_paper.js": "the strip: its beats are listed below it, counted above it, and there as CSV",
    "face/ui/page/threshold.js": "face/ui/threshold.py",
    "gan/ui/page/continent.js": "a sheet to paint on",
    "gan/ui/page/lab_sheet.js": "gan/ui/lab_html.py",
    "gan/ui/page/pad.js": "a sheet to draw on",
}


def called(tree: ast.AST) -> set[str]:
    """The last parts of the names of everything that is called in ``tree``."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in calls}


def test_every_drawing_has_its_numbers() -> None:
    drawn = {
        f"{path.relative_to(APPS)}:{function.name}"
        for path in APPS.rglob("*.py")
        if any(f"{name}(" in (text := path.read_text(encoding="utf-8")) for name in _DRAWS)
        for function in ast.parse(text).body
        if isinstance(function, ast.FunctionDef) and called(function) & _DRAWS and not (called(function) & _NUMBERS)
    }
    assert drawn == _NO_CHART.keys()


def test_every_script_that_draws_has_its_numbers() -> None:
    paths = (path for path in APPS.rglob("*.js") if "page" in path.parts)
    drawing = {str(path.relative_to(APPS)) for path in paths if re.search(r"<svg|getContext", path.read_text())}
    assert drawing == _SCRIPTS.keys()
    for place in (where for where in _SCRIPTS.values() if where.endswith(".py")):
        assert "numbers" in called(ast.parse((APPS / place).read_text()))


def test_numbers_of_faces_are_those_that_are_drawn() -> None:
    known = find_calibration("resnet29-128d")
    drawn = ruler(known, 0.6, [("d", 0.4321)])
    assert "Distance d 0.432; threshold 0.600. Shares of the measured pairs:" in drawn
    assert drawn.count("<tr>") == 17
    assert "<td>0.7500</td>" in number_line(of_distances(0.5, 0.75, 0.2)).replace(' data-label="squared distance"', "")
    places = np.array([[0.25, -0.5], [0.125, 0.0]])
    dots = cloud(places, np.array([0, 1]), ["Ada", "<Grace>"], 1.0)
    for value in ("+0.2500", "-0.5000", "+0.1250", "&lt;Grace&gt;"):
        assert value in dots
    assert "3 numbers from -0.5000 to +1.0000." in bars(np.array([-0.5, 0.0, 1.0]), 1.0, "f")


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6))
def test_an_axis_has_a_few_round_numbers(low: float, span: float) -> None:
    ticks = round_ticks(low, low + span)
    assert 3 <= len(ticks) <= 7
    assert low - span / 1000 <= ticks[0] < ticks[-1] <= low + span * 1.001
    step = (ticks[-1] - ticks[0]) / (len(ticks) - 1)
    digits = f"{step:.6e}".partition("e")[0]
    assert float(digits) in (1, 2, 2.5, 5), "a round step"
    assert np.allclose(np.asarray(ticks) / step, np.round(np.asarray(ticks) / step), atol=1e-3), "0 is one of its kind"


def test_the_ticks_of_a_probability_and_of_a_loss() -> None:
    assert round_ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert round_ticks(0, 0.919) == [0, 0.2, 0.4, 0.6, 0.8]
    assert round_ticks(0, 0.0794) == pytest.approx([0, 0.02, 0.04, 0.06])


def test_shares_of_what_d_thinks_add_up_to_one() -> None:
    drawn = _shares({"fakes": np.array([0.01, 0.02, 0.99, 1.0]), "real digits": np.array([0.5])})
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in drawn.split("<tr>")[2:]]
    assert [sum(float(row[at]) for row in rows) for at in (-2, -1)] == [1, 1]
    assert (rows[0][-2], rows[10][-1], len(rows)) == ("0.5", "1", 20)
    assert "at most: fakes 0.5 at 0.025, real digits 1 at 0.525" in drawn
