"""The board of a class: pictures that students sent to it on purpose, in memory, few and small.

A picture is decoded and written again, so nothing but its pixels stays: no metadata, no name. It goes when the teacher,
or whoever sent it, removes it, when the class is reset, and with the hub.
"""

from __future__ import annotations

import io
import secrets
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

from PIL import Image

from shared.errors import ImageError, InputError, check_choice
from shared.images import jpeg_bytes, open_image

MOST = 80  # pictures
MOST_OF_VISITOR = 6  # that one visitor may send to a class, those removed among them
MOST_OF_ADDRESS = 200  # ... that may come from one address, which a class behind one router shares
_SIDE = 640  # px of the longer side on the board
_LARGEST = 200_000  # bytes on the board
_QUALITIES = (88, 70, 50, 20)  # of a JPEG, until it is small enough; the last is, for any pixels
_PIXELS = 4_000_000  # of a picture as it is sent
_FORMATS = ("JPEG", "PNG", "WEBP")  # what a browser makes of a canvas
_decoding = threading.Lock()  # one picture at a time: a class that sends together leaves the other cores to others
# the tabs whose pictures may be sent, as the board calls them
KINDS = {"style": "Style transfer", "gan": "GANs", "ekg": "EKG", "conv": "Convolutions"}


@dataclass(frozen=True)
class _Pinned:
    jpeg: bytes
    kind: str
    owner: str  # the visitor who sent it


class Board:
    """The pictures. All methods may be called from any thread; ``send`` computes for some hundredths of a second."""

    def __init__(self) -> None:
        """An empty board."""
        self._lock = threading.Lock()
        self._pinned: dict[str, _Pinned] = {}  # by a name that nobody can guess; the latest last
        self._sent: Counter[str] = Counter()  # by visitor and by address
        self._changes = 0

    def state(self) -> dict[str, int]:
        """How many pictures there are, and a number that is another one after each change."""
        with self._lock:
            return {"pictures": len(self._pinned), "version": self._changes}

    def send(self, visitor: str, address: str, sent: bytes, kind: object) -> None:
        """Pin up a picture.

        Raises:
            ImageError: it is no picture of a browser's, or too large.
            InputError: the board or the visitor's share of it is full, or the tab is none whose pictures are shown.
        """
        caption = KINDS[check_choice(kind, KINDS, "The tab")]
        with self._lock:
            self._take_place(visitor, address)
        jpeg = _small(sent)
        with self._lock:
            if len(self._pinned) >= MOST:  # others were faster
                raise _full()
            self._pinned[secrets.token_hex(8)] = _Pinned(jpeg, caption, visitor)
            self._changes += 1

    def _take_place(self, visitor: str, address: str) -> None:
        if not visitor.startswith("cookie "):
            raise InputError("a browser that takes the hub's cookie", "none", "Allow cookies for this hub.")
        if len(self._pinned) >= MOST:
            raise _full()
        if self._sent[visitor] >= MOST_OF_VISITOR or self._sent[address] >= MOST_OF_ADDRESS:
            raise InputError("", f"You have sent {self._sent[visitor]} pictures already", "Leave room for the others.")
        self._sent.update((visitor, address))

    def listed(self, visitor: str) -> list[dict[str, Any]]:
        """The pictures, the latest first, as ``visitor`` sees them."""
        with self._lock:
            found = reversed(self._pinned.items())
            return [{"name": name, "kind": one.kind, "mine": one.owner == visitor} for name, one in found]

    def picture(self, name: str) -> bytes | None:
        """The JPEG of that name, if it is there."""
        with self._lock:
            found = self._pinned.get(name)
            return None if found is None else found.jpeg

    def remove(self, name: object, visitor: str, *, teaches: bool) -> None:
        """Take a picture off: any for the teacher, their own for others; one that is not there is no error.

        Raises:
            InputError: it is somebody else's.
        """
        with self._lock:
            found = self._pinned.get(name) if isinstance(name, str) else None
            if found is None:
                return
            if not teaches and found.owner != visitor:
                raise InputError("", "This picture is somebody else's", "The teacher can remove it.")
            self._pinned = {key: one for key, one in self._pinned.items() if key != name}
            self._changes += 1

    def clear(self) -> None:
        """Take all of them off; everybody may send again."""
        with self._lock:
            self._pinned.clear()
            self._sent.clear()
            self._changes += 1


def _full() -> InputError:
    return InputError("", f"The board is full: {MOST} pictures", "The teacher can remove some.")


def _small(sent: bytes) -> bytes:
    """``sent`` as a small JPEG of its pixels alone.

    Raises:
        ImageError: it is none of ``_FORMATS``, damaged, or too large.
    """
    try:
        with Image.open(io.BytesIO(sent), formats=_FORMATS) as head:
            width, height = head.size
    except Exception as error:
        raise ImageError("a picture", "something else", "Send it again.") from error
    if width * height > _PIXELS:
        raise ImageError(f"a picture of at most {_PIXELS / 1e6:.0f} megapixels", f"{width} x {height}", "")
    with _decoding:
        image = open_image(sent, "The picture", max_side=_SIDE)
        for quality in _QUALITIES:
            jpeg = jpeg_bytes(image, quality=quality)
            if len(jpeg) <= _LARGEST:
                break
    return jpeg
