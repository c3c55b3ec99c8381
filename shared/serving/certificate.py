"""``--https`` without a certificate of one's own: an authority of this hub, and a certificate by it for its addresses.

Browsers give cameras only to pages that came by https. The authority is made once and kept next to the weights, so that
a phone that trusts it need not be asked again; its key never leaves this machine, readable by its owner alone. The
certificate is made again at every start, for the addresses of that day. trustme (PyPI) does the cryptography.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import ResourceError, disk_full
from shared.settings import cache_dir

_LIFE = datetime.timedelta(days=90)  # phones refuse certificates that are valid for years


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """Where a server finds what it shows, and what is to be trusted."""

    file: Path  # the certificate with its chain, PEM
    key: Path  # its private key, PEM
    authority: bytes  # whom to trust, PEM


def made_for(names: Sequence[str]) -> Certificate:
    """A certificate for ``names``: host names and addresses.

    Raises:
        ResourceError: trustme is not installed, or the folder cannot be written.
    """
    try:
        import trustme
    except ImportError as error:
        needed = "the package trustme, for --https"
        raise ResourceError(needed, "no such package", "Run pip install trustme, or leave out --https.") from error
    folder = cache_dir() / "https"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = _authority(folder, trustme)
        leaf = authority.issue_cert(
            *dict.fromkeys(names),
            organization_name="ConvHub",
            not_after=datetime.datetime.now(datetime.timezone.utc) + _LIFE,
        )
        chain = b"".join(part.bytes() for part in leaf.cert_chain_pems)
        _keep(folder / "hub.pem", chain)
        _keep(folder / "hub-key.pem", leaf.private_key_pem.bytes())
        return Certificate(
            file=folder / "hub.pem", key=folder / "hub-key.pem", authority=bytes(authority.cert_pem.bytes())
        )
    except OSError as error:
        found = f"{folder}: {error.strerror or error}"
        raise disk_full(error) or ResourceError("a folder for the certificate", found, "Set CONVHUB_CACHE.") from error


def _authority(folder: Path, trustme: Any) -> Any:
    """The authority that is kept in ``folder``, or a new one if there is none that can be read."""
    file, key = folder / "authority.pem", folder / "authority-key.pem"
    try:
        return trustme.CA.from_pem(file.read_bytes(), key.read_bytes())
    except (FileNotFoundError, ValueError):
        made = trustme.CA(organization_name="ConvHub on this machine")
        _keep(key, made.private_key_pem.bytes())
        _keep(file, made.cert_pem.bytes())
        return made


def _keep(path: Path, data: bytes) -> None:
    """Write ``data`` for the owner's eyes only, at once or not at all."""
    part = path.with_suffix(f".{os.getpid()}")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    part.replace(path)
