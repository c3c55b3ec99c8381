"""Names and origins: what is this hub's own, and what only looks like it."""

from __future__ import annotations

import socket

import pytest

from apps.door import addresses
from shared.settings import Settings


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Laptop")
    monkeypatch.delenv("SPACE_ID", raising=False)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:7860", "localhost", "LOCALHOST:1", "[::1]:7860", "192.168.1.20:7860", "laptop:7860", "laptop.local"],
)
def test_the_hub_answers_to_its_names_and_to_numbers(host: str) -> None:
    assert addresses.host_is_ours(host, addresses.host_names(Settings()))


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "laptop.evil.example",
        "[::1",
        "a@b",
        "evil.example@127.0.0.1",
        "127.0.0.1/evil.example",
        "127.0.0.1?evil.example",
        "localhost#x",
        "localhost:x",
        "localhost:99999",
        "localhost:0",
    ],
)
def test_other_names_are_not_its_own(host: str | None) -> None:
    assert not addresses.host_is_ours(host, addresses.host_names(Settings()))


def test_a_machine_is_called_by_its_first_name_next_door_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Lab-3.School.example")
    names = addresses.host_names(Settings())
    assert names >= {"localhost", "lab-3.school.example", "lab-3.local"}
    monkeypatch.setattr(socket, "gethostname", lambda: "Lab-3")
    assert not addresses.host_is_ours("printer.local", addresses.host_names(Settings()))


def test_names_of_a_proxy_of_a_tunnel_and_of_a_space(monkeypatch: pytest.MonkeyPatch) -> None:
    assert addresses.host_is_ours(
        "hub.school.example", addresses.host_names(Settings(allow_host=("hub.school.example",)))
    )
    assert addresses.host_is_ours("abc.gradio.live", addresses.host_names(Settings(share=True)))
    assert not addresses.host_is_ours("abc.gradio.live", addresses.host_names(Settings()))
    assert not addresses.behind_proxy(Settings())
    monkeypatch.setenv("SPACE_ID", "school/hub")
    assert addresses.host_is_ours("school-hub.hf.space", addresses.host_names(Settings()))
    assert not addresses.host_is_ours("evilhf.space", addresses.host_names(Settings()))
    assert addresses.behind_proxy(Settings())


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("http://127.0.0.1:7860", "127.0.0.1:7860", True),
        ("https://school-hub.hf.space", "school-hub.hf.space", True),
        ("https://Hub.example:443", "hub.example", True),
        ("http://hub.example", "hub.example:80", True),
        ("null", "127.0.0.1:7860", False),
        ("http://127.0.0.1:7861", "127.0.0.1:7860", False),
        ("http://evil.example", "127.0.0.1:7860", False),
        ("file://127.0.0.1:7860", "127.0.0.1:7860", False),
        ("", "", False),
        ("http://[::1", "[::1", False),
    ],
)
def test_an_origin_is_ours_if_the_page_came_from_this_host(origin: str, host: str, own: bool) -> None:
    assert addresses.origin_is_ours(origin, host) is own
