"""The page as visitors meet it: projector, phone, dark mode, keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps import DEMOS
from tests.e2e.conftest import PHONE, PROJECTOR, type_in


def test_the_address_follows_the_tab(page: Any) -> None:
    last = DEMOS[-1]
    page.get_by_role("tab", name=last.title, exact=True).click()
    page.wait_for_url(f"**tab={last.slug}*")
    page.get_by_role("tab", name="Shapes", exact=True).click()
    page.wait_for_url("**tab=conv/shapes")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_is_wider_than_the_screen(open_page: Callable[..., Any], dark: bool) -> None:
    for demo in DEMOS:
        page = open_page(demo.slug, viewport=PHONE, dark=dark)
        assert ("dark" in (page.locator("body").get_attribute("class") or "")) is dark
        for viewport in (PHONE, PROJECTOR):
            page.set_viewport_size(viewport)
            wide = "document.documentElement.scrollWidth"
            page.wait_for_function(f"innerWidth === {viewport['width']} && {wide} <= innerWidth", timeout=10_000)
        page.close()


def test_a_tab_that_nobody_opened_loads_nothing(open_page: Callable[..., Any], start_hub: Callable[..., str]) -> None:
    page = open_page("conv", url=start_hub())
    page.get_by_text("Models in memory").wait_for()
    page.wait_for_timeout(6000)  # the first redrawing of the status bar has come and gone
    assert "Models in memory 0 " in " ".join(page.locator("#hub-status").inner_text().split())


def test_the_status_bar_tells_the_device(page: Any) -> None:
    bar = page.locator("#hub-status")
    for label in ("Device", "Models in memory", "Cache", "Memory", "Waiting"):
        assert label in bar.inner_text()
    page.wait_for_function("document.querySelector('#hub-status').innerText.includes('thread')", timeout=60_000)


def test_the_tabs_work_with_the_keyboard(page: Any) -> None:
    page.get_by_role("tab", name=DEMOS[0].title, exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**tab={DEMOS[1].slug}*")


def test_light_and_dark_can_be_switched(page: Any) -> None:
    page.get_by_role("button", name="Light / dark").click()
    assert "dark" in (page.locator("body").get_attribute("class") or "")


def test_a_page_whose_machine_is_silent_says_so(page: Any) -> None:
    page.route("**/gradio_api/app_id", lambda route: route.abort())
    bar = page.locator(".ch-gone")
    for _ in range(2):
        page.evaluate("hubKeeper.look()")
    bar.get_by_text("does not answer").wait_for()
    page.unroute("**/gradio_api/app_id")
    page.evaluate("hubKeeper.look()")
    bar.wait_for(state="detached")


def test_a_page_whose_machine_has_gone_is_made_anew_as_it_was_set(open_page: Callable[..., Any]) -> None:
    page = open_page("gan")
    seed = page.get_by_label("Seed").locator("visible=true").first
    type_in(seed, "77")
    page.evaluate("hubKeeper.mine = 'another'; hubKeeper.keep(); hubKeeper.look()")
    bar = page.get_by_role("alert")
    bar.get_by_text("what you had not saved is lost").wait_for()
    assert "seed=77" in page.url
    assert seed.input_value() == "77"
    bar.get_by_role("button", name="Continue").click()
    bar.wait_for(state="detached")
