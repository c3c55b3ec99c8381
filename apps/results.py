"""What a visitor made in the present session, to take home as one zip: kept as it is made, packed when asked for.

Of each kind the latest result is kept, a large one on the disk, for whoever made it and no longer than their session.
Settings carry the names of the controls that links carry, so that each result has the link that leads to it and the
code that gives the same numbers. What a demo keeps anyhow is no second time here: a function fetches it when the zip
is made.
"""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import re
import tempfile
import threading
import weakref
import zipfile
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from shared.errors import HubError, InputError
from shared.images import png_bytes
from shared.serving.later import LATER
from shared.sessions import Sessions

Owner = TypeVar("Owner")
NAME = "convhub-results.zip"
README, CODE = "README.txt", "code.py"
_EACH = 24_000_000  # bytes that are kept for one session
_ALL = 300_000_000  # ... for all of them; a class of 40 that draws and paints keeps a third of that
_LARGE = 50_000  # ... of a picture or a file that waits on the disk
_LARGEST = 48_000_000  # bytes in a zip, before they are packed
_PACKED = (".gif", ".jpg", ".mp4", ".png", ".safetensors", ".webp")  # would not become smaller
_ROWS = 500  # of a table that grows line by line
_GIFTS = 4  # of stages in a browser
_LIBRARIES = ("torch", "numpy", "pillow", "gradio")
_GRACE_S = 180.0  # after a page has gone: a phone may be back
_GIFT = re.compile(r"[a-z]{1,20}\.(csv|png)")
_TEXT = """Results of a session with ConvHub, {when}

The latest result of each kind that you made, as the page showed it. Nothing of anybody else's is here. A link opens the
page with the settings of its result; photos and files of yours are not part of it. {code}, if there is one, gives
the same numbers without the page, of sample photos where yours were shown: save it in the repository's folder and run
it there, offline, after pip install -r requirements.txt."""

File = tuple[Image.Image | bytes | str | Callable[[], bytes | str], str]  # what is in it, or gives that; what it is


class OnDisk:
    """A picture or a file that waits on the disk until it is packed; it goes with this object, or with the hub."""

    def __init__(self, what: Image.Image | bytes) -> None:
        """Write ``what`` to a file.

        Raises:
            OSError: there is no room for it.
        """
        self.size = _held(what)
        self._form = None if isinstance(what, bytes) else (what.mode, what.size)
        file, name = tempfile.mkstemp(prefix="convhub-result-")
        self._path = Path(name)
        weakref.finalize(self, self._path.unlink, missing_ok=True)
        with os.fdopen(file, "wb") as out:
            out.write(what if isinstance(what, bytes) else what.tobytes())

    def __call__(self) -> bytes:
        """The file, of a picture as PNG.

        Raises:
            InputError: it is not there any more.
        """
        try:
            data = self._path.read_bytes()
        except OSError as error:
            raise InputError("", "This is not kept any more", "Make it again.") from error
        return data if self._form is None else png_bytes(Image.frombytes(*self._form, data))


def put_aside(what: Any) -> Any:
    """``what`` of a result's file, on the disk if it is large and there is room."""
    plain = isinstance(what, bytes) or getattr(what, "mode", "") in ("L", "RGB", "RGBA")
    if not plain or _held(what) < _LARGE:
        return what
    try:
        return OnDisk(what)
    except OSError:
        return what


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one press of a button made."""

    path: str  # of the sub-tab: "gan/sample"
    part: str  # which of the sub-tab's results, where it has several
    files: Mapping[str, File]  # by their names
    settings: Mapping[str, Any]  # by the controls' names
    holds: int = 0  # bytes of memory that functions among its files keep

    @property
    def folder(self) -> str:
        """Its folder in the zip."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.path} {self.part}".lower()).strip("-")

    @property
    def size(self) -> int:
        """Bytes of memory and of the disk that it holds."""
        return self.holds + sum(_held(what) for what, _ in self.files.values())


@dataclass(eq=False)
class Kept:
    """The results of one session, the latest last."""

    results: OrderedDict[str, Result] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    size: int = 0  # bytes of memory and of the disk

    def add(self, result: Result) -> None:
        """Keep ``result`` in the place of its forerunner; the oldest ones give way to it."""
        with self.lock:
            self.results.pop(result.folder, None)
            self.results[result.folder] = result
            self.size = sum(one.size for one in self.results.values())
            while len(self.results) > 1 and self.size > _EACH:
                self.size -= self.results.popitem(last=False)[1].size

    def settings_of(self, path: str) -> Mapping[str, Any]:
        """The settings of the result of the sub-tab ``path``, if there is one."""
        found = [one.settings for one in self.all() if one.path == path]
        return found[-1] if found else {}

    def text(self, folder: str, name: str) -> str:
        """The text in the file ``name`` of the result in ``folder``; empty if there is none."""
        with self.lock:
            what = self.results[folder].files[name][0] if folder in self.results else ""
        return what if isinstance(what, str) else ""

    def all(self) -> list[Result]:
        """The results, the latest last."""
        with self.lock:
            return list(self.results.values())


RESULTS: Sessions[Kept] = Sessions(Kept)
_packing = threading.Lock()  # one zip at a time is in memory


def leave(owner: str) -> None:
    """The page of the session ``owner`` was closed: forget its results unless it is back soon."""
    RESULTS.leave(owner)
    LATER.do("results", _GRACE_S, RESULTS.sweep)


def keep(owner: str, result: Result, *, made_of: str = "") -> None:
    """Keep ``result`` for the session ``owner``; others, unused for longest, give way where all keep too much.

    ``made_of``: see ``apps.ui.keep_result``.
    """
    kept = RESULTS.get(owner)
    files = {name: (put_aside(what), about) for name, (what, about) in result.files.items()}
    kept.add(replace(result, files=files, settings={**kept.settings_of(made_of), **result.settings}))
    RESULTS.make_room(owner, lambda one: one.size, _ALL)


def later(owner: Owner, make: Callable[[Owner], bytes | str]) -> Callable[[], bytes | str]:
    """What ``make`` makes of ``owner`` when the zip is packed; ``owner`` is not kept for that."""
    known = weakref.ref(owner)

    def made() -> bytes | str:
        found = known()
        if found is None:
            raise InputError("", "This is not kept any more", "Make it again.")
        return make(found)

    return made


def with_row(text: str, head: Sequence[str], row: Sequence[Any]) -> str:
    """The table ``text``, or a new one, with ``row`` below; of many rows the first ones go."""
    _, *rows = text.splitlines(keepends=True) or [""]
    return "".join((table(head, ()), *rows[1 - _ROWS :], table(row, ())))


def gifts(sent: object) -> list[tuple[str, dict[str, bytes]]]:
    """What stages in the browser give to be taken home, as the page sends it: their links, and files by their names.

    Raises:
        InputError: something else.
    """
    try:
        given = sent["given"][:_GIFTS]  # type: ignore[index]
        return [(str(one["query"]), dict(map(_gift, one["files"].items()))) for one in given]
    except (AttributeError, KeyError, TypeError, ValueError):  # binascii's is a ValueError
        raise InputError("pictures and tables of the page", "something else", "Reload the page.") from None


def _gift(named: tuple[str, str]) -> tuple[str, bytes]:
    name, text = named
    kind = _GIFT.fullmatch(name)
    start = {"csv": "data:text/csv;base64,", "png": "data:image/png;base64,"}[kind[1] if kind else ""]
    if not text.startswith(start):
        raise ValueError
    return name, b64decode(text[len(start) :], validate=True)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    return out.getvalue()


def as_json(value: Any) -> str:
    """Plain values as JSON."""
    return json.dumps(value, ensure_ascii=False, indent=1)


def zipped(
    owner: str, link: Callable[[Result], str], code: Callable[[Result], str], given: Sequence[Result] = ()
) -> bytes:
    """All results of the session ``owner`` as a zip: a folder for each, and what is what in ``README``.

    Args:
        owner: the session.
        link: the address that leads to a result, or nothing.
        code: the script that gives its numbers, or nothing.
        given: what the page sends along, and the hub does not keep.

    Raises:
        InputError: there is no result yet.
    """
    kept = RESULTS.find(owner)
    results = [*([] if kept is None else kept.all()), *given]
    if not results:
        found = "There are no results of yours yet"
        raise InputError("", found, "Draw, paint, compare or classify something, then take it home.")
    with _packing:
        return _packed(results, link, code)


def _packed(results: Sequence[Result], link: Callable[[Result], str], code: Callable[[Result], str]) -> bytes:
    words, left, out = [_TEXT.format(when=_now(), code=CODE)], _LARGEST, io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for result in results:
            lines = []
            script = code(result)
            own: dict[str, File] = {CODE: (script, "The same numbers without the page.")} if script else {}
            for name, (what, about) in (*result.files.items(), *own.items()):
                try:
                    data = _bytes_of(what)
                except HubError as error:
                    lines.append(f"  {name}: left out. {error}")
                    continue
                if len(data) > left:
                    lines.append(f"  {name}: left out, because the zip would be larger than {_LARGEST // 10**6} MB")
                    continue
                left -= len(data)
                method = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
                archive.writestr(f"{result.folder}/{name}", data, method)
                lines.append(f"  {name}: {about}")
            words.append("\n".join((f"{result.folder}/", *lines, *_settings(result, link(result)))))
        words.append("Made with " + ", ".join(_versions()) + ".\n")
        archive.writestr(README, "\n\n".join(words))
    return out.getvalue()


def _settings(result: Result, link: str) -> Iterator[str]:
    if result.settings:
        yield "  Settings: " + ", ".join(f"{name} = {_line(value)}" for name, value in result.settings.items())
    if link:
        yield f"  Link: {link}"


def _line(value: Any) -> str:
    return "; ".join(str(value).splitlines())


def _bytes_of(what: Any) -> bytes:
    if callable(what):
        what = what()
    if isinstance(what, str):
        return what.encode()
    if isinstance(what, bytes):
        return what
    return png_bytes(what)


def _held(what: Any) -> int:
    if isinstance(what, OnDisk):
        return what.size
    if callable(what):
        return 0
    return len(what) if isinstance(what, str | bytes) else what.width * what.height * len(what.getbands())


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%d %B %Y, %H:%M UTC")


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    for name in _LIBRARIES:
        yield f"{name} {metadata.version(name)}"
