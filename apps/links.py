"""The address of what is on the screen: ``?tab=gan/latent-walk&v=1&seed=4&digit=7``, written, read and checked here.

``tab`` names a tab and the sub-tabs within it, every other name a control whose value is not the one that the page
opens with; ``v`` is the version of this form. No control that holds a photo, a name or a file can be named: there is
no kind for it. A link comes from anywhere, so it is read like any input: bounded before it is taken apart, every value
checked by its control's kind; what cannot be used is left out and reported, and the rest is shown.

``apps/sharing.py`` says which controls there are; ``page/links.js`` writes the same form in the browser.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from shared.errors import HubError, InputError, quoted

VERSION = "1"
LONGEST = 8000  # characters of a query: twice what page/links.js makes, which a browser may write with more escapes
MOST = 60  # values in a link
_MOST_FAULTS = 3  # that are listed one by one
_PLAIN = ",:/;=*!'()~"  # left as they are, as in page/links.js: an address with them can still be read
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_NUMBER = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?")
_TEXT = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]*")  # no control but \n
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
OURS = (
    "tab",
    "v",
    "embed",
    "lesson",
    "step",
    "present",
)  # names that no control may have; the last four are the page's
_FOREIGN = ("view", "deep_link")  # gradio's own; also what begins with two underscores


class Kind(ABC):
    """What a control's value may be, and how it is written."""

    def read(self, text: str) -> Any:
        """The value that ``text`` says.

        Raises:
            InputError: none that this control can have.
        """
        return self._read(text)

    def write(self, value: Any) -> str:
        """``value`` as text, before it is made fit for an address."""
        return self._write(value)

    @abstractmethod
    def _read(self, text: str) -> Any: ...

    def _write(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from ``low`` to ``high``."""

    low: int
    high: int

    def _read(self, text: str) -> int:
        if _WHOLE.fullmatch(text) and self.low <= int(text) <= self.high:
            return int(text)
        raise InputError(f"a whole number from {self.low} to {self.high}", quoted(text, 20))

    def _write(self, value: Any) -> str:
        return str(int(value))


@dataclass(frozen=True)
class Number(Kind):
    """A number from ``low`` to ``high``."""

    low: float
    high: float

    def _read(self, text: str) -> float:
        if _NUMBER.fullmatch(text) and self.low <= float(text) <= self.high:
            return float(text)
        raise InputError(f"a number from {self.low:g} to {self.high:g}", quoted(text, 20))

    def _write(self, value: Any) -> str:
        short = float(f"{float(value):.12g}")
        return str(int(short)) if short.is_integer() and abs(short) < 1e15 else repr(short)


@dataclass(frozen=True)
class Flag(Kind):
    """On or off."""

    def _read(self, text: str) -> bool:
        if text in ("0", "1"):
            return text == "1"
        raise InputError("1 or 0", quoted(text, 20))

    def _write(self, value: Any) -> str:
        return "1" if value else "0"


@dataclass(frozen=True)
class Choice(Kind):
    """One of ``values``."""

    values: tuple[str | int | float, ...]

    def _read(self, text: str) -> str | int | float:
        for value in self.values:
            if str(value) == text:
                return value
        some = ", ".join(map(str, self.values[:6]))
        raise InputError(f"one of {some}{' ...' if len(self.values) > 6 else ''}", quoted(text, 20))


@dataclass(frozen=True)
class Several(Kind):
    """Some of ``values``, none of which has a comma, each once, in any order."""

    values: tuple[str | int | float, ...]

    def _read(self, text: str) -> list[str | int | float]:
        one = Choice(self.values)
        chosen = [one.read(part) for part in text.split(",")] if text else []
        if len(set(chosen)) < len(chosen):
            raise InputError("each choice once", quoted(text, 40))
        return chosen

    def _write(self, value: Any) -> str:
        return ",".join(map(str, value))


@dataclass(frozen=True)
class Numbers(Kind):
    """At most ``most`` numbers, each from ``low`` to ``high``."""

    low: float
    high: float
    most: int

    def _read(self, text: str) -> list[float]:
        parts = text.split(",", self.most)
        if len(parts) > self.most:
            raise InputError(f"at most {self.most} numbers", "more")
        return [Number(self.low, self.high).read(part) for part in parts]

    def _write(self, value: Any) -> str:
        return ",".join(map(Number(self.low, self.high).write, value))


@dataclass(frozen=True)
class Text(Kind):
    """At most ``longest`` characters, lines among them; what they mean is for the handler that reads them."""

    longest: int

    def _read(self, text: str) -> str:
        if len(text) > self.longest:
            raise InputError(f"at most {self.longest} characters", str(len(text)))
        if not _TEXT.fullmatch(text):
            raise InputError("letters, digits and signs", "a control character")
        return text


Groups = Mapping[str, Mapping[str, Kind]]  # "gan/latent-walk" -> the controls of that sub-tab


@dataclass(frozen=True)
class Asked:
    """What a link asks for."""

    path: str = ""  # "gan/latent-walk"; empty where it names no tab
    values: Mapping[str, Any] | None = None  # by the control's name, checked
    faults: tuple[str, ...] = ()  # what was left out, and why, in sentences

    def among(self, group: str) -> bool:
        """Whether the controls of ``group``, a tab or sub-tab, are on the screen where this link leads."""
        return self.path == group or self.path.startswith(f"{group}/")


def kinds_at(path: str, groups: Groups) -> dict[str, Kind]:
    """The controls on the screen at ``path``: those of its tab, its sub-tab, and so on."""
    found: dict[str, Kind] = {}
    for group, kinds in groups.items():
        if Asked(path).among(group):
            found |= kinds
    return found


def read_link(query: str, paths: Iterable[str], groups: Groups) -> Asked:
    """What the ``query`` of an address asks for; never fails.

    Args:
        query: with or without its "?", of any length, from anybody.
        paths: the tabs and sub-tabs that there are.
        groups: the controls of each.
    """
    if len(query) > LONGEST:
        return Asked(faults=(f"A link has at most {LONGEST:,} characters; this one has {len(query):,}.",))
    if not (query.isascii() and query.isprintable()):
        return Asked(faults=("It is damaged.",))
    try:
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=MOST, errors="strict")
    except ValueError:  # too many fields, or no UTF-8
        return Asked(faults=("It is damaged.",))
    given: dict[str, str] = {}
    for name, text in pairs:
        given.setdefault(name, text)  # as browsers read it: the first one counts
    path = given.pop("tab", "")
    known = set(paths)
    faults = [] if not path or path in known else [f"There is no tab {quoted(path, 40)} here."]
    while path and path not in known:
        path = path.rpartition("/")[0]  # the tab, where only the sub-tab is unknown
    version = given.pop("v", VERSION)
    given = {name: text for name, text in given.items() if not (name in OURS + _FOREIGN or name.startswith("__"))}
    if version != VERSION and given:
        return Asked(path, {}, (*faults, f"It is of version {quoted(version, 10)}; this hub reads {VERSION}."))
    values, wrong = _read_values(given, kinds_at(path, groups))
    return Asked(path, values, tuple(faults or wrong))


def _read_values(given: Mapping[str, str], kinds: Mapping[str, Kind]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    faults = []
    for name, text in given.items():
        if name not in kinds:
            faults.append(f"There is no control {quoted(name, 20)} here.")
            continue
        try:
            values[name] = kinds[name].read(text)
        except HubError as error:
            faults.append(f"“{name}” has to be {error.needed}, not {error.found}.")
    if len(faults) > _MOST_FAULTS:
        faults[_MOST_FAULTS:] = [f"And {len(faults) - _MOST_FAULTS} more."]
    return values, faults


def write_link(path: str, values: Mapping[str, Any], groups: Groups) -> str:
    """The query of the address that opens ``path`` with ``values``, with its "?"; the order of ``values`` is kept.

    Raises:
        KeyError, InputError: no control of that path, or a value that reading it would refuse: a mistake of ours.
    """
    kinds = kinds_at(path, groups)
    parts = [f"tab={path}"]
    if values:
        parts.append(f"v={VERSION}")
    for name, value in values.items():
        text = kinds[name].write(value)
        kinds[name].read(text)
        parts.append(f"{name}={quote_plus(text, safe=_PLAIN)}")
    return "?" + "&".join(parts)


def check_name(name: str) -> str:
    """``name``, if a control can have it in a link.

    Raises:
        ValueError: a mistake of ours.
    """
    if not _NAME.fullmatch(name) or name in OURS or name in _FOREIGN:
        raise ValueError(f"no name of a control in a link: {name!r}")
    return name


def number_kind(low: float | None, high: float | None, *, whole: bool) -> Whole | Number:
    """The kind of a number whose control has these limits, if any."""
    least, most = -1e12 if low is None else low, 1e12 if high is None else high
    return Whole(math.ceil(least), math.floor(most)) if whole else Number(float(least), float(most))
