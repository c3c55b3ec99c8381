"""Log-ins: guessing gets slower, the right password is not punished, and one visitor leaves at a time."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest

from apps.door import logins
from apps.door.logins import HOLDS_S, TICKET, Guesses, Tickets, check_teacher
from shared.errors import InputError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_every_further_guess_waits_longer_up_to_half_a_minute() -> None:
    clock = Clock()
    guesses, waits = Guesses(clock), []
    for _ in range(12):
        guesses.tried("a", right=False)
        waits.append(guesses.wait("a"))
        clock.now += waits[-1]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert guesses.wait("b") == 0
    guesses.tried("a", right=True)
    guesses.tried("a", right=False)
    assert guesses.wait("a") == 0


def test_of_endlessly_many_addresses_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_MOST", 2)
    guesses = Guesses(Clock())
    for address in "abc":
        for _ in range(5):
            guesses.tried(address, right=False)
    assert [guesses.wait(address) for address in "abc"] == [0, 1, 1]


def test_the_teacher_s_password_is_compared_whole_and_guesses_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "TEACHERS_GUESSES", Guesses(Clock()))
    with pytest.raises(InputError, match="password"):
        check_teacher("", "a")  # a hub without a teacher has no empty password
    monkeypatch.setenv("CONVHUB_TEACHER", "chalkboard")
    for wrong in (None, "", "tafe", "chalkboard ", "Tafel"):
        with pytest.raises(InputError, match="teacher's password"):
            check_teacher(wrong, f"from {wrong}")
    check_teacher("chalkboard", "a")
    for _ in range(5):
        with pytest.raises(InputError, match="teacher's password"):
            check_teacher("\udcff", "b")
    with pytest.raises(InputError, match="Wait 2 s"):
        check_teacher("chalkboard", "b")
    check_teacher("chalkboard", "a")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.fixture
def app() -> SimpleNamespace:
    return SimpleNamespace(cookie_id="x", tokens={"t1": "class", "t2": "class"})


def test_a_cookie_with_a_known_token_lets_in(app: SimpleNamespace) -> None:
    tickets = Tickets(app, ("class", "secret"))
    assert tickets.token({"access-token-unsecure-x": "t1"}) == "t1"
    assert tickets.token({"access-token-x": "t2", "access-token-unsecure-x": "old"}) == "t2"
    assert tickets.token({"access-token-x": "guess"}) is None
    assert tickets.token({"access-token-y": "t1"}) is None
    assert tickets.token({"access-token-x": ""}) is None


def test_logging_out_takes_one_token(app: SimpleNamespace) -> None:
    tickets = Tickets(app, ("class", "secret"))
    tickets.forget({"access-token-unsecure-x": "t1"})
    tickets.forget({"access-token-x": "unknown"})
    assert set(app.tokens) == {"t2"}


def test_an_agent_comes_in_with_user_and_password_only(app: SimpleNamespace) -> None:
    tickets = Tickets(app, ("class", "se:cret"))
    for wrong in (None, "", "Basic", "Basic !!", basic("class:wrong"), basic("class"), "Bearer t1", basic("x:se:cret")):
        assert tickets.admit_agent(wrong) is None
    cookie = tickets.admit_agent(basic("class:se:cret"))
    assert cookie is not None
    name, _, token = cookie.partition(";")[0].partition("=")
    assert tickets.token({name: token}) == token
    assert tickets.admit_agent(basic("class:se:cret")) == cookie  # one token for all its requests
    assert len(app.tokens) == 3


SECRET = "shared by all of the hubs"


def replica(secret: str | None = SECRET, password: str = "pass", clock: Clock | None = None) -> Tickets:
    app = SimpleNamespace(cookie_id=f"of {id(object())}", tokens={})
    return Tickets(app, ("class", password), secret, clock or Clock())


def admitted(at: Tickets, ticket: str, **more: str) -> dict[str, str]:
    cookies = {TICKET: ticket} | more
    scope = {"headers": [(b"host", b"hub"), (b"cookie", b"as it was sent")]}
    found = at.admit(scope, cookies)
    sent = [value.decode() for name, value in scope["headers"] if name == b"cookie"]
    assert len(sent) == 1
    assert (sent[0] == "as it was sent") == (found == cookies)
    return found


def test_a_ticket_of_one_hub_lets_in_at_another_with_the_same_secret() -> None:
    ticket = replica().issue()
    assert ticket is not None
    other = replica()
    found = admitted(other, ticket, theme="dark")
    assert other.token(found) is not None
    assert found["theme"] == "dark"
    assert other.token({TICKET: ticket}) is None  # gradio asks for its own cookies
    assert replica(secret=None).issue() is None


def test_no_other_ticket_does() -> None:
    clock = Clock()
    ticket = replica(clock=clock).issue() or ""
    name, until, signature = ticket.split(".")
    longer = f"{name}.{int(until) + 1}.{signature}"
    for wrong in ("", ".", "a.b.c", longer, ticket[:-1], ticket + "0", f"x{ticket}", f"{name}.{until}.é"):
        assert admitted(replica(), wrong) == {TICKET: wrong}
    for at in (replica(secret="the secret of somebody else"), replica(password="new"), replica(secret=None)):
        assert admitted(at, ticket) == {TICKET: ticket}
    clock.now = HOLDS_S
    assert admitted(replica(clock=clock), ticket) == {TICKET: ticket}


def test_of_endlessly_many_returned_tickets_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logins, "_MOST", 2)
    hub = replica()
    returned = [hub.issue() or "" for _ in range(3)]
    for ticket in returned:
        hub.forget(admitted(hub, ticket))
    assert [admitted(hub, ticket) == {TICKET: ticket} for ticket in returned] == [False, True, True]


def test_a_ticket_that_was_returned_is_one_no_more() -> None:
    hub = replica()
    ticket = hub.issue() or ""
    hub.forget(admitted(hub, ticket))
    assert admitted(hub, ticket) == {TICKET: ticket}
    assert hub._app.tokens == {}
    hub.forget({TICKET: "not.ours.x"})
    assert list(hub._returned) == [ticket]
