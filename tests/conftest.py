"""Fixtures of all tests: isolation from the settings and from the network, the development data, a running hub."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import hypothesis
import pytest

from tools.hub import Hub

if TYPE_CHECKING:
    import gradio as gr

Result = TypeVar("Result")

hypothesis.settings.register_profile(  # a slow or busy machine fails no test
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

if "PYTEST_XDIST_WORKER" in os.environ:  # two processes with two threads each on two cores wait for one another
    os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
_START_S = 90.0  # s that a hub may take to answer on a busy machine


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every test has default settings and an empty cache folder of its own."""
    for name in [name for name in os.environ if name.startswith("CONVHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.setenv("CONVHUB_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections to other machines fail at once, so that the suite means the same everywhere."""
    if request.node.get_closest_marker("network"):
        return
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in ("127.0.0.1", "::1", "localhost"):
            raise ConnectionRefusedError(f"tests open no connection to {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)


@pytest.fixture(scope="session")
def whole_page() -> gr.Blocks:
    """The page with every tab, laid out once, for tests that look at it and change nothing."""
    from apps import hub
    from shared.settings import Settings

    return hub.build(Settings())


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The development data beside the repository; a test that needs it skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the development data in ../shared/data, which is not redistributed")
    return folder


@pytest.fixture(scope="session")
def start_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """A function that starts ``python app.py --offline ARGS...`` on a free port and returns its address."""
    running: list[Hub] = []

    def start(*arguments: str, **environment: str) -> str:
        running.append(Hub(tmp_path_factory.mktemp("hub"), *arguments, **environment))
        return f"{running[-1].url}/"

    yield start
    for hub in running:
        hub.process.terminate()
    for hub in running:
        hub.end()


@pytest.fixture(scope="session")
def hub_url(start_hub: Callable[..., str]) -> str:
    """The address of a hub with all tabs and default settings, shared by the session's tests."""
    return start_hub()


def run_alone(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What ``coroutine`` returns, run in a loop of its own: Playwright leaves one running in the tests' own thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def pytest_configure() -> None:
    """Imports are quicker without looking for garbage in between, as the hub's start is."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What is imported stays: to look through all of torch and gradio takes half a second every time.

    No page of a test is served in this process, and gradio makes web applications even so, of 0.1 s each.
    """
    if "gradio" in sys.modules:
        from apps import gradio_patches

        gradio_patches.serve_at_launch_alone()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a running hub or a browser, so that `make quick` can leave it out; browser tests come last.

    (Playwright leaves an event loop running in the process.) Of several processes none shall have a long file left when
    the others are done: there larger files come first.
    """
    sizes = {path: path.stat().st_size for path in {item.path for item in items} if "PYTEST_XDIST_WORKER" in os.environ}
    for item in items:
        if "start_hub" in getattr(item, "fixturenames", ()):
            item.add_marker("hub")
        if "/e2e/" in item.path.as_posix():
            item.add_marker("e2e")
    items.sort(key=lambda item: ("/e2e/" in item.path.as_posix(), -sizes.get(item.path, 0)))
