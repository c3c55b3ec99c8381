"""Many people at once: a folder or a zip of photos, as steps, with a reason for everything left out.

``list_folder``, ``list_files`` and ``list_zip`` say what is there and what will not be read; a zip is read through
``shared/archives.py`` and never unpacked to the disk. ``prepare`` turns the sources into encodings with a function of
the caller's and settles whose they are, by the rule in ``naming.py`` and by the faces: nothing is enrolled yet, and the
caller can show it. ``enroll_prepared`` puts them into a gallery; ``enroll_all`` does both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.gallery import naming
from apps.face.gallery.gallery import Gallery, GalleryFullError, check_encoding
from shared import archives
from shared.errors import HubError, InputError, ResourceError, quoted
from shared.filenames import DOS, WINDOWS, read_names

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".bmp", ".gif", ".tif", ".tiff", ".avif")
MOST_FILES = 5_000
LARGEST_FILE = 40 * 2**20  # bytes of one photo
LARGEST_TOTAL = 2**30  # bytes of all photos of a zip, unpacked
_MB = 2**20
_REASONS = {archives.ENDING: "not a picture", archives.LARGE: f"larger than {LARGEST_FILE // _MB} MB"}

Encode = Callable[[bytes], tuple[ArrayLike, bytes]]  # a photo's bytes -> its encoding and thumbnail; raises HubError


@dataclass(frozen=True, kw_only=True)
class Source:
    """One photo that can be read."""

    path: str  # as in the folder or the zip, with forward slashes
    person: str  # whose it is by its name alone
    read: Callable[[], bytes]  # raises HubError
    order: int = 0  # its place in the folder or the zip


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
    unnamed: tuple[Source, ...] = ()  # photos whose names say nobody's; the faces may
    guessed: str = ""  # the code page that names of a zip were guessed to be in


@dataclass(frozen=True, kw_only=True)
class Step:
    """One photo done."""

    done: int  # photos looked at so far
    total: int
    path: str
    person: str
    added: bool  # whether a face was found and encoded
    reason: str = ""  # why not


@dataclass(frozen=True, kw_only=True)
class Ready:
    """One photo that can be enrolled."""

    path: str
    person: str
    encoding: NDArray[np.float32] = field(repr=False)
    thumbnail: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Whose the photos are, before anybody is enrolled."""

    photos: tuple[Ready, ...]
    skipped: tuple[Skipped, ...]
    source: str  # what the names were taken from: naming.FOLDERS or naming.FILES
    doubts: tuple[str, ...]  # sentences: photos that do not look like the person's others
    guessed: str = ""  # see Listing

    @property
    def people(self) -> dict[str, list[Ready]]:
        """The photos of each person, in the order of their first one."""
        people: dict[str, list[Ready]] = {}
        for photo in self.photos:
            people.setdefault(photo.person, []).append(photo)
        return people


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a bulk enrolment went."""

    added: int
    people: tuple[str, ...]  # who has at least one photo of this run in the gallery, in the order of enrolment
    skipped: tuple[Skipped, ...]
    doubts: tuple[str, ...] = ()  # see Prepared
    source: str = ""


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
    names = read_names([os.fsencode(member.path) for member in members], (*WINDOWS, *DOS))
    read = [replace(member, path=name.text) for member, name in zip(members, names, strict=True)]
    return _sort_out(read, str(folder), next((name.guessed for name in names if name.guessed), ""))


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
    return _sort_out(found, path.name, next((one.guessed for one in members if one.guessed and not one.fault), ""))


def prepare(listing: Listing, encode: Encode, *, tau: float) -> Iterator[Step | Prepared]:
    """Read every photo of ``listing``; yields a ``Step`` for each and at last what could be enrolled under which name.

    A photo that cannot be used is skipped with its reason. ``tau`` is the distance up to which two faces are one
    person's.
    """
    sources = sorted((*listing.sources, *listing.unnamed), key=lambda source: source.order)
    skipped, read = list(listing.skipped), []
    for done, source in enumerate(sources, 1):
        reason = ""
        try:
            encoding, small = encode(source.read())
            read.append((source.path, check_encoding(encoding), small))
        except HubError as error:
            reason = str(error)
            skipped.append(Skipped(path=source.path, reason=reason))
        yield Step(
            done=done, total=len(sources), path=source.path, person=source.person, added=not reason, reason=reason
        )
    settled = naming.settle([path for path, _, _ in read], [encoding for _, encoding, _ in read], tau)
    photos = []
    for (path, encoding, small), one in zip(read, settled.readings, strict=True):
        if one.person:
            photos.append(Ready(path=path, person=one.person, encoding=encoding, thumbnail=small))
        else:
            skipped.append(Skipped(path=path, reason=one.reason))
    yield Prepared(
        photos=tuple(photos),
        skipped=tuple(skipped),
        source=settled.source,
        doubts=settled.doubts,
        guessed=listing.guessed,
    )


def enroll_prepared(prepared: Prepared, gallery: Gallery, *, encoder: str, owner: str) -> Report:
    """Enrol what was prepared.

    A gallery that is full or cannot be written ends the run, with what was enrolled until then kept and the rest
    reported.
    """
    skipped, people, added = list(prepared.skipped), dict[str, None](), 0
    full = ""
    for photo in prepared.photos:
        reason = full
        if not full:
            try:
                result = gallery.enroll(
                    photo.person, photo.encoding, encoder=encoder, thumbnail=photo.thumbnail, owner=owner
                )
                people[result.person] = None
                added += result.added
                reason = "" if result.added else "enrolled already"
            except GalleryFullError as error:
                reason, full = str(error), "not enrolled: the gallery is full"
            except HubError as error:
                reason = str(error)
        if reason:
            skipped.append(Skipped(path=photo.path, reason=reason))
    return Report(
        added=added,
        people=tuple(people),
        skipped=tuple(skipped),
        doubts=prepared.doubts,
        source=prepared.source,
    )


def enroll_all(
    listing: Listing, gallery: Gallery, encode: Encode, *, encoder: str, owner: str, tau: float
) -> Iterator[Step | Report]:
    """``prepare`` and ``enroll_prepared`` in one: a ``Step`` per photo and at last the ``Report``."""
    for step in prepare(listing, encode, tau=tau):
        yield step if isinstance(step, Step) else enroll_prepared(step, gallery, encoder=encoder, owner=owner)


def _sort_out(members: Sequence[_Member], what: str, guessed: str = "") -> Listing:
    """Name the people and say why the rest is left out."""
    skipped = [Skipped(path=member.path, reason=fault) for member in members if (fault := _fault(member))]
    usable = [member for member in members if not _fault(member)]
    read, _ = naming.readings([member.path for member in usable])
    sources, unnamed = [], []
    for order, (member, one) in enumerate(zip(usable, read, strict=True)):
        source = Source(path=member.path, person=one.person, read=member.read, order=order)
        if one.person:
            sources.append(source)
        elif one.reason in (naming.BESIDE, naming.NOBODYS):
            unnamed.append(source)
        else:
            skipped.append(Skipped(path=member.path, reason=one.reason))
    if not sources:
        skipped += [Skipped(path=source.path, reason=naming.NOBODYS) for source in unnamed]
        reasons = "; ".join(sorted({one.reason for one in skipped})[:3]) or "no file at all"
        raise InputError(f"photos as NAME/photo.jpg in {what}", reasons, "Put each person's photos into a folder.")
    return Listing(sources=tuple(sources), skipped=tuple(skipped), unnamed=tuple(unnamed), guessed=guessed)


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
