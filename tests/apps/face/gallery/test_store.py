"""The class gallery's file: kill -9, several processes, wrong and damaged files, what is really deleted."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from apps.face.gallery import store
from apps.face.gallery.store import APPLICATION_ID, SCHEMA_VERSION, SqliteGallery
from shared.errors import InputError, StoreError

ENCODER = "face/a@1"
ENROL = """
import sys, numpy as np
from pathlib import Path
from apps.face.gallery.store import SqliteGallery
gallery = SqliteGallery(Path(sys.argv[1]))
worker, count = int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
for i in range(count):
    encoding = np.full(128, worker * 100_000 + i, np.float32)
    done = gallery.enroll(f"p{worker}-{i}", encoding, encoder="face/a@1", thumbnail=b"t" * 3000, owner="w")
    print(done.photo, flush=True)
"""


def start(path: Path, worker: int, count: int) -> subprocess.Popen[str]:
    root = Path(__file__).parents[4]
    return subprocess.Popen(
        [sys.executable, "-c", ENROL, str(path), str(worker), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    )


def put(gallery: SqliteGallery, name: str, value: float) -> None:
    gallery.enroll(name, np.full(128, value, np.float32), encoder=ENCODER, thumbnail=b"t", owner="me")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
@pytest.mark.parametrize("after", [1, 7, 30])
def test_a_kill_9_in_the_middle_of_an_enrolment_loses_nothing_that_was_confirmed(tmp_path: Path, after: int) -> None:
    path = tmp_path / "class.db"
    with start(path, 1, 1_000_000) as process:
        assert process.stdout is not None
        confirmed = [process.stdout.readline().strip() for _ in range(after + 1)][1:]
        process.send_signal(signal.SIGKILL)  # somewhere inside the next transaction
        confirmed += [line.strip() for line in process.stdout if line.endswith("\n")]
    gallery = SqliteGallery(path)  # checks the file
    photos, index = gallery.photos("w"), gallery.index(ENCODER)
    assert {photo.id for photo in photos} >= {int(number) for number in confirmed}
    assert len(photos) <= len(confirmed) + 1  # one may have been committed and not yet confirmed
    assert len(photos) == index.people == len(index.rows)  # no person without a photo, no half photo
    assert all(
        (row == row[0]).all() and len(photo.thumbnail) == 3000 for photo, row in zip(photos, index.rows, strict=True)
    )
    put(gallery, "after", -1)
    assert gallery.index(ENCODER).people == len(photos) + 1


def test_several_processes_enrol_at_once(tmp_path: Path) -> None:
    path = tmp_path / "class.db"  # made by whichever comes first
    workers = [start(path, worker, 15) for worker in range(4)]
    assert [len(process.communicate(timeout=60)[0].splitlines()) for process in workers] == [16] * 4
    index = SqliteGallery(path).index(ENCODER)
    assert (index.people, len(index.rows)) == (60, 60)


def test_a_gallery_that_another_process_is_making_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "class.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # SQLite's own patience does not cover this
        with monkeypatch.context() as hurried:
            hurried.setattr(store, "_BUSY_S", 0.0)
            with pytest.raises(StoreError, match="locked"):
                SqliteGallery(path)
        slept: list[float] = []
        monkeypatch.setattr(store.time, "sleep", lambda s: (slept.append(s), other.execute("ROLLBACK")))
        put(SqliteGallery(path), "Anna", 1)
    assert len(slept) == 1


def test_a_gallery_outlives_the_hub(tmp_path: Path) -> None:
    put(SqliteGallery(tmp_path / "class.db"), "Anna", 1)
    again = SqliteGallery(tmp_path / "class.db")
    assert again.index(ENCODER).rank(np.ones(128), 1)[0].person == "Anna"
    assert again.forget("Anna", owner="me") == 1


def test_another_process_sees_the_change(tmp_path: Path) -> None:
    here, there = SqliteGallery(tmp_path / "class.db"), SqliteGallery(tmp_path / "class.db")
    put(here, "Anna", 1)
    assert there.index(ENCODER).people == 1
    put(here, "Ben", 2)
    assert there.index(ENCODER).people == 2


def test_forgotten_bytes_are_gone_from_the_disk(tmp_path: Path) -> None:
    gallery = SqliteGallery(tmp_path / "class.db")
    secret = np.frombuffer(b"0123456789abcdef" * 32, np.float32)
    gallery.enroll("Anna-to-be-forgotten", secret, encoder=ENCODER, thumbnail=b"her-thumbnail", owner="me")
    put(gallery, "Ben", 1)

    def found() -> list[bytes]:
        disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        return [part for part in (b"Anna-to-be-forgotten", b"0123456789abcdef", b"her-thumbnail") if part in disk]

    assert len(found()) == 3
    gallery.forget("Anna-to-be-forgotten", owner="me")
    assert found() == []


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_the_file_is_its_owners_alone_and_no_secret_is_in_it(tmp_path: Path) -> None:
    gallery = SqliteGallery(tmp_path / "class.db")
    gallery.enroll("Anna", np.ones(128), encoder=ENCODER, thumbnail=b"t", owner="the-owners-secret")
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0
        assert b"the-owners-secret" not in file.read_bytes()


def database(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def damaged(path: Path) -> None:
    gallery = SqliteGallery(path)
    for i in range(60):
        put(gallery, f"p{i}", i)
    whole = bytearray(path.read_bytes())
    for at in range(4096, len(whole), 4096):
        whole[at : at + 64] = b"\xff" * 64
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("Dear diary, " * 500), "not a database"),
        (lambda path: database(path, "CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"), "another program"),
        (lambda path: database(path, "PRAGMA application_id = 7"), "another program"),
        (
            lambda path: database(
                path,
                f"PRAGMA application_id = {APPLICATION_ID}",
                f"PRAGMA user_version = {SCHEMA_VERSION + 1}",
                "CREATE TABLE t (x)",
            ),
            f"version {SCHEMA_VERSION + 1}",
        ),
        (damaged, "damaged|malformed"),
        (lambda path: path.mkdir(), "unable to open"),
    ],
    ids=["text", "other", "other-empty", "newer", "damaged", "folder"],
)
def test_a_wrong_file_is_refused_and_left_as_it_is(tmp_path: Path, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "class.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=message) as caught:
        SqliteGallery(path)
    assert path.name in str(caught.value)
    assert str(path.parent) not in str(caught.value)  # visitors read it
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_missing_folder_and_a_vanished_file_are_shown(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        SqliteGallery(tmp_path / "nowhere" / "class.db")
    gallery = SqliteGallery(tmp_path / "class.db")
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(StoreError, match="moved or deleted"):
        gallery.photos("me")


def test_a_gallery_moves_with_its_people_and_what_belongs_to_whom(tmp_path: Path) -> None:
    old, new = SqliteGallery(tmp_path / "old.db"), SqliteGallery(tmp_path / "new.db")
    for name, value, owner in (("Ada", 1.0, "me"), ("Ben", 2.0, "you"), ("Ada", 3.0, "me")):
        old.enroll(name, np.full(4, value), encoder="e", thumbnail=name.encode(), owner=owner)
    assert old.copy_to(new) == (2, 3)
    assert new.photos("me") == old.photos("me")
    assert new.index("e").rows.tolist() == old.index("e").rows.tolist()
    with pytest.raises(InputError, match="an empty gallery"):
        old.copy_to(new)
    with pytest.raises(InputError, match="another browser"):
        new.forget("Ben", owner="me")
    assert new.forget("Ada", owner="me") == 2
    assert [photo.person for photo in old.photos("me")] == ["Ada", "Ben", "Ada"]


def test_on_a_full_disk_people_are_recognised_and_a_new_one_is_told_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = SqliteGallery(tmp_path / "class.db")
    put(gallery, "Anna", 1)
    connect = sqlite3.connect

    def full(place: object, **options: object) -> sqlite3.Connection:
        if "immutable" not in str(place):
            raise sqlite3.OperationalError("disk I/O error")
        return connect(place, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(StoreError, match="disk I/O error"):  # for another reason
        gallery.photos("me")
    monkeypatch.setattr(store.shutil, "disk_usage", lambda path: SimpleNamespace(free=2**16))
    assert [photo.person for photo in gallery.photos("me")] == ["Anna"]
    assert gallery.index(ENCODER).people == 1
    with pytest.raises(StoreError, match="Needed: room on the disk"):
        put(gallery, "Ben", 2)
    monkeypatch.setattr(sqlite3, "connect", connect)
    put(gallery, "Ben", 2)
    assert [photo.person for photo in gallery.photos("me")] == ["Anna", "Ben"]


def test_a_failed_enrolment_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = SqliteGallery(tmp_path / "class.db")
    put(gallery, "Anna", 1)
    database(gallery.path, "CREATE TRIGGER full BEFORE INSERT ON photos BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(StoreError, match="disk full"):
        put(gallery, "Ben", 2)
    database(gallery.path, "DROP TRIGGER full")
    assert [photo.person for photo in gallery.photos("me")] == ["Anna"]
    put(gallery, "Ben", 2)
    assert gallery.index(ENCODER).people == 2
