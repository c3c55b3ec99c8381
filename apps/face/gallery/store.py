"""The class gallery: one SQLite file that every visitor of the hub shares, and that outlives it.

Write-ahead logging lets many threads and processes read while one writes. A photo's person, thumbnail and encoding
are one transaction: after a ``kill -9`` in the middle of an enrolment the file holds either all of it or nothing.
What is deleted is overwritten with zeros, in the log too. A file that is damaged, or is something else, is refused
and left as it is.

Every call opens its own connection (a fraction of a millisecond), so no connection is ever shared between threads.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.gallery.gallery import (
    CLASS_LIMITS,
    TEACHER,
    Enrolled,
    Gallery,
    Limits,
    Photo,
    check_encoding,
    check_look,
    check_room,
    make_index,
    may_change,
    not_yours,
    owner_mark,
    same_photo,
    taken,
    unknown_person,
    unknown_photo,
)
from apps.face.gallery.index import Index
from apps.face.gallery.names import check_name, name_key
from shared.errors import StoreError

APPLICATION_ID = 0x43484731  # "CHG1" in the file's header: a gallery of this hub
SCHEMA_VERSION = 1
_BUSY_S = 15.0  # seconds that a writer waits for another
_FLOAT32 = np.dtype("<f4")  # of the encodings in the file, whatever the machine
_SCHEMA = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL UNIQUE, owner TEXT NOT NULL)",
    """CREATE TABLE photos (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
        encoder TEXT NOT NULL, dimension INTEGER NOT NULL, encoding BLOB NOT NULL, thumbnail BLOB NOT NULL,
        CHECK (length(encoding) = 4 * dimension)
    )""",
    "CREATE INDEX photos_of_person ON photos (person)",
    "CREATE INDEX photos_of_encoder ON photos (encoder)",
    "CREATE TABLE changes (n INTEGER NOT NULL)",
    "INSERT INTO changes VALUES (0)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)


class SqliteGallery(Gallery):
    """A gallery in the file ``path``, made there on the first use."""

    def __init__(self, path: Path, limits: Limits = CLASS_LIMITS) -> None:
        """Open ``path``, or make it.

        Raises:
            StoreError: it is damaged, is no gallery, is of a newer version, or cannot be read and written.
        """
        super().__init__(limits)
        self.path = Path(path)
        self._prepare()

    def enroll(self, name: str, encoding: ArrayLike, *, encoder: str, thumbnail: bytes, owner: str) -> Enrolled:
        """See ``Gallery.enroll``."""
        shown, vector, mark = check_name(name), check_encoding(encoding), owner_mark(owner)
        with self._writing() as db:
            person = db.execute("SELECT id, name, owner FROM people WHERE key = ?", (name_key(shown),)).fetchone()
            if person is not None and not may_change(mark, person[2]):
                raise taken(shown)
            if person is None:
                check_look(shown, (name for (name,) in db.execute("SELECT name FROM people")))
            alike = _photos_of(db, person[0], encoder) if person is not None else []
            for photo, known in alike:
                if same_photo(known, vector):
                    return Enrolled(person=person[1], photo=photo, photos=len(alike), added=False)
            self._check_room(db, mark, None if person is None else person[0])
            if person is None:
                made = db.execute(
                    "INSERT INTO people (name, key, owner) VALUES (?, ?, ?)", (shown, name_key(shown), mark)
                )
                person = (made.lastrowid, shown, mark)
            added = db.execute(
                "INSERT INTO photos (person, encoder, dimension, encoding, thumbnail) VALUES (?, ?, ?, ?, ?)",
                (person[0], encoder, len(vector), vector.astype(_FLOAT32).tobytes(), thumbnail),
            )
            return Enrolled(person=person[1], photo=int(added.lastrowid or 0), photos=len(alike) + 1, added=True)

    def photos(self, owner: str) -> tuple[Photo, ...]:
        """See ``Gallery.photos``."""
        mark = owner_mark(owner)
        with self._reading() as db:
            rows = db.execute(
                "SELECT photos.id, name, encoder, thumbnail, owner FROM photos JOIN people ON people.id = person"
                " ORDER BY photos.id"
            ).fetchall()
        return tuple(
            Photo(id=photo, person=name, encoder=encoder, thumbnail=small, mine=may_change(mark, owned_by))
            for photo, name, encoder, small, owned_by in rows
        )

    def forget(self, name: str, *, owner: str) -> int:
        """See ``Gallery.forget``."""
        with self._writing() as db:
            found = db.execute("SELECT id, name, owner FROM people WHERE key = ?", (name_key(str(name)),)).fetchone()
            if found is None:
                raise unknown_person(name)
            if not may_change(owner_mark(owner), found[2]):
                raise not_yours(found[1])
            gone = db.execute("DELETE FROM photos WHERE person = ?", (found[0],)).rowcount
            db.execute("DELETE FROM people WHERE id = ?", (found[0],))
        self._clean()
        return gone

    def forget_photo(self, photo: int, *, owner: str) -> str:
        """See ``Gallery.forget_photo``."""
        with self._writing() as db:
            found = db.execute(
                "SELECT person, name, owner FROM photos JOIN people ON people.id = person WHERE photos.id = ?", (photo,)
            ).fetchone()
            if found is None:
                raise unknown_photo(photo)
            if not may_change(owner_mark(owner), found[2]):
                raise not_yours(found[1])
            db.execute("DELETE FROM photos WHERE id = ?", (photo,))
            db.execute(
                "DELETE FROM people WHERE id = ? AND NOT EXISTS (SELECT 1 FROM photos WHERE person = ?)",
                (found[0], found[0]),
            )
        self._clean()
        return str(found[1])

    def clear(self, *, owner: str) -> int:
        """See ``Gallery.clear``."""
        mark, everything = owner_mark(owner), owner == TEACHER
        with self._writing() as db:
            whose = "SELECT id FROM people WHERE owner = ? OR ?"
            gone = db.execute(f"DELETE FROM photos WHERE person IN ({whose})", (mark, everything)).rowcount
            db.execute("DELETE FROM people WHERE owner = ? OR ?", (mark, everything))
        self._clean()
        return gone

    def version(self) -> int:
        """See ``Gallery.version``."""
        with self._reading() as db:
            return int(_answer(db, "SELECT n FROM changes"))

    def load(self, encoder: str) -> Index:
        """See ``Gallery.load``."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT name, photos.id, encoding FROM photos JOIN people ON people.id = person"
                " WHERE encoder = ? ORDER BY photos.id",
                (encoder,),
            ).fetchall()
        return make_index([(name, photo, np.frombuffer(blob, _FLOAT32)) for name, photo, blob in rows])

    def _check_room(self, db: sqlite3.Connection, mark: str, person: int | None) -> None:
        count = "SELECT count(*) FROM photos"
        owned = f"{count} WHERE person IN (SELECT id FROM people WHERE owner = ?)"
        check_room(
            self.limits,
            photos=_answer(db, count),
            owned=_answer(db, owned, mark),
            of_person=_answer(db, f"{count} WHERE person = ?", person),
        )

    def _prepare(self) -> None:
        with self._as_store_errors(), contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # for its owner's eyes only
        with self._connection() as db:
            self._inspect(db)  # before anything is written: another program's file stays as it is
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")  # of two processes that start at once, one makes the tables
            if _answer(db, "SELECT count(*) FROM sqlite_master") == 0:
                for statement in _SCHEMA:
                    db.execute(statement)
            db.execute("COMMIT")

    def _inspect(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN")  # one moment for all answers: another process may be making the tables just now
        application, version = _answer(db, "PRAGMA application_id"), _answer(db, "PRAGMA user_version")
        tables = _answer(db, "SELECT count(*) FROM sqlite_master")
        db.execute("COMMIT")
        if application == 0 and tables == 0:
            return  # new and empty
        if application != APPLICATION_ID:
            raise self._error("a database of another program")
        if version != SCHEMA_VERSION:
            raise self._error(f"a gallery of version {version}; this hub reads version {SCHEMA_VERSION}")
        if (fault := _answer(db, "PRAGMA quick_check(1)")) != "ok":
            raise self._error(f"a damaged file ({fault})")

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of this call's own; whatever is not committed when it closes never happened."""
        with self._as_store_errors():
            if not self.path.exists():
                raise self._error("no file: it was moved or deleted")
            with contextlib.closing(sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)) as db:
                db.execute("PRAGMA foreign_keys = ON")
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA secure_delete = ON")
                yield db

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as db:
            yield db

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; an exception undoes it."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("UPDATE changes SET n = n + 1")
            db.execute("COMMIT")

    def _clean(self) -> None:
        """Empty the log, which still holds what was deleted; a reader at work delays that to the next time."""
        with self._connection() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def _as_store_errors(self) -> Iterator[None]:
        """SQLite's and the system's errors as ours."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else None  # without the path, which visitors read
            raise self._error(reason or str(error)) from error

    def _error(self, found: str) -> StoreError:
        return StoreError(
            f"the class gallery in {self.path.name}",
            found,
            "Check the file, which was not changed, or start the hub with another --gallery PATH.",
        )


def _answer(db: sqlite3.Connection, question: str, *values: object) -> Any:
    return db.execute(question, values).fetchone()[0]


def _photos_of(db: sqlite3.Connection, person: int, encoder: str) -> list[tuple[int, NDArray[np.float32]]]:
    rows = db.execute("SELECT id, encoding FROM photos WHERE person = ? AND encoder = ?", (person, encoder)).fetchall()
    return [(photo, np.frombuffer(blob, _FLOAT32)) for photo, blob in rows]
