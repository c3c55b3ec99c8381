"""How long until a phone shows each tab: the hub against a bare one-button gradio page, in turns, in one run.

    python -m benchmarks.page_phone

Chromium with the processor slowed down four times opens each page in a fresh session. "Usable" is the moment when what
the page is for can be seen and the browser is idle. Prints the median seconds, the browser's seconds of work (which
other work on the machine disturbs less), the requests, and the ratios to the bare page. The aim is 1.8 for every tab.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.page_start import bare_page
from shared.demos import DEMOS
from tools.hub import PassingHub

ROOT = Path(__file__).resolve().parent.parent
PHONE = {"width": 390, "height": 844}
_USE = {  # what each tab is for
    "face": "button:has-text('Same person?')",
    "style": "button:has-text('Paint')",
    "gan": "button:has-text('Draw new ones')",
    "ekg": "#ekg-classify",
    "conv": ".cx section",
}
_PATIENCE_MS = 300_000
_FRAMES = """async (playing) => {
  const button = document.querySelector('.ekg-play');
  if (playing) button.click();
  const start = performance.now();
  let frames = 0;
  await new Promise((done) => {
    const next = (now) => { frames += 1; if (now - start > 2000) done(); else requestAnimationFrame(next); };
    requestAnimationFrame(next);
  });
  if (playing) button.click();
  return frames / 2;
}"""
_IDLE = "() => new Promise((done) => requestIdleCallback(done))"


class View(NamedTuple):
    """One page opened once."""

    usable_s: float
    work_s: float
    requests: float


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slower", type=float, default=4.0, help="how many times the processor is slowed down")
    chosen = parser.parse_args()
    with bare_page() as bare, PassingHub(ready="") as hub, sync_playwright() as driver:
        pages = {"bare page": (bare.url, "button")}
        pages |= {demo.title: (f"{hub.url}/?tab={demo.slug}", _USE.get(demo.slug, "button")) for demo in DEMOS}
        views: dict[str, list[View]] = {name: [] for name in pages}
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for number in range(chosen.rounds + 1):
            for name, (url, seen) in pages.items():
                view = _open(browser, url, seen, chosen.slower)
                if number > 0:  # the first round fills the caches of disk and server
                    views[name].append(view)
        pairs = _strip(browser, f"{hub.url}/?tab=ekg", chosen)
    report(views)
    rest, playing = (statistics.median(one) for one in zip(*pairs, strict=True))
    print(f"the EKG's strip: {rest:.0f} frames per second at rest, {playing:.0f} while it plays ({playing / rest:.2f})")


def report(views: dict[str, list[View]]) -> None:
    """Print the medians and their ratios to the first page's."""
    medians = {name: View(*map(statistics.median, zip(*each, strict=True))) for name, each in views.items()}
    bare = next(iter(medians.values()))
    for name, (usable, work, requests) in medians.items():
        print(
            f"{name:16} usable after {usable:5.2f} s ({usable / bare.usable_s:.2f}), work {work:5.2f} s "
            f"({work / bare.work_s:.2f}), {requests:.0f} requests"
        )


def _phone(browser: Any, slower: float) -> tuple[Any, Any]:
    """A page in a fresh session, and what commands its browser."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    return page, session


def _strip(browser: Any, url: str, chosen: argparse.Namespace) -> list[tuple[float, float]]:
    page, _ = _phone(browser, chosen.slower)
    page.goto(url)
    page.wait_for_selector(".ekg-list button", timeout=_PATIENCE_MS)
    return [(page.evaluate(_FRAMES, False), page.evaluate(_FRAMES, True)) for _ in range(chosen.rounds)]


def _open(browser: Any, url: str, seen: str, slower: float) -> View:
    page, session = _phone(browser, slower)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    session.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    session.send("Performance.enable")
    started = time.perf_counter()
    page.goto(url)
    page.locator(seen).first.wait_for(timeout=_PATIENCE_MS)
    page.evaluate(_IDLE)
    usable = time.perf_counter() - started
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    page.context.close()
    return View(usable, metrics["TaskDuration"], len(requests))


if __name__ == "__main__":
    main()
