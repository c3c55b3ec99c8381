"""A PostgreSQL server of the tests' own, in a temporary folder, without network."""

from __future__ import annotations

import getpass
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_NUMBERS = itertools.count()
_QUICK = "-c fsync=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=40 -c autovacuum=off"


class Server:
    """A server that listens on a socket in its folder."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self._who: dict[str, Any] = {}
        if os.name != "nt" and os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
            self._who = {"user": "postgres", "group": "postgres", "extra_groups": []}
        self._run("initdb", "-D", str(folder / "data"), "-U", "hub", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.programs / program), *arguments], capture_output=True, text=True, check=False, cwd=self.folder,
            timeout=120, **self._who,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses= {_QUICK}"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options, "start"
        )

    def kill(self) -> None:
        """kill -9 of the server and all that it has started."""
        number = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def url(self, name: str = "postgres", user: str = "hub") -> str:
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def new(self) -> str:
        """The address of an empty database."""
        import psycopg

        name = f"gallery{next(_NUMBERS)}"
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        return self.url(name)


def _programs() -> Path | None:
    """Where Debian, or the path, has the server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    other = shutil.which("initdb")
    return found[-1].parent if found else Path(other).resolve().parent if other else None


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="needs psycopg: pip install -r requirements-cluster.txt")
    pytest.importorskip("psycopg_pool", reason="needs psycopg_pool: pip install -r requirements-cluster.txt")
    programs = _programs()
    if programs is None:
        pytest.skip("needs a PostgreSQL server: apt-get install postgresql")
    if getpass.getuser() == "root" and not Path("/etc/passwd").read_text().count("postgres:"):
        pytest.skip("needs a user postgres, because PostgreSQL does not run as root")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    made = Server(programs, folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def open_database(server: Server) -> Iterator[Callable[..., Any]]:
    """Opens galleries in databases and closes them after the test; without an address in a new one."""
    from apps.face.gallery.postgres import PostgresGallery

    opened: list[PostgresGallery] = []

    def open_one(url: str | None = None, **more: Any) -> PostgresGallery:
        opened.append(PostgresGallery(url or server.new(), **more))
        return opened[-1]

    yield open_one
    for gallery in opened:
        gallery.close()
