"""Visitors with browsers of their own, as cheap as such things can be: on one machine they take what the hub needs.

gradio's own client takes 50 to 100 ms of processor time for a call, as much as the hub needs for the answer.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx

WAIT_S = 900.0  # that one answer may take


class CallError(Exception):
    """The hub refused a call, or could not answer it."""


class Visitor:
    """One browser: a cookie, a session, calls of endpoints by name. Files are given as ``Path``."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=WAIT_S)
        self._http.get("/").raise_for_status()  # the page brings the cookie
        self.session = secrets.token_hex(6)
        self._endpoints = _endpoints(url)
        page = self._http.build_request("GET", f"gradio_api/heartbeat/{self.session}")
        self._page = self._http.send(page, stream=True)  # open as long as the page is

    def predict(self, *values: Any, api_name: str) -> Any:
        """The last answer of an endpoint; the files that it names are read, as a page shows them.

        Raises:
            CallError: there is none.
        """
        answer = None
        with self.calling(*values, api_name=api_name) as answers:
            for answer in answers:  # noqa: B007 - the last one
                pass
        for address in _addresses(answer):
            self._http.get(address).raise_for_status()
        return answer[0] if isinstance(answer, list) and len(answer) == 1 else answer

    @contextlib.contextmanager
    def calling(self, *values: Any, api_name: str) -> Iterator[Iterator[list[Any]]]:
        """The answers of an endpoint, one for each step; left early, it is a page that was closed."""
        data = [self._sent(value) for value in values]
        self._fn, defaults = self._endpoints[api_name]
        data += defaults[len(data) :]
        asked = self._http.post(f"gradio_api/call{api_name}", json={"data": data, "session_hash": self.session})
        if asked.status_code != httpx.codes.OK:
            raise CallError(f"{asked.status_code} {asked.text[:200]}")
        self.event = asked.json()["event_id"]
        with self._http.stream("GET", f"gradio_api/call{api_name}/{self.event}") as answer:
            yield _answers(answer.iter_lines())

    def stop(self) -> None:
        """End the call that was made last, as the page's Stop does: gradio wants to know of which function it is.

        With a wrong number gradio loses the run's place and begins it anew, for nobody.
        """
        body = {"event_id": self.event, "session_hash": self.session, "fn_index": self._fn}
        self._http.post("gradio_api/cancel", json=body).raise_for_status()

    def _sent(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._sent(one) for one in value]
        if not isinstance(value, Path):
            return value
        with value.open("rb") as file:
            path = self._http.post("gradio_api/upload", files={"files": (value.name, file)}).json()[0]
        return {"path": path, "orig_name": value.name, "meta": {"_type": "gradio.FileData"}}


def together(works: Iterable[Callable[[], object]]) -> None:
    """Do all ``works`` at once, each in a thread; returns when the last is done."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


_known: dict[str, dict[str, tuple[int, list[Any]]]] = {}


def _endpoints(url: str) -> dict[str, tuple[int, list[Any]]]:
    """Endpoint -> gradio's number of its function, the default of each parameter; asked once for each hub."""
    if url not in _known:
        endpoints = httpx.get(f"{url}/gradio_api/info", timeout=WAIT_S).json()["named_endpoints"]
        dependencies = httpx.get(f"{url}/config", timeout=WAIT_S).json()["dependencies"]
        numbers = {f"/{one['api_name']}": one["id"] for one in dependencies}
        _known[url] = {
            name: (numbers[name], [one.get("parameter_default") for one in endpoint["parameters"]])
            for name, endpoint in endpoints.items()
        }
    return _known[url]


def _answers(lines: Iterator[str]) -> Iterator[list[Any]]:
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: ") and kind == "error":
            raise CallError(line[6:300])
        elif line.startswith("data: ") and kind in ("generating", "complete"):
            yield json.loads(line[6:])


def _addresses(answer: Any) -> list[str]:
    """Of the files in an answer."""
    if isinstance(answer, dict):
        return [answer["url"]] if "url" in answer and "path" in answer else _addresses(list(answer.values()))
    return [address for one in answer for address in _addresses(one)] if isinstance(answer, list) else []
