"""GAN Lab in the visitor's browser: frames a second, and what a frame costs, on this machine and on a phone.

The page is started, every preset is played in headless Chromium at full speed, then again with the processor slowed
down four times, which is what the developers' tools call a phone. Frames that the page drew are counted, and the
processor time of its scripts is read from Chromium: on a busy machine only that is worth anything. Nothing of it costs
the server: the calls of handlers that were made during the games are counted as well.

    python -m benchmarks.gan_lab [--write]

``--write`` puts the figures where the page shows them: weights/gan/lab.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from apps.gan.lab.measured import LAB
from apps.gan.lab.rules import PRESETS
from shared.settings import weights_dir

_ROOT = Path(__file__).resolve().parent.parent
_PORT = 7893
_SLOWER = 4
_STAGE = "document.querySelector('.lab').stage"


def games(browser: str, seconds: float, names: tuple[str, ...]) -> dict[str, Any]:
    """Figures per preset."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page()
        page.set_default_timeout(180_000)
        page.goto(f"http://127.0.0.1:{_PORT}/?tab=gan")
        page.locator("#gan-tabs").get_by_role("tab", name="GAN Lab", exact=True).click()
        page.locator(".lab-paper canvas").wait_for()
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/queue/" in request.url else None)
        found: dict[str, Any] = {}
        for name in names:
            page.locator('[data-rule="preset"]').select_option(name)
            found[name] = {"full speed": _played(page, tools, seconds)}
            tools.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
            found[name]["four times slower"] = _played(page, tools, seconds)
            tools.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        return {"browser": f"Chromium {chromium.version}", "presets": found, "calls_while_playing": len(asked)}


def _played(page: Any, tools: Any, seconds: float) -> dict[str, float]:
    """Frames and rounds a second, and processor milliseconds of a frame's script."""
    page.locator('[data-do="play"]').click()
    page.wait_for_timeout(1_000)
    begun, (frames, rounds, busy) = time.monotonic(), _counts(page, tools)
    page.wait_for_timeout(1_000 * seconds)
    passed, (frames_after, rounds_after, busy_after) = time.monotonic() - begun, _counts(page, tools)
    page.locator('[data-do="play"]').click()
    drawn = max(frames_after - frames, 1)
    return {
        "frames_per_second": round(drawn / passed, 1),
        "rounds_per_second": round((rounds_after - rounds) / passed, 1),
        "script_ms_per_frame": round(1_000 * (busy_after - busy) / drawn, 2),
    }


def _counts(page: Any, tools: Any) -> tuple[int, int, float]:
    metrics = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
    frames, rounds = page.evaluate(f"() => [{_STAGE}.frames, {_STAGE}.game.rounds]")
    return frames, rounds, metrics["ScriptDuration"]


def _wait(address: str, *, patience_s: float = 180) -> None:
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
    """Measure, print one JSON object, and keep it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of every game (default: 5)")
    parser.add_argument("--preset", choices=PRESETS, help="one game (default: all)")
    parser.add_argument("--write", action="store_true", help=f"into weights/{LAB}")
    asked = parser.parse_args()
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        parser.error("it needs Chromium")
    load = os.getloadavg()[0]  # of other work: these figures mean little next to any
    command = [sys.executable, "app.py", "--offline", "--tabs", "gan", "--port", str(_PORT)]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL) as server:
        try:
            _wait(f"http://127.0.0.1:{_PORT}")
            found = games(browser, asked.seconds, (asked.preset,) if asked.preset else tuple(PRESETS))
        finally:
            server.terminate()
    figures = {"load": round(load, 2), "cores": os.cpu_count(), "seconds": asked.seconds, **found}
    text = json.dumps(figures, indent=1)
    print(text)
    if asked.write:
        (weights_dir() / LAB).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
