"""What the face tab keeps per browser session, and how a photo that was sent becomes faces.

A photo that was sent lies in gradio's upload folder for two minutes and is then deleted; what is kept until the next
photo or the end of the session is a small preview, the cut-out faces and their encodings, in memory.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder
from numpy.typing import NDArray

from apps.door.lanes import asked_by
from apps.face.encoding.encoders import find_encoder
from apps.face.gallery.gallery import TEACHER, Gallery, GalleryFullError, MemoryGallery
from apps.face.gallery.opening import open_gallery
from apps.face.photo.pipeline import cut_faces, no_face
from apps.face.ui.rooms import pipeline
from apps.ui import PRIVATE, QUICK
from shared import settings
from shared.errors import HubError, ImageError, InputError, check_whole, named
from shared.images import data_url, open_image
from shared.registry import find
from shared.serving.later import LATER
from shared.sessions import Sessions

if TYPE_CHECKING:
    from PIL import Image

    from apps.face.gallery.bulk import Prepared
    from apps.face.photo.detection import Detection
    from apps.face.photo.pipeline import Face

# A photo arrives or is removed: the page sends what it shows now, one event after the other, so that a removal that
# arrives late never undoes the upload that followed it.
PHOTO: dict[str, Any] = {**QUICK, **PRIVATE, "trigger_mode": "always_last"}
MOST_FACES = 100  # of one photo that are encoded; a school photo has 80
LARGEST_SIDE = 2048  # pixels of the picture that faces are searched in
_PREVIEW = 560  # pixels
_UPLOAD_S = 120.0  # how long an upload stays on the disk
_SMALL_FACE = 40  # pixels, below which a caution is shown; with _FRONTAL a rule of thumb, not measured
_FRONTAL = (0.15, 0.85)  # where the nose lies between the eyes, seen from the left one, unless the face is turned away
_LOOK_EVERY = 5  # pictures of a live film: in one of them faces are looked for
_PAIRS = 200  # distances of the visitor's own pairs that are remembered


@dataclass(eq=False)
class Shot:
    """One photo with the faces found in it."""

    size: tuple[int, int]  # width and height of the picture that the boxes refer to
    preview: str  # a small JPEG as a data: URL
    faces: tuple[Face, ...]  # the subject first, then the largest
    detect_s: float
    name: str = "The photo"
    chosen: int = 0  # which face counts where one is wanted
    left_out: int = 0  # the smallest faces, beyond MOST_FACES
    encode_s: float = 0.0  # the last forward pass
    _encodings: dict[tuple[str, int], NDArray[np.float32]] = field(default_factory=dict)

    @property
    def face(self) -> Face:
        """The chosen face."""
        return self.faces[self.chosen]

    def encoding(self, encoder: str, face: int | None = None) -> NDArray[np.float32]:
        """f(x) of one face, computed once."""
        row: NDArray[np.float32] = self.encodings(encoder, [self.chosen if face is None else face])[0]
        return row

    def encodings(self, encoder: str, faces: list[int] | None = None, *, quick: bool = False) -> NDArray[np.float32]:
        """f(x) of the given faces (default: all), (n, D); new ones go through the network as one batch.

        ``quick`` takes one pass per face instead of the mean over several cuts: for live pictures, where each is seen
        once.
        """

        wanted = list(range(len(self.faces))) if faces is None else faces
        average = "single" if quick else "full"
        missing = [i for i in wanted if (encoder, i) not in self._encodings]
        if missing:
            start = time.perf_counter()
            made = pipeline.encode([self.faces[i] for i in missing], encoder, average=average)
            self.encode_s = time.perf_counter() - start
            self._encodings.update({(encoder, i): one for i, one in zip(missing, made, strict=True)})
        found = np.zeros((len(wanted), find_encoder(encoder).dimension), np.float32)
        for row, i in enumerate(wanted):
            found[row] = self._encodings[encoder, i]
        return found

    def choose(self, number: object) -> None:
        """Make face ``number``, counted from 1, the one that counts.

        Raises:
            OptionError: there is no such face.
        """
        self.chosen = (
            check_whole(number, f"The number of the face in {named(self.name)}", low=1, high=len(self.faces)) - 1
        )


@dataclass(frozen=True)
class Pair:
    """A pair that the visitor compared."""

    encoder: str
    distance: float


@dataclass(frozen=True)
class ShownTriplet:
    """The triplet on the visitor's page."""

    d_ap: float  # squared distances
    d_an: float
    pictures: tuple[str, ...]  # of A, P and N, as data: URLs
    names: tuple[str, ...]  # of the three, where they come from the gallery


@dataclass(frozen=True)
class TrainedMap:
    """How one training of the linear map ended."""

    mining: str
    margin: float
    numbers: int  # that it gives
    with_loss: int  # triplets of the gallery
    total: int
    length: float  # mean ||g(x)||


class Followed:
    """The faces of a live film: looked for in every fifth picture, and followed in between."""

    def __init__(self) -> None:
        self._faces: Sequence[Detection] = ()
        self._size = (0, 0)
        self._pictures = 0  # since faces were looked for

    def near(self, size: tuple[int, int]) -> Sequence[Detection]:
        """The faces to follow into a picture of ``size``; none where it is time to look for new ones."""
        return self._faces if size == self._size and self._pictures < _LOOK_EVERY else ()

    def saw(self, faces: Sequence[Detection], size: tuple[int, int]) -> None:
        """Note what was found in a picture."""
        self._pictures = self._pictures % _LOOK_EVERY + 1
        self._faces, self._size = faces, size


class Visitor:
    """One browser session: its private gallery, and the photos on its page."""

    def __init__(self) -> None:
        self.teacher = False  # whether the teacher's password was given
        self.gallery = MemoryGallery()
        self.shots: dict[str, Shot] = {}
        self.film = Followed()
        self.prepared: tuple[Prepared, str] | None = None  # a class that was read, and its encoder
        self.pairs: deque[Pair] = deque(maxlen=_PAIRS)
        self.triplet: ShownTriplet | None = None
        self.runs: deque[TrainedMap] = deque(maxlen=8)

    def shot(self, slot: str, what: str) -> Shot:
        """The photo in ``slot``.

        Raises:
            InputError: there is none.
        """
        shot = self.shots.get(slot)
        if shot is None:
            raise InputError(named(what), "none", "Choose a file, take a photo, or click a sample.")
        return shot


_PLACES = 2_000  # photos that one visitor may enrol in the class gallery, from one start of the hub to the next
_PLACES_OF_ADDRESS = 10_000  # ... and all from one address: a class of 40 behind one router, 250 each
_PLACES_TAKEN: Counter[str] = Counter()
VISITORS: Sessions[Visitor] = Sessions(Visitor)


def session_of(request: gr.Request) -> str:
    """The browser session, or the client's."""
    return request.session_hash or "no session"


def visitor(request: gr.Request) -> Visitor:
    """Who is asking."""
    return VISITORS.get(session_of(request))


def leave(request: gr.Request) -> None:
    """The page was closed: forget the session shortly."""
    VISITORS.leave(session_of(request))
    LATER.do("face sessions", 180, VISITORS.sweep)


def class_path() -> Path | str | None:
    """The class gallery's file or database, or ``None`` where galleries are private."""
    return settings.current().gallery


def gallery_of(request: gr.Request) -> Gallery:
    """The gallery that this visitor searches and enrols into.

    Raises:
        StoreError: the class gallery cannot be used.
    """
    path = class_path()
    return visitor(request).gallery if path is None else class_gallery(path)


@functools.lru_cache(maxsize=4)
def class_gallery(path: Path | str) -> Gallery:
    """The class gallery in ``path``, opened once; a failure is not remembered."""
    return open_gallery(path)


def owner_of(request: gr.Request, key: str) -> str:
    """Whose enrolments these are: the browser's own key, which outlives a reload, or else the session.

    For a teacher who has said so: everybody's.
    """
    if class_path() is not None and visitor(request).teacher:
        return TEACHER
    return f"key {key}" if key else f"session {session_of(request)}"


def take_places(request: gr.Request, photos: int = 1) -> None:
    """Count ``photos`` that are about to be enrolled in the class gallery; keys can be made up, addresses cannot.

    Raises:
        GalleryFullError: this visitor, or this address, has enrolled too many since the hub was started.
    """
    if class_path() is None or visitor(request).teacher:
        return
    for who, most in zip(asked_by(request.request), (_PLACES, _PLACES_OF_ADDRESS), strict=True):
        if _PLACES_TAKEN[who] + photos > most:
            full = f"Your share of the class gallery is full: {most:,} photos since this hub was started"
            raise GalleryFullError("", full, "Ask the teacher, who can delete what is not needed.")
    _PLACES_TAKEN.update(dict.fromkeys(asked_by(request.request), photos))


def encoder_id(encoder: str) -> str:
    """The encoder's identity in a gallery: its name, and a mark of its weights and of what is fed to them.

    Other weights, or another way to cut and average the chips, make encodings that must not be compared with these.
    """
    record = find(find_encoder(encoder).name, "face")
    identity = "\n".join((*(file.sha256 for file in record.files), record.preprocessing, record.output))
    return f"{record.name}@{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def read_photo(
    source: str | bytes | Image.Image | None,
    what: str = "The photo",
    *,
    need: bool = True,
    every: bool = False,
    quick: bool = False,
    follow: Followed | None = None,
) -> Shot:
    """Find the faces of a photo.

    Args:
        source: the path of an upload, the bytes of a file, or a picture.
        what: names the photo in messages.
        need: whether a photo without a face is an error.
        every: as ``pipeline.find_faces``: for group photos.
        quick: as ``pipeline.find_faces``.
        follow: what was seen in the pictures before this one, of a live film.

    Raises:
        ImageError: no picture, or (where ``need``) no face in it.
    """

    if source is None:
        raise ImageError(named(what), "none", "Choose a file, take a photo, or click a sample.")
    try:
        image = open_image(source, what, max_side=LARGEST_SIDE)
    finally:
        if isinstance(source, str):
            discard(Path(source))
    pipeline.load_detector()  # before the clock starts
    start = time.perf_counter()
    found = pipeline.locate_faces(image, every=every, quick=quick, near=follow.near(image.size) if follow else ())
    if follow:
        follow.saw(found, image.size)
    faces = tuple(cut_faces(image, found[:MOST_FACES], quick=quick))
    seconds = time.perf_counter() - start
    if need and not faces:
        raise no_face(what, image.size)
    small = image.copy()
    small.thumbnail((_PREVIEW, _PREVIEW))
    return Shot(
        size=image.size,
        preview=data_url(small),
        faces=faces,
        detect_s=seconds,
        name=what,
        left_out=len(found) - len(faces),
    )


def advice(face: Face) -> str:
    """A caution about a face that is hard to compare, or nothing."""
    width = min(face.box[2] - face.box[0], face.box[3] - face.box[1])
    if width < _SMALL_FACE:
        return f"This face is only {width:.0f} pixels wide: the answer is less reliable than the measured error rates."
    left, right, nose = face.landmarks[0], face.landmarks[1], face.landmarks[2]
    eyes = right - left
    apart = float(np.hypot(*eyes))
    along = float((nose - left) @ eyes) / max(apart * apart, 1e-9)
    if not _FRONTAL[0] < along < _FRONTAL[1]:
        return "This face is turned far to the side: the answer is less reliable than the measured error rates."
    return ""


def discard(path: Path) -> None:
    """Delete an upload of gradio's shortly, once the page has shown it; if it is sent again meanwhile, later."""
    if not is_upload(path):
        return
    seen = time.time()

    def delete() -> None:
        with suppress(OSError):
            if path.stat().st_mtime <= seen:
                path.unlink()

    LATER.do(path, _UPLOAD_S, delete)


def is_upload(path: Path) -> bool:
    """Whether ``path`` is a file in the folder where gradio keeps what was sent to it."""
    try:
        return path.is_file() and Path(get_upload_folder()).resolve() in path.resolve().parents
    except (OSError, ValueError):  # a path with a NUL, or too long for any disk
        return False


def usable(make: Callable[[], object]) -> str:
    """The message of the ``HubError`` that ``make`` raises, or nothing."""
    try:
        make()
    except HubError as error:
        return str(error)
    return ""
