"""What the tab draws, against numbers worked out by hand."""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from apps.style.descent.costs import Costs
from apps.style.run.transfer import Result
from apps.style.ui import graphics


def costs_of(values: Sequence[float], sizes: Sequence[int] = ()) -> list[Costs]:
    return [
        Costs(
            iteration=number,
            size=(size, size),
            J=value,
            content=value / 2,
            style=value / 4,
            layers={"relu1_1": value, "relu2_1": value / 10},
            variation=0.0,
        )
        for number, (value, size) in enumerate(zip(values, sizes or [8] * len(values), strict=True), 1)
    ]


def svgs(text: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]


@pytest.mark.parametrize("values", [[0.0, 0.0], [1e-30, 1e30], [float("inf"), 1.0], [5.0]])
@pytest.mark.parametrize("log", [True, False])
def test_any_costs_can_be_drawn(values: list[float], log: bool) -> None:
    text = graphics.cost_curves(costs_of(values), {"alpha": 1.0, "beta": 1.0}, log=log)
    for svg in svgs(text):
        for line in svg.iter("polyline"):
            numbers = [float(n) for point in line.attrib["points"].split() for n in point.split(",")]
            assert all(map(math.isfinite, numbers))


def test_the_curves_have_their_weights() -> None:
    """alpha = 4 and beta = 8 make both parts of J twice J itself, which stays as it is."""
    text = graphics.cost_curves(costs_of([100.0, 50.0]), {"alpha": 4.0, "beta": 8.0}, log=False)
    first, second = svgs(text)
    assert first.attrib["aria-label"].endswith("at the end: J 50, α J content 100, β J style 100")
    assert second.attrib["aria-label"].endswith("at the end: relu1_1 50, relu2_1 5")


def test_a_line_marks_where_the_picture_is_enlarged() -> None:
    text = graphics.cost_curves(costs_of([4.0, 3.0, 2.0, 1.0], [8, 8, 16, 16]), {"alpha": 1.0, "beta": 1.0}, log=True)
    for svg in svgs(text):
        (mark,) = [line for line in svg.iter("line") if line.attrib.get("class") == "ch-mark"]
        across = [
            float(point.split(",")[0]) for line in svg.iter("polyline") for point in line.attrib["points"].split()
        ]
        assert float(mark.attrib["x1"]) == pytest.approx(sorted(set(across))[2], abs=0.02)  # at iteration 3
    assert "the picture is enlarged" in text
    alone = graphics.cost_curves(costs_of([4.0, 3.0]), {"alpha": 1.0, "beta": 1.0}, log=True)
    assert "ch-mark" not in alone
    assert "enlarged" not in alone


def test_before_the_first_iteration_a_sentence_stands_there() -> None:
    assert "appear with the first iterations" in graphics.cost_curves([], {}, log=True)
    assert "appear here" in graphics.gram_table({})


def picture_of(url: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as opened:
        return np.asarray(opened.convert("RGB"), dtype=float)


def test_style_matrices_say_how_far_they_are() -> None:
    style = np.diag(np.array([1.0, 4.0, 9.0], np.float32))
    text = graphics.gram_table({"C": {"relu1_1": 3 * style}, "S": {"relu1_1": style}, "G": {"relu1_1": 0.5 * style}})
    assert re.findall(r"<small>(.*?)</small>", text) == ["3 × 3", "200% away", "the target", "50% away"]
    shown = picture_of(re.findall(r'src="(.*?)"', text)[1]).sum(axis=2)
    cells = shown[2::4, 2::4]  # the middle of every cell
    assert cells.shape == (3, 3)
    diagonal = np.diag(cells)
    assert diagonal[0] > diagonal[1] > diagonal[2] > cells[0, 1]  # the strongest channel first


def test_a_layer_without_a_content_matrix_leaves_its_cell_empty() -> None:
    style = np.eye(2, dtype=np.float32)
    text = graphics.gram_table({"C": {}, "S": {"relu1_1": style}, "G": {"relu1_1": style}})
    assert text.count("<img") == 2
    assert "<td></td>" in text
    assert "0% away" in text


def test_the_table_of_costs_adds_up_to_j() -> None:
    def costs(iteration: int, content: float, layer: float) -> Costs:
        return Costs(
            iteration=iteration,
            size=(8, 8),
            J=2 * content + 3 * 5 * layer,
            content=content,
            style=5 * layer,
            layers={"relu1_1": layer},
            variation=0.0,
        )

    result = Result(
        first=costs(0, 10.0, 20.0),
        last=costs(9, 1.0, 2.0),
        alpha=2.0,
        beta=3.0,
        lambdas={"relu1_1": 5.0},
        seconds_per_iteration=1.0,
        peak_bytes=1,
    )
    body = re.sub(r".*<tbody>|</tbody>.*", "", graphics.cost_table(result))
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in re.findall(r"<tr.*?</tr>", body)]
    assert rows == [
        ["J content", "10", "1", "α = 2", "20", "2"],
        ["J style[relu1_1]", "20", "2", "β λ′ = 15", "300", "30"],
        ["J", "", "", "", "320", "32"],
    ]
