"""What stands before several pages: the configuration, and a page that is killed in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from deploy.__main__ import main
from deploy.haproxy import Front
from shared.errors import OptionError
from tools.hub import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("127.0.0.1:7861", "10.0.0.6:7860")


def test_every_page_has_its_line_and_its_cookie() -> None:
    text = Front(pages=PAGES).text()
    assert "    server page1 127.0.0.1:7861 cookie page1\n    server page2 10.0.0.6:7860 cookie page2\n" in text
    assert "uri /healthz" in text
    assert 'httponly attr "SameSite=Lax"' in text
    assert "buffer" not in text  # streams of answers pass as they come


def test_with_a_certificate_it_is_https_and_the_cookie_too(tmp_path: Path) -> None:
    text = Front(pages=PAGES, listen="*:443", certificate=tmp_path / "hub.pem", admin=tmp_path / "admin").text()
    assert f"bind *:443 ssl crt {tmp_path / 'hub.pem'} alpn" in text
    assert 'secure attr "SameSite=None"' in text
    assert "X-Forwarded-Proto https" in text
    assert f"stats socket {tmp_path / 'admin'} mode 600" in text


@pytest.mark.parametrize("wrong", [(), ("nowhere",), ("a b:80",), ("10.0.0.5:80\n    server x y:1",), ("x:123456",)])
def test_what_is_no_address_is_refused(wrong: tuple[str, ...]) -> None:
    with pytest.raises(OptionError, match="HOST:PORT"):
        Front(pages=wrong).text()
    with pytest.raises(OptionError, match="--listen"):
        Front(pages=PAGES, listen="*").text()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    main(["haproxy", *PAGES, "--listen", "127.0.0.1:9000"])
    assert capsys.readouterr().out == Front(pages=PAGES, listen="127.0.0.1:9000").text()


@pytest.mark.cluster
@pytest.mark.parametrize("secure", [False, True])
def test_haproxy_takes_it(tmp_path: Path, secure: bool) -> None:
    program = _haproxy()
    certificate = tmp_path / "hub.pem"
    if secure:
        what = "-newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key -out cert"
        made = ["openssl", "req", "-x509", *what.split()]
        subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
        certificate.write_bytes((tmp_path / "cert").read_bytes() + (tmp_path / "key").read_bytes())
    path = tmp_path / "haproxy.cfg"
    path.write_text(Front(pages=PAGES, certificate=certificate if secure else None).text())
    done = subprocess.run([program, "-c", "-f", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def _haproxy() -> str:
    program = shutil.which("haproxy")
    if program is None:
        pytest.skip("needs HAProxy: apt-get install haproxy")
    return program


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two pages with a log-in behind HAProxy: their address."""
    _haproxy()
    first, listen = free_port(), free_port()
    log = tmp_path_factory.mktemp("replicas") / "log"
    command = [
        sys.executable, "-m", "deploy", "replicas", "2", "--listen", f"127.0.0.1:{listen}", "--first-port", str(first),
        "--", "--offline", "--tabs", "conv", "--auth", "class:blackboard",
        "--teacher", "chalkboard",
    ]  # fmt: skip
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as process:
        url = f"http://127.0.0.1:{listen}"
        until(lambda: _status(url) == 200 or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield url
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 240
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def _status(url: str, client: httpx.Client | None = None) -> int:
    try:
        return (client or httpx).get(url, timeout=10).status_code
    except httpx.HTTPError:
        return 0


@pytest.mark.cluster
def test_a_class_is_one_whichever_page_its_browsers_are_with(replicas: str) -> None:
    with httpx.Client(base_url=replicas, timeout=20) as teacher, httpx.Client(base_url=replicas, timeout=20) as student:
        for page, visitor in (("page2", teacher), ("page1", student)):
            visitor.cookies.set("HUB", page)
            assert visitor.post("/login", data={"username": "class", "password": "blackboard"}).status_code == 200
            assert visitor.get("/").status_code == 200  # gives the visitor's cookie
        assert teacher.post("/class/teacher", json={"password": "chalkboard"}).json()["teacher"]
        assert teacher.post("/class/step", json={"lesson": "conv", "step": 2}).json()["on"]
        assert student.get("/class/now").json()["step"] == 2
        assert student.get("/config").headers.get("set-cookie") is None  # each stays with its own page


@pytest.mark.cluster
def test_a_killed_page_loses_no_log_in_and_another_one_goes_on(replicas: str) -> None:
    import psutil

    with httpx.Client(base_url=replicas, timeout=20) as visitor:
        assert visitor.get("/config").status_code == 401
        assert visitor.post("/login", data={"username": "class", "password": "blackboard"}).status_code == 200
        assert visitor.get("/config").status_code == 200
        page = visitor.cookies["HUB"]
        assert {visitor.get("/config").headers.get("set-cookie") for _ in range(3)} == {None}  # it stays there
        others = [one for one in psutil.process_iter(["cmdline"]) if _is_page(one.info["cmdline"])]
        ports = sorted(int(one.info["cmdline"][one.info["cmdline"].index("--port") + 1]) for one in others)
        port = str(ports[int(page.removeprefix("page")) - 1])
        os.kill(next(one.pid for one in others if port in one.info["cmdline"]), signal.SIGKILL)
        begun = time.monotonic()
        until(lambda: _status(f"{replicas}/config", visitor) == 200)
        sys.stderr.write(f"another page answered after {time.monotonic() - begun:.2f} s\n")
        assert visitor.cookies["HUB"] != page
        assert visitor.get("/logout").status_code in (200, 302, 307)
        assert visitor.get("/config").status_code == 401


def _is_page(command: list[str] | None) -> bool:
    return bool(command) and any(part.endswith("app.py") for part in command or ()) and "class:blackboard" in command
