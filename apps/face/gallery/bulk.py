"""Many people at once: a folder or a zip of ``NAME/photo.jpg``, as steps, with a reason for everything left out.

``list_folder``, ``list_files`` and ``list_zip`` say what is there and what will not be read; a zip is read through
``shared/archives.py`` and never unpacked to the disk. ``enroll_all`` turns the sources into encodings with a function
of the caller's and puts them into a gallery.

Where the name comes from: ``NAME/photo.jpg`` is a photo of NAME, underscores read as spaces; a photo that lies in no
folder is named after its file, without the number (``Ada_Lovelace_0002.jpg``). One folder around everything is looked
through.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from numpy.typing import ArrayLike

from apps.face.gallery.gallery import Gallery, GalleryFullError
from apps.face.gallery.names import check_name
from shared import archives
from shared.errors import HubError, InputError, ResourceError, quoted

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".bmp", ".gif", ".tif", ".tiff", ".avif")
MOST_FILES = 5_000
LARGEST_FILE = 40 * 2**20  # bytes of one photo
LARGEST_TOTAL = 2**30  # bytes of all photos of a zip, unpacked
_MB = 2**20
_REASONS = {archives.ENDING: "not a picture", archives.LARGE: f"larger than {LARGEST_FILE // _MB} MB"}
_NUMBER = re.compile(r"[ _-]*\(?\d+\)?$")

Encode = Callable[[bytes], tuple[ArrayLike, bytes]]  # a photo's bytes -> its encoding and thumbnail; raises HubError


@dataclass(frozen=True, kw_only=True)
class Source:
    """One photo that can be read."""

    path: str  # as in the folder or the zip, with forward slashes
    person: str  # the name it will be enrolled under
    read: Callable[[], bytes]  # raises HubError


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """One file that was left out."""

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a folder or a zip holds."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One photo done."""

    done: int  # photos looked at so far
    total: int
    path: str
    person: str
    added: bool
    reason: str = ""  # why it was not added


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a bulk enrolment went."""

    added: int
    people: tuple[str, ...]  # who has at least one photo of this run in the gallery, in the order of enrolment
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True)
class _Member:
    """A file before it is known whether it is a photo."""

    path: str
    read: Callable[[], bytes]
    fault: str = ""


def list_folder(folder: Path) -> Listing:
    """The photos below ``folder``; symbolic links are not followed.

    Raises:
        InputError: it is no folder, or holds no photo.
        ResourceError: it holds too many files.
    """
    if not folder.is_dir():
        raise InputError("a folder of NAME/photo.jpg", quoted(folder), "Check the path.")
    members = []
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(place) / name
            fault = "" if path.is_file() and not path.is_symlink() else archives.LINK
            members.append(_Member(path.relative_to(folder).as_posix(), _file_reader(path), fault))
            _check_count(len(members))
    return _sort_out(members, str(folder))


def list_files(files: Sequence[tuple[str, Path]], *, lost: Sequence[str] = (), count: int = 0) -> Listing:
    """The photos among ``files``, each its path in the folder it came from (forward slashes) and where it lies now.

    ``lost`` are the paths of those that the browser could not send, ``count`` how many the folder held.

    Raises:
        InputError: there is no photo among them.
        ResourceError: there are too many.
    """
    _check_count(max(len(files), count))
    members = [_Member(path, _file_reader(place)) for path, place in files]
    unsent = [_Member(path, _file_reader(Path(path)), "not sent: too large, or the connection broke") for path in lost]
    return _sort_out(members + unsent, "The folder")


def list_zip(path: Path) -> Listing:
    """The photos in the zip file ``path``, which is not unpacked.

    Raises:
        InputError: it is no zip, is damaged, or holds no photo.
        ResourceError: it holds too many files, or unpacks to too much.
    """
    limits = archives.Limits(endings=SUFFIXES, members=MOST_FILES, member_bytes=LARGEST_FILE, total_bytes=LARGEST_TOTAL)
    members = archives.list_members(path, limits)
    _check_count(len(members))
    found = [_Member(one.path, one.read, _REASONS.get(one.fault, one.fault)) for one in members]
    return _sort_out(found, path.name)


def enroll_all(
    listing: Listing, gallery: Gallery, encode: Encode, *, encoder: str, owner: str
) -> Iterator[Step | Report]:
    """Enrol every source of ``listing``; yields a ``Step`` per photo and at last the ``Report``.

    A photo that cannot be used is skipped with its reason; a gallery that is full or cannot be written ends the run,
    with what was enrolled until then kept and the rest reported.
    """
    skipped, people, added = list(listing.skipped), dict[str, None](), 0
    full = ""
    for done, source in enumerate(listing.sources, 1):
        reason = full
        if not full:
            try:
                encoding, small = encode(source.read())
                result = gallery.enroll(source.person, encoding, encoder=encoder, thumbnail=small, owner=owner)
                people[result.person] = None
                added += result.added
                reason = "" if result.added else "enrolled already"
            except GalleryFullError as error:
                reason, full = str(error), "not read: the gallery is full"
            except HubError as error:
                reason = str(error)
        if reason:
            skipped.append(Skipped(path=source.path, reason=reason))
        yield Step(
            done=done,
            total=len(listing.sources),
            path=source.path,
            person=source.person,
            added=not reason,
            reason=reason,
        )
    yield Report(added=added, people=tuple(people), skipped=tuple(skipped))


def _sort_out(members: Sequence[_Member], what: str) -> Listing:
    """Name the people and say why the rest is left out."""
    skipped = [Skipped(path=member.path, reason=fault) for member in members if (fault := _fault(member))]
    usable = [member for member in members if not _fault(member)]
    parts = [PurePosixPath(member.path).parts for member in usable]
    around = {part[0] for part in parts if len(part) > 1}
    depth = 1 if len(around) == 1 and all(len(part) > 1 for part in parts) and max(map(len, parts)) > 2 else 0
    sources = []
    for member, part in zip(usable, parts, strict=True):
        inner = part[depth:]
        if len(inner) > 2:
            skipped.append(Skipped(path=member.path, reason="too deep: photos lie in NAME/photo.jpg"))
            continue
        stem = PurePosixPath(part[-1]).stem
        try:
            person = check_name((inner[0] if len(inner) == 2 else _NUMBER.sub("", stem) or stem).replace("_", " "))
        except HubError as error:
            skipped.append(Skipped(path=member.path, reason=str(error)))
            continue
        sources.append(Source(path=member.path, person=person, read=member.read))
    if not sources:
        reasons = "; ".join(sorted({one.reason for one in skipped})[:3]) or "no file at all"
        raise InputError(f"photos as NAME/photo.jpg in {what}", reasons, "Put each person's photos into a folder.")
    return Listing(sources=tuple(sources), skipped=tuple(skipped))


def _fault(member: _Member) -> str:
    if fault := member.fault or archives.path_fault(member.path):
        return fault
    return "" if PurePosixPath(member.path).suffix.lower() in SUFFIXES else "not a picture"


def _file_reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with path.open("rb") as stream:
                return _limited(stream.read(LARGEST_FILE + 1))
        except OSError as error:
            raise InputError("a file that can be read", error.strerror or "one that cannot be read") from error

    return read


def _limited(data: bytes) -> bytes:
    if len(data) > LARGEST_FILE:
        raise InputError(f"a photo of at most {LARGEST_FILE // _MB} MB", "more than that", "Send a smaller copy.")
    return data


def _check_count(count: int) -> None:
    if count > MOST_FILES:
        raise ResourceError(f"at most {MOST_FILES:,} files at once", f"{count:,} or more", "Send them in parts.")
