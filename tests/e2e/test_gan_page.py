"""The GAN tab as a visitor meets it: every panel's main button, and what a wrong input says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from apps.gan.ui.tab import PANELS
from tests.e2e.conftest import PHONE, open_tab, playwright, repeat_until, type_in

_WAIT_MS = 60_000


@pytest.fixture
def gan(open_page: Callable[..., Any]) -> Callable[[str], Any]:
    """A function that opens the GAN tab at a panel."""

    def open_panel(title: str, **options: Any) -> Any:
        page = open_page("gan", **options)
        open_tab(page.locator("#gan-tabs"), title)
        return page

    return open_panel


def _press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()


def _choose(page: Any, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).locator("visible=true").click()
    page.get_by_role("option", name=option, exact=True).click()


def _see(page: Any, selector: str, count: int) -> None:
    page.wait_for_function(
        "([s, n]) => [...document.querySelectorAll(s)].filter(e => e.offsetParent !== null).length >= n",
        arg=[selector, count],
        timeout=_WAIT_MS,
    )


def test_sample_shows_pictures_with_verdicts(gan: Callable[..., Any]) -> None:
    page = gan("Sample")  # the first pictures come by themselves
    _see(page, ".gan-tiles figure", 24)
    captions = page.locator(".gan-tiles figcaption:visible").all_inner_texts()
    assert all(re.search(r"D: \d+% real", caption) for caption in captions)
    assert sum("fake" in caption for caption in captions) == 18
    before = page.locator(".gan-tiles:visible").inner_html()
    _press(page, "Draw new ones")
    page.wait_for_function("(b) => document.querySelector('.gan-tiles')?.innerHTML !== b", arg=before, timeout=_WAIT_MS)


def test_a_number_is_written_and_a_letter_is_refused(gan: Callable[..., Any]) -> None:
    page = gan("Digits on demand")
    box = page.get_by_label("Number, date or telephone number", exact=False)
    type_in(box, "2026")
    _press(page, "Write")
    page.get_by_text("The judge reads").locator("visible=true").first.wait_for(timeout=_WAIT_MS)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.gan-crisp img')].some(i => i.naturalWidth >= 4 * 28 * 8)",
        timeout=_WAIT_MS,
    )
    type_in(box, "20x6")
    _press(page, "Write")
    page.get_by_text("a number of 1 to 32 digits").first.wait_for(timeout=_WAIT_MS)


def test_a_walk_is_a_strip_and_a_film(gan: Callable[..., Any]) -> None:
    page = gan("Latent walk")
    page.locator(".gan-movie video").wait_for(timeout=_WAIT_MS)
    page.wait_for_function("() => document.querySelector('.gan-movie video').videoWidth === 224", timeout=_WAIT_MS)
    assert page.evaluate("document.querySelector('.gan-movie video').duration") == pytest.approx(62 / 15, abs=0.1)
    assert page.locator("a.gan-webp").get_attribute("href").startswith("data:image/webp")
    page.mouse.wheel(0, 2_000)
    _see(page, ".gan-tiles figure", 11 + 4)


def test_the_snapshots_show_both_players(gan: Callable[..., Any]) -> None:
    page = gan("Two players")
    _see(page, ".gan-tiles figure", 40)
    page.get_by_text("After 8,000 steps").first.wait_for(timeout=_WAIT_MS)
    slider = page.get_by_role("slider", name="Snapshot", exact=False).locator("visible=true")
    slider.focus()
    slider.press("Home")
    page.get_by_text("nobody has learned anything").first.wait_for(timeout=_WAIT_MS)


def test_a_visitor_trains_stops_and_takes_the_film_home(gan: Callable[..., Any]) -> None:
    page = gan("Two players")
    page.locator("#gan-own-go").scroll_into_view_if_needed()
    _see(page, "#gan-own .gan-tiles figure", 16)
    page.locator("#gan-own-status").get_by_text("nobody has learned anything").wait_for(timeout=_WAIT_MS)
    page.locator("#gan-own-go").click()
    page.locator("#gan-own-status").get_by_text(re.compile(r"After \d+ steps")).wait_for(timeout=_WAIT_MS)
    page.locator("#gan-own-stop").click()
    page.locator("#gan-own-film").click()
    page.locator("#gan-own-movie img").wait_for(timeout=_WAIT_MS)
    assert page.locator("#gan-own-movie a").get_attribute("href").startswith("data:image/gif")
    page.get_by_role("button", name="Start again").click()
    page.locator("#gan-own-status").get_by_text("nobody has learned anything").wait_for(timeout=_WAIT_MS)


def test_a_round_against_d_is_scored(gan: Callable[..., Any]) -> None:
    page = gan("Are you better than D?")
    _see(page, ".gan-tiles figure", 10)
    first = page.locator(".gan-tiles:visible").inner_html()
    _press(page, "Deal ten pictures")
    page.wait_for_function("(b) => document.querySelector('.gan-tiles')?.innerHTML !== b", arg=first, timeout=_WAIT_MS)
    tick = page.get_by_label("3", exact=True).locator("visible=true").first
    repeat_until(lambda: tick.is_checked() or tick.click(), page.locator("input[name='3']:checked:visible"))
    _press(page, "Check my answers")
    page.get_by_text(re.compile(r"You \d+, D \d+ of 10")).first.wait_for(timeout=_WAIT_MS)
    assert page.locator(".gan-tiles .gan-real:visible, .gan-tiles .gan-fake:visible").count() == 10


def test_a_real_digit_is_shrunk_and_restored(gan: Callable[..., Any]) -> None:
    page = gan("From a picture")
    _press(page, "A real digit instead")
    _see(page, ".gan-tiles figure", 4)
    assert "dB" in page.locator(".gan-tiles:visible").inner_text()


def test_a_drawn_digit_is_shrunk_and_restored(gan: Callable[..., Any]) -> None:
    page = gan("From a picture")
    sheet = page.locator("canvas.gan-pad:visible")
    box = sheet.bounding_box()
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + 0.35 * w, y + 0.25 * h)
    page.mouse.down()
    for across, down in ((0.65, 0.25), (0.45, 0.75)):
        page.mouse.move(x + across * w, y + down * h, steps=5)
    page.mouse.up()
    page.get_by_text("the judge reads 7").wait_for(timeout=_WAIT_MS)
    page.get_by_role("button", name="Clear the sheet").locator("visible=true").click()
    page.get_by_text("Draw on the sheet, or take a real digit.").wait_for(timeout=_WAIT_MS)
    sheet.focus()
    for key in ("Shift+ArrowUp", "Shift+ArrowUp", " ", *["Shift+ArrowDown"] * 4, " "):
        page.keyboard.press(key)
    page.get_by_text("the judge reads 1").wait_for(timeout=_WAIT_MS)
    assert page.evaluate("document.activeElement.className") == "gan-pad"


def test_the_anatomy_lists_every_layer(gan: Callable[..., Any]) -> None:
    page = gan("Anatomy")
    _see(page, ".gan-layers", 2)
    assert "28 × 28" in page.locator(".gan-layers:visible").first.inner_text()


def test_the_figures_stand_there_at_once(gan: Callable[..., Any]) -> None:
    page = gan("Measured")
    _see(page, ".gan-figures", 1)
    assert "agreement" in page.locator(".gan-figures:visible").first.inner_text()


def test_no_panel_is_wider_than_a_phone(open_page: Callable[..., Any]) -> None:
    page = open_page("gan", viewport=PHONE)
    seen_elsewhere = ("GAN Lab", "Sharpen a photo", "Day to night", "Endless art")
    for title in (title for title, _ in PANELS if title not in seen_elsewhere):  # most are in the menu of the row
        open_tab(page.locator("#gan-tabs"), title)
        page.wait_for_timeout(100)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], title


def _until(page: Any, act: Callable[[], None], condition: str, arg: Any = None) -> None:
    """Repeat ``act`` until ``condition`` of ``arg`` holds: the panel may still be filling when it opens."""
    for _ in range(_WAIT_MS // 5_000):
        act()
        try:
            page.wait_for_function(condition, arg=arg, timeout=5_000)
        except playwright.TimeoutError:
            continue
        return
    raise AssertionError(f"never came true: {condition}")


_CHANGED = "([s, b]) => { const e = document.querySelector(s); return e && e.src !== b; }"


def test_a_place_and_a_painted_continent_have_their_nights(gan: Callable[..., Any]) -> None:
    page = gan("Day to night")
    place = "#night-place figure:nth-of-type(2) img"
    page.locator(place).wait_for(timeout=_WAIT_MS)
    assert page.locator("#night-place img").count() == 3
    before = page.locator(place).get_attribute("src")
    globe = page.locator(".night-globe")
    _until(page, lambda: globe.press("Shift+ArrowRight"), _CHANGED, [place, before])
    box = globe.bounding_box()
    at = {"x": box["width"] * (134 + 180) / 360, "y": box["height"] * (90 + 25) / 180}  # the middle of Australia
    globe.click(position=at)
    page.get_by_text("Australia, held out").wait_for(timeout=_WAIT_MS)
    sheet = page.locator(".night-sheet canvas")
    sheet.scroll_into_view_if_needed()
    night = "#night-continent img"
    page.locator(night).wait_for(timeout=_WAIT_MS)
    before = page.locator(night).get_attribute("src")
    page.locator(".night-brushes").get_by_role("radio", name="Ice").click()
    _until(page, lambda: sheet.press("Space"), _CHANGED, [night, before])
    middle = "() => [...document.querySelector('.night-sheet canvas').getContext('2d').getImageData(96, 96, 1, 1).data]"
    assert page.evaluate(middle)[:3] == [240, 245, 250]
    before = page.locator(night).get_attribute("src")
    slider = page.locator("#night-at").get_by_role("slider")
    _until(page, lambda: slider.press("Home"), _CHANGED, [night, before])
    page.get_by_text("By night: L1 only").wait_for(timeout=_WAIT_MS)


def test_a_picture_without_end_is_walked_through_and_compared(gan: Callable[..., Any]) -> None:
    page = gan("Endless art", viewport=PHONE)
    window = "#art-window img"
    page.locator(window).wait_for(timeout=_WAIT_MS)
    before = page.locator(window).get_attribute("src")
    right = page.get_by_role("button", name="→ right")
    _until(page, right.click, _CHANGED, [window, before])
    look = page.get_by_role("button", name="Look for the nearest patches")
    _until(page, look.click, "() => document.querySelectorAll('#art-nearest img').length === 12")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_finger_paints_a_continent_on_a_phone(gan: Callable[..., Any]) -> None:
    page = gan("Day to night", viewport=PHONE)
    sheet = page.locator(".night-sheet canvas")
    sheet.scroll_into_view_if_needed()
    night = "#night-continent img"
    page.locator(night).wait_for(timeout=_WAIT_MS)
    before = page.locator(night).get_attribute("src")
    box = sheet.bounding_box()
    assert box["width"] > 300
    page.locator(".night-brushes").get_by_role("radio", name="Desert").click()

    def stroke() -> None:
        found = sheet.bounding_box()
        page.mouse.move(found["x"] + 60, found["y"] + 60)
        page.mouse.down()
        page.mouse.move(found["x"] + 200, found["y"] + 200, steps=4)
        page.mouse.up()

    _until(page, stroke, _CHANGED, [night, before])
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
