"""The addresses under /class/, through the door: who may do what, and what hostile requests get."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from PIL import Image

from apps.classroom.requests import Desk, scripts_at
from apps.door import logins
from apps.door.logins import Guesses
from apps.door.visitors import COOKIE, new_cookie
from apps.lessons import Lessons
from shared.demos import SLUGS
from tests.apps.door.test_middleware import Hub

PASSWORD = "chalkboard"
TEACHERS = ("step", "lead", "reveal", "end", "reset")


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(buffer, "PNG")
    return buffer.getvalue()


class Visitor:
    """A browser with the hub's cookie."""

    def __init__(self, hub: Hub, **headers: str) -> None:
        self.hub = hub
        self.headers = {"cookie": f"{COOKIE}={new_cookie()}"} | headers

    def ask(self, path: str, said: Any = None, **headers: str) -> tuple[int, Any]:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        method = "GET" if said is None else "POST"
        path, _, query = path.partition("?")
        status, _, found = self.hub.ask(
            f"/class/{path}", method, b"" if said is None else body, query, **self.headers, **headers
        )
        return status, json.loads(found)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("CONVHUB_TEACHER", PASSWORD)
    monkeypatch.setattr(logins, "TEACHERS_GUESSES", Guesses())
    made = Hub(teacher=PASSWORD)
    made.wiped = []
    made.gate.classroom = Desk(Lessons(SLUGS), lambda: made.wiped.append("all")).answer
    return made


@pytest.fixture
def teacher(hub: Hub) -> Visitor:
    found = Visitor(hub)
    status, told = found.ask("teacher", {"password": PASSWORD})
    assert (status, told["teacher"], told["on"]) == (200, True, False)
    return found


def test_a_class_from_beginning_to_end(hub: Hub, teacher: Visitor) -> None:
    ann = Visitor(hub)
    assert not ann.ask("now")[1]["on"]
    status, told = teacher.ask("step", {"lesson": "gan", "step": 2})
    assert (status, told["step"], told["here"]) == (200, 2, 0)
    assert ann.ask("now?follows=0")[1]["link"] == "?tab=gan/gan-lab"
    assert teacher.ask("lead", {"on": True})[1]["leads"]
    assert teacher.ask("now")[1] | {"here": 1, "following": 0} == teacher.ask("now")[1]
    assert ann.ask("now?follows=1")[1]["turn"] == 1
    assert teacher.ask("now")[1]["following"] == 1
    assert not teacher.ask("lead", {"on": "yes"})[1]["leads"]
    assert not teacher.ask("end", {})[1]["on"]
    assert hub.seen == []  # nothing of it went on to gradio


@pytest.mark.parametrize("act", TEACHERS)
def test_what_is_the_teachers_is_refused_to_others(hub: Hub, teacher: Visitor, act: str) -> None:
    teacher.ask("step", {"lesson": "gan", "step": 1})
    ann = Visitor(hub)
    said = {"lesson": "gan", "step": 2, "on": True}
    status, told = ann.ask(act, said)
    assert (status, told["detail"].startswith("Needed: the teacher's password")) == (403, True)
    forged = Visitor(hub, cookie=teacher.headers["cookie"][:-1] + "x")
    assert forged.ask(act, said)[0] == 403
    assert ann.ask("now")[1] | {"on": True, "step": 1, "leads": False} == ann.ask("now")[1]


@pytest.mark.parametrize("password", ["", "chalk", "CHALKBOARD", None, ["chalkboard"], {"a": 1}, "\ud800"])
def test_another_password_is_refused(hub: Hub, password: Any) -> None:
    eve = Visitor(hub)
    assert eve.ask("teacher", {"password": password})[0] == 400
    assert not eve.ask("now")[1]["teacher"]


def test_a_hub_without_a_password_has_no_teacher(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVHUB_TEACHER", "")
    assert Visitor(hub).ask("teacher", {"password": ""})[0] == 400


def test_guessing_is_slowed_down(hub: Hub) -> None:
    for _ in range(5):
        assert "another one" in Visitor(hub).ask("teacher", {"password": "guess"})[1]["detail"]
    status, told = Visitor(hub).ask("teacher", {"password": PASSWORD})
    assert (status, "Too many wrong passwords" in told["detail"]) == (400, True)


def test_a_script_without_the_cookie_is_no_teacher(hub: Hub) -> None:
    script = Visitor(hub, cookie="")
    assert "cookie" in script.ask("teacher", {"password": PASSWORD})[1]["detail"]
    assert not script.ask("now")[1]["teacher"]


def test_the_notes_give_a_phone_its_cookie(hub: Hub) -> None:
    status, headers, page = hub.ask("/class/notes")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert COOKIE in headers["set-cookie"]
    assert scripts_at().encode().removeprefix(b"class/") + b"notes.js" in page
    assert b"--ch-accent" in page
    assert b"SCRIPTS" not in page


@pytest.mark.parametrize(
    "said", [b"", b"[", b"[]", b"{}", b"null", b"\xff", b'{"step": 1}', b"[" * 1900, b'{"a":' * 380 + b"1" + b"}" * 20]
)
def test_what_is_no_answer_is_refused_in_words(hub: Hub, teacher: Visitor, said: bytes) -> None:
    for path in ("answer", "step", "teacher", "lead"):
        status, told = teacher.ask(path, said)
        assert status == 400
        assert "Needed: JSON" in told["detail"]


def test_what_is_said_is_short(hub: Hub) -> None:
    assert Visitor(hub).ask("answer", b"x" * 2001)[0] == 413


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/class/", "GET"),
        ("/class/answer", "GET"),
        ("/class/now", "POST"),
        ("/class/lesson/../../etc", "GET"),
        ("/class/page/0123456789ab/notes.html", "GET"),
        ("/class/page/0123456789ab/../parts.js", "GET"),
        ("/class/page/0123456789ab/nothing.js", "GET"),
        ("/class/teacher/x", "POST"),
        ("/class/board/0123456789abcdef", "GET"),
        ("/class/board/../now", "GET"),
        ("/class/board/0123456789abcdef", "POST"),
    ],
)
def test_other_addresses_do_not_exist(hub: Hub, path: str, method: str) -> None:
    assert hub.ask(path, method, b"{}" if method == "POST" else b"")[0] == 404


def test_pages_of_other_sites_and_names_are_refused(hub: Hub, teacher: Visitor) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "http://evil.example"}, {"sec_fetch_site": "cross-site"}):
        assert teacher.ask("step", {"lesson": "gan", "step": 1}, **headers)[0] == 403
    assert not teacher.ask("now")[1]["on"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("now", "GET"),
        ("notes", "GET"),
        ("lesson/gan", "GET"),
        ("phone", "GET"),
        ("answer", "POST"),
        ("teacher", "POST"),
    ],
)
def test_the_log_in_covers_all_of_it(path: str, method: str) -> None:
    hub = Hub(auth=("class", "secret"))
    hub.gate.classroom = Desk(Lessons(SLUGS)).answer
    status, _, told = hub.ask(f"/class/{path}", method, b"{}" if method == "POST" else b"")
    assert (status, b"Log in first" in told) == (401, True)


def test_a_lesson_is_told_without_its_answers_while_it_is_given(hub: Hub, teacher: Visitor) -> None:
    ann = Visitor(hub)
    assert ann.ask("lesson/gan")[1]["steps"][0]["say"]
    assert ann.ask("lesson/nothing")[0] == 400
    lesson = next(one for one in Lessons(SLUGS).found.values() if any(step.choices for step in one.steps))
    teacher.ask("step", {"lesson": lesson.name, "step": 1})
    for visitor, solved in ((ann, False), (teacher, True)):
        steps = visitor.ask(f"lesson/{lesson.name}")[1]["steps"]
        assert all(bool(step["right"]) == solved for step in steps if step["choices"])


def test_pictures_are_sent_shown_and_taken_off(hub: Hub, teacher: Visitor) -> None:
    ann, bob = Visitor(hub), Visitor(hub)
    assert "No class is on" in ann.ask("board?tab=gan", picture())[1]["detail"]
    teacher.ask("step", {"lesson": "gan", "step": 1})
    assert ann.ask("board?tab=gan", picture())[1]["board"]["pictures"] == 1
    assert bob.ask("board?tab=style", picture())[1]["board"]["pictures"] == 2
    latest, first = ann.ask("board")[1]
    assert (latest["kind"], latest["mine"], first["kind"], first["mine"]) == ("Style transfer", False, "GANs", True)
    status, headers, shown = hub.ask(f"/class/board/{first['name']}")
    assert (status, headers["content-type"], headers["x-content-type-options"]) == (200, "image/jpeg", "nosniff")
    assert Image.open(io.BytesIO(shown)).size == (60, 40)
    assert "somebody else" in ann.ask("remove", {"name": latest["name"]})[1]["detail"]
    assert ann.ask("remove", {"name": first["name"]})[1]["board"]["pictures"] == 1
    assert teacher.ask("remove", {"name": latest["name"]})[1]["board"] == {"pictures": 0, "version": 4}
    assert hub.ask(f"/class/board/{latest['name']}")[0] == 404


def test_a_picture_for_the_board_is_bounded_and_of_a_tab(hub: Hub, teacher: Visitor) -> None:
    teacher.ask("step", {"lesson": "gan", "step": 1})
    ann = Visitor(hub)
    assert ann.ask("board?tab=gan", b"x" * 1_500_001)[0] == 413
    for tab in ("", "face", "<b>", "style&tab=gan"):
        assert ann.ask(f"board?tab={tab}", picture())[0] == (200 if tab.startswith("style") else 400)
    for name in (None, 7, ["a"], "../now", ""):
        assert ann.ask("remove", {"name": name})[0] == 200  # nothing is there of that name
    assert ann.ask("now")[1]["board"]["pictures"] == 1


def test_a_reset_wipes_all_of_it(hub: Hub, teacher: Visitor) -> None:
    teacher.ask("step", {"lesson": "gan", "step": 2})
    ann = Visitor(hub)
    ann.ask("answer", {"step": 2, "choice": 1})
    ann.ask("board?tab=gan", picture())
    before = teacher.ask("now")[1]
    assert (before["question"]["counts"], before["board"]["pictures"]) == ([1, 0, 0], 1)
    assert ann.ask("reset", {})[0] == 403
    assert hub.wiped == []
    after = teacher.ask("reset", {})[1]
    assert (after["on"], after["board"]["pictures"], after["era"] != before["era"]) == (False, 0, True)
    assert hub.wiped == ["all"]
    assert teacher.ask("step", {"lesson": "gan", "step": 2})[1]["question"]["counts"] == [0, 0, 0]


def test_scripts_are_sent_packed_and_kept_by_browsers(hub: Hub) -> None:
    path = f"/{scripts_at()}parts.js"
    status, headers, plain = hub.ask(path)
    assert (status, headers["content-type"], "immutable" in headers["cache-control"]) == (
        200, "text/javascript; charset=utf-8", True,
    )  # fmt: skip
    _, headers, packed = hub.ask(path, accept_encoding="br, gzip")
    assert (headers["content-encoding"], gzip.decompress(packed)) == ("gzip", plain)
    assert hub.ask("/class/now")[1]["cache-control"] == "no-store"


def test_a_phone_is_given_an_address_that_it_can_reach(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.join.local_addresses", lambda: ["192.168.7.7"])
    told = Visitor(hub).ask("phone")[1]
    assert told["address"] == "http://192.168.7.7:7860/class/notes"
    assert told["code"].startswith("data:image/svg+xml")
    proxied = Hub(allow_host=("hub.example",))
    proxied.gate.classroom = hub.gate.classroom
    found = Visitor(proxied).ask("phone", x_forwarded_host="hub.example", x_forwarded_proto="https")[1]
    assert found["address"] == "https://hub.example/class/notes"


def test_a_bug_is_no_traceback_for_the_visitor(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(asked: Any) -> Any:
        raise RuntimeError("a secret")

    hub.gate.classroom = broken
    status, _, told = hub.ask("/class/now")
    assert (status, b"secret" in told) == (400, False)
