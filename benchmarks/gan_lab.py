"""GAN Lab at ten frames a second: what a frame costs the trainer, and how many a browser receives.

For every preset at the page's usual speed: processor time of the rounds of one frame, of the frame itself (D's field,
arrows) and of its picture, together as a share of the 100 ms that a frame may take on one core. With `--page` the page
is started, played in headless Chromium and the pictures that arrive are counted.

    OMP_NUM_THREADS=1 python -m benchmarks.gan_lab --page
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from apps.gan.lab.game import FRAME_S, Lab
from apps.gan.lab.rules import PRESETS, Rules
from apps.gan.lab.view import picture

_ROOT = Path(__file__).resolve().parent.parent
_ROUNDS = 4  # per frame: the speed slider's value when the page opens
_FRAMES = 60
_PORT = 7893
_PLAYED_S = 15
_COUNT = """() => { window.frames_seen = 0; let last = '';
  const look = () => { const label = document.querySelector('svg.lab')?.getAttribute('aria-label') || '';
    if (label !== last) { last = label; window.frames_seen += 1; } requestAnimationFrame(look); }; look(); }"""


def cost_ms(rules: Rules) -> dict[str, float]:
    """Median processor milliseconds of one frame's rounds, of its arrays and of its picture."""
    lab, parts = Lab(rules), {"rounds": list[float](), "frame": list[float](), "picture": list[float]()}
    for _ in range(_FRAMES):
        times = [time.process_time()]
        for _ in range(_ROUNDS):
            lab.round()
        times.append(time.process_time())
        frame = lab.frame()
        times.append(time.process_time())
        picture(frame)
        times.append(time.process_time())
        for values, begun, ended in zip(parts.values(), times, times[1:], strict=False):
            values.append(1000 * (ended - begun))
    return {name: round(statistics.median(values), 2) for name, values in parts.items()}


def frames_in_browser(browser: str) -> float:
    """Pictures a second that a browser shows while the first preset plays."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "app.py", "--offline", "--tabs", "gan", "--port", str(_PORT)]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL) as server, sync_playwright() as driver:
        try:
            _wait(f"http://127.0.0.1:{_PORT}")
            page = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page()
            page.set_default_timeout(120_000)
            page.goto(f"http://127.0.0.1:{_PORT}/?tab=gan")
            page.locator("#gan-tabs").get_by_role("tab", name="GAN Lab", exact=True).click()
            page.locator("svg.lab").first.wait_for()
            page.get_by_role("button", name="Play", exact=True).click()
            page.wait_for_function("/Round [1-9]/.test(document.querySelector('svg.lab').getAttribute('aria-label'))")
            page.wait_for_timeout(2_000)
            page.evaluate(_COUNT)
            begun = time.monotonic()
            page.wait_for_timeout(1_000 * _PLAYED_S)
            return float(page.evaluate("window.frames_seen")) / (time.monotonic() - begun)
        finally:
            server.terminate()


def _wait(address: str, *, patience_s: float = 120) -> None:
    ends = time.monotonic() + patience_s
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.3)


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", action="store_true", help="also count the frames that a browser receives")
    asked = parser.parse_args()
    found: dict[str, Any] = {"aim_ms": 1000 * FRAME_S, "rounds_per_frame": _ROUNDS, "load": os.getloadavg()[0]}
    found["presets"] = {name: cost_ms(preset.rules) for name, preset in PRESETS.items()}
    worst = max(sum(parts.values()) for parts in found["presets"].values())
    found["worst_share_of_a_core"] = round(worst / found["aim_ms"], 3)
    if asked.page:
        browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if browser is None:
            parser.error("--page needs Chromium")
        found["frames_per_second"] = round(frames_in_browser(browser), 2)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
