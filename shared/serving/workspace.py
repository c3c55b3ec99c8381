"""The one folder for everything that a running hub puts on the disk for its visitors, and its end.

Uploads, results and temporary files of one process lie in one folder named after that process. It goes when the hub
ends; the folder of a hub that was killed goes when the next one starts.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import psutil

from shared.errors import ResourceError, quoted

UPLOADS, SCRATCH = "uploads", "scratch"
_PREFIX = "convhub-"


def open_workspace() -> Path:
    """Make this process's folder, below ``GRADIO_TEMP_DIR`` or the system's temporary folder, and remove dead ones.

    From then on gradio's uploads and results go into one folder in it and Python's temporary files into another: what
    lies in its own folder gradio hands out as it is, a result from a temporary folder it copies first.

    Raises:
        ResourceError: the folder above it cannot be written.
    """
    above = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    try:
        above.mkdir(parents=True, exist_ok=True)
        remove_dead(above)
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{_mark(os.getpid())}-", dir=above)).resolve()
    except OSError as error:
        raise ResourceError(
            "a folder for uploads that can be written to",
            f"{quoted(above)}: {error.strerror or error}",
            "Set GRADIO_TEMP_DIR or TMPDIR to another folder.",
        ) from error
    for name in (UPLOADS, SCRATCH):
        (folder / name).mkdir()
    os.environ["GRADIO_TEMP_DIR"] = str(folder / UPLOADS)
    tempfile.tempdir = str(folder / SCRATCH)
    return folder


def remove_dead(above: Path) -> int:
    """Delete the folders in ``above`` whose hub does not run any more; how many."""
    dead = [path for path in above.glob(f"{_PREFIX}*-*-*") if path.is_dir() and not path.is_symlink()]
    dead = [path for path in dead if not _alive(path.name)]
    for path in dead:
        shutil.rmtree(path, ignore_errors=True)
    return len(dead)


def _mark(pid: int) -> str:
    """A process's number and its start: numbers are given again, starts are not."""
    return f"{pid}-{int(psutil.Process(pid).create_time())}"


def _alive(name: str) -> bool:
    pid, _, rest = name.removeprefix(_PREFIX).partition("-")
    start = rest.partition("-")[0]
    if not (pid.isdecimal() and start.isdecimal() and len(pid) < 10 and len(start) < 20):
        return True  # no folder of ours
    try:
        process = psutil.Process(int(pid))
        began = process.create_time()
        if process.status() == psutil.STATUS_ZOMBIE:  # over, and whoever started it has not asked how it ended
            return False
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
    return abs(began - int(start)) < 2
