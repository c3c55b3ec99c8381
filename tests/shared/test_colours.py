"""What the numbers of a picture mean, against pictures whose colours are known before they are written."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from shared import colours
from shared.errors import ImageError
from shared.images import open_image, open_with_alpha

SPACES = ("Adobe RGB (1998)", "Display P3", "BT.2020")
# no colour at the edge of sRGB: through 8 bits of a wider space it comes back within a few levels
PALETTE = np.array([(180, 60, 50), (60, 170, 70), (50, 70, 180), (200, 190, 60), (128, 128, 128), (230, 230, 230)])


def picture() -> Image.Image:
    return Image.fromarray(np.repeat(np.repeat(PALETTE.reshape(2, 3, 3), 16, 0), 16, 1).astype(np.uint8))


def written_in(space: str) -> Image.Image:
    """The picture with its numbers in ``space``, unmarked."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(colours._matrix_profile(space)))
    made = ImageCms.profileToProfile(picture(), ImageCms.createProfile("sRGB"), profile)
    assert made is not None
    made.info.clear()
    return made


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def off(image: Image.Image, wanted: Image.Image | None = None) -> int:
    return int(np.abs(np.asarray(image, np.int16) - np.asarray(wanted or picture(), np.int16)).max())


@pytest.mark.parametrize("space", SPACES)
def test_the_profiles_made_here_are_those_spaces(space: str) -> None:
    """White is white, and the grey that is half as bright is sRGB's, whatever the curve."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(colours._matrix_profile(space)))
    to_srgb = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    ground = ImageCms.applyTransform(Image.new("RGB", (1, 1), "white"), to_srgb)
    assert ground is not None
    assert min(ground.getpixel((0, 0))) >= 254  # type: ignore[type-var, arg-type]
    half = {"Adobe RGB (1998)": 186, "Display P3": 188, "BT.2020": 188}[space]
    grey = ImageCms.applyTransform(Image.new("RGB", (1, 1), (half,) * 3), to_srgb)
    assert grey is not None
    assert grey.getpixel((0, 0)) == pytest.approx((188,) * 3, abs=2)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_profile_in_the_file_is_converted(space: str, kind: str) -> None:
    options: dict[str, Any] = {"icc_profile": colours._matrix_profile(space)}
    options |= {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    options |= {"quality": 100, "subsampling": "4:4:4"} if kind == "AVIF" else {}
    made = written_in(space)
    assert off(made) > 8  # else there is nothing to see
    assert off(open_image(saved(made, kind, **options))) <= 6


def test_a_transparent_palette_and_a_grey_picture_with_profiles() -> None:
    made = written_in("Display P3")
    icc = colours._matrix_profile("Display P3")
    rgba = made.copy()
    rgba.putalpha(Image.new("L", made.size, 255))
    assert off(open_image(saved(rgba, "PNG", icc_profile=icc))) <= 3
    assert off(open_image(saved(made.quantize(16), "PNG", icc_profile=icc))) <= 3
    grey = picture().convert("L")
    assert off(open_image(saved(grey, "PNG", icc_profile=icc)), grey.convert("RGB")) == 0  # a profile of RGB: ignored


def test_adobe_rgb_that_only_exif_names() -> None:
    """As cameras write it: no profile, but the interoperability index R03."""
    made = written_in("Adobe RGB (1998)")
    assert off(open_image(saved(made, "PNG", exif=_interop(b"R03\0")))) <= 3
    exif = Image.Exif()
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.ColorSpace: 2}
    assert off(open_image(saved(made, "PNG", exif=exif))) <= 3
    usual = saved(picture(), "PNG", exif=_interop(b"R98\0"))
    assert off(open_image(usual)) == 0


def _interop(index: bytes) -> bytes:
    """EXIF of three directories: the file's, Exif's and the interoperability one with ``index``."""

    def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
        return struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")

    first = struct.pack("<H", 1) + entry(0x8769, 4, 1, struct.pack("<I", 26)) + bytes(4)  # at 8, 18 bytes
    second = struct.pack("<H", 1) + entry(0xA005, 4, 1, struct.pack("<I", 44)) + bytes(4)  # at 26
    third = struct.pack("<H", 1) + entry(1, 2, 4, index) + bytes(4)  # at 44
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + third


@pytest.mark.parametrize(("primaries", "space"), [(12, "Display P3"), (9, "BT.2020")])
def test_a_space_that_a_heic_names_in_its_container(primaries: int, space: str) -> None:
    made = written_in(space)
    made.info["nclx_profile"] = {"color_primaries": primaries, "transfer_characteristics": 13}
    assert off(open_image(made)) <= 3
    made.info["nclx_profile"] = {"color_primaries": primaries, "transfer_characteristics": 16}  # HDR: left alone
    assert off(open_image(made), made) == 0


def test_srgb_stays_as_it_is_and_damaged_profiles_are_ignored() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    adobe = colours._matrix_profile("Adobe RGB (1998)")
    for icc in (srgb, b"", b"no profile", adobe[:200], adobe[:128] + b"\xff" * 100, b"\0" * 4096):
        assert off(open_image(saved(picture(), "PNG", icc_profile=icc))) == 0


def test_a_profile_with_a_chain_of_steps_is_ignored() -> None:
    """Each step is taken for every colour, and 8 kB of profile have room for a thousand of them: 20 s."""
    adobe = bytearray(colours._matrix_profile("Adobe RGB (1998)"))
    assert off(open_image(saved(picture(), "PNG", icc_profile=bytes(adobe)))) > 3
    place = int.from_bytes(adobe[adobe.index(b"wtpt") + 4 :][:4], "big")
    adobe[place : place + 4] = b"mpet"
    assert off(open_image(saved(picture(), "PNG", icc_profile=bytes(adobe)))) == 0
    assert not colours._is_plain(bytes(128) + (101).to_bytes(4, "big") + bytes(2_000))
    assert colours._is_plain(bytes(128) + (100).to_bytes(4, "big") + bytes(2_000))


def test_a_cmyk_photo_is_read_by_its_numbers_where_its_profile_does_not_fit() -> None:
    cmyk = picture().convert("CMYK")
    data = saved(cmyk, "TIFF", icc_profile=colours._matrix_profile("Display P3"))
    assert off(open_image(data), cmyk.convert("RGB")) == 0


def test_the_primary_picture_of_a_heic_counts() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    for primary in (0, 1, 2):
        container = pillow_heif.from_pillow(Image.new("RGB", (64, 64), (200, 30, 30)))
        container.add_from_pillow(Image.new("RGB", (64, 64), (30, 200, 30)))
        container.add_from_pillow(Image.new("RGB", (64, 64), (30, 30, 200)))
        buffer = io.BytesIO()
        container.save(buffer, primary_index=primary, quality=95)
        pixel = open_image(buffer.getvalue()).getpixel((32, 32))
        assert int(np.argmax(pixel)) == primary  # type: ignore[arg-type]


def png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel: (H, W) grey, (H, W, 3) RGB, (H, W, 4) RGBA."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    kind = {2: 0, 3: 2}.get(values.ndim, 2) if values.ndim == 2 or values.shape[2] == 3 else 6
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, kind, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["grey", "colour", "transparent", "reduced"])
def test_a_camera_s_bits_in_16_fill_8(bits: int, kind: str) -> None:
    white = 2**bits - 1
    share = np.linspace(0, 1, 64 * 48).reshape(48, 64)
    values = np.rint(share * white).astype(np.uint16)
    if kind in ("colour", "transparent"):
        values = np.stack([values, values[::-1], values[:, ::-1]], -1)
    if kind == "transparent":
        values = np.dstack([values, np.full((48, 64), 65535, np.uint16)])
    read = np.asarray(open_image(png(values), max_side=32 if kind == "reduced" else 4096))
    wanted = np.rint(share * 255)
    if kind == "reduced":
        assert read.min() <= 8
        assert read.max() >= 247
    else:
        assert np.abs(read[..., 0] - wanted).max() <= 1
        assert kind == "grey" or np.abs(read[..., 1] - wanted[::-1]).max() <= 1


def test_the_bits_of_a_tiff_of_16_bits_a_colour(tmp_path: Path) -> None:
    values = np.rint(np.linspace(0, 4095, 48 * 64 * 3)).reshape(48, 64, 3).astype("<u2")
    tags = [(256, 3, 64), (257, 3, 48), (258, 3, 16), (259, 3, 1), (262, 3, 2), (273, 4, 0), (277, 3, 3), (278, 3, 48)]
    tags += [(279, 4, values.nbytes)]
    start = 8 + 2 + 12 * len(tags) + 4 + 6  # three depths stand behind the directory
    entries = b""
    for tag, kind, value in tags:
        count, value = (3, start - 6) if tag == 258 else (1, start if tag == 273 else value)
        entries += struct.pack("<HHII", tag, kind, count, value)
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4) + struct.pack("<3H", 16, 16, 16)
    (tmp_path / "x.tif").write_bytes(head + values.tobytes())
    assert np.abs(np.asarray(open_image(tmp_path / "x.tif"), int) - np.rint(values / 4095 * 255)).max() <= 1


@pytest.mark.parametrize("white", [1.0, 255.0, 4095.0, 65535.0, 1e6])
def test_floats_are_scaled_by_what_they_hold(white: float) -> None:
    share = np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64)
    read = np.asarray(open_image(saved(Image.fromarray(share * np.float32(white)), "TIFF")))
    assert np.abs(read[..., 0] - np.rint(share * 255)).max() <= 1


def test_lights_brighter_than_white_stay_white_and_the_rest_as_it_is() -> None:
    share = np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64)
    share[0, :4] = 7.5
    read = np.asarray(open_image(saved(Image.fromarray(share), "TIFF")))
    assert read[0, 0, 0] == 255
    assert np.abs(read[1:, :, 0] - np.rint(share[1:] * 255)).max() <= 1


def test_a_tiff_with_colours_as_floats_is_called_what_it_is() -> None:
    grey = saved(Image.new("F", (8, 8), 0.5), "TIFF")
    at = grey.index(struct.pack("<HHI", 277, 3, 1)) if struct.pack("<HHI", 277, 3, 1) in grey else -1
    unusual = bytearray(grey)
    if at >= 0:
        unusual[at + 8 : at + 10] = struct.pack("<H", 3)  # three floats a pixel
    else:
        unusual = bytearray(b"II*\0" + bytes(40))
    with pytest.raises(ImageError, match="TIFF") as caught:
        open_image(bytes(unusual))
    assert "another kind" not in str(caught.value)


def test_transparency_is_kept_beside_the_picture() -> None:
    image = picture().convert("RGBA")
    ramp = Image.linear_gradient("L").resize(image.size)
    image.putalpha(ramp)
    rgb, alpha = open_with_alpha(saved(image, "PNG"))
    assert alpha is not None
    assert np.array_equal(np.asarray(alpha), np.asarray(ramp))
    assert min(rgb.getpixel((0, 0))) >= 250  # type: ignore[type-var, arg-type]
    small, alpha = open_with_alpha(saved(image, "PNG"), max_side=12)
    assert alpha is not None
    assert alpha.size == small.size == (12, 8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    turned, alpha = open_with_alpha(saved(image, "PNG", exif=exif))
    assert alpha is not None
    assert alpha.size == turned.size == (32, 48)
    assert np.array_equal(np.asarray(alpha), np.rot90(np.asarray(ramp), -1))


def test_what_is_opaque_has_no_transparency() -> None:
    for image in (picture(), picture().convert("RGBA"), picture().convert("P")):
        assert open_with_alpha(saved(image, "PNG"))[1] is None
