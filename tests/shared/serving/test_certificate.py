"""The certificate of ``--https``: who is trusted, for which names, and that its keys stay with their owner."""

from __future__ import annotations

import builtins
import ssl
import stat
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ResourceError
from shared.serving import certificate
from shared.settings import cache_dir

pytest.importorskip("trustme", reason="needs the package trustme")


def shaken_hands(made: certificate.Certificate, name: str, trusted: bytes) -> bool:
    """Whether a client that trusts ``trusted`` accepts the server under ``name``; in memory, without a socket."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.file, made.key)
    client = ssl.create_default_context(cadata=trusted.decode())
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    asks = client.wrap_bio(to_client, to_server, server_hostname=name)
    answers = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (asks, answers):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return asks.version() is not None


def test_a_phone_that_trusts_the_authority_trusts_the_hub() -> None:
    made = certificate.made_for(("localhost", "127.0.0.1", "192.168.7.9", "localhost"))
    for name in ("localhost", "127.0.0.1", "192.168.7.9"):
        assert shaken_hands(made, name, made.authority)
    assert not shaken_hands(made, "192.168.7.10", made.authority)


def test_the_authority_stays_and_the_addresses_may_change() -> None:
    first = certificate.made_for(("192.168.7.9",))
    again = certificate.made_for(("10.0.0.5",))
    assert again.authority == first.authority
    assert shaken_hands(again, "10.0.0.5", first.authority)
    (cache_dir() / "https" / "authority-key.pem").write_bytes(b"damaged")
    other = certificate.made_for(("10.0.0.5",))
    assert other.authority != first.authority
    assert not shaken_hands(other, "10.0.0.5", first.authority)


def test_keys_are_for_their_owner_alone() -> None:
    certificate.made_for(("localhost",))
    folder = cache_dir() / "https"
    assert {path.name for path in folder.iterdir()} == {"authority.pem", "authority-key.pem", "hub.pem", "hub-key.pem"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CONVHUB_CACHE", str(tmp_path / "file"))
    with pytest.raises(ResourceError, match=r"folder for the certificate. Found: .*https: .+"):
        certificate.made_for(("localhost",))
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "trustme":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ResourceError, match="pip install trustme"):
        certificate.made_for(("localhost",))
