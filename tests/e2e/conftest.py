"""A real browser: headless Chromium where the machine has one, a clear skip where it has not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright (requirements-dev.txt)")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = ["--no-sandbox", "--disable-background-networking", "--use-fake-ui-for-media-stream"]
_PATIENCE_MS = 120_000  # what a busy machine may take; a sound page answers in a fraction of it
PROJECTOR = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}


def type_in(field: playwright.Locator, text: str) -> None:
    """Type into a field and leave it, until it keeps the text: gradio may fill a panel after it has opened."""
    for _ in range(_PATIENCE_MS // 500):
        field.fill(text)
        field.press("Tab")
        field.page.wait_for_timeout(500)
        if field.input_value() == text:
            return
    raise AssertionError(f"the field shows {field.input_value()!r}, not {text!r}")


def press_until(button: playwright.Locator, effect: playwright.Locator) -> None:
    """Press until ``effect`` is seen: what an earlier choice has set going may be shown over it."""
    for _ in range(_PATIENCE_MS // 5000):
        button.click()
        try:
            effect.wait_for(timeout=5000)
            return
        except playwright.TimeoutError:
            continue
    raise AssertionError("the button has no effect")


def chromium(driver: playwright.Playwright) -> playwright.Browser:
    """The machine's Chromium, headless, with a made-up webcam; a test without one is skipped."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        pytest.skip(f"needs a browser: none of {', '.join(_NAMES)} is installed (make setup tries apt)")
    return driver.chromium.launch(executable_path=path, args=[*_FLAGS, "--use-fake-device-for-media-stream"])


@pytest.fixture(scope="session")
def browser() -> Iterator[playwright.Browser]:
    """One Chromium for the session."""
    with playwright.sync_playwright() as driver:
        started = chromium(driver)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: playwright.Browser, hub_url: str) -> Iterator[Callable[..., playwright.Page]]:
    """A function that opens the hub (or ``url``) in a fresh browser session of a given size, light or dark.

    When the test is over, every page must have asked nothing of any other host and thrown no error.
    """
    contexts = []
    outside: list[str] = []
    errors: list[str] = []

    def watch(request: playwright.Request) -> None:
        target = urlsplit(request.url)
        if target.scheme in ("http", "https", "ws", "wss") and target.hostname not in ("127.0.0.1", "localhost"):
            outside.append(request.url)

    def open_one(
        tab: str = "", *, url: str | None = None, viewport: dict[str, int] = PROJECTOR, dark: bool = False
    ) -> playwright.Page:
        context = browser.new_context(viewport=viewport, color_scheme="dark" if dark else "light")
        contexts.append(context)
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        page.on("request", watch)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((url or hub_url) + (f"?tab={tab}" if tab else ""))
        page.wait_for_selector("#hub-status .ch-status", timeout=_PATIENCE_MS)
        asked = f"#tab-{tab}" if tab else "#hub-tabs"
        page.wait_for_selector(f"{asked} .ch-summary:visible", timeout=_PATIENCE_MS)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not outside, f"the page asked other hosts: {outside}"
    assert not errors, f"the page threw: {errors}"


@pytest.fixture
def page(open_page: Callable[..., playwright.Page]) -> playwright.Page:
    """The hub on a projector, light."""
    return open_page()


def open_tab(row: playwright.Locator, title: str, *, patience_ms: int = 120_000) -> None:
    """Click a tab of ``row``; the last ones may be in its menu, and gradio may move them there while we look."""
    tab = row.get_by_role("tab", name=title, exact=True)
    for _ in range(patience_ms // 3_000):
        try:
            if not tab.is_visible():
                row.locator(".overflow-menu > button").first.click(timeout=3_000)
                row.locator(".overflow-dropdown").get_by_text(title, exact=True).click(timeout=3_000)
            else:
                tab.click(timeout=3_000)
        except playwright.TimeoutError:
            continue
        return
    raise AssertionError(f"the tab {title} cannot be opened")
