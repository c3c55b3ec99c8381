"""The addresses under ``/class/``: what pages of a class ask and say, answered at once, without gradio.

``GET``: ``now`` (what is on, for this visitor), ``lesson/NAME``, ``phone`` (the address of the notes, and its QR code),
``notes`` (a page for the teacher's phone), ``page/MARK/FILE`` (scripts and style sheets; MARK changes with them),
``board`` (its pictures) and ``board/NAME`` (one of them). ``POST``, JSON: ``answer`` and ``remove`` by everybody,
``teacher`` with the password; ``step``, ``lead``, ``reveal``, ``end``, ``reset`` by the teacher; ``board?tab=style``
takes a picture, as the bytes of a file. The door has made sure of names, origins, log-in and lengths. What is refused
says why in ``detail``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from apps.classroom.board import Board
from apps.classroom.state import Classroom, NotTeacherError
from apps.door.logins import check_teacher
from apps.door.plain import Answer, Asked, as_json, nothing_here
from apps.join import address_code, join_address
from apps.lessons import Lessons
from apps.markup import base_style, page_file
from shared.errors import HubError, InputError

_FOLDER = Path(__file__).parent / "page"
_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_FOR_EVER = {"cache-control": "private, max-age=31536000, immutable"}
_A_WHILE = {"cache-control": "private, max-age=600"}
_LONGEST_QUERY = 200  # characters that are looked at

Handler = Callable[[Asked], Any]  # what is answered, as plain values or as an ``Answer``


class Desk:
    """Answers the requests of a class's pages."""

    def __init__(self, lessons: Lessons, wipe: Callable[[], None] = lambda: None) -> None:
        """A desk for a hub that can give ``lessons``; reads the scripts.

        ``wipe``: what goes at a reset besides the class itself: what visitors have left in the hub.
        """
        self.room = Classroom(lessons)
        self.board = Board()
        self._wipe = wipe
        self._files = _scripts()
        notes = page_file(__file__, "notes.html").replace("SCRIPTS/", scripts_at().removeprefix("class/"))
        self._notes = notes.replace("<!-- style -->", base_style())
        self._asked: dict[str, Handler] = {"now": self._now, "phone": _phone, "notes": self._notes_page}
        self._asked["board"] = lambda asked: self.board.listed(asked.visitor)
        self._said: dict[str, Handler] = {"teacher": self._teacher, "answer": self._answer}
        self._said |= {"board": self._send, "remove": self._remove}
        self._taught: dict[str, Handler] = {
            "step": lambda asked: self.room.step(*_named(asked, "lesson", "step")),
            "lead": lambda asked: self.room.lead(_named(asked, "on")[0] is True),
            "reveal": lambda asked: self.room.reveal(),
            "end": lambda asked: self.room.end(),
            "reset": self._reset,
        }

    def answer(self, asked: Asked) -> Answer:
        """The answer to a request under ``/class/``; the teacher's own are refused to everybody else."""
        name = asked.path.removeprefix("/class/")
        try:
            if asked.method == "POST":
                return self._hear(name, asked)
            kind, _, rest = name.partition("/")
            if kind == "page":
                return self._file(rest.partition("/")[2], asked)
            if kind == "board" and rest:
                return self._picture(rest, asked)
            found = self._lesson(rest, asked) if kind == "lesson" else self._asked.get(name, nothing_here)(asked)
            return found if isinstance(found, Answer) else as_json(found)
        except HubError as error:
            return as_json({"detail": str(error)}, 403 if isinstance(error, NotTeacherError) else 400)

    def _hear(self, name: str, asked: Asked) -> Answer:
        said = self._said.get(name)
        if said is None:
            self.room.check_teacher(asked.visitor)
            said = self._taught.get(name, nothing_here)
        found = said(asked)
        return found if isinstance(found, Answer) else as_json(self._now(asked))

    def _now(self, asked: Asked) -> dict[str, Any]:
        follows = {"0": False, "1": True}.get(_wanted(asked, "follows"))
        return self.room.now(asked.visitor, follows=follows) | {"board": self.board.state()}

    def _lesson(self, name: str, asked: Asked) -> dict[str, Any]:
        lesson = self.room.lessons.lesson(name)
        solved = self.room.is_teacher(asked.visitor) or not self.room.is_given(lesson)
        return lesson.plain(solved=solved)

    def _teacher(self, asked: Asked) -> None:
        check_teacher(_named(asked, "password")[0], asked.address)
        self.room.admit(asked.visitor)

    def _answer(self, asked: Asked) -> None:
        self.room.answer(asked.visitor, asked.address, *_named(asked, "step", "choice"))

    def _send(self, asked: Asked) -> None:
        if not self.room.is_on():
            raise InputError("", "No class is on", "Wait until the teacher begins.")
        self.board.send(asked.visitor, asked.address, asked.body, _wanted(asked, "tab"))

    def _remove(self, asked: Asked) -> None:
        teaches = self.room.is_teacher(asked.visitor)
        self.board.remove(_named(asked, "name")[0], asked.visitor, teaches=teaches)

    def _reset(self, asked: Asked) -> None:
        self.room.reset()
        self.board.clear()
        self._wipe()

    def _picture(self, name: str, asked: Asked) -> Answer:
        jpeg = self.board.picture(name)
        return nothing_here(asked) if jpeg is None else Answer(body=jpeg, kind="image/jpeg", headers=_A_WHILE)

    def _notes_page(self, asked: Asked) -> Answer:
        return Answer(body=self._notes.encode(), kind="text/html; charset=utf-8")

    def _file(self, name: str, asked: Asked) -> Answer:
        found = self._files.get(name)
        if found is None:
            return nothing_here(asked)
        if not asked.takes_gzip:
            return found
        packed = {"content-encoding": "gzip", "vary": "Accept-Encoding"}
        return Answer(body=gzip.compress(found.body, 6), kind=found.kind, headers=found.headers | packed)


def scripts_at() -> str:
    """Where the scripts are, from the hub's own address; another place when one of them has changed."""
    whole = b"".join(answer.body for _, answer in sorted(_scripts().items()))
    return f"class/page/{hashlib.sha256(whole).hexdigest()[:12]}/"


@lru_cache(maxsize=1)
def _scripts() -> Mapping[str, Answer]:
    found = {path.name: page_file(__file__, path.name) for path in _FOLDER.iterdir() if path.suffix in _KINDS}
    return {
        name: Answer(body=text.encode(), kind=_KINDS[Path(name).suffix], headers=_FOR_EVER)
        for name, text in found.items()
    }


def _named(asked: Asked, *names: str) -> list[Any]:
    """The values of these names in the JSON that was sent.

    Raises:
        InputError: it is no JSON object that has them.
    """
    try:
        found = json.loads(asked.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not found.keys() >= set(names):
        raise InputError(f"JSON with {', '.join(names)}", "something else", "Reload the page.")
    return [found[name] for name in names]


def _wanted(asked: Asked, name: str) -> str:
    return parse_qs(asked.query[:_LONGEST_QUERY]).get(name, [""])[0]


def _phone(asked: Asked) -> dict[str, str]:
    address = f"{join_address(asked.hub)}class/notes"
    return {"address": address, "code": address_code(address)}
