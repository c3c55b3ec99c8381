"""Pictures of every kind, whole and damaged, against pixels that are known."""

from __future__ import annotations

import base64
import io
import os
import random
import struct
import subprocess
import sys
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from shared import images
from shared.errors import ImageError
from shared.images import MAX_SIDE, data_url, jpeg_bytes, open_image, png_bytes

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (255, 255, 255)
CORNERS = (RED, GREEN, BLUE, WHITE)  # top left, top right, bottom left, bottom right
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I;16", "I", "F")
_ROOT = Path(__file__).parents[2]


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    """A picture whose four quarters are red, green, blue and white."""
    image = Image.new("RGB", (width, height), WHITE)
    halves = (width // 2, height // 2)
    for colour, corner in zip(CORNERS, ((0, 0), (halves[0], 0), (0, halves[1])), strict=False):
        image.paste(colour, (*corner, corner[0] + halves[0], corner[1] + halves[1]))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners(image: Image.Image) -> tuple[tuple[int, ...], ...]:
    x, y = image.width // 4, image.height // 4
    return tuple(
        image.getpixel(place)  # type: ignore[misc]
        for place in ((x, y), (3 * x, y), (x, 3 * y), (3 * x, 3 * y))
    )


def check_quarters(image: Image.Image, tolerance: int = 0, size: tuple[int, int] = (64, 48)) -> None:
    assert image.mode == "RGB"
    assert image.size == size
    error = np.abs(np.subtract(corners(image), CORNERS)).max()
    assert error <= tolerance, corners(image)


def turned_away(orientation: int) -> Image.Image:
    """The pixels as a camera stores them with that orientation: what the EXIF standard says must undo them."""
    pixels = np.asarray(quarters())
    stored = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels),  # 0th row is the right-hand side: the camera was turned
        7: np.rot90(pixels, 2).transpose(1, 0, 2),
        8: np.rot90(pixels, -1),
    }[orientation]
    return Image.fromarray(np.ascontiguousarray(stored))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_exif_orientation_comes_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options: dict[str, Any] = {"exif": exif}
    options |= {"quality": 95, "subsampling": 0} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    check_quarters(open_image(encoded(turned_away(orientation), kind, **options)), 4 if kind == "JPEG" else 0)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_a_nonsense_orientation_is_ignored(value: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    check_quarters(open_image(encoded(quarters(), "PNG", exif=exif)))


@pytest.mark.filterwarnings("ignore:.*EXIF")  # Pillow's remark
def test_damaged_exif_does_not_cost_the_picture() -> None:
    for exif in (
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40,
    ):
        check_quarters(open_image(encoded(quarters(), "JPEG", exif=exif, quality=95, subsampling=0)), 4)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_rgb(mode: str) -> None:
    source = quarters()
    if mode == "PA":
        image = source.convert("P").convert("PA")
    elif mode == "LAB":
        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        converted = ImageCms.profileToProfile(source, *profiles, outputMode="LAB")
        assert converted is not None
        image = converted
    elif mode in ("I;16", "I", "F"):
        greys = np.asarray(source.convert("L"), np.float64) / 255
        kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        image = Image.fromarray((greys * (1.0 if mode == "F" else 65535)).astype(kind))
    else:
        image = source.convert(mode)
    before = image.tobytes()
    made = open_image(image)
    assert made.mode == "RGB"
    assert made is not image
    assert image.mode == mode
    assert image.tobytes() == before, "the caller's picture stays as it is"
    is_grey = mode in ("1", "L", "LA", "I;16", "I", "F")
    wanted = source.convert("L").convert("RGB") if is_grey else source
    tolerance = {"1": 255, "P": 60, "PA": 60, "YCbCr": 3, "HSV": 4, "LAB": 12}.get(mode, 1)
    assert np.abs(np.subtract(corners(made), corners(wanted))).max() <= tolerance


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P", "RGB", "L", "1"])
def test_transparency_is_laid_on_white(mode: str) -> None:
    options: dict[str, Any] = {}
    if mode in ("RGBA", "LA", "PA"):
        image = Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert("RGBA" if mode == "PA" else mode)
        if mode == "PA":
            image = image.convert("PA")
        assert open_image(image).getpixel((4, 4)) == WHITE
        if mode == "PA":
            return
    else:
        image = Image.new(mode, (8, 8), 0)
        options["transparency"] = (0, 0, 0) if mode == "RGB" else 0
    assert open_image(encoded(image, "PNG", **options)).getpixel((4, 4)) == WHITE


def test_half_transparent_is_half_white() -> None:
    assert open_image(Image.new("RGBA", (8, 8), (200, 0, 0, 128))).getpixel((4, 4)) == pytest.approx(
        (227, 127, 127), abs=1
    )
    large = Image.new("RGBA", (MAX_SIDE + 904, 4), (200, 0, 0, 0))
    large.paste((0, 0, 200, 255), (0, 0, 2500, 4))
    made = open_image(large)
    colours = {made.getpixel((x, 2)) for x in (10, 4000)}
    assert colours == {(0, 0, 200), WHITE}
    assert np.asarray(made)[..., 0].max(initial=0) == 255
    edge = np.asarray(made)[2].astype(int)
    assert (edge[:, 2] >= 195).all(), "no dark or red fringe where transparent red meets blue"


@pytest.mark.parametrize("values", [(0, 1), (0, 255), (0, 65535)])
def test_whole_numbers_and_floats_keep_their_range(values: tuple[int, int]) -> None:
    array = np.repeat(np.array([values], np.float32), 4, axis=0)
    made = np.asarray(open_image(Image.fromarray(array)))
    assert made.min() == 0
    assert made.max() == 255
    with_nan = array.copy()
    with_nan[0] = np.nan
    assert np.asarray(open_image(Image.fromarray(with_nan))).max() == 255


def test_a_16_bit_png_file_keeps_its_greys() -> None:
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    made = np.asarray(open_image(encoded(Image.fromarray(ramp), "PNG")))[..., 0]
    assert np.abs(made - ramp / 257).max() <= 0.5


@pytest.mark.parametrize(("kind", "options"), [
    ("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {}), ("AVIF", {"quality": 100}),
])  # fmt: skip
def test_of_an_animation_the_first_frame(kind: str, options: dict[str, Any]) -> None:
    second = Image.new("RGB", (64, 48), (1, 2, 3))
    data = encoded(quarters(), kind, save_all=True, append_images=[second, second], **options)
    check_quarters(open_image(data), 8 if kind in ("GIF", "AVIF") else 0)
    opened = Image.open(io.BytesIO(data))
    opened.seek(1)
    check_quarters(open_image(opened), 8 if kind in ("GIF", "AVIF") else 0)


def test_a_phones_mpo() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    data = encoded(turned_away(6), "MPO", save_all=True, append_images=[quarters()], exif=exif, quality=95)
    assert Image.open(io.BytesIO(data)).format == "MPO"
    check_quarters(open_image(data), 12)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_phones_heic(orientation: int, tmp_path: Path) -> None:
    import pillow_heif

    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    stored = turned_away(orientation)
    pillow_heif.from_pillow(stored).save(buffer, quality=100, chroma=444, exif=exif.tobytes())
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(buffer.getvalue())
    check_quarters(open_image(path), 12)


def test_metadata_goes_no_further() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "A phone"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (48.0, 8.0, 0.0)})
    for kind in ("JPEG", "PNG", "WEBP"):
        data = encoded(quarters(), kind, exif=exif, **({"comment": b"secret"} if kind == "JPEG" else {}))
        assert b"A phone" in data
        made = open_image(data)
        assert made.info == {}
        assert dict(made.getexif()) == {}
        for again in (png_bytes(made), jpeg_bytes(made), encoded(made, "WEBP")):
            assert b"A phone" not in again
            assert b"secret" not in again
            assert not Image.open(io.BytesIO(again)).getexif()


def test_all_sources_are_the_same_picture(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    quarters().save(path)
    array = np.asarray(quarters())
    opaque = np.dstack([array, np.full(array.shape[:2], 255, np.uint8)])
    for source in (path, str(path), path.read_bytes(), quarters(), array, array / 255.0, array[:, ::1], opaque):
        check_quarters(open_image(source))
    assert open_image(array[..., 0]).getpixel((0, 0)) == (RED[0],) * 3


@pytest.mark.parametrize("array", [
    np.zeros((4, 4, 2), np.uint8), np.zeros((3, 4, 5), np.uint8), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8),
    np.full((4, 4), 2.0), np.full((4, 4), np.nan), np.full((4, 4), -0.1), np.zeros((4, 4), np.int64),
    np.zeros((4, 4), bool), [[1, 2], [3, 4]], 7, io.BytesIO(b"x"), np.array([["a", "b"], ["c", "d"]]),
], ids=lambda array: type(array).__name__)  # fmt: skip
def test_other_arrays_and_objects_are_refused(array: Any) -> None:
    with pytest.raises(ImageError):
        open_image(array)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "none"),
        ("", "none"),
        (None, "none"),
        (b"I am a text file, renamed .jpg", "whatever its name"),
        (b"\xff\xd8\xff", "whatever its name"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n", "whatever its name"),
        ("/nowhere/secret-folder/photo.jpg", "no file photo.jpg"),
        ("bad\0name.jpg", "null byte"),
        ("x" * 5000, "File name too long"),
        (Path(__file__).parent, "Is a directory"),
    ],
)
def test_what_is_no_picture_is_told(source: Any, words: str) -> None:
    with pytest.raises(ImageError) as caught:
        open_image(source, "The style photo")
    told = str(caught.value)
    assert words in told
    assert told.startswith("Needed: the style photo")
    assert "secret-folder" not in told
    assert str(Path(__file__).parent) not in told


def test_1x1_is_too_small_and_2x2_is_not() -> None:
    with pytest.raises(ImageError, match=r"at least 2 x 2 pixels\. Found: 1 x 1\."):
        open_image(encoded(Image.new("RGB", (1, 1)), "PNG"))
    assert open_image(encoded(Image.new("RGB", (2, 2)), "PNG")).size == (2, 2)
    with pytest.raises(ImageError, match="at least 40 x 40"):
        open_image(quarters(60, 39), min_side=40)
    with pytest.raises(ImageError, match=r"Found: 100 x 4, its longer side reduced to that\. Choose .* less elongated"):
        open_image(quarters(500, 20), min_side=5, max_side=100)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "HEIC", "TIFF", "BMP"])
def test_a_truncated_file_is_told(kind: str) -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8))
    if kind == "HEIC":
        import pillow_heif

        buffer = io.BytesIO()
        pillow_heif.from_pillow(noise).save(buffer)
        data = buffer.getvalue()
    else:
        data = encoded(noise, kind)
    open_image(data)
    with pytest.raises(ImageError):
        open_image(data[: len(data) * 2 // 3])
    lazy = Image.open(io.BytesIO(encoded(noise, "PNG")[:4000]))
    with pytest.raises(ImageError, match="damaged"):
        open_image(lazy)


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises pixels and has none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("size", "most", "megapixels"),
    [((20_000, 20_000), 250, "400"), ((100_000, 100_000), 250, "10,000"), ((8_200, 8_200), 66, "67")],
)
def test_a_bomb_is_refused_before_it_goes_off(size: tuple[int, int], most: int, megapixels: str) -> None:
    with pytest.raises(ImageError, match=f"at most {most} megapixels. Found: {megapixels}"):
        open_image(png_header(*size))


def test_a_gif_of_35_bytes_is_no_larger_than_its_header_says() -> None:
    bomb = b"GIF89a" + struct.pack("<HHBBB", 65535, 2700, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + b",\0\0\0\0"
    with pytest.raises(ImageError, match="at most 66 megapixels"):
        open_image(bomb + struct.pack("<HHB", 65535, 2700, 0) + b"\2\2\x4c\1\0;")


def iptc(payload: bytes) -> bytes:
    """A file of the IPTC format whose picture is ``payload``; Pillow opens that with every reader it has."""

    def field(number: int, data: bytes) -> bytes:
        return struct.pack(">BBBH", 0x1C, 3, number, len(data)) + data

    head = field(20, b"\0\x20") + field(30, b"\0\x20") + field(60, b"\1\1") + field(65, b"\0") + field(120, b"\5")
    return head + struct.pack(">BBBH", 0x1C, 8, 10, len(payload)) + payload


def test_no_format_that_runs_a_program_is_opened_not_even_inside_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ghostscript = tmp_path / "gs"
    ghostscript.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    ghostscript.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n%%EndComments\nshowpage\n%%EOF\n"
    for file in (script, iptc(script)):
        with pytest.raises(ImageError, match="another kind"):
            open_image(file)
    assert not (tmp_path / "ran").exists()


_MEMORY = """
import re, sys
from pathlib import Path
from shared.images import open_image
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
open_image(sys.argv[2], max_side=64)
before = peak()
image = open_image(sys.argv[1])
print(*image.size, (peak() - before) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's account of a process's peak memory")
def test_a_200_megapixel_photo_of_a_phone_stays_cheap(tmp_path: Path) -> None:
    """It would be 600 MB decoded whole; libjpeg decodes it at half its size, and Pillow reduces that."""
    large, small = tmp_path / "large.jpg", tmp_path / "small.jpg"
    Image.new("L", (16_320, 12_240), 90).save(large, quality=30)
    quarters().save(small)
    command = [sys.executable, "-c", _MEMORY, str(large), str(small)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    width, height, megabytes = map(int, done.stdout.split())
    assert (width, height) == (4096, 3072)
    assert megabytes < 200


def test_a_large_side_is_reduced_in_proportion() -> None:
    for mode in ("RGB", "L", "P", "I;16", "CMYK"):
        made = open_image(Image.new(mode, (600, 200)), max_side=300)
        assert (made.mode, made.size) == ("RGB", (300, 100))
    check_quarters(open_image(quarters(640, 480), max_side=64), 3)
    noise = Image.effect_noise((640, 480), 90).convert("RGB")
    wanted = noise.resize((320, 240), Image.Resampling.LANCZOS, reducing_gap=2.0)
    assert open_image(noise, max_side=320).tobytes() == wanted.tobytes()


def test_many_threads_open_pictures_at_once() -> None:
    data = [encoded(quarters(), kind) for kind in ("PNG", "GIF", "BMP")]
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for source in data * 5:
                check_quarters(open_image(source), 8)
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.filterwarnings("ignore")  # Pillow's remarks on damaged tags
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "TGA", "HEIC"])
def test_damage_anywhere_is_a_picture_or_an_image_error(kind: str) -> None:
    dice = random.Random(kind)
    if kind == "HEIC":
        import pillow_heif

        buffer = io.BytesIO()
        pillow_heif.from_pillow(quarters(32, 32)).save(buffer)
        whole = buffer.getvalue()
    else:
        whole = encoded(quarters(32, 32), kind)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            damaged[dice.randrange(min(len(damaged), 400))] = dice.randrange(256)
        with suppress(ImageError):
            made = open_image(bytes(damaged[: dice.randint(10, len(damaged))] if dice.random() < 0.3 else damaged))
            assert made.mode == "RGB"


def test_data_urls_hold_the_picture() -> None:
    kind, _, data = data_url(quarters(), lossless=True).partition(",")
    assert kind == "data:image/png;base64"
    check_quarters(open_image(base64.b64decode(data)))
    assert data_url(quarters()).startswith("data:image/jpeg;base64,")


def test_a_picture_of_as_many_pixels_as_may_be_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = png_bytes(Image.new("RGB", (30, 20)))
    monkeypatch.setattr(images, "MAX_PIXELS", 600)
    assert open_image(data).size == (30, 20)
    monkeypatch.setattr(images, "MAX_PIXELS", 599)
    with pytest.raises(ImageError):
        open_image(data)


def test_a_line_stays_a_line_when_it_is_reduced() -> None:
    assert images._fitting((1000, 1), 100) == (100, 1)
    assert images._fitting((1, 1000), 100) == (1, 100)
    assert images._fitting((1000, 500), 100) == (100, 50)
