"""Sharpen a photo as a visitor meets it: live pictures, the lens, the GAN with its figures, the face."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import PHONE, open_tab, playwright, type_in

_WAIT_MS = 60_000
_SIDE = "24"  # pixels of the small picture: the GAN takes a moment


@pytest.fixture
def sharpen(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """A function that opens the panel and waits for its first pictures, small ones."""

    def open_panel(**options: Any) -> Any:
        page = open_page("gan", **options)
        open_tab(page.locator("#gan-tabs"), "Sharpen a photo")
        page.get_by_text("The GAN: About").wait_for(timeout=_WAIT_MS)  # the last of what comes by itself
        type_in(page.get_by_role("spinbutton", name="Made small to").locator("visible=true"), _SIDE)
        page.get_by_text("Made small, 24 × 16").wait_for(timeout=_WAIT_MS)
        return page

    return open_panel


def _at(page: Any) -> list[float]:
    return [float(part) for part in page.locator("#gan-sharpen-view .gs-grid").get_attribute("data-at").split()]


def _until(page: Any, press: Any, selector: str) -> None:
    """Press until there is what it is pressed for: a late update of the page may undo it."""
    for _ in range(6):
        press.click()
        try:
            page.locator(selector).first.wait_for(timeout=_WAIT_MS / 3)
        except playwright.TimeoutError:
            continue
        return
    raise AssertionError(f"no {selector} after pressing")


def test_restored_under_the_lens_and_put_to_the_verifier(sharpen: Callable[..., Any]) -> None:
    page = sharpen()
    view = page.locator("#gan-sharpen-view")
    assert "PSNR" in view.inner_text()
    assert view.locator(".gs-frame > .gs-lens").count() == 4  # the small network answers without a button
    _until(page, page.locator("#gan-sharpen-go"), "svg.gs-plane")
    view.locator(".gs-frame > .gs-lens").nth(4).wait_for(timeout=_WAIT_MS)
    view.locator(".gs-frame").nth(2).hover(position={"x": 30, "y": 20})
    x, y, zoom = _at(page)
    assert x < 0.3
    assert y < 0.3
    grid = view.locator(".gs-grid")
    for key in ("ArrowRight", "ArrowDown", "+"):
        grid.press(key)
    moved = _at(page)
    assert moved == pytest.approx([x + 0.03, y + 0.03, 1.25 * zoom], abs=0.011)
    page.get_by_role("button", name="Magnify less").click()
    assert _at(page)[2] < moved[2]
    image = view.locator(".gs-lens > img").nth(2)
    shown = image.evaluate("(image) => image.clientWidth / image.closest('.gs-frame').clientWidth")
    assert shown == pytest.approx(_at(page)[2], rel=0.02)
    page.get_by_role("button", name="Take a sample with a face").click()
    page.get_by_text("Made small, 24 × 24").wait_for(timeout=_WAIT_MS)
    _until(page, page.locator("#gan-face-go"), "#gan-face-out svg.ch-lines")
    assert page.locator("#gan-face-out td img").count() == 15


def test_a_finger_moves_the_lens_and_nothing_is_wider_than_a_phone(sharpen: Callable[..., Any]) -> None:
    page = sharpen(viewport=PHONE)
    frame = page.locator("#gan-sharpen-view .gs-frame").nth(1)
    place = """(frame) => {
      const box = frame.getBoundingClientRect();
      const [clientX, clientY] = [box.left + 0.8 * box.width, box.top + 0.7 * box.height];
      frame.dispatchEvent(new PointerEvent('pointerdown', {pointerType: 'touch', bubbles: true, clientX, clientY}));
    }"""
    frame.evaluate(place)
    assert _at(page)[:2] == pytest.approx([0.8, 0.7], abs=0.02)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
