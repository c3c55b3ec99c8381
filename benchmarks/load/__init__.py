"""Visitors with browsers of their own, as cheap as such things can be: on one machine they take what the hub needs.

gradio's own client takes 50 to 100 ms of processor time for a call, as much as the hub needs for the answer.
"""

from __future__ import annotations

import contextlib
import functools
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
        self._url = url
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

    def keep(self, path: Path) -> dict[str, Any]:
        """Send a file as a page does when it is chosen; what comes back stands for it in calls."""
        with path.open("rb") as file:
            sent = self._http.post("gradio_api/upload", files={"files": (path.name, file)}).json()[0]
        return {"path": sent, "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}

    def press(self, event: str, *values: Any) -> Any:
        """The last answer to an event of the page that is no endpoint, by the name of its function.

        Raises:
            CallError: there is none.
        """
        number = _events(self._url)[f"/{event}"]
        body = {"data": list(values), "fn_index": number, "session_hash": self.session, "trigger_id": 0}
        asked = self._http.post("gradio_api/queue/join", json=body)
        if asked.status_code != httpx.codes.OK:
            raise CallError(f"{asked.status_code} {asked.text[:200]}")
        with self._http.stream("GET", f"gradio_api/queue/data?session_hash={self.session}") as answer:
            for line in answer.iter_lines():
                message = json.loads(line[6:]) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    if not message["success"]:
                        raise CallError(str(message["output"])[:300])
                    return message["output"]["data"]
        raise CallError("no answer")

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

        With a wrong number gradio loses the run's place and begins it again, for nobody.
        """
        body = {"event_id": self.event, "session_hash": self.session, "fn_index": self._fn}
        self._http.post("gradio_api/cancel", json=body).raise_for_status()

    def _sent(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._sent(one) for one in value]
        return self.keep(value) if isinstance(value, Path) else value


def together(works: Iterable[Callable[[], object]]) -> None:
    """Do all ``works`` at once, each in a thread; returns when the last is done."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@functools.cache
def _events(url: str) -> dict[str, int]:
    """Gradio's number of each event's function, by "/" and the function's name."""
    dependencies = httpx.get(f"{url}/config", timeout=WAIT_S).json()["dependencies"]
    return {f"/{one['api_name']}": one["id"] for one in dependencies}


@functools.cache
def _endpoints(url: str) -> dict[str, tuple[int, list[Any]]]:
    """Endpoint -> gradio's number of its function, the default of each parameter."""
    endpoints = httpx.get(f"{url}/gradio_api/info", timeout=WAIT_S).json()["named_endpoints"]
    return {
        name: (_events(url)[name], [one.get("parameter_default") for one in endpoint["parameters"]])
        for name, endpoint in endpoints.items()
    }


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
