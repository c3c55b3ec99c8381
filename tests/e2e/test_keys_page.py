"""One scheme of keys, shown by "?"; films that wait for whoever asked for less motion."""

from __future__ import annotations

from typing import Any

from tests.e2e.conftest import PHONE

_PATIENCE_MS = 120_000  # what a busy machine may take
_FILM = "document.body.insertAdjacentHTML('beforeend', '<video id=film autoplay loop muted></video>')"


def test_a_question_mark_shows_the_keys_but_not_while_one_types(browser: Any, hub_url: str) -> None:
    page = browser.new_context(viewport=PHONE, reduced_motion="reduce").new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(f"{hub_url}?tab=conv/shapes")
    page.locator("#conv-input textarea, #conv-input input").first.wait_for()
    sheet = page.get_by_role("dialog", name="Keys")
    page.locator("footer").get_by_role("button", name="Keys").click()
    sheet.get_by_text("play and pause").wait_for()
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    field = page.locator("#conv-input textarea, #conv-input input").first
    field.press("?")
    assert not sheet.is_visible()
    page.locator("h1").click()
    page.keyboard.press("?")
    sheet.get_by_role("button", name="Close").click()
    assert not sheet.is_visible()
    page.get_by_role("tab", name="See it").click()
    page.locator("#conv-stage canvas[tabindex='0']").first.focus()
    for words in ("Pause", "Play"):
        page.keyboard.press("Space")
        page.locator("#conv-stage [data-do=play]").get_by_text(words).wait_for()
    page.evaluate(_FILM)
    page.wait_for_function("document.getElementById('film').autoplay === false")
    page.context.close()
