"""Picture files opened without trusting them: nothing that a file says makes Pillow work for minutes.

A picture's pixels are counted before it is decoded (``shared/images.py``), but a file of 50 MB can ask for much else: a
GIF of 25 million comments, each read on its own; a progressive JPEG that goes over its 64 megapixels 400,000 times; a
TIFF with a list of 12 million places; a BMP of 80 bytes that says "leave out 16,000 million pixels". So

* a file is read in at most ``MOST_READS`` pieces and ``MOST_S`` of a core (``Patient``);
* a JPEG has at most ``MOST_SCANS`` scans, a TIFF at most ``MOST_VALUES`` numbers in its directory and tiles of at most
  ``MOST_TILE`` pixels;
* what Pillow decodes in Python (packed BMP, some PPM) is not read: that is slow, and keeps no limits;
* more than ``MOST_EXIF`` bytes of EXIF are passed over.

The formats are an allow-list: others run programs (EPS runs Ghostscript), open a second file inside the first, or let
no other thread run while they decode (JPEG 2000: seconds).
"""

from __future__ import annotations

import io
import re
import struct
import time
from pathlib import Path

from PIL import Image

READ = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF", "PPM", "TGA")  # nothing else
MOST_READS = 100_000  # a photo of 50 MB takes some 20,000
MOST_S = 10.0  # of a core; the largest photo that is read takes 2
MOST_SCANS = 100  # a progressive JPEG has about 10
MOST_VALUES = 100_000  # of a TIFF's directory; one strip a line are 65,535 at most
MOST_TILE = 66_000_000  # pixels of one tile of a TIFF, however small the picture
MOST_EXIF = 1_000_000  # bytes; of a JPEG they are 65,533 at most
TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_TILE_WIDTH, _TILE_LENGTH = 322, 323  # tags of a TIFF
_BYTES = (1, 2, 7)  # types of a TIFF's values that are read as they are
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_BARE = (0x01, *range(0xD0, 0xD9))  # a JPEG's markers without a length: restarts and its start
_END, _SCAN = 0xD9, 0xDA  # ... of its end, and of pixels


class TiresomeError(Exception):
    """A file that asks for more work than any honest picture; the words say what it is."""


class Patient(io.BufferedReader):
    """A picture's file, which gives up on whoever reads it for too long."""

    def __init__(self, source: str | Path | bytes) -> None:
        """The file at a path, or one of these bytes."""
        super().__init__(io.BytesIO(source) if isinstance(source, bytes) else io.FileIO(source))
        self._reads = 0
        self._until = time.thread_time() + MOST_S

    def read(self, size: int | None = -1, /) -> bytes:
        """As ``io.BufferedReader``.

        Raises:
            TiresomeError: it was read too often, or for too long.
        """
        self._reads += 1
        if self._reads > MOST_READS or time.thread_time() > self._until:
            raise TiresomeError("one of so many pieces that reading it takes too long")
        return super().read(size)


def open_picture(file: Patient) -> Image.Image:
    """The picture in ``file``, which is neither loaded nor closed here.

    Raises:
        TiresomeError: it asks for too much.
        PIL.UnidentifiedImageError: it is of no format in ``READ``.
    """
    head = file.read(16)
    if head[:4] in TIFF_HEADS and _values(file, head) > MOST_VALUES:
        raise TiresomeError("one whose directory is longer than any picture needs")
    image = Image.open(file, formats=READ)
    if any(tile.codec_name in Image.DECODERS for tile in getattr(image, "tile", ())):
        raise TiresomeError(f"a {image.format} that is packed in an unusual way")
    tags = getattr(image, "tag_v2", {})
    if tags.get(_TILE_WIDTH, 0) * tags.get(_TILE_LENGTH, 0) > MOST_TILE:
        raise TiresomeError("a TIFF of tiles that are larger than any picture may be")
    return image


def count_scans(source: str | Path | bytes) -> int:
    """How often a JPEG goes over its picture: 1, or about 10 in a progressive one.

    Raises:
        TiresomeError: more than ``MOST_SCANS`` times.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    place, scans = 0, 0
    while (marker := _MARKER.search(data, place)) is not None and marker[1][0] != _END:
        code, place = marker[1][0], marker.end()
        if code in _BARE or code < 0xC0:
            continue
        scans += code == _SCAN
        if scans > MOST_SCANS:
            raise TiresomeError(f"a JPEG that goes over the picture more than {MOST_SCANS} times")
        place += int.from_bytes(data[place : place + 2], "big")
    return scans


def forget_long_exif(image: Image.Image) -> None:
    """Leave out EXIF that is longer than any camera's."""
    for name in ("exif", "Raw profile type exif"):
        if len(image.info.get(name) or "") > MOST_EXIF:
            del image.info[name]


def _values(file: Patient, head: bytes) -> int:
    """How many numbers the first directory of a TIFF holds, which Pillow makes objects of; 0 where it is damaged."""
    order, big = "<" if head[:2] == b"II" else ">", b"+" in head[:4]
    entry = struct.Struct(order + ("HHQ8x" if big else "HHI4x"))
    try:
        (place,) = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)
        file.seek(place)
        (entries,) = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))
        found = file.read(entry.size * min(entries, MOST_VALUES))
    except (struct.error, OSError, OverflowError, ValueError):
        return 0
    whole = found[: len(found) // entry.size * entry.size]
    return sum(count for _, kind, count in entry.iter_unpack(whole) if kind not in _BYTES)
