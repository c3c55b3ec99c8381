"""``make screenshots``: start a hub, use every tab as a visitor would, and save the README's pictures.

Only sample pictures that the project may show are used. The pictures are WebP, made of Chromium's own PNG.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import sync_playwright

from tools.hub import ROOT, Hub

TARGET = ROOT / "apps" / "screenshots"
PROJECTOR = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
_PATIENCE_MS = 180_000


class Scene(NamedTuple):
    """One picture: which tab, what to do there, how large the screen."""

    name: str
    tab: str
    act: Callable[[Any], None]
    viewport: dict[str, int] = PROJECTOR
    dark: bool = False


def _verify(page: Any) -> None:
    page.get_by_role("button", name="Same person?").click()
    page.locator("#face-compare").click()
    page.get_by_text("Same person", exact=True).first.wait_for()
    page.wait_for_timeout(1500)


def _verify_below(page: Any) -> None:
    _verify(page)
    page.get_by_text("Same person", exact=True).first.evaluate("e => e.scrollIntoView({block: 'center'})")


def _paint(page: Any) -> None:
    page.locator("#style-paint").click()
    page.get_by_text(re.compile(r"Iteration (\d+) of \1\b")).first.wait_for()
    page.wait_for_timeout(1500)


def _draw(page: Any) -> None:
    page.get_by_role("tab", name="Digits on demand").click()
    page.get_by_role("button", name="Write", exact=False).first.click()
    page.get_by_text("The judge reads").wait_for()
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1000)


def _classify(page: Any) -> None:
    page.get_by_text("why?").wait_for()
    page.wait_for_timeout(1500)


def _wait(page: Any) -> None:
    page.wait_for_timeout(4000)


SCENES = (
    Scene("faces", "face", _verify),
    Scene("faces-phone", "face", _verify_below, PHONE, dark=True),
    Scene("style", "style", _paint),
    Scene("gans", "gan", _draw),
    Scene("ekg", "ekg", _classify),
    Scene("convolutions", "conv", _wait),
)


def main(names: list[str]) -> None:
    """Take the pictures called ``names``, all when there are none."""
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Hub(Path(folder)) as hub, sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-background-networking", f"--disk-cache-dir={folder}"],
        )
        for scene in SCENES:
            if not names or scene.name in names:
                _take(browser, f"{hub.url}/", scene)
        browser.close()


def _take(browser: Any, url: str, scene: Scene) -> None:
    context = browser.new_context(viewport=scene.viewport, color_scheme="dark" if scene.dark else "light")
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    page.goto(f"{url}?tab={scene.tab}")
    page.wait_for_selector(f"#tab-{scene.tab}:visible")
    page.wait_for_timeout(2500)
    scene.act(page)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").save(TARGET / f"{scene.name}.webp", quality=82, method=6)
    context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
