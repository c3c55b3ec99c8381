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
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from apps.face.gallery.gallery import CLASS_LIMITS, Limits
from apps.face.gallery.sql import SqlGallery, answer
from shared.errors import StoreError

APPLICATION_ID = 0x43484731  # "CHG1" in the file's header: a gallery of this hub
SCHEMA_VERSION = 1
_BUSY_S = 15.0  # seconds that a writer waits for another
_LEAST_FREE = 2**17  # bytes of the disk, below which it is full: the log's files take 32 kB before anything is in them
_AGAIN_S = 0.02  # ... from one try to the next where SQLite does not wait by itself
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


class SqliteGallery(SqlGallery):
    """A gallery in the file ``path``, made there on the first use."""

    def __init__(self, path: Path, limits: Limits = CLASS_LIMITS) -> None:
        """Open ``path``, or make it.

        Raises:
            StoreError: it is damaged, is no gallery, is of a newer version, or cannot be read and written.
        """
        super().__init__(limits)
        self.path = Path(path)
        self._prepare()

    def _prepare(self) -> None:
        with self._as_store_errors(), contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # for its owner's eyes only
        with self._connection() as db:
            self._inspect(db)  # before anything is written: another program's file stays as it is
            _write_ahead(db)
            db.execute("BEGIN IMMEDIATE")  # of two processes that start at once, one makes the tables
            if answer(db, "SELECT count(*) FROM sqlite_master") == 0:
                for statement in _SCHEMA:
                    db.execute(statement)
            db.execute("COMMIT")

    def _inspect(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN")  # one moment for all answers: another process may be making the tables just now
        application, version = answer(db, "PRAGMA application_id"), answer(db, "PRAGMA user_version")
        tables = answer(db, "SELECT count(*) FROM sqlite_master")
        db.execute("COMMIT")
        if application == 0 and tables == 0:
            return  # new and empty
        if application != APPLICATION_ID:
            raise self._error("a database of another program")
        if version != SCHEMA_VERSION:
            raise self._error(f"a gallery of version {version}; this hub reads version {SCHEMA_VERSION}")
        if (fault := answer(db, "PRAGMA quick_check(1)")) != "ok":
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
        if not self._is_disk_full() or self._log_size() or not self.path.exists():
            with self._connection() as db:
                yield db
            return
        # SQLite makes the log's files before it reads: on a full disk it reads without, as nobody can write anyway
        address = f"{self.path.resolve().as_uri()}?mode=ro&immutable=1"
        with self._as_store_errors(), contextlib.closing(sqlite3.connect(address, uri=True)) as db:
            yield db

    def _log_size(self) -> int:
        try:
            return self.path.with_name(f"{self.path.name}-wal").stat().st_size
        except OSError:
            return 0

    def _is_disk_full(self) -> bool:
        try:
            return shutil.disk_usage(self.path.parent).free < _LEAST_FREE
        except OSError:
            return False

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
            if isinstance(error, sqlite3.OperationalError | OSError) and self._is_disk_full():
                needed = f"room on the disk for the class gallery in {self.path.name}"
                raise StoreError(needed, "none", "Whoever runs this hub can make some; nothing was lost.") from error
            reason = error.strerror if isinstance(error, OSError) else None  # without the path, which visitors read
            raise self._error(reason or str(error)) from error

    def _error(self, found: str) -> StoreError:
        return StoreError(
            f"the class gallery in {self.path.name}",
            found,
            "Check the file, which was not changed, or start the hub with another --gallery PATH.",
        )


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switch to the log in which readers and a writer do not block each other.

    SQLite refuses this at once, whatever the time it may wait, while another process makes the same file.
    """
    ends = time.monotonic() + _BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= ends:
                raise
        time.sleep(_AGAIN_S)
