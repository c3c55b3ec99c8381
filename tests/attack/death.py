"""``kill -9`` in the middle of enrolments, and a disk that is full: nothing that was confirmed is lost."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from apps.face.gallery.store import SqliteGallery
from shared.errors import HubError
from tests.attack.fuzz import Client, events_of, plausible
from tools.hub import Hub

_WRITERS = 3
_DISK_MB = 64


def killed_while_enrolling(folder: Path, rounds: int, seed: int, say: Callable[[str], object]) -> list[str]:
    """Kill a hub ``rounds`` times while three visitors enrol; what was lost or damaged."""
    gallery, dice = folder / "class.sqlite3", random.Random(seed)
    confirmed: list[str] = []
    faults: list[str] = []
    numbers = itertools.count()
    for _ in range(rounds):
        with Hub(folder, "--tabs", "face", "--gallery", str(gallery)) as hub:
            writers = [threading.Thread(target=_enrol, args=(hub, numbers, confirmed)) for _ in range(_WRITERS)]
            for writer in writers:
                writer.start()
            before = len(confirmed)
            while len(confirmed) < before + 3 and hub.alive:
                time.sleep(0.05)
            time.sleep(dice.uniform(0, 1.5))
            hub.end(signal.SIGKILL)
            for writer in writers:
                writer.join()
        there = {photo.person for photo in SqliteGallery(gallery).photos("")}
        faults += [f"confirmed and lost: {name}" for name in confirmed if name not in there]
        say(f"killed; {len(confirmed)} confirmed, {len(there)} there")
    return faults


def _enrol(hub: Hub, numbers: Iterator[int], confirmed: list[str]) -> None:
    with contextlib.suppress(httpx.HTTPError, OSError), Client(hub.url, f"writer{threading.get_ident()}") as client:
        event = events_of(hub.url)["enroll"]
        while hub.alive:
            name = f"Person {next(numbers)}"
            if client.call(event["id"], [client.photo(), name, "resnet29-128d", 1, "our secret"]) == "answered":
                confirmed.append(name)


def full_disk(folder: Path, say: Callable[[str], object]) -> list[str]:
    """Fill the disk under a hub's class gallery, with the uploads on it and without; what went wrong."""
    if os.geteuid() != 0:
        say("a full disk: needs root, to mount a small one; not tried")
        return []
    return _full_disk(folder, say, "files") + _full_disk(folder, say, "gallery")


def _full_disk(folder: Path, say: Callable[[str], object], what: str) -> list[str]:
    disk = folder / f"disk of {what}"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m", "tmpfs", str(disk)], check=True)
    try:
        with Hub(
            folder,
            *("--gallery", str(disk / "class.sqlite3")),
            files=(disk if what == "files" else folder) / f"files of {what}",
        ) as hub:
            faults = _fill(hub, disk, say)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    return faults


def _fill(hub: Hub, disk: Path, say: Callable[[str], object]) -> list[str]:
    faults: list[str] = []
    with Client(hub.url, "fulldisk") as client:
        first = _use(hub.url, client)
        with (disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        full = _use(hub.url, client)
        faults += [f"full disk, {name}: {kind}" for name, kind in full.items() if not _harmless(kind)]
        (disk / "filler").unlink()
        again = _use(hub.url, client)
        faults += [
            f"room again, {name}: {kind}" for name, kind in again.items() if kind not in (first[name], "answered")
        ]
    say(f"before: {first}\nfull: {full}\nafter: {again}")
    if hub.tracebacks():
        faults.append(f"{hub.tracebacks()} tracebacks: {hub.first_traceback()}")
    try:
        SqliteGallery(disk / "class.sqlite3").photos("")
    except HubError as error:
        faults.append(f"the gallery: {error}")
    return faults


def _harmless(kind: str) -> bool:
    return kind in ("answered", "refused", "turned away", "goes on")


def _use(url: str, client: Client) -> dict[str, str]:
    """One of everything that writes: uploads, results, the gallery."""
    events = events_of(url)
    components = {one["id"]: one for one in httpx.get(f"{url}/config", timeout=60).json()["components"]}
    kinds: dict[str, str] = {}
    for name in ("enroll", "identify", "stylize_now", "upscale", "sample_gan", "sample_digits", "classify_ekg",
                 "classify_choice", "_film", "translate"):  # fmt: skip
        event = events[name]
        try:
            file = client.photo()
        except httpx.HTTPStatusError as refused:
            reason = refused.response.status_code < 500 or refused.response.status_code == 507
            kinds[f"upload for {name}"] = "turned away" if reason else f"{refused.response.status_code}"
            file = None
        given = [file if components[i]["type"] == "image" else plausible(components[i]) for i in event["inputs"]]
        if name == "enroll":
            given = [file, f"Person {time.time_ns()}", "resnet29-128d", 1, "our secret"]
        kinds[f"upload for {name}"] = kinds.get(f"upload for {name}", "answered")
        kinds[name] = client.call(event["id"], given)
    return kinds
