"""The gallery of several hubs: changes are heard, a killed server or hub loses nothing, rights, copies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.face.__main__ import main
from apps.face.gallery import postgres
from apps.face.gallery.opening import open_gallery
from apps.face.gallery.postgres import MIGRATIONS, PostgresGallery, prepare
from apps.face.gallery.store import SqliteGallery
from shared.errors import InputError, StoreError
from tools.postgres import Postgres

pytestmark = pytest.mark.cluster

ENCODER = "face/a@1"
ROOT = Path(__file__).parents[4]
ENROL = """
import sys, numpy as np
from apps.face.gallery.postgres import PostgresGallery
gallery = PostgresGallery(sys.argv[1])
print("ready", flush=True)
for i in range(1_000_000):
    done = gallery.enroll(f"p{i}", np.full(128, i, np.float32), encoder="face/a@1", thumbnail=b"t" * 3000, owner="w")
    print(done.photo, flush=True)
"""
Open = Callable[..., PostgresGallery]


def put(gallery: Any, name: str, value: float, owner: str = "me") -> int:
    return int(
        gallery.enroll(name, np.full(128, value, np.float32), encoder=ENCODER, thumbnail=b"t", owner=owner).photo
    )


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def names(gallery: Any) -> set[str]:
    return {photo.person for photo in gallery.photos("")}


def test_names_of_every_language_need_a_database_in_utf8(
    server: Postgres, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(server.url(), autocommit=True) as db:
        db.execute("CREATE DATABASE old ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StoreError, match=r"Needed: a database in UTF8\. Found: SQL_ASCII\. .*createdb --encoding UTF8"):
        PostgresGallery(server.url("old"))
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    gallery = open_database()
    put(gallery, "Łukasz 😀", 1)
    assert names(gallery) == {"Łukasz 😀"}


def test_another_hub_hears_of_a_change_without_asking(open_database: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    here = open_database()
    there = open_database(here._url)
    until(lambda: here._listening and there._listening)
    asked = []
    monkeypatch.setattr(there, "_reading", lambda: asked.append(1))
    before = there.version()
    put(here, "Anna", 1)
    until(lambda: there.version() > before)
    assert not asked
    monkeypatch.undo()
    assert there.index(ENCODER).rank(np.full(128, 1, np.float32), 1)[0].person == "Anna"
    assert here.version() == there.version()
    there.forget("anna", owner="me")
    assert there.version() > here.version() or here.version() == there.version()  # whoever did it knows at once
    until(lambda: here.version() == there.version())
    assert here.index(ENCODER).people == 0


def test_a_hub_that_cannot_listen_asks(open_database: Open) -> None:
    here = open_database()
    there = open_database(here._url)
    there._closed = True
    until(lambda: not there._listening)
    put(here, "Anna", 1)
    assert there.version() == here.version()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_kill_9_of_a_hub_and_of_the_server_loses_nothing_that_was_confirmed(
    server: Postgres, open_database: Open
) -> None:
    url = server.new()
    watching = open_database(url)
    confirmed: list[str] = []
    for victim in ("hub", "server"):
        with subprocess.Popen(
            [sys.executable, "-c", ENROL, url], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            confirmed += [process.stdout.readline().strip() for _ in range(12)][1:]
            if victim == "hub":
                process.send_signal(signal.SIGKILL)
            else:
                server.kill()
                time.sleep(0.2)
                (server.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
                process.send_signal(signal.SIGKILL)
            confirmed += [line.strip() for line in process.stdout if line.endswith("\n")]
        if victim == "server":
            until(lambda: _started(server))
    until(lambda: watching._listening)
    photos = {str(photo.id) for photo in watching.photos("w")}
    assert set(confirmed) - {"ready", ""} <= photos
    assert len(watching.index(ENCODER).photo) == len(photos)


def _started(server: Postgres) -> bool:
    try:
        server.start()
    except AssertionError:  # what the dead one started is still about to end
        time.sleep(0.2)
        return False
    return True


def test_a_database_that_is_away_is_a_sentence_without_the_password(
    server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError) as caught:
        PostgresGallery(f"postgresql://hub:sesame@/nowhere?host={server.folder}")
    assert "does not exist" in str(caught.value)
    assert "sesame" not in str(caught.value)
    with pytest.raises(StoreError, match=r"the class gallery's database\. Found: Connection refused"):
        PostgresGallery("postgresql://hub:sesame@127.0.0.1:1/x")
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    with pytest.raises(StoreError, match=r"requirements-cluster\.txt"):
        open_gallery("postgresql://hub@/x")


def test_the_hubs_role_can_use_the_tables_and_nothing_else(server: Postgres, open_database: Open) -> None:
    import psycopg

    url = server.new()
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE ROLE visitor LOGIN")
        db.execute("CREATE TABLE other (secret text)")
    mine = url.replace("hub@", "visitor@")
    with pytest.raises(StoreError, match="permission denied"):
        PostgresGallery(mine)
    prepare(url, "visitor")
    gallery = open_database(mine)
    put(gallery, "Anna", 1)
    assert names(gallery) == {"Anna"}
    with psycopg.connect(mine) as db:
        for forbidden in ("DROP TABLE people", "SELECT * FROM other", "CREATE TABLE mine (n int)", "TRUNCATE photos"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), db.transaction():
                db.execute(forbidden)
    with pytest.raises(StoreError):
        prepare(url, "nobody there")


def test_tables_are_brought_to_the_version_of_the_hub(
    server: Postgres, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    url = server.new()
    put(open_database(url), "Anna", 1)
    monkeypatch.setattr(postgres, "MIGRATIONS", (*MIGRATIONS, ("ALTER TABLE people ADD COLUMN age integer",)))
    newer = open_database(url)
    assert names(newer) == {"Anna"}
    with psycopg.connect(url) as db:
        assert db.execute("SELECT version FROM changes").fetchone() == (2,)
        assert db.execute("SELECT age FROM people").fetchall() == [(None,)]
    monkeypatch.undo()
    with pytest.raises(StoreError, match=r"Needed: a gallery of version 1\. Found: one of version 2"):
        PostgresGallery(url)


def test_a_gallery_is_copied_to_a_file_and_back(
    server: Postgres, open_database: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = open_database()
    for number, name in enumerate(("Anna", "Ben", "Anna")):
        put(first, name, number, owner=name)
    backup, again = tmp_path / "backup.sqlite3", server.new()
    main(["gallery", "copy", first._url, str(backup)])
    main(["gallery", "copy", str(backup), again])
    assert "2 people and 3 photos copied" in capsys.readouterr().err
    moved = open_database(again)
    for gallery in (SqliteGallery(backup), moved):
        assert [(photo.person, photo.mine) for photo in gallery.photos("Anna")] == [
            ("Anna", True), ("Ben", False), ("Anna", True),
        ]  # fmt: skip
        found, wanted = gallery.index(ENCODER), first.index(ENCODER)
        np.testing.assert_array_equal(found.rows, wanted.rows)
        np.testing.assert_array_equal(found.person, wanted.person)
        assert found.names == wanted.names
    put(moved, "Carl", 9)  # numbers go on after those that were copied
    with pytest.raises(InputError, match="an empty gallery"):
        first.copy_to(moved)
    with pytest.raises(InputError, match="no file"):
        main(["gallery", "copy", str(tmp_path / "none.sqlite3"), again])
