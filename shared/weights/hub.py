"""One file of the Hugging Face hub, through huggingface-hub, which knows its mirrors, tokens and storage.

huggingface-hub resumes within one call only; its files are hashed again here, against the registry.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from shared.errors import DownloadError
from shared.registry.types import HubFile, WeightFile
from shared.weights.files import Report, hash_file, keep_if_right

_UNREACHED = ("ConnectError", "ConnectTimeout")  # of httpx or httpx2, whichever huggingface-hub uses


def fetch_hub(origin: HubFile, file: WeightFile, target: Path, report: Report | None) -> None:
    """Put ``file`` at ``target``; ``HF_ENDPOINT`` names a mirror of the hub.

    Raises:
        DownloadError: the hub does not answer, or not with the file.
        HashError: the bytes are not those declared; they were deleted.
    """
    from huggingface_hub import hf_hub_download

    where = f"{origin.repo} on the hub"
    endpoint = os.environ.get("HF_ENDPOINT")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".hub-") as staging:
        try:
            _check_reached(origin, endpoint)
            got = hf_hub_download(
                origin.repo, origin.filename, revision=origin.revision, local_dir=staging, endpoint=endpoint
            )
        except Exception as error:
            if not _is_the_hubs(error):
                raise
            raise DownloadError(
                f"{origin.filename} from {where}",
                _hub_reason(error),
                "Choose a bundled model, or check the connection and try again.",
            ) from error
        downloaded = Path(got)
        keep_if_right(downloaded, hash_file(downloaded).hexdigest(), file, target, where)
    if report is not None:
        report(file.path, file.size, file.size)


def _check_reached(origin: HubFile, endpoint: str | None) -> None:
    """Raise what a hub that cannot be reached raises, at the first attempt: ``hf_hub_download`` waits 23 s in all
    between its six, which a room without internet need not. Any other answer is left to it."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(origin.repo, origin.filename, revision=origin.revision, endpoint=endpoint)
    try:
        get_hf_file_metadata(url, endpoint=endpoint)
    except Exception as error:
        if type(error).__name__ in _UNREACHED:
            raise


def _is_the_hubs(error: Exception) -> bool:
    """Whether ``error`` is about the hub or the way to it, and not of our disk or a bug."""
    if isinstance(error, OSError):  # huggingface-hub's own errors among them, which carry no errno
        return error.errno is None
    module = type(error).__module__.split(".")[0]
    return isinstance(error, ValueError | RuntimeError) or module in ("httpx", "httpx2", "httpcore", "httpcore2")


def _hub_reason(error: BaseException) -> str:
    """The first line of ``error``, or of the failed connection that it stands for."""
    said = error.__cause__ or error
    lines = str(said).strip().splitlines()
    return f"{type(said).__name__}: {lines[0].strip()}" if lines else type(said).__name__
