"""Files that are pictures by their header and ask for minutes or gigabytes: refused at once, with a true reason."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from shared import images, picture_files
from shared.errors import ImageError
from shared.images import as_sent, open_image

_PIECES = "so many pieces"
_SMALL = 64


def encoded(kind: str, image: Image.Image | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    (image or Image.new("L", (_SMALL, _SMALL), 128)).save(buffer, kind, **options)
    return buffer.getvalue()


def gif(blocks: bytes) -> bytes:
    whole = encoded("GIF", Image.new("P", (_SMALL, _SMALL), 3))
    at = whole.index(b",")
    return whole[:at] + blocks + whole[at:]


def png(chunk: bytes) -> bytes:
    whole = encoded("PNG")
    made = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return whole[:33] + made * 5_000 + whole[33:]


def png_afterwards(chunk: bytes) -> bytes:
    whole = encoded("PNG")
    made = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return whole[:-12] + made * 5_000 + whole[-12:]


def jpeg(segments: bytes) -> bytes:
    whole = encoded("JPEG")
    return whole[:2] + segments + whole[2:]


def bmp(width: int, packed: bytes) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, 1, 1, 8, 1, len(packed), 0, 0, 2, 0) + b"\0\0\0\0\xff\xff\xff\0"
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(packed), 0, 0, 14 + len(head)) + head + packed


def tiff(more: dict[int, tuple[int, int, Any]], *, big: bool = False, order: str = "<", side: int = _SMALL) -> bytes:
    """A grey TIFF with the tags ``more``: (type, count, a number or bytes)."""
    tags: dict[int, tuple[int, int, Any]] = {
        256: (4, 1, side), 257: (4, 1, side), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 277: (3, 1, 1),
        273: (4, 1, 8), 278: (4, 1, side), 279: (4, 1, side * side),
    }  # fmt: skip
    tags |= more
    wide, start = ("Q", 16) if big else ("I", 8)
    body, after = b"", b""
    place = start + (8 if big else 2) + (20 if big else 12) * len(tags) + (8 if big else 4)
    for tag, (kind, count, value) in sorted(tags.items()):
        body += struct.pack(order + "HH" + wide, tag, kind, count)
        if isinstance(value, bytes):
            body += struct.pack(order + wide, place + len(after))
            after += value
        else:
            body += struct.pack(order + ("H" if kind == 3 else "I"), value).ljust(8 if big else 4, b"\0")
    mark = b"II" if order == "<" else b"MM"
    head = mark + (struct.pack(order + "HHHQ", 43, 8, 0, start) if big else struct.pack(order + "HI", 42, start))
    count_of_tags = struct.pack(order + ("Q" if big else "H"), len(tags))
    return head + count_of_tags + body + struct.pack(order + wide, 0) + after + bytes(side * side)


def progressive(scans: int) -> bytes:
    """A progressive JPEG that goes over its picture ``scans`` times more than it has to."""
    whole = encoded("JPEG", progressive=True)
    first = whole.index(b"\xff\xda")
    tables = whole.index(b"\xff\xc4", first)
    scan = whole.index(b"\xff\xda", tables)
    end = whole.index(b"\xff\xc4", scan)
    return whole[:end] + whole[scan:end] * scans + whole[end:]


def test_these_pictures_are_read_where_they_ask_for_little() -> None:
    for data in (gif(b"!\xfe\x01x\0"), jpeg(b"\xff\xe5\0\2"), tiff({}), tiff({}, big=True), tiff({}, order=">"),
                 progressive(3)):  # fmt: skip
        assert open_image(data).size == (_SMALL, _SMALL)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: gif(b"!\xfe\x01x\0" * 6_000), _PIECES),
        (lambda: gif(b"!\xfe" + b"\1x" * 6_000 + b"\0"), _PIECES),
        (lambda: png(b"teXt"), _PIECES),
        (lambda: png_afterwards(b"prVt"), _PIECES),
        (lambda: jpeg(b"\xff\xe5\0\2" * 6_000), _PIECES),
        (lambda: jpeg(b"\xff" * 11_000), _PIECES),
        (lambda: bmp(60_000_000, b"\0\2\0\xff" + bytes(100)), "packed in an unusual way"),  # delta: 15 GB
        (lambda: b"P3 200 200 255\n" + b"1 " * 120_000, "packed in an unusual way"),
        (lambda: b"P6 200 200 254\n" + b"1" * 120_000, "packed in an unusual way"),
        (lambda: tiff({273: (4, 200_000, struct.pack("<I", 8) * 200_000), 278: (4, 1, 1)}), "directory"),
        (lambda: tiff({282: (5, 200_000, b"\1" * 1_600_000)}), "directory"),
        (lambda: tiff({282: (5, 200_000, b"\1" * 1_600_000)}, big=True), "directory"),
        (lambda: tiff({282: (5, 200_000, b"\1" * 1_600_000)}, order=">"), "directory"),
        (lambda: tiff({322: (4, 1, 30_000), 323: (4, 1, 30_000), 324: (4, 1, 8), 325: (4, 1, 9)}), "tiles"),
        (lambda: progressive(120), "more than 100 times"),
    ],
)
def test_a_file_that_asks_for_minutes_or_gigabytes_is_refused(
    make: Callable[[], bytes], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_files, "MOST_READS", 10_000)  # a tenth, as the tests' files are a tenth as long
    data = make()
    place = tmp_path / "picture"
    place.write_bytes(data)
    for source in (data, place):
        with pytest.raises(ImageError, match=reason):
            open_image(source)


def test_a_file_in_as_many_pieces_as_a_large_photo_is_read_and_one_in_many_more_is_not() -> None:
    assert open_image(jpeg(b"\xff\xe5\0\2" * 20_000)).size == (_SMALL, _SMALL)
    with pytest.raises(ImageError, match=_PIECES):
        open_image(jpeg(b"\xff\xe5\0\2" * 60_000))


def test_a_picture_that_takes_too_much_of_a_core_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "MOST_S", -1.0)
    with pytest.raises(ImageError, match="takes too long"):
        open_image(encoded("JPEG"))


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_scans_are_counted(options: dict[str, bool]) -> None:
    colour = Image.linear_gradient("L").convert("RGB")
    once = picture_files.count_scans(encoded("JPEG", colour, **options))
    assert once == 1 if not options else 5 < once < 20
    thumbnail = b"\xff\xe1" + struct.pack(">H", 802) + b"\xff\xda" * 400  # a scan inside another segment is none
    assert picture_files.count_scans(jpeg(thumbnail)) == 1


def test_a_jpeg_whose_colours_come_one_after_the_other_is_not_taken_for_one_that_can_be_reduced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """libjpeg keeps the numbers of the whole picture for it, however small it is to become."""
    monkeypatch.setattr("shared.images.MAX_PIXELS", 100)
    assert open_image(encoded("JPEG")).size == (_SMALL, _SMALL)
    monkeypatch.setattr("shared.images.count_scans", lambda source: 3)
    with pytest.raises(ImageError, match="megapixels"):
        open_image(encoded("JPEG"))


def test_exif_longer_than_any_cameras_is_passed_over() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    assert open_image(encoded("PNG", Image.new("L", (20, 10)), exif=exif)).size == (10, 20)
    exif[0x010E] = "x" * (picture_files.MOST_EXIF + 1)
    assert open_image(encoded("PNG", Image.new("L", (20, 10)), exif=exif)).size == (20, 10)


def _avif(size: tuple[int, int], said: tuple[int, int]) -> bytes:
    """An AVIF of ``size`` whose header says that it is of another one."""
    data = bytearray(encoded("AVIF", Image.new("RGB", size, "teal")))
    place = data.index(b"ispe") + 8
    data[place : place + 8] = struct.pack(">II", *said)
    return bytes(data)


def test_an_avif_is_decoded_in_a_process_of_its_own_with_the_same_pixels(tmp_path: Path) -> None:
    picture = Image.linear_gradient("L").convert("RGBA")
    picture.putalpha(picture.getchannel("R"))
    data = encoded("AVIF", picture)
    (tmp_path / "a.avif").write_bytes(data)
    for source in (data, tmp_path / "a.avif"):
        elsewhere = images.open_with_alpha(source, max_side=100)
        here = images._decode(data, "The photo", 100, here=True)
        assert [layer and layer.tobytes() for layer in elsewhere] == [layer and layer.tobytes() for layer in here]
        assert elsewhere[1] is not None
    assert images.open_with_alpha(encoded("AVIF"))[1] is None


def test_an_avif_that_takes_more_than_its_share_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    lying = _avif((2_000, 1_000), (64, 64))
    monkeypatch.setattr(images, "_decode", _no_decoding_here(images._decode))
    assert open_image(lying).size == (64, 64)
    monkeypatch.setattr(images, "_ELSEWHERE_S", 0.001)
    with pytest.raises(ImageError, match="takes too long to decode"):
        open_image(lying)
    monkeypatch.setattr(images.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=-9, stdout=b""))
    with pytest.raises(ImageError, match="gave up"):
        open_image(lying)


def _no_decoding_here(decode: Callable[..., Any]) -> Callable[..., Any]:
    def decoded(*args: Any, here: bool = False) -> Any:
        assert not here
        return decode(*args)

    return decoded


def test_a_file_that_is_gone_is_told_where_its_bytes_are_wanted(tmp_path: Path) -> None:
    assert as_sent(None) is None
    with pytest.raises(ImageError, match="Choose it again"):
        as_sent(str(tmp_path / "gone.png"))
