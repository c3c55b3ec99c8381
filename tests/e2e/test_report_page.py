"""The report in a real browser: it opens, changes section, and asks nothing of any other host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tools.hub import Server, free_port


@pytest.fixture(scope="module")
def report_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running report."""
    pytest.importorskip("streamlit", reason="needs streamlit")
    port = free_port()
    command = ["-m", "streamlit", "run", "apps/report/app.py", "--server.port", str(port), "--server.headless", "true"]
    log = Path(tmp_path_factory.mktemp("report")) / "report.log"
    with Server([*command, "--server.address", "127.0.0.1"], port, log) as report:
        yield f"{report.url}/"


@pytest.mark.parametrize(("width", "dark"), [(1366, False), (390, True)])
def test_it_opens_and_asks_nobody_else(browser: Any, report_url: str, width: int, dark: bool) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light")
    outside: list[str] = []
    page = context.new_page()
    page.on(
        "request",
        lambda request: (
            outside.append(request.url)
            if urlsplit(request.url).scheme in ("http", "https", "ws", "wss")
            and urlsplit(request.url).hostname not in ("127.0.0.1", "localhost")
            else None
        ),
    )
    page.goto(report_url)
    page.get_by_role("heading", name="ConvHub: what was measured").wait_for(timeout=60_000)
    page.get_by_text("Model cards", exact=True).first.click()
    page.get_by_role("heading", name="Model cards").wait_for(timeout=60_000)
    assert "section=cards" in page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert not outside
