"""Download one weight file: beside its target, hashed while streaming, renamed when it is right.

A cut connection is taken up again where it broke, within the call and by the next one (``<target>.part`` stays only
after a cut); what is wrong, forbidden or does not fit on the disk leaves nothing. Two processes that want the same file
wait for each other. httpx and filelock do the work (gradio and huggingface-hub bring them); pooch and torch.hub were
considered and cannot resume. Files of the hub come through huggingface-hub, which resumes within one call only.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shared import settings
from shared.errors import DownloadError, HashError, HubError, ResourceError, WeightsError, one_line
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
_REDIRECTS = 5  # followed
_PARTIAL, _CLIENT_ERRORS, _RANGE_REFUSED, _TOO_MANY_REQUESTS, _SERVER_ERRORS = 206, 400, 416, 429, 500  # HTTP statuses


class _CutError(Exception):
    """The connection broke in mid-file; what came so far is good."""


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
            if not _is_right(file, target):  # asked under the lock: another process may have just put it there
                _remove_quietly(target)
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
        _fetch_hub(origin, file, target, report)
    elif isinstance(origin, Release):
        try:
            _fetch_url(origin.url, file, target, report)
        except (DownloadError, HashError) as first:
            if origin.mirror is None:
                raise
            _fetch_mirror(origin, first, file, target, report)
    else:
        raise WeightsError(f"{file.path} can be downloaded", "a file that is only bundled", "Restore it with git.")


def _fetch_mirror(origin: Release, first: WeightsError, file: WeightFile, target: Path, report: Report | None) -> None:
    """Ask the mirror of ``origin``, whose own address failed with ``first``; when both fail, the error tells both."""
    mirror = origin.mirror
    if mirror is None:
        raise first
    try:
        _fetch_hub(mirror, file, target, report)
    except (DownloadError, HashError) as second:
        raise type(second)(
            f"{file.path} comes from {_host(origin.url)} or from {mirror.repo} on the hub",
            f"{first.got}; then {second.got}",
            second.remedy,
        ) from second
    _remove_quietly(_part_of(target))


def _fetch_url(url: str, file: WeightFile, target: Path, report: Report | None) -> None:
    part = _part_of(target)
    leftover = part.is_file()  # an earlier call's; its bytes may be wrong, those of this call are what the server sent
    pause = _PAUSE
    for attempt in range(1, ATTEMPTS + 1):
        try:
            digest = _stream(url, file, part, report)
            _keep_if_right(part, digest, file, target, url)
            return
        except _CutError as error:
            if attempt == ATTEMPTS:
                raise DownloadError(
                    f"{file.path} comes whole from {_host(url)}",
                    f"{_size_of(part):,} of {file.size:,} bytes after {ATTEMPTS} attempts ({one_line(str(error))})",
                    "Try again: the download goes on where it broke off.",
                ) from error
            time.sleep(pause)
            pause *= 2
        except HashError:
            _remove_quietly(part)
            if not leftover or attempt == ATTEMPTS:
                raise
            leftover = False  # from the start, once
        except (HubError, OSError):
            _remove_quietly(part)
            raise


def _stream(url: str, file: WeightFile, part: Path, report: Report | None) -> str:
    """Append what is missing to ``part``; its SHA-256 when the server is done."""
    import httpx

    digest, have = _digest_so_far(part, file.size)
    headers = {"User-Agent": "convhub", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        with _client(file, url) as client, client.stream("GET", url, headers=headers) as answer:
            _check_answer(answer, have, file, part)
            if have and answer.status_code != httpx.codes.PARTIAL_CONTENT:  # the server starts over
                digest, have = hashlib.sha256(), 0
            with part.open("ab" if have else "wb") as stream:
                for chunk in answer.iter_bytes():  # as they come: a chunk size would hold back what a cut then loses
                    stream.write(chunk)
                    digest.update(chunk)
                    have += len(chunk)
                    if have > file.size:
                        raise _other_size(file, "more than that", url)
                    if report is not None:
                        report(file.path, have, file.size)
            if have < file.size and answer.headers.get("Transfer-Encoding") == "chunked":  # ended as it was meant to
                raise _other_size(file, f"{have:,} bytes", url)
    except httpx.TransportError as error:
        if _size_of(part) > 0:
            raise _CutError(_reason(error)) from error
        raise DownloadError(
            f"{_host(url)} sends {file.path}", _reason(error), "Check the connection and the proxy, then try again."
        ) from error
    except (httpx.TooManyRedirects, httpx.InvalidURL, httpx.DecodingError) as error:
        raise DownloadError(f"{_host(url)} sends {file.path}", _reason(error), "Try again later.") from error
    if have < file.size:
        raise _CutError(f"the server stopped after {have:,} bytes")
    return digest.hexdigest()


def _client(file: WeightFile, url: str) -> httpx.Client:
    """A client that follows redirects, but never from https to plain http."""
    import httpx

    def refuse_downgrade(request: httpx.Request) -> None:
        if url.startswith("https:") and request.url.scheme != "https":
            raise DownloadError(
                f"{file.path} comes over https", f"a redirect to {request.url.scheme}", "Try again on another network."
            )

    try:
        return httpx.Client(
            follow_redirects=True,
            timeout=httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT),
            max_redirects=_REDIRECTS,
            event_hooks={"request": [refuse_downgrade]},
        )
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:  # a proxy or certificate file of no use
        raise DownloadError(
            "The proxy and certificate settings of the environment can be used",
            _reason(error),
            "Check HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE.",
        ) from error


def _check_answer(answer: httpx.Response, have: int, file: WeightFile, part: Path) -> None:
    """Raise unless ``answer`` is the file, or its rest after the ``have`` bytes of ``part``."""
    status = answer.status_code
    start, total = _sent_range(answer)
    if have and (status == _RANGE_REFUSED or (status == _PARTIAL and start != have)):
        _remove_quietly(part)  # the next attempt asks for the whole file
        raise _CutError("the server does not go on where the download broke off")
    if have and (status == _TOO_MANY_REQUESTS or status >= _SERVER_ERRORS):
        raise _CutError(f"HTTP {status} {answer.reason_phrase}")
    if status >= _CLIENT_ERRORS:
        raise DownloadError(
            f"{answer.url.host} has {file.path}",
            f"HTTP {status} {answer.reason_phrase}",
            "Choose a bundled model, or try again later.",
        )
    if total is not None and total != file.size:
        raise _other_size(file, f"{total:,} bytes", str(answer.url))


def _sent_range(answer: httpx.Response) -> tuple[int, int | None]:
    """Where the body of ``answer`` begins in the file, and the file's bytes in all where the server says so."""
    if found := re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", "").strip()):
        return int(found[1]), None if found[2] == "*" else int(found[2])
    length = answer.headers.get("Content-Length", "")
    known = answer.status_code != _PARTIAL and length.isdecimal() and "Content-Encoding" not in answer.headers
    return 0, int(length) if known else None


def _other_size(file: WeightFile, got: str, url: str) -> HashError:
    return HashError(
        f"{file.path} has {file.size:,} bytes",
        f"{got} from {_host(url)}",
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


def _fetch_hub(origin: HubFile, file: WeightFile, target: Path, report: Report | None) -> None:
    from huggingface_hub import hf_hub_download

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
        except Exception as error:
            if not _is_the_hubs(error):
                raise
            raise DownloadError(
                f"{where} sends {origin.filename}",
                _hub_reason(error),
                "Choose a bundled model, or check the connection and try again.",
            ) from error
        downloaded = Path(got)
        _keep_if_right(downloaded, hash_file(downloaded).hexdigest(), file, target, where)
    if report is not None:
        report(file.path, file.size, file.size)


def _is_the_hubs(error: Exception) -> bool:
    """Whether ``error`` tells of the hub or the way to it, and not of our disk or a bug."""
    if isinstance(error, OSError):  # huggingface-hub's own errors among them, which carry no errno
        return error.errno is None
    module = type(error).__module__.split(".")[0]
    return isinstance(error, ValueError | RuntimeError) or module in ("httpx", "httpx2", "httpcore", "httpcore2")


def _hub_reason(error: BaseException) -> str:
    """The first line of ``error``, or of the failed connection that it stands for."""
    said = error.__cause__ or error
    lines = str(said).strip().splitlines()
    return f"{type(said).__name__}: {lines[0].strip()}" if lines else type(said).__name__


def _is_right(file: WeightFile, target: Path) -> bool:
    return _size_of(target) == file.size and hash_file(target).hexdigest() == file.sha256


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


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
    wanted = file.size - _size_of(_part_of(target)) + _SPARE
    if free < wanted:
        raise ResourceError(
            f"{target.parent} has room for {file.path}, {wanted / 1e6:.0f} MB",
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
