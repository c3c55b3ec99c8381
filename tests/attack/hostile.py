"""Files and requests that somebody sends to stop the hub for everybody, made when they are needed."""

from __future__ import annotations

import functools
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

_MB = 1_000_000
_SIDE = 8_000  # pixels: 64 megapixels, just what is decoded whole


@dataclass(frozen=True)
class Hostile:
    """One file, and the events (by their names in the page's API, private ones too) that it is sent to."""

    name: str
    file: str
    make: Callable[[], bytes]
    events: tuple[str, ...]


PHOTO = ("identify", "stylize_now", "unit_patches", "upscale", "translate", "_on_photo_1")
EKG = ("classify_ekg",)


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _picture(side: int = _SIDE, mode: str = "RGB") -> Image.Image:
    """Something in it, so that no decoder gets off lightly."""
    picture = Image.new(mode, (side, side), 90 if mode in ("L", "P", "I;16") else "#5a7")
    if mode != "I;16":
        draw = ImageDraw.Draw(picture)
        for i in range(0, side, side // 50):
            draw.ellipse((i // 2, i, i // 2 + side // 9, i + side // 7), fill=i % 250 if mode in ("L", "P") else "#c53")
    return picture


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_with_bomb() -> bytes:
    head = struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0)
    bomb = b"comment\0\0" + zlib.compress(b"x" * 60 * _MB, 9)
    return b"\x89PNG\r\n\x1a\n" + _png_chunk(b"IHDR", head) + _png_chunk(b"zTXt", bomb) + _png_chunk(b"IEND", b"")


def _gif_frames(frames: int) -> bytes:
    one = _saved(Image.new("P", (64, 64), 3), "GIF")
    at = one.index(b",")  # the picture's own part follows the global colours
    return one[:at] + one[at:-1] * frames + b";"


def _gif_of_size(width: int, height: int) -> bytes:
    size = struct.pack("<HH", width, height)
    return b"GIF89a" + size + b"\0\0\0" + b",\0\0\0\0" + size + b"\0\x02\x02\x4c\x01\0;"


def _tiff_pages() -> bytes:
    return _saved(Image.new("L", (64, 64)), "TIFF", save_all=True, append_images=[Image.new("L", (64, 64))] * 2_000)


def _gif_comments(comments: int) -> bytes:
    one = _saved(Image.new("P", (64, 64), 3), "GIF")
    at = one.index(b",")
    return one[:at] + b"!\xfe\x01x\0" * comments + one[at:]


def _jpeg_scans(scans: int) -> bytes:
    one = _saved(Image.new("L", (_SIDE, _SIDE), 128), "JPEG", progressive=True, quality=50)
    scan = one.index(b"\xff\xda", one.index(b"\xff\xc4", one.index(b"\xff\xda")))
    end = one.index(b"\xff\xc4", scan)
    return one[:end] + one[scan:end] * scans + one[end:]


def _bmp_delta() -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, 60 * _MB, 1, 1, 8, 1, 4, 0, 0, 2, 0) + b"\0\0\0\0\xff\xff\xff\0"
    return b"BM" + struct.pack("<IHHI", 18 + len(head), 0, 0, 14 + len(head)) + head + b"\0\2\0\xff"


def _tiff_directory(numbers: int) -> bytes:
    tags = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
            (273, 4, numbers, 110), (277, 3, 1, 1), (278, 4, 1, 1)]  # fmt: skip
    body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + body + b"\0" * 4 + b"\x08\0\0\0" * numbers


def _avif_that_lies() -> bytes:
    data = bytearray(_saved(Image.new("RGB", (10_000, 10_000), "teal"), "AVIF", speed=10, quality=10))
    place = data.index(b"ispe") + 8
    data[place : place + 8] = struct.pack(">II", 64, 64)
    return bytes(data)


def _zip(members: Iterator[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def _edf(signals: bytes, records: bytes, duration: bytes, samples: bytes) -> bytes:
    head = b"0".ljust(8) + b"patient".ljust(80) + b"recording".ljust(80) + b"01.01.2000.00.00"
    head += b"99999999" + b"EDF+C".ljust(44) + records.ljust(8) + duration.ljust(8) + signals.ljust(4)
    fields = (16, 80, 8, 8, 8, 8, 8, 80)
    values = (b"EKG", b"", b"uV", b"-1", b"1", b"-1", b"1", b"")
    for size, value in zip(fields, values, strict=True):
        head += value.ljust(size) * 999
    return head + samples.ljust(8) * 999 + b" " * 32 * 999 + b"\0" * 10_000


def _wfdb(line: str, signal: str) -> bytes:
    return _zip(iter([("r.hea", f"{line}\n{signal}\n".encode()), ("r.dat", b"\0" * 1000)]))


@functools.lru_cache(maxsize=1)
def _large() -> bytes:
    return _saved(_picture(4_000), "PNG", compress_level=9)


def _rows(count: int) -> bytes:
    return b"time,ECG\n" + b"".join(b"%d.004,%d\n" % (i, i % 97) for i in range(count))


FILES: tuple[Hostile, ...] = (
    Hostile("PNG of 64 megapixels", "a.png", lambda: _saved(_picture(), "PNG", compress_level=1), PHOTO),
    Hostile("the same in grey", "a.png", lambda: _saved(_picture(mode="L"), "PNG", compress_level=1), PHOTO),
    Hostile("the same with transparency", "a.png",
            lambda: _saved(_picture(mode="RGBA"), "PNG", compress_level=1), PHOTO),
    Hostile("PNG of 64 megapixels, 16 bits", "a.png",
            lambda: _saved(_picture(mode="I;16"), "PNG", compress_level=1), PHOTO),
    Hostile("palette PNG of 64 megapixels", "a.png", lambda: _saved(_picture(mode="P"), "PNG", transparency=3), PHOTO),
    Hostile("palette PNG of 400 megapixels", "a.png", lambda: _saved(Image.new("P", (20_000, 20_000)), "PNG"), PHOTO),
    Hostile("JPEG of 225 megapixels", "a.jpg", lambda: _saved(_picture(15_000), "JPEG", quality=50), PHOTO),
    Hostile("progressive JPEG of 64 megapixels", "a.jpg",
            lambda: _saved(_picture(), "JPEG", quality=50, progressive=True), PHOTO),
    Hostile("WebP of 64 megapixels", "a.webp", lambda: _saved(_picture(), "WEBP", method=0, quality=30), PHOTO[:3]),
    Hostile("JPEG 2000 of 64 megapixels", "a.jp2",
            lambda: _saved(Image.new("L", (_SIDE, _SIDE)), "JPEG2000", num_resolutions=1), PHOTO[:3]),
    Hostile("TIFF of 64 megapixels in one strip", "a.tif",
            lambda: _saved(_picture(), "TIFF", compression="tiff_lzw", tiffinfo={278: _SIDE}), PHOTO[:3]),
    Hostile("AVIF of 25 megapixels", "a.avif", lambda: _saved(_picture(5_000), "AVIF", speed=10), PHOTO[:3]),
    Hostile("AVIF of 100 megapixels that says 64 x 64", "a.avif", _avif_that_lies, PHOTO[:3]),
    Hostile("GIF of 65,535 x 1,000", "a.gif", lambda: _gif_of_size(65_535, 1_000), PHOTO[:3]),
    Hostile("GIF of 65,535 x 65,535", "a.gif", lambda: _gif_of_size(65_535, 65_535), PHOTO[:3]),
    Hostile("GIF with 10,000 frames", "a.gif", lambda: _gif_frames(10_000), PHOTO[:3]),
    Hostile("TIFF with 2,000 pages", "a.tif", _tiff_pages, PHOTO[:3]),
    Hostile("PNG with a comment of 60 MB", "a.png", _png_with_bomb, PHOTO[:3]),
    Hostile("GIF of 9,000,000 comments", "a.gif", lambda: _gif_comments(9_000_000), PHOTO[:3]),
    Hostile("progressive JPEG of 64 megapixels in 400,000 scans", "a.jpg", lambda: _jpeg_scans(400_000), PHOTO[:3]),
    Hostile("BMP that leaves out 15,000,000,000 pixels", "a.bmp", _bmp_delta, PHOTO),
    Hostile("TIFF of 11,000,000 strips", "a.tif", lambda: _tiff_directory(11_000_000), PHOTO[:3]),
    Hostile("PPM in words", "a.ppm", lambda: b"P3 4000 4000 255\n" + b"#\n" * 24_000_000, PHOTO[:3]),
    Hostile("one line of 100,000 commas", "a.csv", lambda: b"," * 100_000, EKG),
    Hostile("2,000,000 commas", "a.csv", lambda: b"," * 2_000_000, EKG),
    Hostile("100,000 columns", "a.csv", lambda: (b"0.1," * 99_999 + b"0\n") * 20, EKG),
    Hostile("a heading of brackets", "a.csv", lambda: b"time;(" + b" " * 19_000 + b"x\n1;2\n", EKG),
    Hostile("a first line of digits", "a.csv", lambda: b"7" * 400_000 + b"\n1,2\n", EKG),
    Hostile("two headings of spaces", "a.csv", lambda: (b"(" + b" " * 9_000 + b"!\n") * 2 + b"1,2\n", EKG),
    Hostile("2,000,000 rows", "a.csv", lambda: _rows(2_000_000), EKG),
    Hostile("3,000,000 numbers on one line", "a.csv", lambda: b"12 " * 3_300_000, EKG),
    Hostile("49 MB of one digit", "a.txt", lambda: b"1\n" * 24_000_000, EKG),
    Hostile("EDF with an absurd heading", "a.edf", lambda: _edf(b"999", b"9999999", b"1e9", b"9999999"), EKG),
    Hostile("EDF of 1e300 seconds", "a.edf", lambda: _edf(b"9999", b"-1", b"1e300", b"-5"), EKG),
    Hostile("WFDB of 10^12 samples", "r.zip",
            lambda: _wfdb("r 2 360 1000000000000", "r.dat 16 200 11 1024 0 0 0 ML\nr.dat 16"), EKG),
    Hostile("WFDB with 5,000 digits", "r.zip", lambda: _wfdb("r " + "9" * 5_000 + " 360 9", "r.dat 16"), EKG),
    Hostile("zip bomb, 400 MB in 0.4 MB", "a.zip",
            lambda: _zip((f"{i}.csv", b"0" * 100 * _MB) for i in range(4)), (*EKG, "_read_zip")),
    Hostile("zip of 10,000 photos", "a.zip",
            lambda: _zip((f"{i}/a.jpg", b"x") for i in range(10_000)), ("_read_zip", *EKG)),
    Hostile("zip with names of digits", "a.zip",
            lambda: _zip((f"{'7' * 16_000}{i}.jpg", b"x") for i in range(300)), ("_read_zip", *EKG)),
    Hostile("zip with names of dashes", "a.zip", lambda: _zip((f"{'-' * 60_000}{i}.jpg", b"x") for i in range(30)),
            ("_read_zip", *EKG)),
    Hostile("zip of 60 large photos", "a.zip",
            lambda: _zip((f"p{i}/{i}.png", _large()) for i in range(60)), ("_read_zip",)),
    Hostile("recipe nested 100,000 deep", "a.json", lambda: b"[" * 100_000, ("_read", "load")),
    Hostile("recipe of 40 MB", "a.json", lambda: json.dumps({"options": "x" * 40 * _MB}).encode(), ("_read", "load")),
    Hostile("video that is a picture of 64 megapixels", "a.mp4",
            lambda: _saved(_picture(), "PNG", compress_level=1), ("paint_frames",)),
)  # fmt: skip
