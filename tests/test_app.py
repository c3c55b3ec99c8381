"""The launcher end to end: its options as the outside sees them, its refusals."""

from __future__ import annotations

import base64
import gc
import http.cookiejar
import json
import os
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import app
from apps import DEMOS
from shared.cli import BAD_INPUT
from tools.hub import Hub

ROOT = Path(__file__).resolve().parent.parent
_USER, _PASSWORD = "ann", "se:cret"


@pytest.fixture(scope="module")
def closed_hub(start_hub: Callable[..., str]) -> str:
    """A hub with one tab, chosen by a variable, behind a password."""
    return start_hub("--mcp", "--auth", f"{_USER}:{_PASSWORD}", CONVHUB_TABS="conv")


def status_of(url: str, data: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def log_in(url: str, user: str, password: str) -> urllib.request.OpenerDirector:
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    opener = urllib.request.build_opener(jar)
    with opener.open(url + "login", urllib.parse.urlencode({"username": user, "password": password}).encode()):
        return opener


def test_nobody_gets_in_without_the_password(closed_hub: str) -> None:
    for path in ("config", "gradio_api/info", "gradio_api/queue/data?session_hash=x"):
        assert status_of(closed_hub + path) == 401, path
    assert status_of(closed_hub + "gradio_api/upload", b"--x--") == 401
    assert status_of(closed_hub + "gradio_api/queue/join", b"{}") == 401
    for user, password in ((_USER, "wrong"), ("bob", _PASSWORD), ("", "")):
        with pytest.raises(urllib.error.HTTPError, match=r"4\d\d") as caught:
            log_in(closed_hub, user, password)
        caught.value.close()


def test_the_password_opens_the_one_tab(closed_hub: str) -> None:
    with log_in(closed_hub, _USER, _PASSWORD).open(closed_hub + "config") as answer:
        config: dict[str, Any] = json.load(answer)
    tabs = [c["props"].get("elem_id") for c in config["components"] if c["type"] == "tabitem"]
    assert [tab for tab in tabs if tab in {f"tab-{demo.slug}" for demo in DEMOS}] == ["tab-conv"]
    named = {dependency["api_name"] for dependency in config["dependencies"]}
    assert "status" in named
    assert "verify" not in named


def test_an_agent_with_the_password_calls_a_tool_that_waits_in_the_queue(closed_hub: str) -> None:
    pytest.importorskip("mcp", reason="needs gradio[mcp]")
    given = {"name": "conv_shapes", "arguments": {"input": "32x32x3", "layers": "3x3,8"}}
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": given}).encode()
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    request = urllib.request.Request(f"{closed_hub}gradio_api/mcp/", call, headers)
    with pytest.raises(urllib.error.HTTPError, match="401") as caught:
        urllib.request.urlopen(request, timeout=60)
    caught.value.close()
    request.add_header("authorization", f"Basic {base64.b64encode(f'{_USER}:{_PASSWORD}'.encode()).decode()}")
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read().decode()
    assert "30, 30, 8" in text.replace("\\n", "").replace("\n", ""), text


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "app.py", "--offline", "--port", str(port)]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == BAD_INPUT
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert f"127.0.0.1, port {port}: Address already in use. Choose another --port" in lines[0]


def test_an_offline_hub_may_reach_what_its_options_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of ``deploy/compose.yaml``."""

    class NamedError(Exception):
        """Instead of a hub."""

    def forbid(also: tuple[str, ...]) -> None:
        raise NamedError(*also)

    for name in ("be_a_good_neighbour", "share_heaps", "make_room"):
        monkeypatch.setattr(app, name, lambda: None)
    monkeypatch.setattr(app.settings, "publish", lambda chosen: None)
    monkeypatch.setattr(app, "forbid_connections", forbid)
    options = ["--engine", "ray://head:6379", "--gallery", "postgresql://hub@database/hub"]
    with pytest.raises(NamedError) as named:
        app.main(["--offline", *options])
    assert named.value.args == ("127.0.0.1", "head", "database")


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid"])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    command = [sys.executable, "app.py", "--offline", "--host", host]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (BAD_INPUT, 1), done.stderr
    assert host in done.stderr


def test_garbage_is_collected_again_once_the_page_is_up_or_has_failed() -> None:
    def start() -> None:
        with app.without_garbage_collection():
            assert not gc.isenabled()
            raise OSError("no port")

    with pytest.raises(OSError, match="no port"):
        start()
    assert gc.isenabled()


@pytest.mark.slow
def test_by_https_the_hub_gives_out_whom_to_trust(tmp_path: Path) -> None:
    pytest.importorskip("trustme")
    with Hub(tmp_path, "--https", CONVHUB_TABS="conv", scheme="https") as hub:
        trusting = ssl.create_default_context(cafile=tmp_path / "cache" / "https" / "authority.pem")
        for name in ("127.0.0.1", "localhost"):
            url = hub.url.replace("127.0.0.1", name)
            with urllib.request.urlopen(f"{url}/ca.crt", timeout=20, context=trusting) as answer:
                assert answer.headers["content-type"] == "application/x-x509-ca-cert"
                assert answer.read() == (tmp_path / "cache" / "https" / "authority.pem").read_bytes()
        with urllib.request.urlopen(hub.url, timeout=20, context=trusting) as answer:
            assert "Secure" in answer.headers["set-cookie"]
        assert f"{hub.url}/ca.crt" in hub.said() or "/ca.crt on it" in hub.said()
        with pytest.raises(urllib.error.URLError, match="certificate"):
            urllib.request.urlopen(hub.url, timeout=20)


def test_without_https_nobody_is_to_be_trusted(closed_hub: str) -> None:
    assert status_of(closed_hub + "ca.crt") == 404
