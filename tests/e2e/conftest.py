"""A real browser: headless Chromium where the machine has one, a clear skip where it has not."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright (requirements-dev.txt)")

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = [
    "--no-sandbox", "--disable-background-networking", "--use-fake-ui-for-media-stream",
    "--process-per-site",  # a new page begins in the process of an open one, which has read gradio's scripts already
]  # fmt: skip
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


def repeat_until(act: Callable[[], object], effect: playwright.Locator) -> None:
    """Repeat ``act`` until ``effect`` is seen: a part that just opened may still be filled, over what was done."""
    for _ in range(_PATIENCE_MS // 5000):
        act()
        try:
            effect.wait_for(timeout=5000)
            return
        except playwright.TimeoutError:
            continue
    raise AssertionError("what was done has no effect")


def taken_home(page: playwright.Page, slug: str) -> zipfile.ZipFile:
    """What "Take the results home" gives on a tab."""
    with page.expect_download() as saved:
        page.locator(f"#tab-{slug} .ch-link").get_by_role("button", name="Take the results home").click()
    return zipfile.ZipFile(saved.value.path())


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


@pytest.fixture(scope="session")
def profile(browser: playwright.Browser, hub_url: str) -> playwright.BrowserContext:
    """The browser session that tests use in turns: a page of the hub stays open and keeps the process alive."""
    made = browser.new_context()
    made.new_page().goto(f"{hub_url}healthz")
    return made


def _leave(page: playwright.Page) -> None:
    """Close a page, without what it has stored."""
    if not page.is_closed():
        page.evaluate("() => { if (location.protocol !== 'about:') localStorage.clear(); }")
        page.close()


@pytest.fixture
def new_page(browser: playwright.Browser, profile: playwright.BrowserContext) -> Iterator[Callable[..., Any]]:
    """A function that opens an empty page of a given size, light or dark; each further one is another visitor's.

    When the test is over, every page must have asked nothing of any other host and thrown no error.
    """
    contexts, pages = [profile], []
    outside: list[str] = []
    errors: list[str] = []

    def watch(request: playwright.Request) -> None:
        target = urlsplit(request.url)
        if target.scheme in ("http", "https", "ws", "wss") and target.hostname not in ("127.0.0.1", "localhost"):
            outside.append(request.url)

    def make(viewport: dict[str, int] = PROJECTOR, *, dark: bool = False, still: bool = False) -> playwright.Page:
        free = profile if all(page.is_closed() for page in pages) else browser.new_context()
        if free is not profile:
            contexts.append(free)
        page = free.new_page()
        pages.append(page)
        page.set_default_timeout(_PATIENCE_MS)
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce" if still else None)
        page.on("request", watch)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for page in pages:
        _leave(page)
    profile.clear_cookies()
    for context in contexts[1:]:
        context.close()
    assert not outside, f"the page asked other hosts: {outside}"
    assert not errors, f"the page threw: {errors}"


@pytest.fixture
def open_page(new_page: Callable[..., playwright.Page], hub_url: str) -> Callable[..., playwright.Page]:
    """A function that opens the hub (or ``url``) in a page of ``new_page`` and waits for the tab."""

    def open_one(tab: str = "", *, url: str | None = None, **look: Any) -> playwright.Page:
        page = new_page(**look)
        page.goto((url or hub_url) + (f"?tab={tab}" if tab else ""))
        page.wait_for_selector("#hub-status .ch-status")
        asked = f"#tab-{tab}" if tab else "#hub-tabs"
        page.wait_for_selector(f"{asked} .ch-summary:visible")
        return page

    return open_one


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
