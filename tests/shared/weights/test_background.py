"""Downloads in the background: nobody waits, one at a time, failures are remembered for a minute."""

from __future__ import annotations

import threading

import pytest

from shared.errors import DownloadError, OfflineError
from shared.weights.background import Downloads, Report


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_whoever_asks_is_told_how_far_it_is_and_one_thread_fetches() -> None:
    downloads, come, reported, calls = Downloads(), threading.Event(), threading.Event(), list[str]()

    def fetch(report: Report) -> None:
        calls.append(threading.current_thread().name)
        report("file", 37_000_000, 112_000_000)
        reported.set()
        assert come.wait(60)

    with pytest.raises(DownloadError, match="vgg is being downloaded"):
        downloads.start("vgg", 112_000_000, fetch)
    assert reported.wait(60)
    for _ in range(5):
        with pytest.raises(DownloadError, match="37 of 112 MB so far"):
            downloads.start("vgg", 112_000_000, fetch)
    with pytest.raises(DownloadError, match="casia is being downloaded, 0 of 1 MB"):
        downloads.start("casia", 1_000_000, fetch)
    assert len(calls) == 1  # the second waits for the first
    come.set()
    downloads._running["casia"].future.result(60)
    assert len(set(calls)) == 1
    assert calls[0].startswith("downloads")


def test_a_failure_stands_for_a_minute_and_is_then_tried_again() -> None:
    clock, calls = Clock(), list[int]()
    downloads = Downloads(clock)

    def fetch(report: Report) -> None:
        calls.append(1)
        raise DownloadError("an answer of hub.example", "none", "Check the network.")

    for _ in range(2):
        with pytest.raises(DownloadError, match="being downloaded"):
            downloads.start("vgg", 1, fetch)
        assert downloads._running["vgg"].future.exception(60) is not None
        clock.now += 59
        with pytest.raises(DownloadError, match=r"hub\.example"):
            downloads.start("vgg", 1, fetch)
        clock.now += 1
    assert len(calls) == 2


def test_a_limited_number_waits() -> None:
    downloads, come = Downloads(), threading.Event()
    for number in range(8):
        with pytest.raises(DownloadError, match="being downloaded"):
            downloads.start(f"{number}", 1, lambda report: come.wait(60))
    with pytest.raises(DownloadError, match="too many"):
        downloads.start("one more", 1, lambda report: None)
    come.set()


def test_the_store_downloads_in_the_background_only_in_a_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    from shared import registry
    from shared.weights import ensure, store

    record = registry.find("facenet-vggface2", "face")
    started: list[tuple[str, int]] = []
    downloads = Downloads()
    monkeypatch.setattr(downloads, "start", lambda name, total, fetch: started.append((name, total)))
    monkeypatch.setattr(store, "DOWNLOADS", downloads)
    fetched: list[str] = []
    monkeypatch.setattr(store, "fetch", lambda origin, file, path, report: fetched.append(file.path))
    monkeypatch.setenv("CONVHUB_OFFLINE", "0")
    ensure(record)
    assert (started, len(fetched)) == ([], len(record.files))
    downloads.on = True
    ensure(record)
    assert started == [(record.name, record.size)]
    monkeypatch.setenv("CONVHUB_OFFLINE", "1")
    with pytest.raises(OfflineError):
        ensure(record)
