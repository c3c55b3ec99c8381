"""The address that a class is given."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest

from apps import join


@pytest.fixture(autouse=True)
def _interfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(text: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(family=socket.AF_INET, address=text)]

    addresses = {
        "lo": one("127.0.0.1"),
        "docker0": one("172.17.0.1"),
        "wlan0": one("192.168.1.20"),
        "usb0": one("169.254.3.4"),
    }
    monkeypatch.setattr(join.psutil, "net_if_addrs", lambda: addresses)


@pytest.mark.parametrize("own", ["localhost", "127.0.0.1", "[::1]", "0.0.0.0"])
def test_the_teachers_own_address_becomes_that_of_the_local_network(own: str) -> None:
    assert join.join_address(f"http://{own}:7860/") == "http://192.168.1.20:7860/"


@pytest.mark.parametrize(
    "seen", ["https://someone-convhub.hf.space/", "http://192.168.1.20:7860/", "http://10.0.0.9:80/"]
)
def test_an_address_that_others_can_reach_is_kept(seen: str) -> None:
    assert join.join_address(seen) == seen


def test_home_networks_come_first_and_self_assigned_addresses_last() -> None:
    assert join.local_addresses() == ["192.168.1.20", "172.17.0.1", "169.254.3.4"]


def test_without_a_network_the_local_name_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(join.psutil, "net_if_addrs", dict)
    assert join.join_address("http://localhost:7860/") == "http://localhost:7860/"


def test_the_code_scales_and_the_address_is_escaped() -> None:
    shown = join.join_html("http://x/?a=<b>")
    assert "viewBox" in shown
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
