"""Lessons: files of steps in ``lessons/``, each a link with a sentence to say, a question, and what to watch.

A file is TOML: ``title``, and ``[[steps]]`` with ``minutes``, ``link``, ``title``, ``say``, ``ask``, ``watch``; where
students answer by choosing, also ``choices`` and ``right``, the number of the right one, and ``watch`` is shown when it
is revealed. ``known`` lists numbers in these texts that neither the link nor the step's code (``apps/take_home.py``)
gives. It may be anybody's: everything in it is bounded, and shown as text. The address of a step is its link with
``&lesson=NAME&step=3``; ``apps/classroom/page/lesson.js`` shows it, and with ``&present=1`` leads a class through it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.links import LONGEST
from apps.markup import Markup, h
from shared.errors import InputError, check_choice, check_number, check_whole, quoted

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

log = logging.getLogger("convhub")

FOLDER = Path(__file__).resolve().parent.parent / "lessons"
MOST_STEPS = 60
_LARGEST = 100_000  # bytes of a file
_TEXTS = {"title": 80, "say": 700, "ask": 300, "watch": 300}  # characters, of each text of a step
_CHOICES = (2, 6)  # of a question
_LONGEST_CHOICE = 100  # characters
_KEYS = {*_TEXTS, "minutes", "link", "known", "choices", "right"}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a lesson."""

    minutes: float
    link: str  # the query of an address, without lesson and step
    title: str
    say: str
    ask: str
    watch: str
    known: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()  # the answers to ``ask`` that students choose from
    right: int = 0  # the number of the right one, from 1; 0 if there are none

    @property
    def tab(self) -> str:
        """The tab that the step needs."""
        return self.link.removeprefix("?tab=").partition("&")[0].partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A lesson with its steps in order."""

    name: str
    title: str
    steps: tuple[Step, ...]

    def plain(self, *, solved: bool = True) -> dict[str, Any]:
        """All that the page needs, as plain values; unless ``solved``, without which answers are right, and why."""
        keys = (*_TEXTS, "minutes", "link", "choices", "right")
        steps = [{key: getattr(step, key) for key in keys} for step in self.steps]
        for step in steps:
            if step["choices"] and not solved:
                step |= {"right": 0, "watch": "", "say": ""}
        return {"name": self.name, "title": self.title, "steps": steps}


def read_lesson(path: Path) -> Lesson:
    """The lesson in a file.

    Raises:
        OSError: it cannot be read.
        InputError: it is too large, no TOML, or has a step that cannot be used; the message names it.
    """
    with path.open("rb") as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise InputError(f"a lesson of at most {_LARGEST:,} bytes", f"{path.name}, which is larger", "Divide it.")
    try:
        found = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path.name} in TOML", str(error)[:200], "See the lessons that come with the hub.") from error
    steps = found.get("steps")
    if not isinstance(steps, list) or not 0 < len(steps) <= MOST_STEPS:
        raise InputError(f"1 to {MOST_STEPS} steps in {path.name}", "others", "Begin each with [[steps]].")
    title = _text(found.get("title"), "title", path.name)
    return Lesson(
        name=path.stem, title=title, steps=tuple(_step(one, f"{path.name}, step {n}") for n, one in enumerate(steps, 1))
    )


def _step(given: Any, where: str) -> Step:
    if not isinstance(given, Mapping) or given.keys() - _KEYS:
        odd = quoted(", ".join(sorted(given.keys() - _KEYS))) if isinstance(given, Mapping) else "something else"
        raise InputError(f"{', '.join(sorted(_KEYS))} in {where}", odd, "Leave out the rest.")
    link, known = given.get("link"), given.get("known", [])
    if not isinstance(link, str) or not link.startswith("?tab=") or len(link) > LONGEST // 2:
        raise InputError(f"a link that begins with ?tab= in {where}", quoted(link, 40), "Press Copy link.")
    if not isinstance(known, list) or not all(isinstance(one, str) for one in known):
        raise InputError(f"known, a list of texts, in {where}", quoted(known, 40), "")
    minutes = check_number(given.get("minutes"), f"Minutes in {where}", low=0, high=240)
    texts = {key: _text(given.get(key), key, where) for key in _TEXTS}
    choices, right = _question(given, where)
    return Step(minutes=minutes, link=link, known=tuple(known), choices=choices, right=right, **texts)


def _question(given: Mapping[str, Any], where: str) -> tuple[tuple[str, ...], int]:
    if "choices" not in given and "right" not in given:
        return (), 0
    choices = given.get("choices")
    least, most = _CHOICES
    if not isinstance(choices, list) or not least <= len(choices) <= most:
        raise InputError(f"choices, {least} to {most} texts, in {where}", quoted(choices, 40), "")
    right = check_whole(given.get("right"), f"Right, the number of a choice, in {where}", low=1, high=len(choices))
    return tuple(_text(one, "choice", where, _LONGEST_CHOICE) for one in choices), right


def _text(given: Any, key: str, where: str, longest: int = 0) -> str:
    longest = longest or _TEXTS[key]
    if not isinstance(given, str) or not given.strip() or len(given) > longest:
        raise InputError(f"{key}, a text of at most {longest} characters, in {where}", quoted(given, 40), "")
    return given.strip()


class Lessons:
    """The lessons that a hub with some tabs can give."""

    def __init__(self, tabs: Iterable[str], folder: Path = FOLDER) -> None:
        """Read the lessons of ``folder`` all of whose steps are in ``tabs``; the log names what is left out."""
        here = set(tabs)
        self.found: dict[str, Lesson] = {}
        for path in sorted(folder.glob("*.toml")):
            try:
                one = read_lesson(path)
            except (InputError, OSError) as error:
                log.warning("%s is left out: %s", path.name, error)
                continue
            if here.issuperset(step.tab for step in one.steps):
                self.found[one.name] = one

    def lesson(self, name: object) -> Lesson:
        """The lesson of that name.

        Raises:
            OptionError: there is none.
        """
        return self.found[check_choice(name, self.found, "The lesson")]

    def menu(self, *, class_: bool = False) -> Markup | None:
        """Links to the first step of each; where the hub can lead a class (``class_``), also to the teacher's notes."""
        links = [
            h.li(h.a(one.title, href=f"{one.steps[0].link}&lesson={one.name}&step=1")) for one in self.found.values()
        ]
        notes = h.li(h.a("The teacher’s notes, for a phone", href="./class/notes")) if class_ else None
        return h.details(h.summary("Lessons"), h.ul(links, notes), class_="ch-lessons") if links else None
