"""The page is made once for everybody who sees the same one."""

from __future__ import annotations

import gzip
import os
from typing import Any

import pytest

from apps.door import pages
from apps.door.pages import ASKED, Pages
from tests.conftest import run_alone

BODY = b"<p>the page</p>" * 200


class Site:
    """An app that makes a page and counts how often, behind ``Pages``."""

    def __init__(self, status: int = 200, *more: tuple[bytes, bytes]) -> None:
        self.pages = Pages(["gan", "ekg"])
        self.asked: list[str] = []
        self.made: list[dict[str, Any]] = []
        self.status, self.more = status, more

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        assert not (await receive())["more_body"]
        self.made.append(scope)
        self.asked.append(ASKED.get())
        headers = [(b"content-type", b"text/html"), (b"Content-Length", b"5"), (b"vary", b"x"), *self.more]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": BODY[:100], "more_body": True})
        await send({"type": "http.response.body", "body": BODY[100:]})

    def ask(
        self, *key: str, method: str = "GET", accept: bytes = b"", query: bytes = b"deep_link=../x"
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "method": method,
            "query_string": query,
            "headers": [(b"x-who", b"accept-encoding"), (b"accept-encoding", accept)],
        }

        async def answer() -> None:
            await self.pages.answer(self.app, scope, send, key)
            if self.pages._packing is not None:
                await self.pages._packing
                self.pages._packing = None

        run_alone(answer())
        assert len(dict(sent[0]["headers"])) == len(sent[0]["headers"])  # none comes twice
        return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def test_the_second_visitor_gets_the_same_page_and_nothing_is_made() -> None:
    site = Site()
    for accept, body in ((b"", BODY), (b"br", BODY)):
        status, headers, found = site.ask("/", "hub", accept=accept)
        assert (status, found) == (200, body)
        assert headers[b"content-length"] == str(len(BODY)).encode()
        assert headers[b"content-type"] == b"text/html"
    _, headers, packed = site.ask("/", "hub", accept=b"gzip, br")  # packed since the first one was answered
    assert headers[b"content-encoding"] == b"gzip"
    assert gzip.decompress(packed) == BODY
    assert len(packed) == int(headers[b"content-length"]) < len(BODY) / 5
    assert len(site.made) == 1
    assert site.made[0]["headers"] == [(b"x-who", b"accept-encoding")]  # it is packed here, not by the app
    assert site.made[0]["query_string"] == b""  # the app behind it reads files that a query names


def test_another_name_or_another_visitor_gets_another_page() -> None:
    site = Site()
    for key in (("/", "hub", "known"), ("/", "hub", "unknown"), ("/config", "hub", "known"), ("/", "hub", "known")):
        site.ask(*key)
    assert len(site.made) == 3


def test_names_that_somebody_makes_up_fill_no_memory() -> None:
    site = Site()
    for number in range(3 * pages._MOST):
        site.ask("/", str(number))
    assert len(site.pages._made) == pages._MOST


def test_errors_and_answers_with_a_cookie_are_not_kept() -> None:
    for site in (Site(500), Site(200, (b"set-cookie", b"a=b"))):
        site.ask("/")
        site.ask("/")
        assert len(site.made) == 2


@pytest.mark.parametrize(("body", "packed"), [(b"a" * 999, False), (b"a" * 1000, True), (os.urandom(5000), False)])
def test_only_what_becomes_shorter_is_packed(body: bytes, packed: bool) -> None:
    made = pages._Made(200, [], body)
    made.pack()
    assert bool(made.packed) is packed
    assert not packed or gzip.decompress(made.packed) == body


def test_head_has_no_body() -> None:
    status, headers, body = Site().ask("/", method="HEAD")
    assert (status, body) == (200, b"")
    assert headers[b"content-length"] == str(len(BODY)).encode()


def test_a_tab_of_the_hub_that_an_address_asks_for_has_a_page_of_its_own() -> None:
    site = Site()
    for query in (
        b"tab=gan",
        b"tab=gan&embed=1",
        b"tab=gan/latent-walk",
        b"a=b&tab=gan&tab=ekg",
        b"tab=ekg",
        b"",
        b"utm_source=x",
        b"&" * 10_000 + b"tab=gan",
        b"tab=ekg" + b"&a=1" * 100,
    ):
        site.ask("/", query=query)
    assert site.asked == ["gan", "gan/", "ekg", "", "ekg/"]
    assert all(scope["query_string"] == b"" for scope in site.made)


def test_an_address_that_asks_for_no_tab_of_the_hub_gets_the_first_one_which_says_so() -> None:
    for query in (b"tab=GAN", b"tab=%ff", b"tab=../../etc", b"tab=nonsense/x&v=1"):
        site = Site()
        site.ask("/", query=query)
        assert site.asked == ["gan/"]
