"""A PostgreSQL server of our own, in a temporary folder, without network: for tests and measurements."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

_NUMBERS = itertools.count()
_TRIES = 30  # to start
_QUICK = "-c fsync=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=40 -c autovacuum=off"


class Postgres:
    """A server that listens on a socket in its folder."""

    def __init__(self, programs: Path, folder: Path) -> None:
        """Make and start one with the ``programs`` that ``programs`` names; ``folder`` has to be empty.

        Raises:
            RuntimeError: it cannot be made or started.
        """
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
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def start(self) -> None:
        """Start it, again after ``kill`` or ``stop``: what an old one has left behind may take a while to end.

        Raises:
            RuntimeError: it does not start.
        """
        options = f"-k {self.folder} -c listen_addresses= {_QUICK}"
        for left in reversed(range(_TRIES)):
            try:
                self._run(
                    "pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", str(self.folder / "log"), "-o", options,
                    "start",
                )  # fmt: skip
            except RuntimeError as error:
                if not left:
                    said = (self.folder / "log").read_text(errors="replace")[-1000:]
                    raise RuntimeError(f"{error}{said}") from error
                time.sleep(1.0)
            else:
                return

    def kill(self) -> None:
        """kill -9 of the server and all that it has started."""
        number = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)

    def stop(self) -> None:
        """End it at once, as a crash would."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def url(self, name: str = "postgres", user: str = "hub") -> str:
        """The address of its database ``name``."""
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def new(self) -> str:
        """The address of an empty database."""
        import psycopg

        name = f"gallery{next(_NUMBERS)}"
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        return self.url(name)


def programs() -> Path | None:
    """Where Debian, or the path, has the server's programs; None: nowhere."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    other = shutil.which("initdb")
    return found[-1].parent if found else Path(other).resolve().parent if other else None
