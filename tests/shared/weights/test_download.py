"""Downloads against a server that cuts, stalls, lies and redirects."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.errors import DownloadError, HashError, OfflineError, ResourceError, WeightsError
from shared.registry.types import Bundled, HubFile, Record, Release, WeightFile
from shared.weights import ensure, http
from tests.shared.server import Server, Visit, body, cut, serve, stall, status, whole

DATA = bytes(range(256)) * 4000  # 1 MB, more than one chunk
SHA = hashlib.sha256(DATA).hexdigest()
FILE = WeightFile(path="test/model.bin", sha256=SHA, size=len(DATA))


def release_record(url: str, mirror: HubFile | None = None, name: str = "test/model") -> Record:
    return Record(
        name=name, title="A test model", task="face", files=(FILE,), origin=Release(url=url, mirror=mirror),
        loader="none:none", licence="MIT", source="none", preprocessing="none", output="none",
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_PAUSE", 0.01)
    monkeypatch.setattr(http, "READ_TIMEOUT", 10.0)
    monkeypatch.setattr(http, "CONNECT_TIMEOUT", 10.0)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(whole(DATA)) as running:
        yield running


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the file comes to lie."""
    monkeypatch.setenv("CONVHUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights" / "test"


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def fails(server: Server, error: type[WeightsError] | type[ResourceError], folder: Path, *words: str) -> str:
    """The one line with which the download fails, leaving nothing."""
    with pytest.raises(error) as caught:
        ensure(release_record(server.url))
    told = str(caught.value)
    assert "\n" not in told
    assert "Found: " in told
    for word in words:
        assert word in told, told
    assert left_in(folder) == []
    return told


def test_a_good_server(server: Server, folder: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    (path,) = ensure(release_record(server.url), report=lambda *step: steps.append(step))
    assert path.read_bytes() == DATA
    assert left_in(folder) == ["model.bin"]
    assert steps[-1] == (FILE.path, len(DATA), len(DATA))
    assert [done for _, done, _ in steps] == sorted({done for _, done, _ in steps})
    assert ensure(release_record(server.url)) == (path,)
    assert len(server.seen) == 1, "the second call needs no server"


def test_a_cut_is_taken_up_within_the_call(server: Server, folder: Path) -> None:
    server.script = [cut(DATA, 300_001), cut(DATA, 200_000)]
    (path,) = ensure(release_record(server.url))
    assert path.read_bytes() == DATA
    assert [wanted for _, _, wanted in server.seen] == [None, "bytes=300001-", "bytes=500001-"]


def test_a_cut_is_taken_up_by_the_next_call(server: Server, folder: Path) -> None:
    server.script = [cut(DATA, 1000)] * http.ATTEMPTS
    with pytest.raises(DownloadError, match=r"4,000 of 1,024,000 bytes after 4 attempts"):
        ensure(release_record(server.url))
    assert left_in(folder) == ["model.bin.part"], "nothing at the target itself"
    server.seen.clear()
    (path,) = ensure(release_record(server.url))
    assert path.read_bytes() == DATA
    assert [wanted for _, _, wanted in server.seen] == ["bytes=4000-"]
    assert left_in(folder) == ["model.bin"]


def test_a_connection_lost_and_refused_keeps_what_came(folder: Path) -> None:
    with serve(cut(DATA, 5000)) as server:
        server.script = [cut(DATA, 5000)]
        server.behaviour = lambda visit: visit.hang_up()
        with pytest.raises(DownloadError):
            ensure(release_record(server.url))
    with pytest.raises(DownloadError, match="5,000 of"):  # now nobody listens there
        ensure(release_record(server.url))
    assert left_in(folder) == ["model.bin.part"]


def test_a_busy_server_keeps_what_came(server: Server, folder: Path) -> None:
    server.script = [cut(DATA, 5000), status(503), status(429)]
    assert ensure(release_record(server.url))[0].read_bytes() == DATA
    assert server.seen[-1][2] == "bytes=5000-"


def test_a_stall_is_taken_up(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.5)
    server.script = [stall(DATA, 5000, 2.0)]
    assert ensure(release_record(server.url))[0].read_bytes() == DATA
    assert server.seen[-1][2] == "bytes=5000-"


def test_a_server_that_says_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.3)
    with serve(whole(DATA, pause_s=1.0)) as server:
        fails(server, DownloadError, folder, "ReadTimeout", "127.0.0.1")


def test_a_slow_server_is_not_cut_off(server: Server, folder: Path) -> None:
    def trickle(visit: Visit) -> None:
        visit.answer(200, DATA[:10], Content_Length=len(DATA))
        for start in range(10, len(DATA), 200_000):
            threading.Event().wait(0.1)
            visit.wfile.write(DATA[start : start + 200_000])

    server.behaviour = trickle
    assert ensure(release_record(server.url))[0].read_bytes() == DATA
    assert len(server.seen) == 1


def test_wrong_bytes(server: Server, folder: Path) -> None:
    lie = DATA[:-1] + b"!"
    server.behaviour = whole(lie)
    told = fails(server, HashError, folder, SHA, hashlib.sha256(lie).hexdigest(), "deleted")
    assert told.index(SHA) < told.index(hashlib.sha256(lie).hexdigest()), "expected first, then got"


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(body(DATA + b"more"), id="announced"),
        pytest.param(body(DATA + b"more", Content_Length=None, Connection="close"), id="until-closed"),
        pytest.param(body(b"<html>Please log in</html>"), id="login-page"),
        pytest.param(body(b"5\r\nhello\r\n0\r\n\r\n", Transfer_Encoding="chunked"), id="chunked-login-page"),
        pytest.param(body(b""), id="empty"),
    ],
)
def test_a_file_of_another_size(server: Server, folder: Path, behaviour: Any) -> None:
    def answer(visit: Visit) -> None:
        behaviour(visit)
        visit.hang_up()

    server.behaviour = answer
    fails(server, HashError, folder, "1,024,000 bytes", "127.0.0.1")
    assert len(server.seen) == 1, "it is no use to ask again"


def test_a_server_that_ignores_the_range(server: Server, folder: Path) -> None:
    server.script = [cut(DATA, 5000), body(DATA)]
    assert ensure(release_record(server.url))[0].read_bytes() == DATA


@pytest.mark.parametrize("answer", [
    body(DATA[4000:], 206, Content_Range=f"bytes 4000-{len(DATA) - 1}/{len(DATA)}"),
    body(DATA, 206, Content_Range=f"bytes 0-{len(DATA) - 1}/{len(DATA)}"),
    body(DATA[5000:], 206),
    status(416, Content_Range=f"bytes */{len(DATA)}"),
], ids=["before", "from-the-start", "unsaid", "refused"])  # fmt: skip
def test_a_server_that_goes_on_elsewhere(server: Server, folder: Path, answer: Any) -> None:
    server.script = [cut(DATA, 5000), answer]
    assert ensure(release_record(server.url))[0].read_bytes() == DATA
    assert [wanted for _, _, wanted in server.seen] == [None, "bytes=5000-", None]


@pytest.mark.parametrize("leftover", [b"not ours", DATA + b"!", b"x" * len(DATA)], ids=["short", "long", "same-size"])
def test_a_leftover_of_another_file(server: Server, folder: Path, leftover: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "model.bin.part").write_bytes(leftover)
    assert ensure(release_record(server.url))[0].read_bytes() == DATA
    assert left_in(folder) == ["model.bin"]


@pytest.mark.parametrize(("code", "words"), [(404, "HTTP 404 Not Found"), (403, "HTTP 403"), (500, "HTTP 500")])
def test_an_error_status(server: Server, folder: Path, code: int, words: str) -> None:
    server.behaviour = status(code)
    fails(server, DownloadError, folder, words, "127.0.0.1")


def test_a_redirect_is_followed(server: Server, folder: Path) -> None:
    server.script = [status(302, Location="/elsewhere.bin")]
    assert ensure(release_record(server.url))[0].read_bytes() == DATA


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/model.bin", "TooManyRedirects"),
        ("ftp://127.0.0.1/model.bin", "UnsupportedProtocol"),
        ("http://[", "127.0.0.1"),
    ],
)
def test_a_redirect_to_nowhere(server: Server, folder: Path, location: str, words: str) -> None:
    server.behaviour = status(302, Location=location)
    fails(server, DownloadError, folder, words)


def test_a_redirect_from_https_to_http_is_refused(
    server: Server, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with serve(status(302, Location=server.url), certificate) as secure:
        fails(secure, DownloadError, folder, "https", "a redirect to http")
        assert server.seen == [], "the plain server was not even asked"
        secure.behaviour = whole(DATA)
        assert ensure(release_record(secure.url))[0].read_bytes() == DATA


def self_signed(folder: Path) -> str:
    """A certificate and its key for 127.0.0.1, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl to make a certificate")
    key, made = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)]
    subprocess.run(command + names, check=True, capture_output=True)
    made.write_text(made.read_text() + key.read_text())
    return str(made)


def test_nobody_listens(folder: Path) -> None:
    with serve(whole(DATA)) as server:
        pass
    fails(server, DownloadError, folder, "ConnectError")


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "socks5://127.0.0.1:1", "gopher://127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used(server: Server, folder: Path, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    told = fails(server, DownloadError, folder)
    assert "proxy" in told.lower()


def test_a_proxy_that_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(status(407)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server_port}")
        fails(proxy, DownloadError, folder, "HTTP 407")


def test_a_certificate_file_that_is_missing(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    fails(server, DownloadError, folder, "certificate")


def test_a_full_disk_is_seen_before(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 0, 1_000_000))
    fails(server, ResourceError, folder, "51 MB", "1 MB free", "CONVHUB_CACHE")
    assert server.seen == []


def test_a_disk_that_fills_up_meanwhile(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    opened = Path.open

    def open_full(self: Path, mode: str = "r", *args: Any, **options: Any) -> Any:
        if self.suffix == ".part" and mode != "rb":
            self.touch()
            return Full()
        return opened(self, mode, *args, **options)

    monkeypatch.setattr(Path, "open", open_full)
    fails(server, ResourceError, folder, "a full disk")


def test_a_cache_folder_that_cannot_be_made(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONVHUB_CACHE", str(tmp_path / "file"))
    fails(server, ResourceError, tmp_path / "nothing", "CONVHUB_CACHE")


def test_the_target_appears_whole_or_not_at_all(server: Server, folder: Path) -> None:
    sizes: set[int] = set()
    server.script = [cut(DATA, 100_000)]

    def look(*_: Any) -> None:
        sizes.add((folder / "model.bin").stat().st_size if (folder / "model.bin").exists() else -1)

    ensure(release_record(server.url), report=look)
    assert sizes == {-1}


def test_a_wrong_file_in_the_cache_is_replaced(server: Server, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"x" * len(DATA))
    assert ensure(release_record(server.url))[0].read_bytes() == DATA


def test_threads_download_once(server: Server, folder: Path) -> None:
    server.behaviour = whole(DATA, pause_s=0.1)
    paths: list[Path] = []
    gate = threading.Barrier(8)

    def work() -> None:
        gate.wait()
        paths.extend(ensure(release_record(server.url)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(paths) == 8
    assert len(server.seen) == 1


_PROCESS = """
import sys
from tests.shared.weights.test_download import release_record
from shared.weights import ensure
print("ready", flush=True)
sys.stdin.readline()
print(ensure(release_record(sys.argv[1]))[0].stat().st_size)
"""


@pytest.mark.parametrize("wrong_before", [False, True])
def test_processes_download_once(server: Server, folder: Path, wrong_before: bool) -> None:
    if wrong_before:
        folder.mkdir(parents=True)
        (folder / "model.bin").write_bytes(b"x" * len(DATA))
    server.behaviour = whole(DATA, pause_s=0.2)
    command = [sys.executable, "-c", _PROCESS, server.url]
    root = Path(__file__).parents[3]
    with (
        subprocess.Popen(command, cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as one,
        subprocess.Popen(command, cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as two,
    ):
        for process in (one, two):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.communicate(timeout=30)[0] for process in (one, two)]
    assert answers == [f"{len(DATA)}\n"] * 2
    assert len(server.seen) == 1


def test_offline_opens_no_socket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVHUB_OFFLINE", "1")

    def no_socket(*_: Any, **__: Any) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_socket)
    monkeypatch.setattr(socket, "getaddrinfo", no_socket)
    with pytest.raises(OfflineError, match=r"--offline.*python -m shared\.weights fetch test/model"):
        ensure(release_record("https://example.org/model.bin"))


def test_offline_a_wrong_file_is_named_and_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVHUB_OFFLINE", "1")
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"x" * len(DATA))
    with pytest.raises(HashError, match=SHA):
        ensure(release_record("https://example.org/model.bin"))
    assert left_in(folder) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"too short", "9 bytes"),
        (b"x" * len(DATA), hashlib.sha256(b"x" * len(DATA)).hexdigest()),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
    ],
    ids=["missing", "short", "wrong", "lfs-pointer"],
)
def test_a_bundled_file_says_how_to_restore_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, words: str
) -> None:
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    record = release_record("none")
    record = Record(**(vars(record) | {"origin": Bundled(made_by="make weights")}))
    if content is not None:
        (tmp_path / "test").mkdir()
        (tmp_path / "test/model.bin").write_bytes(content)
    with pytest.raises(WeightsError, match=r"git checkout weights/test/model\.bin") as caught:
        ensure(record)
    assert words in str(caught.value)
    assert (tmp_path / "test/model.bin").exists() is (content is not None), "a bundled file is not ours to delete"


def test_a_file_put_by_hand_beside_the_bundled_ones_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("CONVHUB_OFFLINE", "1")
    (tmp_path / "test").mkdir()
    (tmp_path / "test/model.bin").write_bytes(DATA)
    assert ensure(release_record("https://example.org/model.bin")) == (tmp_path / "test/model.bin",)
