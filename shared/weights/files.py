"""A download's files: the part next to the target, its hash, and the step from one to the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from shared.errors import HashError, one_line
from shared.registry.types import WeightFile

Report = Callable[[str, int, int], None]  # file name, bytes so far, bytes in all
_CHUNK = 1 << 18  # bytes


def part_of(target: Path) -> Path:
    """Where the bytes of ``target`` gather until they are whole."""
    return target.with_name(f"{target.name}.part")


def size_of(path: Path) -> int:
    """Bytes of the file, 0 if there is none."""
    return path.stat().st_size if path.is_file() else 0


def is_right(file: WeightFile, target: Path) -> bool:
    """Whether ``target`` has the bytes that ``file`` declares."""
    return size_of(target) == file.size and hash_file(target).hexdigest() == file.sha256


def hash_file(path: Path) -> hashlib._Hash:
    """The SHA-256 of the bytes of ``path``, ready to take more."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest


def keep_if_right(part: Path, digest: str, file: WeightFile, target: Path, source: str) -> None:
    """Rename ``part`` to ``target`` if its SHA-256 ``digest`` is the declared one; delete it if not.

    Raises:
        HashError: it is not; the message says expected and got, and from which ``source``.
    """
    if digest != file.sha256:
        remove(part)
        raise HashError(
            f"{file.path} with the SHA-256 {file.sha256}",
            f"{digest} from {host_of(source)}",
            "It was deleted. Try again, or choose a bundled model.",
        )
    part.replace(target)


def remove(path: Path) -> None:
    """Delete the file if it is there."""
    path.unlink(missing_ok=True)


def host_of(url: str) -> str:
    """The host of an address; anything else as it is."""
    return url.split("/")[2] if "://" in url else url


def reason_of(error: BaseException) -> str:
    """``error`` on one line: its type and what it says."""
    return f"{type(error).__name__}: {one_line(str(error))}" if str(error) else type(error).__name__
