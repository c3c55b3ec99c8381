"""The gallery of enrolled people: names, encodings and thumbnails, and who may delete them. Photos are never kept.

``Gallery`` is what the page, the command line and the tests use; ``MemoryGallery`` here keeps one browser session's
people in memory and forgets them with it, ``store.SqliteGallery`` keeps those of a class in one file.

A name belongs to whoever enrolled it first: nobody else can add a photo to it, or take a name that looks like it, so
nobody can hide a face under somebody else's name, and everybody can delete exactly what they enrolled. Owners are
secrets that the caller makes up (``owner``); only their SHA-256 is kept. Two owners are special: ``TEACHER`` may do
everything, and what belongs to ``SAMPLES`` may be enrolled again and deleted by everybody.

Encodings of different encoders lie in different spaces: every encoding is kept with its encoder's identity, and an
index is made from one encoder's encodings only.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from apps.face.gallery.index import Index
from apps.face.gallery.names import check_name, look_key, name_key
from shared.errors import InputError, ResourceError, quoted

THUMBNAIL_SIDE = 96  # pixels
SAME_PHOTO = 1e-9  # d² at or below which two photos are one and the same picture


TEACHER = f"teacher {secrets.token_hex(16)}"  # nobody can make this up; another one after each start
SAMPLES = "the samples of this hub"


class GalleryFullError(ResourceError):
    """No further photo fits into the gallery, or into the owner's share of it, whoever is on it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one gallery holds."""

    photos: int  # in the gallery
    photos_per_owner: int
    photos_per_person: int = 50


SESSION_LIMITS = Limits(photos=1_000, photos_per_owner=1_000)
CLASS_LIMITS = Limits(photos=100_000, photos_per_owner=5_000)


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One enrolled photo: what is left of it."""

    id: int
    person: str  # the name as shown
    encoder: str  # the identity of the encoder that made its encoding
    thumbnail: bytes  # a small JPEG of the aligned face
    mine: bool  # whether the asking owner enrolled it


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """What an enrolment did."""

    person: str
    photo: int  # the id of the photo
    photos: int  # photos of the person with this encoder, this one included
    added: bool  # False where this very picture was enrolled already


def owner_mark(owner: str) -> str:
    """What is kept of an owner's secret."""
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()


def may_change(mark: str, owned_by: str) -> bool:
    """Whether the owner with this mark may add to, and delete, what belongs to another mark."""
    return mark in (owned_by, owner_mark(TEACHER)) or owned_by == owner_mark(SAMPLES)


def check_look(shown: str, others: Iterable[str]) -> None:
    """Refuse a new name that looks like one of ``others``, none of which is the same name.

    Raises:
        InputError: it does.
    """
    look = look_key(shown)
    alike = next((other for other in others if look_key(other) == look), None)
    if alike is not None:
        raise InputError(
            "",
            f"{quoted(shown)} looks like {quoted(alike)}, who is enrolled already",
            "Choose another name, for example with an initial.",
        )


def thumbnail(chip: Image.Image) -> bytes:
    """A small JPEG of the aligned face ``chip``: all that is kept to look at."""
    small = chip.convert("RGB").resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=80)
    return stream.getvalue()


def check_encoding(encoding: ArrayLike) -> NDArray[np.float32]:
    """``encoding`` as a finite float32 vector.

    Raises:
        InputError: it is no vector, or not finite.
    """
    vector = np.asarray(encoding, np.float32)
    if vector.ndim != 1 or not len(vector) or not np.isfinite(vector).all():
        raise InputError("an encoding, one vector of finite numbers", f"shape {vector.shape}")
    return vector


class Gallery(ABC):
    """People with encodings. All methods may be called from any thread."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._indices: dict[str, tuple[int, Index]] = {}
        self._indices_lock = threading.Lock()

    @abstractmethod
    def enroll(self, name: str, encoding: ArrayLike, *, encoder: str, thumbnail: bytes, owner: str) -> Enrolled:
        """Keep one photo's encoding (D,) and thumbnail under ``name``.

        Raises:
            InputError: an unusable name or encoding, or a name that belongs to somebody else.
            ResourceError: the gallery, the owner's share or the person is full.
            StoreError: the gallery cannot be written; nothing was kept.
        """

    @abstractmethod
    def photos(self, owner: str) -> tuple[Photo, ...]:
        """Every enrolled photo in the order of enrolment; ``mine`` as ``owner`` sees it."""

    @abstractmethod
    def forget(self, name: str, *, owner: str) -> int:
        """Delete the person ``name``, for all encoders; the number of photos deleted.

        Raises:
            InputError: nobody of that name, or somebody else enrolled it.
        """

    @abstractmethod
    def forget_photo(self, photo: int, *, owner: str) -> str:
        """Delete one photo, and the person with its last one; the person's name.

        Raises:
            InputError: no such photo, or somebody else enrolled it.
        """

    @abstractmethod
    def clear(self, *, owner: str) -> int:
        """Delete everything that ``owner`` enrolled, for ``TEACHER`` everything; the number of photos deleted."""

    @abstractmethod
    def version(self) -> int:
        """A number that changes whenever the gallery does."""

    @abstractmethod
    def load(self, encoder: str) -> Index:
        """An index of the encodings that ``encoder`` made."""

    def index(self, encoder: str) -> Index:
        """The index for ``encoder``, made again only when the gallery has changed."""
        version = self.version()
        with self._indices_lock:
            known = self._indices.get(encoder)
            if known is None or known[0] != version:
                known = self._indices[encoder] = (version, self.load(encoder))
            return known[1]


@dataclass(frozen=True, kw_only=True)
class _Row:
    photo: Photo
    key: str
    owner: str
    encoding: NDArray[np.float32]


class MemoryGallery(Gallery):
    """A gallery that lives and dies with the process."""

    def __init__(self, limits: Limits = SESSION_LIMITS) -> None:
        super().__init__(limits)
        self._rows: list[_Row] = []
        self._lock = threading.RLock()
        self._changes = 0
        self._next = 1

    def enroll(self, name: str, encoding: ArrayLike, *, encoder: str, thumbnail: bytes, owner: str) -> Enrolled:
        """See ``Gallery.enroll``."""
        shown, vector, mark = check_name(name), check_encoding(encoding), owner_mark(owner)
        key = name_key(shown)
        with self._lock:
            mine = [row for row in self._rows if row.key == key]
            if mine and not may_change(mark, mine[0].owner):
                raise taken(shown)
            if not mine:
                check_look(shown, {row.photo.person for row in self._rows})
            alike = [row for row in mine if row.photo.encoder == encoder]
            for row in alike:
                if same_photo(row.encoding, vector):
                    return Enrolled(person=row.photo.person, photo=row.photo.id, photos=len(alike), added=False)
            owned = sum(row.owner == mark for row in self._rows)
            check_room(self.limits, photos=len(self._rows), owned=owned, of_person=len(mine))
            person = mine[0].photo.person if mine else shown
            photo = Photo(id=self._next, person=person, encoder=encoder, thumbnail=thumbnail, mine=True)
            owner_of_all = mine[0].owner if mine else mark
            self._rows.append(_Row(photo=photo, key=key, owner=owner_of_all, encoding=vector))
            self._next += 1
            self._changes += 1
            return Enrolled(person=person, photo=photo.id, photos=len(alike) + 1, added=True)

    def photos(self, owner: str) -> tuple[Photo, ...]:
        """See ``Gallery.photos``."""
        mark = owner_mark(owner)
        with self._lock:
            return tuple(replace(row.photo, mine=may_change(mark, row.owner)) for row in self._rows)

    def forget(self, name: str, *, owner: str) -> int:
        """See ``Gallery.forget``."""
        key, mark = name_key(str(name)), owner_mark(owner)
        with self._lock:
            found = [row for row in self._rows if row.key == key]
            if not found:
                raise unknown_person(name)
            if not may_change(mark, found[0].owner):
                raise not_yours(found[0].photo.person)
            return self._keep(lambda row: row.key != key)

    def forget_photo(self, photo: int, *, owner: str) -> str:
        """See ``Gallery.forget_photo``."""
        with self._lock:
            found = next((row for row in self._rows if row.photo.id == photo), None)
            if found is None:
                raise unknown_photo(photo)
            if not may_change(owner_mark(owner), found.owner):
                raise not_yours(found.photo.person)
            self._keep(lambda row: row.photo.id != photo)
            return found.photo.person

    def clear(self, *, owner: str) -> int:
        """See ``Gallery.clear``."""
        mark = owner_mark(owner)
        with self._lock:
            return self._keep(lambda row: row.owner != mark and mark != owner_mark(TEACHER))

    def version(self) -> int:
        """See ``Gallery.version``."""
        with self._lock:
            return self._changes

    def load(self, encoder: str) -> Index:
        """See ``Gallery.load``."""
        with self._lock:
            rows = [row for row in self._rows if row.photo.encoder == encoder]
        return make_index([(row.photo.person, row.photo.id, row.encoding) for row in rows])

    def _keep(self, wanted: Callable[[_Row], bool]) -> int:
        before = len(self._rows)
        self._rows = [row for row in self._rows if wanted(row)]
        self._changes += before != len(self._rows)
        return before - len(self._rows)


def make_index(rows: list[tuple[str, int, NDArray[np.float32]]]) -> Index:
    """An index of (name, photo id, encoding) rows; people in the order of their first photo."""
    names = list(dict.fromkeys(name for name, _, _ in rows))
    place = {name: i for i, name in enumerate(names)}
    encodings = np.stack([encoding for _, _, encoding in rows]) if rows else np.zeros((0, 0), np.float32)
    return Index(names, [place[name] for name, _, _ in rows], [photo for _, photo, _ in rows], encodings)


def same_photo(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    """Whether two encodings of one encoder are of one and the same picture."""
    return a.shape == b.shape and float(((a.astype(np.float64) - b) ** 2).sum()) <= SAME_PHOTO


def check_room(limits: Limits, *, photos: int, owned: int, of_person: int) -> None:
    """Refuse one photo more where a limit is reached.

    Raises:
        GalleryFullError: the gallery or the owner's share is full.
        ResourceError: the person has too many photos.
    """
    if of_person >= limits.photos_per_person:
        full = f"This person already has {limits.photos_per_person:,} photos, the most that one person can have"
        raise ResourceError("", full, "Delete some of them first.")
    if owned >= limits.photos_per_owner:
        full = f"Your share of the gallery is full: {limits.photos_per_owner:,} photos"
        raise GalleryFullError("", full, "Delete some first.")
    if photos >= limits.photos:
        raise GalleryFullError("", f"The gallery is full: it holds {limits.photos:,} photos", "Delete some first.")


def taken(name: str) -> InputError:
    """The name belongs to somebody else."""
    return InputError(
        "",
        f"{quoted(name)} was enrolled by somebody else",
        "Choose another name, for example with an initial.",
    )


def unknown_person(name: object) -> InputError:
    """Nobody of that name is enrolled."""
    return InputError("the name of an enrolled person", quoted(name), "Choose a name from the list.")


def unknown_photo(photo: object) -> InputError:
    """No such photo is enrolled."""
    return InputError("the number of an enrolled photo", quoted(photo), "It may have been deleted already.")


def not_yours(name: str) -> InputError:
    """Somebody else enrolled it."""
    return InputError(
        "",
        f"{quoted(name)} was enrolled in another browser and can only be deleted there",
        "Ask whoever enrolled this person.",
    )
