"""Download one weight file: next to its target, hashed while streaming, renamed when it is right.

A cut connection is taken up again where it broke, within the call and by the next one (``<target>.part`` stays only
after a cut); what is wrong, forbidden or does not fit on the disk leaves nothing. Two processes that want the same file
wait for each other. httpx and filelock do the work (gradio and huggingface-hub bring them); pooch and torch.hub were
considered and cannot resume. Files of the hub come through huggingface-hub, which resumes within one call only.
"""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from shared import settings
from shared.errors import DownloadError, HashError, ResourceError, WeightsError, one_line
from shared.registry.types import HubFile, Origin, Release, WeightFile
from shared.weights.files import Report, host_of, is_right, part_of, remove, size_of
from shared.weights.http import fetch_url
from shared.weights.hub import fetch_hub

_SPARE = 50_000_000  # bytes of disk to leave free
_LOCK_TIMEOUT = 1800.0  # s to wait for another process that downloads the same file


def fetch(origin: Origin, file: WeightFile, target: Path, *, report: Report | None = None) -> None:
    """Put ``file`` at ``target``, unless it is there. ``report(name, bytes so far, bytes in all)`` is called often.

    A file at ``target`` with other bytes is deleted first.

    Raises:
        DownloadError: the address does not answer, answers with an error, or keeps breaking off.
        HashError: the bytes are not those declared; they were deleted.
        ResourceError: the disk is too full; nothing was left.
        WeightsError: the origin is not one that can be downloaded.
    """
    from filelock import FileLock, Timeout

    locks = settings.cache_dir() / "locks"  # they stay: removing a lock while others wait for it would make two
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{file.sha256}.lock", timeout=_LOCK_TIMEOUT):
            if not is_right(file, target):  # asked under the lock: another process may have just put it there
                remove(target)
                _check_space(file, target)
                _fetch_from(origin, file, target, report)
    except Timeout as error:
        raise DownloadError(
            f"a download of {file.path}", "another process that is downloading it", "Try again later."
        ) from error
    except OSError as error:
        raise _disk_error(file, target, error) from error


def _fetch_from(origin: Origin, file: WeightFile, target: Path, report: Report | None) -> None:
    if isinstance(origin, HubFile):
        fetch_hub(origin, file, target, report)
    elif isinstance(origin, Release):
        try:
            fetch_url(origin.url, file, target, report)
        except (DownloadError, HashError) as first:
            if origin.mirror is None:
                raise
            _fetch_mirror(origin, first, file, target, report)
    else:
        raise WeightsError(f"a download of {file.path}", "a file that is only bundled", "Restore it with git.")


def _fetch_mirror(origin: Release, first: WeightsError, file: WeightFile, target: Path, report: Report | None) -> None:
    """Ask the mirror of ``origin``, whose own address failed with ``first``; when both fail, the error names both."""
    mirror = origin.mirror
    if mirror is None:
        raise first
    try:
        fetch_hub(mirror, file, target, report)
    except (DownloadError, HashError) as second:
        raise type(second)(
            f"{file.path} comes from {host_of(origin.url)} or from {mirror.repo} on the hub",
            f"{first.found}; then {second.found}",
            second.remedy,
        ) from second
    remove(part_of(target))


def _check_space(file: WeightFile, target: Path) -> None:
    free = shutil.disk_usage(target.parent).free
    wanted = file.size - size_of(part_of(target)) + _SPARE
    if free < wanted:
        raise ResourceError(
            f"{wanted / 1e6:.0f} MB of room for {file.path} in {target.parent}",
            f"{free / 1e6:.0f} MB free",
            "Make room, or set CONVHUB_CACHE to a folder on another disk.",
        )


def _disk_error(file: WeightFile, target: Path, error: OSError) -> ResourceError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return ResourceError(
        f"a place to write {file.path} in {target.parent}",
        "a full disk" if full else one_line(str(error)),
        "Make room, or set CONVHUB_CACHE to another folder.",
    )
