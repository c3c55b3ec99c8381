"""The convolution explorer in a real browser: its numbers are torch's, by mouse, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.e2e.conftest import PHONE, PROJECTOR

STATE = """() => {
  const s = document.querySelector('.cx').stage.state();
  return { input: Array.from(s.input.data), shape: s.input.shape,
    filter: Array.from(s.filter.data), size: s.filter.shape,
    output: Array.from(s.output), axes: s.axes.map((a) => a.size), place: s.place, running: s.running, tap: s.tap,
    steps: s.steps, options: s.options, dimensions: s.dimensions };
}"""


def _open(open_page: Callable[..., Any], scene: str = "signal", **options: Any) -> Any:
    page = open_page("conv", **options)
    page.wait_for_selector(".cx[data-sum]")
    if scene != "signal":
        page.click(f"[data-scene-button={scene}]")
        page.wait_for_selector(f".cx[data-scene={scene}]")
    return page


def _reference(state: dict[str, Any]) -> np.ndarray:
    """torch's own convolution of what the page shows."""
    x = torch.tensor(state["input"], dtype=torch.float64).reshape(1, *state["shape"])
    w = torch.tensor(state["filter"], dtype=torch.float64).reshape(1, *state["size"])
    s, d = state["options"]["stride"], state["options"]["dilation"]
    real = [axis > 3 - state["dimensions"] for axis in (1, 2, 3)]
    dilation = [d if one else 1 for one in real]
    if state["options"]["padding"] == "same":
        zeros = []
        for f, step in zip(state["size"][:0:-1], dilation[::-1], strict=True):
            total = step * (f - 1)
            zeros += [total // 2, total - total // 2]
        x = torch.nn.functional.pad(x, zeros)
    out = torch.nn.functional.conv3d(x, w, stride=[s if one else 1 for one in real], dilation=dilation)
    return np.asarray(out[0, 0].numpy())


def _check(page: Any) -> dict[str, Any]:
    page.wait_for_timeout(120)  # a frame or two
    state: dict[str, Any] = page.evaluate(STATE)
    expected = _reference(state)
    assert list(expected.shape) == state["axes"]
    np.testing.assert_allclose(np.array(state["output"]).reshape(expected.shape), expected, atol=1e-9)
    assert state["steps"][-1] == pytest.approx(expected[tuple(state["place"])], abs=1e-9)
    told = "Number(document.querySelector('.cx').dataset.sum)"  # written by the next frame, whenever that comes
    page.wait_for_function(f"sum => Math.abs({told} - sum) <= 1e-6 * Math.abs(sum) + 1e-9", arg=state["running"])
    return state


@pytest.mark.parametrize("scene", ["signal", "photo", "film", "volume"])
def test_filters_and_options_give_torchs_convolution(open_page: Callable[..., Any], scene: str) -> None:
    page = _open(open_page, scene)
    filters = page.locator("[data-do=filter] option").count() - 1
    for number in {0, 1, 2, filters // 2, filters - 1} if scene != "volume" else {0}:
        page.select_option("[data-do=filter]", str(number))
        _check(page)
    for stride, padding, dilation in (("3", "valid", "2"), ("2", "same", "3")):
        page.select_option("[data-do=stride]", stride)
        page.select_option("[data-do=padding]", padding)
        page.select_option("[data-do=dilation]", dilation)
        _check(page)


def test_steps_by_keyboard_and_product_by_product(open_page: Callable[..., Any]) -> None:
    page = _open(open_page)
    start = _check(page)["place"][2]
    page.focus("canvas[data-panel=input]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert _check(page)["place"][2] == start + 2
    page.focus("[data-do=position]")
    page.keyboard.press("ArrowLeft")
    assert _check(page)["place"][2] == start + 1
    page.select_option("[data-do=speed]", "product")
    page.click("[data-do=next]")
    state = _check(page)
    assert (state["tap"], state["running"]) == (0, 0)
    page.click("[data-do=next]")
    page.click("[data-do=next]")
    state = _check(page)
    assert state["tap"] == 2
    assert state["running"] == pytest.approx(state["steps"][1])
    shown = float(page.inner_text("[data-do=total]").replace("−", "-"))
    assert shown == pytest.approx(state["running"], abs=5e-5)


def test_a_drawn_filter_is_used_at_once(open_page: Callable[..., Any]) -> None:
    page = _open(open_page)
    page.locator("canvas[data-panel=filter]").scroll_into_view_if_needed()
    box = page.locator("canvas[data-panel=filter]").bounding_box()
    for share in (0.95, 0.05):  # at once from the last bar to the first, over all between
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] - 15)
        page.mouse.down() if share > 0.5 else page.mouse.up()
    first, *others = _check(page)["filter"]
    assert first < 0
    assert others == [first] * len(others)
    page.mouse.move(box["x"] + box["width"] * 0.05, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, box["y"] + box["height"] - 15, steps=12)
    page.mouse.up()
    drawn = _check(page)["filter"]
    assert drawn[0] > 0 > drawn[-1]
    assert page.input_value("[data-do=filter]") == "own"
    page.focus("canvas[data-panel=filter]")
    page.keyboard.press("ArrowUp")
    assert _check(page)["filter"][-1] == pytest.approx(drawn[-1] + 0.05, abs=1e-9)
    page.fill("[data-do=weight]", "2.5")
    page.keyboard.press("Enter")
    assert _check(page)["filter"][-1] == 2.5
    page.select_option("[data-do=size]", "15")
    assert _check(page)["size"] == [1, 1, 1, 15]


def test_it_plays_to_the_end_and_pauses(open_page: Callable[..., Any]) -> None:
    page = _open(open_page)
    page.select_option("[data-do=speed]", "sweep")
    page.click("[data-do=play]")
    page.wait_for_function(
        "(() => { const d = document.querySelector('.cx').dataset; return d.index === String(d.count - 1); })()"
    )
    assert "Play" in page.inner_text("[data-do=play]")
    _check(page)


def test_a_click_on_the_photo_moves_the_window_there(open_page: Callable[..., Any]) -> None:
    page = _open(open_page, "photo")
    page.locator("canvas[data-panel=input]").scroll_into_view_if_needed()
    box = page.locator("canvas[data-panel=input]").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    row, column = _check(page)["place"][1:]
    assert abs(row - 55) <= 2
    assert abs(column - 55) <= 2


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone(open_page: Callable[..., Any], dark: bool) -> None:
    page = _open(open_page, "volume", viewport=PHONE, dark=dark)
    _check(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("tab", name="Shapes").click()
    page.wait_for_selector(".cs-sum .cs-yes")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_shapes_are_checked_while_one_looks(open_page: Callable[..., Any]) -> None:
    page = _open(open_page)
    page.get_by_role("tab", name="Shapes").click()
    page.wait_for_selector(".cs-sum .cs-yes")
    assert "14×14×3 → 6×6×32" in page.inner_text(".cs-sum")
    page.click("#conv-preset input")
    page.get_by_role("option", name="1-D: signal").click()
    page.wait_for_function("document.querySelector('.cs-sum').innerText.includes('14×1 → 6×32')")
    page.fill("#conv-layers textarea", "5x2,16")
    page.click("#conv-go")
    page.wait_for_selector(".cs-bad")
    assert "Write 5x1." in page.inner_text(".cs-bad")


def test_the_endpoint_answers_and_refuses(hub_url: str) -> None:
    gradio_client = pytest.importorskip("gradio_client")
    client = gradio_client.Client(hub_url, verbose=False)
    made = client.predict("14x14x14x1", "5x5x5x1,16; 5x5x5x16,32", "1", "valid", "1", api_name="/conv_shapes")
    assert made["output"] == [6, 6, 6, 32]
    assert made["agrees"] is True
    with pytest.raises(Exception, match="channels of its input"):
        client.predict("14x14x3", "5x5x4,16", api_name="/conv_shapes")


@pytest.mark.parametrize("scene", ["signal", "photo", "film", "volume"])
def test_all_five_words_are_on_a_projector_at_once(open_page: Callable[..., Any], scene: str) -> None:
    page = _open(open_page, scene)
    page.wait_for_timeout(200)
    bottoms = {panel.inner_text()[:9]: panel.bounding_box() for panel in page.locator(".cx section").all()}
    assert len(bottoms) == 5
    for word, box in bottoms.items():
        assert box["y"] + box["height"] <= PROJECTOR["height"], word
