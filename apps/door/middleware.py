"""Every HTTP request passes here before gradio sees it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect

from apps.door import addresses
from apps.door.bodies import ADDRESS, REFUSED, Message, Receive, RefusedError, bounded, read_body, whole
from apps.door.logins import TICKET, Guesses, Tickets
from apps.door.metrics import METRICS
from apps.door.pages import KEPT, LOCKED, Key, Pages
from apps.door.plain import Answer, Asked, nothing_here
from apps.door.routes import Route, find_route
from apps.door.upload_turns import Crowded, UploadTurns
from apps.door.visitors import COOKIE, FILES, NO_ROOM, new_cookie, sign_with, visitor_of
from shared.errors import disk_full
from shared.serving.attendance import ATTENDANCE, Attendance
from shared.settings import Settings

log = logging.getLogger("convhub")

Scope = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

VISITOR = "convhub.visitor"  # in a request's scope: who asks
_UPLOAD_S = 1200.0  # s that an upload may take in all
_SAFE = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"content-security-policy": addresses.frame_ancestors().encode(),
}

PRESENT = Attendance(most_per_address=10**9, most_streams=10**9)  # per visitor: who is gone loses their files
_UPLOADING = Attendance()  # streams that tell how far an upload is; each is asked twenty times a second
_UPLOAD = re.compile(r"[\w-]{0,64}", re.ASCII)  # the name that a page gives to an upload


class Gate:
    """What the middleware knows about the hub that it guards; one per process."""

    def __init__(self, settings: Settings) -> None:
        """A gate for a hub with ``settings``."""
        self.settings = settings
        if settings.secret is not None:
            sign_with(settings.secret)
        self.names = addresses.host_names(settings)
        self.behind_proxy = addresses.behind_proxy(settings)
        self.guesses = Guesses()
        self.logging_in = asyncio.Lock()
        self.tickets: Tickets | None = None
        self.state = "starting"  # then "ready", then "draining"
        self.uploads = UploadTurns()
        self.pages = Pages(settings.tabs)
        self.authority = b""  # whom to trust where the hub made its certificate itself (--https), PEM
        self.classroom: Callable[[Asked], Answer] = nothing_here  # what a class does together (apps/classroom/)

    def open(self, app: Any) -> None:
        """The page stands: answer. ``app`` is gradio's."""
        if self.settings.auth is not None:
            self.tickets = Tickets(app, self.settings.auth, self.settings.secret)
        self.state = "ready"


class Door:
    """The middleware; it takes the place of gradio's own answer to pages of other origins (see gradio_patches)."""

    gate: Gate  # set before gradio makes the app

    def __init__(self, app: App, **_: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse or pass on one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        send = _counted(_with_headers(send, _SAFE))
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await give(message)

        give, send = send, note
        try:
            await self._enter(scope, receive, send)
        except RefusedError as refused:
            await _answer(send, refused.status, refused.reason, refused.headers)
        except ClientDisconnect:
            log.info("a client left in the middle of what it sent")
        except Exception as error:  # noqa: BLE001 - gradio met a request unlike the page's; what events raise stays there
            named = getattr(error, "title", "") == REFUSED  # what a page asks beside its events
            reason = str(getattr(error, "message", "")) if named else ""
            if not reason:
                _note_failure(scope["path"], error)
            full = disk_full(error)
            if not begun and full is not None:
                await _answer(send, 507, str(full))
            elif not begun:
                await _answer(send, 400, reason or "This request could not be understood.")

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        gate = self.gate
        if scope["path"] == "/healthz":
            ready = gate.state == "ready"
            await _answer(send, 200 if ready else 503, gate.state)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        address = _address(scope, headers, gate)
        _same_house(scope, headers, gate)
        route = find_route(scope["path"], scope["method"])
        if route is None or scope["path"].startswith("//"):
            raise RefusedError(404, "There is nothing here.")
        cookies = _cookies(headers.get("cookie", ""))
        visitor = visitor_of(cookies.get(COOKIE), address)
        scope[VISITOR], scope[ADDRESS] = visitor, address
        https = ((headers.get("x-forwarded-proto") if gate.behind_proxy else None) or scope["scheme"]) == "https"
        if scope["path"] in ("/", "/class/notes") and not visitor.startswith("cookie "):
            send = _with_headers(send, {b"set-cookie": _cookie_line(COOKIE, new_cookie(), secure=https)})
        if gate.tickets is not None:
            cookies = gate.tickets.admit(scope, cookies)
        self._check_login(scope, headers, cookies, route)
        if route.kind == "stream":
            await self._stream(scope, receive, send, route)
        elif route.kind == "upload":
            _name_of_upload(scope)
            await self._upload(scope, receive, send)
        elif route.kind == "progress":
            with _UPLOADING.stream(_name_of_upload(scope), scope[ADDRESS]) as allowed:
                if not allowed:
                    raise RefusedError(429, "Too many uploads from this address.")
                await self.app(scope, receive, send)
        elif route.kind == "login":
            await self._log_in(scope, receive, send, route, secure=https)
        elif route.kind in ("class", "class work"):
            await self._class(scope, receive, send, route)
        elif route.kind == "certificate":
            found = gate.authority and Answer(body=gate.authority, kind="application/x-x509-ca-cert")
            await (found or nothing_here(Asked.of(scope, b"", visitor="", address=scope[ADDRESS]))).send(send)
        elif route.kind == "metrics":
            await _answer(send, 200, METRICS.text().decode())
        else:
            if route.kind == "logout":
                self._log_out(scope, headers, cookies)
                send = _with_headers(send, {b"set-cookie": _cookie_line(TICKET, "; Max-Age=0", secure=https)})
            if route.kind == "file":
                _check_file(scope)
            if scope["path"] in KEPT and scope["method"] in ("GET", "HEAD"):
                await gate.pages.answer(self.app, scope, send, self._seen_as(scope, headers, cookies))
                return
            if route.largest:
                receive = await whole(scope, receive, route.largest, is_json=route.kind in ("call", "tools"))
            await self.app(scope, receive, send)

    def _seen_as(self, scope: Scope, headers: dict[str, str], cookies: dict[str, str]) -> Key:
        """All that the page depends on: its place, the name it was asked for under, whether by somebody known."""
        tickets = self.gate.tickets
        known = "known" if tickets is not None and tickets.token(cookies) is not None else "unknown"
        if known == "unknown" and self.gate.settings.auth is not None:
            known = LOCKED
        names = (headers.get(name, "") for name in ("host", "x-forwarded-host", "x-forwarded-proto"))
        return scope["path"], scope["scheme"], known, *names

    def _check_login(self, scope: Scope, headers: dict[str, str], cookies: dict[str, str], route: Route) -> None:
        if self.gate.settings.auth is None or route.open:
            return
        tickets = self.gate.tickets
        if tickets is not None and tickets.token(cookies) is not None:
            return
        if tickets is not None and route.kind in ("tools", "metrics"):  # programs, which send the password themselves
            wait = self.gate.guesses.wait(scope[ADDRESS])
            if wait:
                raise _too_often(wait)
            sent = headers.get("authorization")
            cookie = tickets.admit_agent(sent)
            if sent is not None:
                self.gate.guesses.tried(scope[ADDRESS], right=cookie is not None)
            if cookie is not None:
                scope["headers"] = [*scope["headers"], (b"cookie", cookie.encode())]
                return
            raise RefusedError(401, "Log in first.", {b"www-authenticate": b'Basic realm="ConvHub"'})
        raise RefusedError(401, "Log in first.")

    async def _log_in(self, scope: Scope, receive: Receive, send: Send, route: Route, *, secure: bool) -> None:
        receive = await whole(scope, receive, route.largest, is_json=False)
        async with self.gate.logging_in:  # guesses that arrive together count one after the other
            await self._try_log_in(scope, receive, send, secure=secure)

    async def _try_log_in(self, scope: Scope, receive: Receive, send: Send, *, secure: bool) -> None:
        guesses, address = self.gate.guesses, scope[ADDRESS]
        wait = guesses.wait(address)
        if wait:
            seconds = int(wait) + 1
            raise RefusedError(
                429, f"Too many wrong passwords. Wait {seconds} s.", {b"retry-after": str(seconds).encode()}
            )

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 400, 401):
                guesses.tried(address, right=message["status"] == 200)
                ticket = self.gate.tickets.issue() if self.gate.tickets and message["status"] == 200 else None
                if ticket is not None:
                    line = (b"set-cookie", _cookie_line(TICKET, ticket, secure=secure))
                    message = {**message, "headers": [*message["headers"], line]}
            await send(message)

        await self.app(scope, receive, note)

    async def _class(self, scope: Scope, receive: Receive, send: Send, route: Route) -> None:
        sent, address = b"", scope[ADDRESS]
        if route.largest:
            sent = await read_body(receive, route.largest, is_json=route.kind == "class", address=address)
        asked = Asked.of(scope, sent, visitor=scope[VISITOR], address=address)
        answer = self.gate.classroom
        made = await asyncio.to_thread(answer, asked) if route.kind == "class work" else answer(asked)
        await made.send(send)

    def _log_out(self, scope: Scope, headers: dict[str, str], cookies: dict[str, str]) -> None:
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise RefusedError(403, "Another page may not log you out.")
        scope["query_string"] = b"all_session=false"
        if self.gate.tickets is not None:
            self.gate.tickets.forget(cookies)

    async def _stream(self, scope: Scope, receive: Receive, send: Send, route: Route) -> None:
        match = route.pattern.fullmatch(scope["path"])
        session = match.groupdict().get("session") if match else None
        if session is None:
            session = _asked_for(scope, "session_hash")
        if not session or len(session) > 64:
            raise RefusedError(400, "Needed: session_hash, the name of a session.")
        visitor = scope[VISITOR]
        with ATTENDANCE.stream(session, scope[ADDRESS]) as allowed:
            if not allowed:
                raise RefusedError(429, "Too many sessions from this address.")
            with PRESENT.stream(visitor, visitor):
                await self.app(scope, receive, send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self.gate.uploads.turn(scope[ADDRESS]):
                await self._take_in(scope, receive, send)
        except Crowded:
            raise RefusedError(429, "Too many uploads at once from this address. Try again in a minute.") from None

    async def _take_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = scope[VISITOR]
        left = FILES.left(visitor)
        if left <= 0:
            raise RefusedError(413, NO_ROOM)
        answer = bytearray()
        status = 0

        async def keep(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif status == 200 and len(answer) < 1_000_000:
                answer.extend(message.get("body", b""))
                if not message.get("more_body"):
                    FILES.give(visitor, _paths(bytes(answer)))
            await send(message)

        await self.app(scope, bounded(receive, left, _UPLOAD_S), keep)


def _asked_for(scope: Scope, name: str) -> str:
    return next(iter(parse_qs(scope["query_string"].decode("latin-1")).get(name, ())), "")


def _name_of_upload(scope: Scope) -> str:
    name = _asked_for(scope, "upload_id")
    if not _UPLOAD.fullmatch(name):
        raise RefusedError(400, "Needed: upload_id, at most 64 letters and digits.")
    return name


def _note_failure(path: str, error: Exception) -> None:
    """One line in the log, so that nobody can fill it with tracebacks."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    log.warning("%.100s failed: %.200r (%s:%s)", path, error, where.filename, where.lineno)


def _too_often(wait: float) -> RefusedError:
    seconds = str(int(wait) + 1)
    return RefusedError(429, f"Too many wrong passwords. Wait {seconds} s.", {b"retry-after": seconds.encode()})


def _same_house(scope: Scope, headers: dict[str, str], gate: Gate) -> None:
    """Refuse what was meant for another name, or sent by another page, and headers that only a proxy may set."""
    host = headers.get("host")
    if gate.behind_proxy:
        host = headers.get("x-forwarded-host", host)
    else:
        scope["headers"] = [one for one in scope["headers"] if not one[0].startswith(b"x-forwarded-")]
    if not addresses.host_is_ours(host, gate.names):
        raise RefusedError(403, "This hub does not answer under that name; its owner can add it with --allow-host.")
    origin = headers.get("origin")
    if origin is not None and not addresses.origin_is_ours(origin, host or ""):
        raise RefusedError(403, "Pages of other sites may not use this hub.")
    if scope["method"] not in ("GET", "HEAD") and headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise RefusedError(403, "Pages of other sites may not use this hub.")


def _address(scope: Scope, headers: dict[str, str], gate: Gate) -> str:
    if gate.behind_proxy and "x-forwarded-for" in headers:
        return headers["x-forwarded-for"].rpartition(",")[2].strip()[:64]
    return str((scope.get("client") or ("unknown",))[0])


def _check_file(scope: Scope) -> None:
    if not FILES.may_read(scope[VISITOR], scope["path"].partition("file=")[2]):
        raise RefusedError(403, "This file is not yours, or it is gone.")


def _paths(answer: bytes) -> list[str]:
    try:
        found = json.loads(answer)
    except ValueError:
        return []
    return [path for path in found if isinstance(path, str)] if isinstance(found, list) else []


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in header[:8192].split(";"))
    return {name: value for name, _, value in pairs}


def _cookie_line(name: str, value: str, *, secure: bool) -> bytes:
    # In a Space the page stands in a frame of another site: there the cookie needs None, which browsers take by https.
    rest = "SameSite=None; Secure; Partitioned" if secure else "SameSite=Lax"
    return f"{name}={value}; Path=/; HttpOnly; {rest}".encode()


def _with_headers(send: Send, more: dict[bytes, bytes]) -> Send:
    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *more.items()]}
        await send(message)

    return send_more


def _counted(send: Send) -> Send:
    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            METRICS.answered(message["status"])
        await send(message)

    return send_on


async def _answer(send: Send, status: int, text: str, headers: dict[bytes, bytes] | None = None) -> None:
    body = json.dumps({"detail": text}).encode() if status >= 400 else text.encode()
    kind = b"application/json" if status >= 400 else b"text/plain; charset=utf-8"
    sent = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *(headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body})
