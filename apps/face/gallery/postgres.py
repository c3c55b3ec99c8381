"""The class gallery of several hubs: a PostgreSQL database that all of them share.

The same tables and promises as the file (``store.py``). What is new: a hub hears of the others' changes. Every change
is announced with the transaction that makes it (NOTIFY), a thread of each hub listens, and the index is made again with
the next question. A hub that cannot listen asks before every answer, so that no answer is older than the question.

A role of the hub needs to read and write three tables and nothing else; ``prepare`` makes them, as somebody who may.
Who runs the database keeps its backups; ``python -m apps.face gallery copy`` makes a file of it, or fills it from one.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from apps.face.gallery.gallery import CLASS_LIMITS, Limits
from apps.face.gallery.sql import SqlGallery
from shared.errors import StoreError

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger("convhub")

CHANNEL = "convhub_gallery"
MOST_CONNECTIONS = 8  # of one hub
_AWAY_S = 5.0  # that a question waits for a database that is away
_WAIT_S = 15  # ... a transaction for another one
_LISTEN_S = 1.0  # between two looks of the listening thread
_LOCK = 0x43484731  # of migrations: two hubs that start at once
_TABLES = ("people", "photos", "changes")
MIGRATIONS: tuple[tuple[str, ...], ...] = (  # each is one version; never changed, only followed by others
    (
        """CREATE TABLE people (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text NOT NULL, key text NOT NULL UNIQUE, owner text NOT NULL
        )""",
        """CREATE TABLE photos (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            person bigint NOT NULL REFERENCES people (id) ON DELETE CASCADE,
            encoder text NOT NULL, dimension integer NOT NULL, encoding bytea NOT NULL, thumbnail bytea NOT NULL,
            CHECK (octet_length(encoding) = 4 * dimension)
        )""",
        "CREATE INDEX photos_of_person ON photos (person)",
        "CREATE INDEX photos_of_encoder ON photos (encoder)",
        "CREATE TABLE changes (n bigint NOT NULL, version integer NOT NULL)",
        "INSERT INTO changes VALUES (0, 1)",
    ),
)


class PostgresGallery(SqlGallery):
    """A gallery in the database at ``url``, whose tables are made there on the first use."""

    def __init__(self, url: str, limits: Limits = CLASS_LIMITS) -> None:
        """Open it.

        Raises:
            StoreError: no such database, or one that cannot be read and written.
        """
        super().__init__(limits)
        self._url = url
        psycopg, pools = _libraries()
        self._error_kinds: tuple[type[Exception], ...] = (psycopg.Error, pools.PoolTimeout)
        self._pool = pools.ConnectionPool(
            url, min_size=1, max_size=MOST_CONNECTIONS, timeout=_AWAY_S, open=False, kwargs=_connecting(),
            check=pools.ConnectionPool.check_connection, reconnect_timeout=_AWAY_S, num_workers=1,
        )  # fmt: skip
        self._known = -1  # the latest change that was heard of
        self._news = threading.Lock()
        self._listening = False
        self._closed = False
        with self._as_store_errors():
            with psycopg.connect(url, **_connecting()) as db:  # at once, with a reason where it fails
                migrate(db)
            self._pool.open()
        threading.Thread(target=self._listen, name="gallery", daemon=True).start()

    def version(self) -> int:
        """See ``Gallery.version``: what was heard last, or asked where nothing can be heard."""
        if self._listening:
            return self._known
        return super().version()

    def close(self) -> None:
        """Give the connections back."""
        self._closed = True
        self._pool.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[_Asked]:
        with self._as_store_errors(), self._pool.connection() as db:
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield _Asked(db)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[_Asked]:
        with self._as_store_errors():
            with self._pool.connection() as db:  # commits, or undoes it with an exception
                counted = db.execute("UPDATE changes SET n = n + 1 RETURNING n").fetchone()  # one writer at a time
                now = int(counted[0]) if counted else 0
                yield _Asked(db)
                db.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(now)))
            self._heard(now)  # whoever enrols is found at once

    def _heard(self, change: int) -> None:
        with self._news:
            self._known = max(self._known, change)

    def _listen(self) -> None:
        """Hear of changes until the hub ends; connect again where the connection was lost."""
        psycopg, _ = _libraries()
        while not self._closed:
            try:
                with psycopg.connect(self._url, autocommit=True, **_connecting()) as db:
                    db.execute(f"LISTEN {CHANNEL}")
                    self._heard(int(db.execute("SELECT n FROM changes").fetchone()[0]))
                    self._listening = True
                    while not self._closed:
                        for news in db.notifies(timeout=_LISTEN_S):
                            self._heard(int(news.payload) if news.payload.isdecimal() else self._known)
                        db.execute("SELECT 1")  # a connection that died says so
            except self._error_kinds as error:
                if not self._closed:
                    log.warning("the gallery's database is away: %.200s", error)
            finally:
                self._listening = False
            time.sleep(_LISTEN_S)

    @contextlib.contextmanager
    def _as_store_errors(self) -> Iterator[None]:
        try:
            yield
        except self._error_kinds as error:
            raise StoreError(
                "the class gallery's database",
                _reason(error),
                "Try again in a minute; whoever runs the hub can look at --gallery.",
            ) from error


class _Asked:
    """A connection that takes SQLite's placeholders."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        self._db = db

    def execute(self, statement: str, values: Sequence[object] = (), /) -> Any:
        """A cursor; a ``?`` in ``statement`` stands for the next of ``values``."""
        return self._db.execute(statement.replace("?", "%s"), values)


def migrate(db: psycopg.Connection[Any]) -> None:
    """Bring the tables to this hub's version, in one transaction; nothing happens where they are.

    Raises:
        StoreError: they are of a newer hub, or the database cannot hold every name.
    """
    row = db.execute("SHOW server_encoding").fetchone()
    if row != ("UTF8",):
        remedy = "Make one: createdb --encoding UTF8 --template template0 NAME."
        raise StoreError("a database in UTF8", str(row and row[0]), remedy)
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        there = db.execute("SELECT to_regclass('changes') IS NOT NULL").fetchone()
        found = db.execute("SELECT version FROM changes").fetchone() if there and there[0] else (0,)
        version = int(found[0]) if found else 0
        if version > len(MIGRATIONS):
            needed, newer = f"a gallery of version {len(MIGRATIONS)}", f"one of version {version}"
            raise StoreError(needed, newer, "Start a hub that is as new as the one that made it.")
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                db.execute(statement)
        if version < len(MIGRATIONS):
            db.execute("UPDATE changes SET version = %s", (len(MIGRATIONS),))


def prepare(url: str, role: str) -> None:
    """As somebody who may make tables: make them at ``url``, and let ``role`` read and write them and nothing else.

    Raises:
        StoreError: no such database or role, or one may not.
    """
    psycopg, _ = _libraries()
    try:
        with psycopg.connect(url, **_connecting()) as db:
            migrate(db)
            for table in _TABLES:
                granted = psycopg.sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}")
                db.execute(granted.format(psycopg.sql.Identifier(table), psycopg.sql.Identifier(role)))
    except psycopg.Error as error:
        raise StoreError("a database in which tables can be made", _reason(error), "Check the address.") from error


def _connecting() -> dict[str, Any]:
    options = f"-c lock_timeout={_WAIT_S}s -c statement_timeout=60s"
    return {"connect_timeout": 10, "client_encoding": "utf8", "options": options}


def _reason(error: Exception) -> str:
    """The first line of what the database says, without the address, which may hold a password."""
    text = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
    return text.strip().partition("\n")[0].rpartition("failed: ")[2].removeprefix("FATAL:").strip()[:160]


def _libraries() -> tuple[Any, Any]:
    try:
        import psycopg
        import psycopg.sql
        import psycopg_pool
    except ImportError as error:
        raise StoreError(
            "psycopg for a gallery in PostgreSQL", "none installed", "Run: pip install -r requirements-cluster.txt"
        ) from error
    return psycopg, psycopg_pool
