"""A page of the hub is killed while a visitor is there: one behind HAProxy, and a hub alone that is started again."""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import type_in
from tools.hub import Server, free_port

pytestmark = pytest.mark.cluster
TABS = ("--offline", "--tabs", "gan")


def until_up(url: str) -> None:
    """The killed page is there again; else nobody could go on with the visitor the next time."""
    for _ in range(600):
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=10):
            return
        time.sleep(0.2)
    raise AssertionError(url)


def set_seed(page: Any) -> None:
    type_in(page.get_by_label("Seed").locator("visible=true").first, "77")


def says_what_is_lost(page: Any) -> None:
    page.get_by_role("alert").get_by_text("what you had not saved is lost").wait_for()
    assert "seed=77" in page.url
    assert page.get_by_label("Seed").locator("visible=true").first.input_value() == "77"
    page.get_by_role("button", name="Continue").click()
    page.locator(".gan-tiles figure").first.wait_for()


def test_another_page_goes_on_with_the_visitors_settings(tmp_path: Path, open_page: Callable[..., Any]) -> None:
    if shutil.which("haproxy") is None:
        pytest.skip("needs HAProxy: apt-get install haproxy")
    first, listen = free_port(), free_port()
    command = ["-m", "deploy", "replicas", "2", "--listen", f"127.0.0.1:{listen}", "--first-port", str(first)]
    with Server([*command, "--", *TABS], listen, tmp_path / "log") as replicas:
        page = open_page(url=f"{replicas.url}/?tab=gan")
        set_seed(page)
        for _ in range(2):  # there and back again
            held = next(one["value"] for one in page.context.cookies() if one["name"] == "HUB")
            port = str(first + int(held.removeprefix("page")) - 1)
            children = psutil.Process(replicas.process.pid).children()
            next(one for one in children if port in one.cmdline()).kill()
            says_what_is_lost(page)
            assert held not in {one["value"] for one in page.context.cookies() if one["name"] == "HUB"}
            until_up(f"http://127.0.0.1:{port}/healthz")


def test_a_hub_that_is_started_again_has_its_visitors_back(tmp_path: Path, open_page: Callable[..., Any]) -> None:
    port = free_port()
    command = ["app.py", "--port", str(port), *TABS]
    with Server(command, port, tmp_path / "log") as hub:
        page = open_page(url=f"{hub.url}/?tab=gan")
        set_seed(page)
        hub.end(signal.SIGKILL)
    page.get_by_text("does not answer").wait_for()
    with Server(command, port, tmp_path / "log"):
        says_what_is_lost(page)
