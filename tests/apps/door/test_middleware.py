"""The door with nothing behind it but a notebook: what passes, what is refused, and what is added."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from apps.door import bodies, middleware, visitors
from apps.door.inputs import refusal
from apps.door.middleware import PRESENT, VISITOR, Door, Gate
from apps.door.plain import Asked, as_json
from apps.door.visitors import FILES
from shared.errors import InputError
from shared.serving.attendance import ATTENDANCE, MOST_STREAMS
from shared.settings import Settings
from tests.conftest import run_alone


class Hub:
    """The door, and an app behind it that notes what arrives and answers what it is told to."""

    def __init__(self, **settings: Any) -> None:
        self.gate = Gate(Settings(**settings))
        self.door = Door(self.app)
        self.door.gate = self.gate
        self.seen: list[dict[str, Any]] = []
        self.answer = b"{}"
        self.status = 200

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        there = ATTENDANCE.there("session1"), PRESENT.there("address 10.0.0.9")
        self.seen.append({**scope, "body": body, "there": there})
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": self.answer})

    def ask(
        self, path: str, method: str = "GET", body: bytes | list[bytes] = b"", query: str = "", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        parts = [body] if isinstance(body, bytes) else list(body)
        given = {"host": "127.0.0.1:7860"} | {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "path": path,
            "method": method,
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("10.0.0.9", 5000),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": parts.pop(0) if parts else b"", "more_body": bool(parts)}

        async def send(message: Any) -> None:
            sent.append(message)

        run_alone(self.door(scope, receive, send))
        start = sent[0]
        headers_sent = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], headers_sent, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/monitoring", "GET"),
        ("/monitoring/summary", "GET"),
        ("/gradio_api/deep_link", "GET"),
        ("/gradio_api/proxy=http://x/", "GET"),
        ("/gradio_api/file/etc/passwd", "GET"),
        ("/gradio_api/vibe-edit/", "POST"),
        ("/gradio_api/runs", "GET"),
        ("/gradio_api/process_recording", "POST"),
        ("/gradio_api/custom_component/1/client/component/x.js", "GET"),
        ("/docs", "GET"),
        ("/", "POST"),
        ("//etc", "GET"),
        ("/gradio_api/heartbeat/a", "GET"),
        ("/gradio_api/heartbeat/" + "a" * 65, "GET"),
    ],
)
def test_routes_that_nobody_needs_do_not_exist(hub: Hub, path: str, method: str) -> None:
    assert hub.ask(path, method)[0] == 404
    assert hub.seen == []


def test_what_a_class_does_is_asked_without_gradio(hub: Hub) -> None:
    asked: list[Asked] = []
    hub.gate.classroom = lambda one: asked.append(one) or as_json({"é": len(asked)}, 202)
    status, headers, answer = hub.ask(
        "/class/answer", "POST", b'{"a": 1}', "q=1", x_forwarded_proto="https", accept_encoding="br, gzip"
    )
    assert (status, headers["content-type"], headers["cache-control"]) == (202, "application/json", "no-store")
    assert headers["content-length"] == str(len(answer))
    assert answer.decode() == '{"é": 1}'
    assert hub.ask("/class/board", "POST", b"[" * 600)[0] == 202  # a picture, not JSON
    assert hub.ask("/class/now")[0] == 202
    said, picture, looked = asked
    assert (said.method, said.path, said.query, said.body) == ("POST", "/class/answer", "q=1", b'{"a": 1}')
    assert (said.address, said.hub, said.takes_gzip) == ("10.0.0.9", "http://127.0.0.1:7860", True)
    assert said.visitor == "address 10.0.0.9"
    assert (picture.body, looked.body, looked.takes_gzip) == (b"[" * 600, b"", False)
    assert hub.seen == []


@pytest.mark.parametrize(("body", "status"), [(b"[" * 600, 400), (b"x" * 2001, 413)], ids=["deep", "long"])
def test_a_class_is_sent_neither_deep_nor_long_answers(hub: Hub, body: bytes, status: int) -> None:
    assert hub.ask("/class/answer", "POST", body)[0] == status


def test_once_a_body_is_there_nobody_hurries_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(bodies, "time", SimpleNamespace(monotonic=lambda: now[0]))
    left = [{"type": "http.request", "body": b"ab"}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return left.pop(0)

    limited = bodies.bounded(receive, 2, 60)
    assert run_alone(limited())["body"] == b"ab"
    now[0] = 1000.0
    assert run_alone(limited())["type"] == "http.disconnect"


def test_the_certificate_is_there_only_where_the_hub_made_it(hub: Hub) -> None:
    status, _, answer = hub.ask("/ca.crt")
    assert (status, json.loads(answer)) == (404, {"detail": "There is nothing here."})
    hub.gate.authority = b"-----BEGIN CERTIFICATE-----"
    status, headers, answer = hub.ask("/ca.crt")
    assert (status, headers["content-type"]) == (200, "application/x-x509-ca-cert")
    assert answer == hub.gate.authority
    assert hub.seen == []


def test_what_is_counted_can_be_read(hub: Hub) -> None:
    status, headers, answer = hub.ask("/metrics")
    assert status == 200
    assert b"convhub_http_responses_total" in answer
    assert "x-content-type-options" in headers


def test_every_answer_carries_the_headers_that_protect_the_page(hub: Hub) -> None:
    for path in ("/", "/nowhere", "/healthz"):
        headers = hub.ask(path)[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["content-security-policy"].startswith("frame-ancestors 'self' https://huggingface.co")
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_foreign_names_and_pages_are_refused(hub: Hub, headers: dict[str, str]) -> None:
    assert hub.ask("/gradio_api/queue/join", "POST", b"{}", **headers)[0] == 403
    assert hub.seen == []
    assert hub.ask("/gradio_api/queue/join", "POST", b"{}", origin="http://127.0.0.1:7860")[0] == 200


def test_a_link_from_elsewhere_opens_the_page(hub: Hub) -> None:
    assert hub.ask("/", sec_fetch_site="cross-site")[0] == 200


def test_only_a_known_proxy_may_say_who_asks_and_under_which_name(hub: Hub) -> None:
    hub.ask("/", x_forwarded_for="1.2.3.4", x_forwarded_host="evil.example")
    assert hub.seen[0][VISITOR] == "address 10.0.0.9"
    assert not [name for name, _ in hub.seen[0]["headers"] if name.startswith(b"x-forwarded")]
    proxied = Hub(allow_host=("hub.example",))
    proxied.ask("/", x_forwarded_for="6.6.6.6, 1.2.3.4", x_forwarded_host="hub.example", x_forwarded_proto="https")
    assert proxied.seen[0][VISITOR] == "address 1.2.3.4"
    assert "Secure" in proxied.ask("/", x_forwarded_host="hub.example", x_forwarded_proto="https")[1]["set-cookie"]
    assert proxied.ask("/", x_forwarded_host="evil.example")[0] == 403


def test_a_visitor_gets_one_cookie_and_keeps_it(hub: Hub) -> None:
    line = hub.ask("/")[1]["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(line.split("; "))
    cookie = line.partition(";")[0]
    assert "set-cookie" not in hub.ask("/", cookie=f"other=1; {cookie}")[1]
    hub.ask("/gradio_api/info", cookie=f"other=1; {cookie}")
    name = hub.seen[-1][VISITOR]
    assert name.startswith("cookie ")
    hub.ask("/gradio_api/upload", "POST", cookie=cookie)
    assert hub.seen[-1][VISITOR] == name
    assert "set-cookie" in hub.ask("/", cookie=cookie[:-1] + "!")[1]


def test_files_are_read_by_their_owner_only(hub: Hub, tmp_path: Path) -> None:
    mine = tmp_path / "mine.png"
    mine.write_bytes(b"x")
    FILES.give("address 10.0.0.9", [str(mine)])
    assert hub.ask(f"/gradio_api/file={mine}")[0] == 200
    cookie = hub.ask("/")[1]["set-cookie"].partition(";")[0]
    seen = len(hub.seen)
    for path in (
        str(mine),
        "/etc/passwd",
        "/nowhere",
        "http://example.com/",
        f"{mine.parent}/../{mine.parent.name}/mine.png",
    ):
        assert hub.ask(f"/gradio_api/file={path}", cookie=cookie)[0] == 403
    assert len(hub.seen) == seen


def test_an_upload_belongs_to_whoever_sent_it(hub: Hub, tmp_path: Path) -> None:
    sent = tmp_path / "photo.jpg"
    sent.write_bytes(b"x" * 1000)
    hub.answer = json.dumps([str(sent)]).encode()
    assert hub.ask("/gradio_api/upload", "POST", b"form")[0] == 200
    assert FILES.owns("address 10.0.0.9", str(sent))
    FILES.drop_visitor("address 10.0.0.9")
    hub.status = 400
    hub.ask("/gradio_api/upload", "POST", b"form")
    assert not FILES.owns("address 10.0.0.9", str(sent))


def test_the_sum_of_a_visitors_files_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub()
    monkeypatch.setattr(FILES, "left", lambda visitor: 1_100_000 - FILES.bytes_of(visitor))
    part = b"x" * 400_000
    assert hub.ask("/gradio_api/upload", "POST", [part] * 2)[0] == 200
    assert hub.ask("/gradio_api/upload", "POST", [part] * 3)[0] == 413
    kept = tmp_path / "kept"
    kept.write_bytes(b"x" * 1_200_000)
    FILES.give("address 10.0.0.9", [str(kept)])
    status, _, body = hub.ask("/gradio_api/upload", "POST", b"x")
    assert status == 413
    assert b"reached their limit" in body
    FILES.drop_visitor("address 10.0.0.9")
    assert not hub.gate.uploads.sending


def test_a_call_is_read_whole_and_only_up_to_its_limit(hub: Hub) -> None:
    assert hub.ask("/gradio_api/queue/join", "POST", [b'{"a":', b"1}"])[0] == 200
    assert hub.seen[-1]["body"] == b'{"a":1}'
    assert hub.ask("/gradio_api/queue/join", "POST", [b"x" * 4_000_001] * 2)[0] == 413
    assert hub.ask("/gradio_api/cancel", "POST", b"x" * 100_001)[0] == 413
    assert hub.ask("/gradio_api/queue/join", "POST", b"[" * 90_000 + b"]" * 90_000)[0] == 400
    assert hub.ask("/gradio_api/queue/join", "POST", b"[[]," * 3000 + b"0" + b"]" * 3000)[0] == 400
    assert hub.ask("/gradio_api/queue/join", "POST", b"[" + b"[]," * 2000 + b"0]")[0] == 200
    assert len(hub.seen) == 2


@pytest.mark.parametrize(("depth", "status"), [(199, 200), (200, 400)])
@pytest.mark.parametrize(("opens", "closes"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_call_is_at_most_200_levels_deep(hub: Hub, opens: bytes, closes: bytes, depth: int, status: int) -> None:
    body = opens * depth + b'"[["' + closes * depth
    assert hub.ask("/gradio_api/queue/join", "POST", b"[" + b"[]," * 300 + body + b"]")[0] == status


@pytest.mark.parametrize("body", [b"0," * 100_001, b"{" * 60_000 + b"," * 60_000, b"[" * 100_001])
def test_what_takes_long_to_read_is_refused_unread(hub: Hub, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("json.loads", None)
    assert hub.ask("/gradio_api/queue/join", "POST", body)[0] == 413
    assert hub.ask("/gradio_api/mcp/", "POST", body)[0] == 413
    assert hub.seen == []


def test_a_body_may_take_only_so_long_in_all(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "CALL_S", 0.0)
    assert hub.ask("/gradio_api/queue/join", "POST", [b"{", b"}"])[0] == 408
    assert hub.seen == []


def test_half_sent_calls_do_not_fill_the_memory(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SMALL", 5)
    monkeypatch.setattr(bodies, "MOST_EACH", 20)
    monkeypatch.setattr(bodies, "MOST_ALL", 30)
    call = "/gradio_api/queue/join"
    with bodies.HELD.body("10.0.0.9") as mine, bodies.HELD.body("10.0.0.8") as other:
        mine(12)
        assert hub.ask(call, "POST", [b'"1234', b'67"'])[0] == 200
        assert hub.ask(call, "POST", [b'"1234', b'67"'])[0] == 200  # the ones before have left
        assert hub.ask(call, "POST", [b'"1234', b'678"'])[0] == 429
        assert hub.ask(call, "POST", b'"123"')[0] == 200  # there is always room for small ones
        other(17)
        assert hub.ask(call, "POST", b'"1234"')[0] == 429
        assert hub.ask("/class/answer", "POST", b'"1234"')[0] == 429
        assert hub.ask("/class/answer", "POST", b'"123"')[0] == 404
    assert hub.ask(call, "POST", b'"1234"')[0] == 200
    assert not bodies.HELD._of
    assert hub.seen[-1][bodies.LENGTH] == 6


def test_a_client_that_leaves_in_the_middle_leaves_no_traceback(hub: Hub) -> None:
    async def app(*_: Any) -> None:
        raise ClientDisconnect

    hub.door.app = app
    scope = {"type": "http", "path": "/gradio_api/upload", "method": "POST", "scheme": "http", "query_string": b""}
    run_alone(hub.door({**scope, "client": None, "headers": [(b"host", b"localhost")]}, None, None))  # type: ignore[arg-type]
    assert not hub.gate.uploads.sending


def test_what_gradio_cannot_read_gets_a_reason_and_one_line_in_the_log(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(*_: Any) -> None:
        raise KeyError("no\nsuch\nfunction")

    hub.door.app = app
    status, headers, answer = hub.ask("/gradio_api/run/predict", "POST", b"{}")
    assert (status, answer) == (400, b'{"detail": "This request could not be understood."}')
    assert (headers["content-type"], headers["content-length"]) == ("application/json", str(len(answer)))
    assert "Traceback" not in caplog.text
    assert caplog.text.count("\n") == 1


def test_what_a_page_asks_beside_its_events_is_refused_with_the_reason(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(*_: Any) -> None:
        raise refusal(InputError("the scene, one of a, b", "c"))

    hub.door.app = app
    status, _, answer = hub.ask("/gradio_api/component_server/", "POST", b"{}")
    assert (status, json.loads(answer)["detail"]) == (400, "Needed: the scene, one of a, b.<br>Found: c.")
    assert caplog.text == ""


def test_an_upload_to_a_full_disk_gets_a_sentence(hub: Hub) -> None:
    async def app(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    hub.door.app = app
    status, _, answer = hub.ask("/gradio_api/upload", "POST", b"x")
    assert status == 507
    assert b"room on the disk of this hub" in answer


def test_a_body_that_stands_still_is_ended(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BYTE_S", 0.01)

    async def never() -> Any:
        await asyncio.Event().wait()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    for path in ("/gradio_api/upload", "/gradio_api/queue/join"):
        scope = {"type": "http", "path": path, "method": "POST", "scheme": "http", "query_string": b"", "client": None}
        run_alone(hub.door({**scope, "headers": [(b"host", b"localhost")]}, never, send))
    assert [message["status"] for message in sent if "status" in message] == [408, 408]
    assert not hub.gate.uploads.sending


def test_a_session_is_there_while_its_stream_is_open(hub: Hub) -> None:
    for path, query in (
        ("/gradio_api/heartbeat/session1", ""),
        ("/gradio_api/queue/data", "session_hash=session1"),
        ("/gradio_api/call/verify/session1", ""),
    ):
        assert hub.ask(path, query=query)[0] == 200
        assert hub.seen[-1]["there"] == (True, True)  # the session, and whose it is
        assert not ATTENDANCE.there("session1")
        assert not PRESENT.there("address 10.0.0.9")
    assert hub.ask("/gradio_api/queue/data")[0] == 400


def test_streams_that_are_open_already_leave_no_place_for_thousands_more(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, query, streams in (
        ("/gradio_api/heartbeat/session1", "", ATTENDANCE),
        ("/gradio_api/upload_progress", "upload_id=session1", middleware._UPLOADING),
    ):
        with contextlib.ExitStack() as opened:
            for _ in range(MOST_STREAMS):
                assert opened.enter_context(streams.stream("session1", "10.0.0.9"))
            assert hub.ask(path, query=query)[0] == 429
        assert hub.ask(path, query=query)[0] == 200


@pytest.mark.parametrize("path", ["/gradio_api/upload_progress", "/gradio_api/upload"])
def test_the_name_of_an_upload_is_a_short_word(hub: Hub, path: str) -> None:
    method = "POST" if path.endswith("/upload") else "GET"
    for name in ("x" * 65, "x" * 60_000, "%0a", "é"):
        assert hub.ask(path, method, query=f"upload_id={name}")[0] == 400
    assert hub.ask(path, method, query="upload_id=ab12-_")[0] == 200
    assert len(hub.seen) == 1


def test_the_app_behind_the_door_learns_of_start_and_end_and_nothing_else_that_is_no_request(hub: Hub) -> None:
    seen: list[tuple[Any, ...]] = []

    async def app(*given: Any) -> None:
        seen.append(given)

    async def receive() -> Any: ...

    async def send(message: Any) -> None: ...

    hub.door.app = app
    run_alone(hub.door({"type": "lifespan"}, receive, send))
    assert seen == [({"type": "lifespan"}, receive, send)]
    run_alone(hub.door({"type": "websocket", "path": "/"}, receive, send))
    assert len(seen) == 1


def test_health_needs_no_name_and_no_log_in_and_says_when_to_come(hub: Hub) -> None:
    asked = {"host": "probe.internal"}
    assert hub.ask("/healthz", **asked)[::2] == (503, b'{"detail": "starting"}')
    hub.gate.open(SimpleNamespace())
    assert hub.ask("/healthz", **asked)[::2] == (200, b"ready")
    assert hub.ask("/healthz", **asked)[1]["content-type"] == "text/plain; charset=utf-8"
    hub.gate.state = "draining"
    assert hub.ask("/healthz", **asked)[0] == 503


@pytest.fixture
def locked() -> Hub:
    hub = Hub(auth=("class", "secret"))
    hub.gate.open(SimpleNamespace(cookie_id="x", tokens={"t1": "class", "t2": "class"}))
    return hub


def test_auth_covers_every_route_but_the_page_itself_and_the_log_in(locked: Hub) -> None:
    for path, method in (
        ("/config", "GET"),
        ("/gradio_api/info", "GET"),
        ("/gradio_api/cancel", "POST"),
        ("/gradio_api/reset", "POST"),
        ("/gradio_api/heartbeat/session1", "GET"),
        ("/gradio_api/mcp/", "POST"),
        ("/gradio_api/mcp/sse", "GET"),
        ("/gradio_api/upload", "POST"),
        ("/gradio_api/queue/join", "POST"),
        ("/logout", "GET"),
    ):
        assert locked.ask(path, method, b"{}")[0] == 401, path
    assert locked.seen == []
    assert locked.ask("/")[0] == 200
    assert locked.ask("/static/x.js")[0] == 200
    assert locked.ask("/config", cookie="access-token-x=t1")[0] == 200


def test_the_page_for_the_log_in_does_not_say_what_the_hub_can_do(locked: Hub) -> None:
    locked.answer = b'<script>window.gradio_api_info = {"/verify": "/tmp/x"};</script><p>Log in</p>'
    assert locked.ask("/")[2] == b"<script>window.gradio_api_info = null;</script><p>Log in</p>"
    assert locked.ask("/", cookie="access-token-x=t1")[2] == locked.answer
    locked.answer = b"no such thing"
    assert locked.ask("/", host="10.0.0.1")[2] == b"no such thing"


def test_before_the_hub_stands_nobody_is_let_in() -> None:
    assert Hub(auth=("class", "secret")).ask("/config", cookie="access-token-x=t1")[0] == 401


def test_guessing_is_slowed_down_at_both_entrances(locked: Hub) -> None:
    locked.status = 400
    for _ in range(5):
        assert locked.ask("/login", "POST", b"username=class&password=x")[0] == 400
    status, headers, _ = locked.ask("/login", "POST", b"username=class&password=secret")
    assert (status, headers["retry-after"]) == (429, "1") or status == 429
    assert locked.ask("/gradio_api/mcp/", "POST", b"{}", authorization="Basic Y2xhc3M6c2VjcmV0")[0] == 429
    assert len(locked.seen) == 5


def test_guesses_that_arrive_together_are_slowed_down_like_others(locked: Hub) -> None:
    locked.status = 400
    statuses: list[int] = []

    async def guess() -> None:
        scope = {"type": "http", "path": "/login", "method": "POST", "scheme": "http", "query_string": b"",
                 "headers": [(b"host", b"127.0.0.1")], "client": ("10.0.0.8", 5000)}  # fmt: skip

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)  # all have sent their heads before the first body comes
            return {"type": "http.request", "body": b"password=x", "more_body": False}

        async def send(message: Any) -> None:
            statuses.extend([message["status"]] if "status" in message else [])

        await locked.door(scope, receive, send)

    async def together() -> None:
        await asyncio.gather(*(guess() for _ in range(30)))

    run_alone(together())
    assert sorted(statuses) == [400] * 5 + [429] * 25


def test_who_logs_in_again_and_again_is_not_slowed_down(locked: Hub) -> None:
    for _ in range(7):
        assert locked.ask("/login", "POST", b"username=class&password=secret")[0] == 200
    locked.status = 401
    for _ in range(5):
        assert locked.ask("/login", "POST", b"username=class&password=x")[0] == 401
    assert locked.ask("/login", "POST", b"username=class&password=x")[0] == 429
    assert len(locked.seen) == 12


def test_an_agent_with_the_password_reaches_the_tools(locked: Hub) -> None:
    locked.ask("/gradio_api/mcp/", "POST", b"{}", authorization="Basic Y2xhc3M6c2VjcmV0")
    cookies = [value for name, value in locked.seen[-1]["headers"] if name == b"cookie"]
    assert b"access-token-unsecure-x=" in cookies[0]
    assert locked.ask("/gradio_api/mcp/", "POST", b"{}", authorization="Basic Y2xhc3M6eA==")[0] == 401


def test_a_log_in_at_one_of_several_hubs_holds_at_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "_SECRETS", list(visitors._SECRETS))
    hubs = [Hub(auth=("class", "secret"), secret="shared by all of the hubs") for _ in range(2)]
    for number, hub in enumerate(hubs):
        hub.gate.open(SimpleNamespace(cookie_id=f"of{number}", tokens={}))
    first, second = hubs
    first.status = 401
    assert "set-cookie" not in first.ask("/login", "POST", b"username=class&password=x")[1]
    first.status = 200
    line = first.ask("/login", "POST", b"username=class&password=secret")[1]["set-cookie"]
    assert "; HttpOnly; " in line
    ticket = line.partition(";")[0]
    assert second.ask("/config", cookie=ticket)[0] == 200
    assert b"access-token-of1=" in dict(second.seen[-1]["headers"])[b"cookie"]
    assert second.ask("/config", cookie=ticket[:-1])[0] == 401
    assert "Max-Age=0" in second.ask("/logout", cookie=ticket, sec_fetch_site="same-origin")[1]["set-cookie"]
    assert second.ask("/config", cookie=ticket)[0] == 401
    name = visitors.new_cookie()
    assert visitors.visitor_of(name, "x").startswith("cookie ")


def test_one_visitor_logs_out_and_no_other_page_can_do_it(locked: Hub) -> None:
    assert locked.ask("/logout", cookie="access-token-x=t1", sec_fetch_site="cross-site")[0] == 403
    locked.ask("/logout", query="all_session=true", cookie="access-token-x=t1", sec_fetch_site="same-origin")
    assert locked.seen[-1]["query_string"] == b"all_session=false"
    assert locked.ask("/config", cookie="access-token-x=t1")[0] == 401
    assert locked.ask("/config", cookie="access-token-x=t2")[0] == 200
