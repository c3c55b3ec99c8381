"""One file from one HTTP address: resumed after a cut, hashed while streaming, refused as soon as it cannot be right.

A server may cut, stall, lie about a length or a range, answer with a login page, or redirect. A cut, a stall or a busy
server is tried again from where the download broke off; everything else ends it and leaves nothing.
"""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import DownloadError, HashError, HubError, one_line
from shared.registry.types import WeightFile
from shared.weights.files import Report, hash_file, host_of, keep_if_right, part_of, reason_of, remove, size_of

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT = 10.0  # s
READ_TIMEOUT = 20.0  # s without a byte
ATTEMPTS = 4  # a cut is taken up again this often
_PAUSE = 0.5  # s before the second attempt, doubled each time
_REDIRECTS = 5  # followed
_PARTIAL, _CLIENT_ERRORS, _RANGE_REFUSED, _TOO_MANY_REQUESTS, _SERVER_ERRORS = 206, 400, 416, 429, 500  # HTTP statuses


class _CutError(Exception):
    """The connection broke in mid-file; what came so far is good."""


def fetch_url(url: str, file: WeightFile, target: Path, report: Report | None) -> None:
    """Put ``file``, which ``url`` serves, at ``target``. What a cut leaves stays next to it for the next call.

    Raises:
        DownloadError: the address does not answer, answers with an error, or keeps breaking off.
        HashError: the bytes are not those declared; they were deleted.
    """
    part = part_of(target)
    leftover = part.is_file()  # an earlier call's; its bytes may be wrong, those of this call are what the server sent
    pause = _PAUSE
    for attempt in range(1, ATTEMPTS + 1):
        try:
            digest = _stream(url, file, part, report)
            keep_if_right(part, digest, file, target, url)
            return
        except _CutError as error:
            if attempt == ATTEMPTS:
                raise DownloadError(
                    f"all of {file.path} from {host_of(url)}",
                    f"{size_of(part):,} of {file.size:,} bytes after {ATTEMPTS} attempts ({one_line(str(error))})",
                    "Try again: the download goes on where it broke off.",
                ) from error
            time.sleep(pause)
            pause *= 2
        except HashError:
            remove(part)
            if not leftover or attempt == ATTEMPTS:
                raise
            leftover = False  # from the start, once
        except (HubError, OSError):
            remove(part)
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
        if size_of(part) > 0:
            raise _CutError(reason_of(error)) from error
        raise DownloadError(
            f"{file.path} from {host_of(url)}", reason_of(error), "Check the connection and the proxy, then try again."
        ) from error
    except (httpx.TooManyRedirects, httpx.InvalidURL, httpx.DecodingError) as error:
        raise DownloadError(f"{file.path} from {host_of(url)}", reason_of(error), "Try again later.") from error
    if have < file.size:
        raise _CutError(f"the server stopped after {have:,} bytes")
    return digest.hexdigest()


def _client(file: WeightFile, url: str) -> httpx.Client:
    """A client that follows redirects, but never from https to plain http."""
    import httpx

    def refuse_downgrade(request: httpx.Request) -> None:
        if url.startswith("https:") and request.url.scheme != "https":
            raise DownloadError(
                f"{file.path} over https", f"a redirect to {request.url.scheme}", "Try again on another network."
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
            "usable proxy and certificate settings in the environment",
            reason_of(error),
            "Check HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE.",
        ) from error


def _check_answer(answer: httpx.Response, have: int, file: WeightFile, part: Path) -> None:
    """Raise unless ``answer`` is the file, or its rest after the ``have`` bytes of ``part``."""
    status = answer.status_code
    start, total = _sent_range(answer)
    if have and (status == _RANGE_REFUSED or (status == _PARTIAL and start != have)):
        remove(part)  # the next attempt asks for the whole file
        raise _CutError("the server does not go on where the download broke off")
    if have and (status == _TOO_MANY_REQUESTS or status >= _SERVER_ERRORS):
        raise _CutError(f"HTTP {status} {answer.reason_phrase}")
    if status >= _CLIENT_ERRORS:
        raise DownloadError(
            f"{file.path} on {answer.url.host}",
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
        f"{file.path} with {file.size:,} bytes",
        f"{got} from {host_of(url)}",
        "It was deleted. A login page or a proxy may have answered: try another network.",
    )


def _digest_so_far(part: Path, size: int) -> tuple[hashlib._Hash, int]:
    have = size_of(part)
    if have >= size:  # a leftover of another file: begin again
        remove(part)
        have = 0
    return (hash_file(part) if have else hashlib.sha256()), have
