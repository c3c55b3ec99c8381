"""Download one weight file: beside its target, hashed while streaming, renamed when it is right.

A cut connection is taken up again where it broke, within the call and by the next one (``<target>.part`` stays only
after a cut); what is wrong, forbidden or does not fit on the disk leaves nothing. Two processes that want the same file
wait for each other. httpx and filelock do the work (gradio and huggingface-hub bring them); pooch and torch.hub were
considered and cannot resume.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shared import settings
from shared.errors import DownloadError, HashError, ResourceError, WeightsError, one_line
from shared.registry.types import HubFile, Origin, Release, WeightFile

if TYPE_CHECKING:
    import httpx

Report = Callable[[str, int, int], None]
CONNECT_TIMEOUT = 10.0  # s
READ_TIMEOUT = 20.0  # s without a byte
ATTEMPTS = 4  # a cut is taken up again this often
_PAUSE = 0.5  # s before the second attempt, doubled each time
_CHUNK = 1 << 18  # bytes
_SPARE = 50_000_000  # bytes of disk to leave free
_LOCK_TIMEOUT = 1800.0  # s to wait for another process that downloads the same file


class _CutError(Exception):
    """The connection broke in mid-file; what came so far is good."""


def fetch(origin: Origin, file: WeightFile, target: Path, *, report: Report | None = None) -> None:
    """Put ``file`` at ``target``, whose folder exists. ``report(name, bytes so far, bytes in all)`` is called often.

    Raises:
        DownloadError: the address does not answer, answers with an error, or keeps breaking off.
        HashError: the bytes are not those declared; they were deleted.
        ResourceError: the disk is too full; nothing was left.
        WeightsError: the origin is not one that can be downloaded.
    """
    from filelock import FileLock, Timeout

    locks = settings.cache_dir() / "locks"  # they stay: removing a lock while others wait for it would make two
    try:
        locks.mkdir(parents=True, exist_ok=True)
        with FileLock(locks / f"{file.sha256}.lock", timeout=_LOCK_TIMEOUT):
            if not target.is_file():
                _check_space(file, target)
                _fetch_from(origin, file, target, report)
    except Timeout as error:
        raise DownloadError(
            f"{file.path} can be downloaded", "another process that is downloading it", "Try again later."
        ) from error
    except OSError as error:
        raise _disk_error(file, target, error) from error


def _fetch_from(origin: Origin, file: WeightFile, target: Path, report: Report | None) -> None:
    if isinstance(origin, HubFile):
        _fetch_hub(origin, file, target)
    elif isinstance(origin, Release):
        try:
            _fetch_url(origin.url, file, target, report)
        except DownloadError:
            if origin.mirror is None:
                raise
            _fetch_hub(origin.mirror, file, target)
    else:
        raise WeightsError(f"{file.path} can be downloaded", "a file that is only bundled", "Restore it with git.")


def _fetch_url(url: str, file: WeightFile, target: Path, report: Report | None) -> None:
    part = target.with_name(f"{target.name}.part")
    pause = _PAUSE
    for attempt in range(1, ATTEMPTS + 1):
        try:
            digest = _stream(url, file, part, report)
            break
        except _CutError as error:
            if attempt == ATTEMPTS:
                raise DownloadError(
                    f"{file.path} comes whole from {_host(url)}",
                    f"{_size_of(part):,} of {file.size:,} bytes after {ATTEMPTS} attempts ({one_line(str(error))})",
                    "Try again: the download goes on where it broke off.",
                ) from error
            time.sleep(pause)
            pause *= 2
        except BaseException:
            _remove_quietly(part)
            raise
    _keep_if_right(part, digest, file, target, url)


def _stream(url: str, file: WeightFile, part: Path, report: Report | None) -> str:
    """Append what is missing to ``part``; its SHA-256 when the server is done."""
    import httpx

    digest, have = _digest_so_far(part, file.size)
    headers = {"User-Agent": "convhub", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
    try:
        with (
            httpx.Client(follow_redirects=True, timeout=timeout, max_redirects=5) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            _check_answer(answer, file, url)
            if have and answer.status_code != httpx.codes.PARTIAL_CONTENT:  # the server starts over
                digest, have = hashlib.sha256(), 0
            with part.open("ab" if have else "wb") as stream:
                for chunk in answer.iter_bytes(_CHUNK):
                    stream.write(chunk)
                    digest.update(chunk)
                    have += len(chunk)
                    if have > file.size:
                        raise _too_long(file, url)
                    if report is not None:
                        report(file.path, have, file.size)
    except httpx.TransportError as error:
        if _size_of(part) > 0 and not isinstance(error, httpx.ConnectError | httpx.ProxyError):
            raise _CutError(_reason(error)) from error
        raise DownloadError(
            f"{_host(url)} sends {file.path}", _reason(error), "Check the connection and the proxy, then try again."
        ) from error
    except (httpx.TooManyRedirects, httpx.InvalidURL, httpx.DecodingError) as error:
        raise DownloadError(f"{_host(url)} sends {file.path}", _reason(error), "Try again later.") from error
    if have < file.size:
        raise _CutError(f"the server stopped after {have:,} bytes")
    return digest.hexdigest()


def _check_answer(answer: httpx.Response, file: WeightFile, url: str) -> None:
    if url.startswith("https:") and answer.url.scheme != "https":
        raise DownloadError(
            f"{file.path} comes over https", f"a redirect to {answer.url.scheme}", "Try again on another network."
        )
    if answer.status_code >= 400:
        raise DownloadError(
            f"{answer.url.host} has {file.path}",
            f"HTTP {answer.status_code} {answer.reason_phrase}",
            "Choose a bundled model, or try again later.",
        )


def _too_long(file: WeightFile, url: str) -> HashError:
    return HashError(
        f"{file.path} has {file.size:,} bytes",
        f"more than that from {_host(url)}",
        "It was deleted. A login page or a proxy may have answered: try another network.",
    )


def _keep_if_right(part: Path, digest: str, file: WeightFile, target: Path, source: str) -> None:
    if digest != file.sha256:
        _remove_quietly(part)
        raise HashError(
            f"{file.path} has the SHA-256 {file.sha256}",
            f"{digest} from {_host(source)}",
            "It was deleted. Try again, or choose a bundled model.",
        )
    part.replace(target)


def _fetch_hub(origin: HubFile, file: WeightFile, target: Path) -> None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    where = f"{origin.repo} on the hub"
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".hub-") as staging:
        try:
            got = hf_hub_download(
                origin.repo,
                origin.filename,
                revision=origin.revision,
                local_dir=staging,
                endpoint=os.environ.get("HF_ENDPOINT"),
            )
        except (HfHubHTTPError, LocalEntryNotFoundError, ValueError) as error:
            raise DownloadError(
                f"{where} sends {origin.filename}", _first_line(error), "Choose a bundled model, or try again later."
            ) from error
        except Exception as error:
            if type(error).__module__.split(".")[0] not in ("httpx", "httpx2", "httpcore", "httpcore2", "hf_xet"):
                raise
            raise DownloadError(
                f"{where} sends {origin.filename}", _reason(error), "Check the connection, then try again."
            ) from error
        downloaded = Path(got)
        _keep_if_right(downloaded, hash_file(downloaded).hexdigest(), file, target, where)


def _digest_so_far(part: Path, size: int) -> tuple[hashlib._Hash, int]:
    have = _size_of(part)
    if have >= size:  # a leftover of another file: begin anew
        _remove_quietly(part)
        have = 0
    return (hash_file(part) if have else hashlib.sha256()), have


def hash_file(path: Path) -> hashlib._Hash:
    """The SHA-256 of the bytes of ``path``, ready to take more."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest


def _check_space(file: WeightFile, target: Path) -> None:
    free = shutil.disk_usage(target.parent).free
    if free < file.size + _SPARE:
        raise ResourceError(
            f"{target.parent} has room for {file.path}, {(file.size + _SPARE) / 1e6:.0f} MB",
            f"{free / 1e6:.0f} MB free",
            "Make room, or set CONVHUB_CACHE to a folder on another disk.",
        )


def _disk_error(file: WeightFile, target: Path, error: OSError) -> ResourceError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return ResourceError(
        f"{file.path} can be written to {target.parent}",
        "a full disk" if full else one_line(str(error)),
        "Make room, or set CONVHUB_CACHE to another folder.",
    )


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _remove_quietly(path: Path) -> None:
    path.unlink(missing_ok=True)


def _host(url: str) -> str:
    return url.split("/")[2] if "://" in url else url


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {one_line(str(error))}" if str(error) else type(error).__name__


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"
