"""A PostgreSQL server of the tests' own, in a temporary folder, without network."""

from __future__ import annotations

import getpass
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.postgres import Postgres, programs


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="needs psycopg: pip install -r requirements-cluster.txt")
    pytest.importorskip("psycopg_pool", reason="needs psycopg_pool: pip install -r requirements-cluster.txt")
    found = programs()
    if found is None:
        pytest.skip("needs a PostgreSQL server: apt-get install postgresql")
    if getpass.getuser() == "root" and not Path("/etc/passwd").read_text().count("postgres:"):
        pytest.skip("needs a user postgres, because PostgreSQL does not run as root")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    made = Postgres(found, folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def open_database(server: Postgres) -> Iterator[Callable[..., Any]]:
    """Opens galleries in databases and closes them after the test; without an address in a new one."""
    from apps.face.gallery.postgres import PostgresGallery

    opened: list[PostgresGallery] = []

    def open_one(url: str | None = None, **more: Any) -> PostgresGallery:
        opened.append(PostgresGallery(url or server.new(), **more))
        return opened[-1]

    yield open_one
    for gallery in opened:
        gallery.close()
