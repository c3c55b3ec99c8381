"""Whose photo is it? The one rule by which the files of a folder or a zip become people, and how faces check it.

A photo is of the person whose folder it lies in, at whatever depth: ``Class 7b/Ada Lovelace/IMG_0412.jpg``. Which of
the folders in a path are people's is read from all of them: the people are at the level where most folders are; what
lies deeper is the person's above it, what lies next to these folders is nobody's. Where there is no such folder, or one
folder whose files all carry different names (``known_people/Ada.jpg``), a file is named after its person. The names
that cameras, phones and programs give (IMG_0412, 20260903_101112, Photo 3), numbers, and words such as "class" or
"photos" are no names.

Then the faces are asked (``settle``): a folder whose files carry names and whose faces are different people's is read
by its files, one that shows the same face throughout by its folder. A folder of many faces without names is enrolled
under no name at all. What is left as doubtful is said: a photo that is unlike the person's others.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from apps.face.gallery.names import check_name
from shared.errors import HubError

RULE = (
    "A photo is named after the folder it lies in (NAME/photo.jpg, with any folders around it), or, where a folder’s "
    "files are named after people (class/NAME.jpg), after its file. Names like IMG_0412 are nobody’s."
)
NOBODYS = "its name is nobody’s: put the photo into a folder with the person’s name"
BESIDE = "lies next to the folders of people: whose photo is it?"
STRANGERS = "the photos in this folder show different people, and their names do not say whom: put each into a folder"
FOLDERS, FILES = "the folders", "the files"  # what the names were taken from

_WORDS = (
    "album albums all archive avatar avatars background bild bilder birthday bus camera class classes classroom copy "
    "cours course cover crop data dataset dcim default desktop documents download downloads dropbox edit edited eleves "
    "export face faces family file files final folder foto fotos front full gallery gesicht gesichter grade group "
    "gruppe gruppenfoto holiday icon image images imgs info input jahrgang jpeg jpg klasse klassenfoto known kurs left "
    "lfw logo me media misc model my neu neue new old original originals other output passport people "
    "photo photos pic pics picture pictures png portrait portraits profile profil pupils raw right room scan scanned "
    "schueler school schule selfie selfies set side students team temp test thumb thumbnail timetable tmp train "
    "training trip unknown unsorted untitled upload uploads user val validation version web whatsapp year"
)
_NO_NAMES = frozenset(_WORDS.split())
_CAMERA = re.compile(  # how cameras, phones and programs begin the names that they give
    r"^(img|dsc[fn]?|dscn|pict?|pxl|mvi|vid|gopr|sam|cimg|kif|hpim|dji|p|mg|wp|wa|fb|fbimg|snapchat|screenshot|"
    r"whatsapp|bildschirmfoto|capture|signal|telegram|image|photo|unnamed|frame|burst|received|export|scan|cam|webcam|"
    r"mvimg|imag|imgp|kimg|sdc|sany|pano|resized|cropped|camscanner|collage|fullsizerender|tempimage|mmexport|viber|"
    r"kakaotalk|line|picsart|snapseed|lightroom|lrm|beautyplus|attachment|pasted|clipboard|bild|foto|vlcsnap|"
    r"person|subject|participant|pupil|student|child|kid)$"
)
_TAIL = re.compile(r"^([^\W\d_]{2,})(\d{1,2})$")  # ada2: another photo of Ada
_GIVEN = frozenset(("line", "sam"))  # names of people, too, unless a long number follows
_MADE_UP = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|[0-9a-f]{20}", re.IGNORECASE)  # by a program
_LONGEST = 120  # characters of a folder's or file's name that are looked at; a name has at most 60
_DCF = re.compile(r"^\d{3}[A-Za-z_]{5}$")  # a camera's folder: 100APPLE
_COMPARED = 500  # photos of one person that are compared with each other
_NUMBER = re.compile(r"[\s_.-]*\(?\d+\)?$")
_COPY = re.compile(r"[\s_-]*(?:\(\d+\)|copy(?: \d+)?|kopie|edited|bearbeitet)$", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """What the rule says of one photo; one of the two is empty."""

    person: str
    reason: str = ""  # why it is nobody's


@dataclass(frozen=True, kw_only=True)
class Settled:
    """Whose the photos are once their faces have been compared."""

    readings: tuple[Reading, ...]  # in the order of the photos
    source: str  # what the names were taken from: FOLDERS or FILES
    doubts: tuple[str, ...]  # sentences about photos that look like somebody else's


def readings(paths: Sequence[str], *, by_files: bool | None = None) -> tuple[list[Reading], bool]:
    """Whose the photos with these ``paths`` are, by their names alone; and whether the files were read as names.

    ``by_files`` demands one of the two ways to read them; by itself the rule decides.
    """
    parts = [tuple(part[:_LONGEST] for part in PurePosixPath(path).parts) for path in paths]
    homes = [_home(part[:-1], is_name) for part in parts]
    if not any(homes):
        homes = [_home(part[:-1], is_label) for part in parts]
    level = _level(homes)
    owners = {home[:level] for home in homes if level and len(home) >= level}
    files = [_from_file(part[-1]) for part in parts]
    if by_files is None:
        by_files = len(owners) < 2 and _are_people(files)
    if by_files or not level:
        return [Reading(name) if name else Reading("", NOBODYS) for name in files], True
    return [_checked(home[level - 1]) if len(home) >= level else Reading("", BESIDE) for home in homes], False


def settle(paths: Sequence[str], encodings: Sequence[NDArray[np.float32] | None], tau: float) -> Settled:
    """Whose the photos are, by their names and by their faces.

    Args:
        paths: as in the folder or the zip.
        encodings: of each photo's subject, or ``None`` if there is none; all of one encoder.
        tau: the distance up to which two faces are one person's.
    """
    rows, by_files = readings(paths)
    other, other_by_files = readings(paths, by_files=not by_files)
    if by_files and not other_by_files and any(one.person for one in other) and _alike(other, encodings, tau) is True:
        rows, by_files = other, False
    elif not by_files and _alike(rows, encodings, tau) is False and _are_people([one.person for one in other]):
        rows, by_files = other, True
    doubts: list[str] = []
    for person, members in _people(rows, encodings).items():
        unlike = _unlike([encodings[i] for i in members], tau)
        if unlike is None:
            for i in members:
                rows[i] = Reading("", STRANGERS)
            continue
        doubts += [
            f"{paths[members[i]]} does not look like the other photos of {person} "
            f"(distance {distance:.2f}): is it the same person?"
            for i, distance in unlike
        ]
    return Settled(readings=tuple(rows), source=FILES if by_files else FOLDERS, doubts=tuple(doubts))


def is_name(text: str) -> bool:
    """Whether ``text``, the name of a folder or of a file without its ending, can be a person's."""
    if _MADE_UP.search(text):
        return False
    parts = re.split(r"[\s_.,&()+-]+", unicodedata.normalize("NFC", text).casefold())
    words = [word for part in parts for word in _TAIL.sub(r"\1 \2", part).split()]
    letters = [word for word in words if not any(c.isdigit() for c in word)]
    if letters[:1] and letters[0] in _GIVEN and not any(len(word) > 2 for word in words if word not in letters):
        return True
    if sum(c.isalpha() for word in letters for c in word) < (2 if text.isascii() else 1):
        return False
    if _CAMERA.match(letters[0]) and (len(letters) < len(words) or len(letters) == 1):
        return False
    return not all(word in _NO_NAMES for word in letters)


def is_label(text: str) -> bool:
    """Whether ``text`` can stand for a person where no folder has a name: A, S01."""
    words = [word for word in re.split(r"[\s_.,&()+-]+|\d+", text.casefold()) if word]
    is_camera = _DCF.match(text) or (sum(c.isdigit() for c in text) > 2 and all(map(_CAMERA.match, words)))
    return bool(words) and not is_camera and not all(word in _NO_NAMES for word in words)


def _home(folders: tuple[str, ...], can_be: Callable[[str], bool]) -> tuple[str, ...]:
    """The folders down to the last one that can be a person's."""
    while folders and not can_be(folders[-1]):
        folders = folders[:-1]
    return folders


def _level(homes: Sequence[tuple[str, ...]]) -> int:
    """How deep the people's folders lie: where most are, of equals where most photos are; 0: there are none."""
    folders: dict[int, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for home in homes:
        folders[len(home)][home] += 1
    folders.pop(0, None)
    return max(folders, key=lambda depth: (len(folders[depth]), folders[depth].total(), -depth), default=0)


def _from_file(name: str) -> str:
    """The person that a file is named after; empty where it is nobody."""
    stem = _NUMBER.sub("", _COPY.sub("", PurePosixPath(name).stem))
    return _checked(stem).person if is_name(stem) and is_name(PurePosixPath(name).stem) else ""


def _checked(name: str) -> Reading:
    try:
        return Reading(check_name(name.replace("_", " ")))
    except HubError as error:
        return Reading("", str(error))


def _are_people(names: Sequence[str]) -> bool:
    """Whether these are the names of several people, one for each file or few."""
    return all(names) and len(set(names)) > 1 and len(set(names)) > len(names) / 4


def _people(rows: Sequence[Reading], encodings: Sequence[NDArray[np.float32] | None]) -> dict[str, list[int]]:
    """The photos with a face of each person."""
    people: dict[str, list[int]] = defaultdict(list)
    for i, (one, encoding) in enumerate(zip(rows, encodings, strict=True)):
        if one.person and encoding is not None:
            people[one.person].append(i)
    return people


def _alike(rows: Sequence[Reading], encodings: Sequence[NDArray[np.float32] | None], tau: float) -> bool | None:
    """Whether most photos of most people look like another one of that person; ``None``: nobody has two."""
    several = [members for members in _people(rows, encodings).values() if len(members) > 1]
    if not several:
        return None
    good = [int((_nearest([encodings[i] for i in members]) <= tau).sum()) * 2 > len(members) for members in several]
    return sum(good) * 2 > len(several)


def _nearest(encodings: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float64]:
    """The distance of each encoding to the nearest of the others."""
    rows = np.stack([one for one in encodings if one is not None][:_COMPARED]).astype(np.float64)
    lengths = (rows**2).sum(1)
    apart = np.sqrt(np.maximum(lengths[:, None] + lengths - 2 * rows @ rows.T, 0.0))
    np.fill_diagonal(apart, np.inf)
    nearest: NDArray[np.float64] = apart.min(1)
    return nearest


def _unlike(encodings: Sequence[NDArray[np.float32] | None], tau: float) -> list[tuple[int, float]] | None:
    """Which of one person's photos are near no other one, and how far off; ``None``: three and more, none near any."""
    if len(encodings) < 2:
        return []
    nearest = _nearest(encodings)
    if len(encodings) > 2 and (nearest > tau).all():
        return None
    far = [(i, float(distance)) for i, distance in enumerate(nearest) if distance > tau]
    return far[-1:] if len(encodings) == 2 else far
