"""A whole course's hub on this machine: a Ray head with workers, a database, pages, HAProxy; and how each is broken."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

import psutil

from tools.hub import ROOT, Server, free_port
from tools.postgres import Postgres, programs

_PATIENCE_S = 180.0


def missing() -> str:
    """What this machine lacks for one, or nothing."""
    try:
        import psycopg  # noqa: F401
        import ray  # noqa: F401
    except ImportError:
        return "requirements-cluster.txt: pip install -r requirements-cluster.txt"
    if shutil.which("haproxy") is None:
        return "HAProxy: apt-get install haproxy"
    return "" if programs() else "PostgreSQL: apt-get install postgresql"


class Head:
    """A Ray cluster of one node with ``cpus`` CPUs, for pages that join it; nobody without its token does."""

    def __init__(self, cpus: int) -> None:
        self.port = free_port()
        self.environment = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",
        }
        self._folder = Path(tempfile.mkdtemp(prefix="r"))  # short: sockets lie deep in it
        command = [
            sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", f"--port={self.port}",
            f"--num-cpus={cpus}", "--include-dashboard=false", f"--temp-dir={self._folder}",
            "--node-ip-address=127.0.0.1", "--object-store-memory=200000000",
        ]  # fmt: skip
        with (self._folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | self.environment, stdout=log, stderr=log
            )
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.2)
        said = (self._folder / "log").read_text(errors="replace")
        self.close()
        raise RuntimeError(f"no Ray head: {said[-2000:]}")

    def workers(self) -> list[psutil.Process]:
        """The processes that compute."""
        return [one for one in self._all() if " ".join(_command(one)).startswith("ray::Worker")]

    def _all(self) -> list[psutil.Process]:
        """What belongs to it: its children, and what they left to the first process."""
        with contextlib.suppress(psutil.NoSuchProcess):
            below = psutil.Process(self.process.pid).children(recursive=True)
            mine = [one for one in psutil.process_iter() if str(self._folder) in " ".join(_command(one))]
            return list({one.pid: one for one in (*below, *mine) if one.pid != self.process.pid}.values())
        return []

    def close(self) -> None:
        """End it and all that it has started."""
        others = self._all()
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        for one in others:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Course:
    """Two pages behind HAProxy, two workers, one database; ``url`` is where browsers go."""

    def __init__(self, *options: str, workers: int = 2, pages: int = 2) -> None:
        """Start everything; ``options`` are app.py's.

        Raises:
            RuntimeError: something does not start.
        """
        self._ends = contextlib.ExitStack()
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="course-"))
            self._ends.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self._folder.chmod(0o755)
            found = programs()
            if found is None:
                raise RuntimeError(missing())
            place = self._folder / "database"
            place.mkdir()
            self.database = Postgres(found, place)
            self._ends.callback(self.database.stop)
            self.gallery = self.database.new()
            self.head = Head(workers)
            self._ends.callback(self.head.close)
            self._first, listen = free_port(), free_port()
            command = [
                "-m", "deploy", "replicas", str(pages), "--listen", f"127.0.0.1:{listen}", "--first-port",
                str(self._first), "--", "--offline", "--engine", f"ray://127.0.0.1:{self.head.port}", "--workers",
                f"{workers}-{workers}", "--gallery", self.gallery, *options,
            ]  # fmt: skip
            self.replicas = Server(command, listen, self._folder / "log", environment=self.head.environment)
            self._ends.callback(self.replicas.end, patience_s=30.0)
            self.url = self.replicas.url
        except BaseException:
            self._ends.close()
            raise

    def __enter__(self) -> Course:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def pages(self) -> list[psutil.Process]:
        """The processes of the pages."""
        below = psutil.Process(self.replicas.process.pid).children()
        return [one for one in below if any(part.endswith("app.py") for part in _command(one))]

    def kill_page(self) -> None:
        """kill -9 of the first page."""
        next(one for one in self.pages() if str(self._first) in _command(one)).kill()

    def kill_worker(self) -> None:
        """kill -9 of the worker that computes most."""
        used = {one: one.cpu_times().user for one in self.head.workers()}
        time.sleep(0.5)
        max(used, key=lambda one: one.cpu_times().user - used[one]).kill()

    def cut_database(self) -> None:
        """End every connection of the pages to the database."""
        import psycopg

        with psycopg.connect(self.database.url(), autocommit=True) as db:
            db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                       " AND backend_type = 'client backend'")  # fmt: skip

    def reload_front(self) -> None:
        """Have HAProxy read its configuration again, as after a change of it."""
        below = psutil.Process(self.replicas.process.pid).children()
        next(one for one in below if "haproxy" in " ".join(_command(one))).send_signal(signal.SIGUSR2)

    def names(self) -> set[str]:
        """Everybody in the class gallery, read from the database itself."""
        import psycopg

        with psycopg.connect(self.gallery) as db:
            return {str(row[0]) for row in db.execute("SELECT name FROM people")}


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []
