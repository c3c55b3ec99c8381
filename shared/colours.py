"""What the numbers in a picture file mean, brought to what a screen shows: sRGB of 8 bits a channel, and transparency.

* **Profiles.** An ICC profile inside the file is converted to sRGB by Little CMS; one that changes no colour by more
  than ``_UNSEEN`` is passed over. Cameras set to Adobe RGB often say so only in EXIF, and phones name Display P3 in the
  HEIC container: for these the profile is made here. A profile that fits the picture's mode badly, is damaged, or is
  made of floating-point steps is ignored: the numbers are then read as sRGB.
* **Depth.** 16-bit numbers may hold 10, 12 or 14 bits of a camera or a scanner. Full white is the largest number of the
  fewest of these bits that the picture needs, so that no picture comes out black only because its file is roomy.
* **Transparency** is laid on white; ``alpha`` returns it as a picture of its own.

Left out: PQ and HLG (HDR transfer curves), and the chromaticities that a PNG can name without a profile.
"""

from __future__ import annotations

import functools
import io
import struct
import sys
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PIL import ExifTags, Image, ImageCms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAMAGE = (  # what Pillow's readers raise at damaged files
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    struct.error,
    zlib.error,
)
_LARGEST_PROFILE = 8 * 2**20  # bytes; those of printing presses have 2 MB
_MOST_TAGS = 100  # of a profile
_CHAIN = b"mpet"  # type of a tag that is a chain of steps, each taken for every colour: 8 kB of them take 20 s
_TABLE, _ENTRY = struct.Struct(">I"), struct.Struct(">4sII")  # of a profile, at 128: how many tags, and each
_UNSEEN = 2  # levels of 255
_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}  # a mode, and the colour space that its profile must have
_DEPTHS = (8, 10, 12, 14, 16)  # bits of whole numbers in 16
_P3, _BT2020 = 12, 9  # colour primaries of ITU-T H.273
_CURVED = (1, 2, 6, 13, 14, 15)  # its transfer characteristics that are near sRGB's, or are not stated
_WHITE_D50 = (0.9642, 1.0, 0.8249)  # XYZ of the white of every ICC profile
# red, green and blue as XYZ under D50, and the curve: an exponent, or None for sRGB's own
_MATRICES: dict[str, tuple[tuple[tuple[float, float, float], ...], float | None]] = {
    "Adobe RGB (1998)": (
        ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
        563 / 256,
    ),
    "Display P3": (
        ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
        None,
    ),
    "BT.2020": (
        ((0.67348, 0.27904, -0.00194), (0.16566, 0.67535, 0.02998), (0.12505, 0.04561, 0.79686)),
        None,
    ),
}


def alpha(image: Image.Image) -> Image.Image | None:
    """The transparency of ``image`` as an L picture of its size, 255 is opaque; ``None`` if all of it is."""
    if image.mode not in ("RGBA", "LA", "PA", "RGBa", "La") and "transparency" not in image.info:
        return None
    band = image.convert("RGBA").getchannel("A")
    return None if band.getextrema() == (255, 255) else band


def to_rgb(image: Image.Image, max_side: int) -> Image.Image:
    """``image`` as an RGB picture of its own, sRGB of 8 bits; with deeper numbers no side over ``max_side``."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _scaled_to_8_bits(image, max_side)
    ground = alpha(image)
    if image.mode not in _SPACES:
        image = image.convert("L" if image.mode in ("1", "LA", "La") else "RGBA" if ground else "RGB")
    converted = _to_srgb(image.convert("RGB") if image.mode == "RGBA" else image)
    if ground is None:
        return converted
    white = Image.new("RGB", converted.size, "white")
    white.paste(converted, mask=ground)
    return white


def deepened(image: Image.Image, again: Callable[[], Image.Image]) -> Image.Image:
    """``image``, or, if it is of 16 bits a channel and needs fewer, the same with its numbers stretched over 8.

    Pillow reads the high byte of such colours only. ``again`` opens the file again, to read the low bytes as well.
    """
    tiles = getattr(image, "tile", None)
    if not tiles or not all(map(_low_half, tiles)):
        return image
    image.load()
    high = image.getextrema()
    if max(int(band[1]) for band in high[:3] if isinstance(band, tuple)) >= 2 ** (_DEPTHS[-2] - 8):
        return image
    with again() as low:
        low.tile = [_low_half(tile) for tile in low.tile]  # type: ignore[attr-defined]
        return _stretched(image, low)


def _low_half(tile: Any) -> Any:
    """The ``tile`` of an image plugin of Pillow with the colours' low bytes in place of the high ones, or ``None``."""
    raw, *rest = (tile.args,) if isinstance(tile.args, str) else tile.args or ("",)
    mode, _, order = str(raw).partition(";16")
    if mode not in ("RGB", "RGBA") or order not in ("B", "L", "N"):
        return None
    swapped = "L" if order == "B" or (order == "N" and sys.byteorder == "big") else "B"
    return tile._replace(args=f"{mode};16{swapped}" if not rest else (f"{mode};16{swapped}", *rest))


def _stretched(high: Image.Image, low: Image.Image) -> Image.Image:
    """A colour picture from its high and its low bytes (both RGB or RGBA)."""
    import numpy as np

    values = np.asarray(high, np.uint16)[..., :3] * np.uint16(256) + np.asarray(low, np.uint16)[..., :3]
    made = Image.fromarray(_to_bytes(values, _full(float(values.max(initial=0)))))
    if high.mode == "RGBA":
        made.putalpha(high.getchannel("A"))
    made.info.update(high.info)
    return made


def _to_srgb(image: Image.Image) -> Image.Image:
    """``image`` (L, RGB or CMYK) as RGB by its profile, if it has one that fits."""
    profile = _profile(image)
    if profile is not None and _SPACES[image.mode] == profile.profile.xcolor_space.strip():
        try:
            change = ImageCms.buildTransform(profile, _srgb(), image.mode, "RGB")
            if image.mode != "RGB" or _is_seen(change):
                converted = ImageCms.applyTransform(image, change)
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, ValueError):
            pass  # damaged, or of a kind that cannot be a source
    return image.convert("RGB") if image.mode != "RGB" else image.copy()


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    data = image.info.get("icc_profile") or _named_profile(image)
    if not isinstance(data, bytes) or len(data) > _LARGEST_PROFILE or not _is_plain(data):
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(data))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _is_plain(profile: bytes) -> bool:
    """Whether ``profile`` holds curves and tables, which take as long as they are large, and no chains of steps."""
    try:
        (tags,) = _TABLE.unpack_from(profile, 128)
        places = [_ENTRY.unpack_from(profile, 132 + 12 * tag)[1] for tag in range(min(tags, _MOST_TAGS))]
    except struct.error:
        return False
    return tags <= _MOST_TAGS and all(profile[place : place + 4] != _CHAIN for place in places)


def _named_profile(image: Image.Image) -> bytes | None:
    """The profile of a colour space that the file only names."""
    nclx = image.info.get("nclx_profile")
    if isinstance(nclx, dict) and nclx.get("transfer_characteristics") in _CURVED:
        name = {_P3: "Display P3", _BT2020: "BT.2020"}.get(nclx.get("color_primaries", 0))
        return _matrix_profile(name) if name else None
    if "exif" not in image.info:
        return None
    try:
        exif = image.getexif()
        inside = exif.get_ifd(ExifTags.IFD.Exif)
        index = exif.get_ifd(ExifTags.IFD.Interop).get(1, "") if ExifTags.IFD.Interop in inside else ""
    except DAMAGE:
        return None
    is_adobe = str(index).strip("\0 ") == "R03" or inside.get(ExifTags.Base.ColorSpace) == 2
    return _matrix_profile("Adobe RGB (1998)") if is_adobe else None


def _is_seen(change: ImageCms.ImageCmsTransform) -> bool:
    """Whether ``change`` (RGB to RGB) moves any of 729 colours by more than ``_UNSEEN``."""
    import numpy as np

    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(27, 27, 3)
    changed = ImageCms.applyTransform(Image.fromarray(cube), change)
    return changed is not None and bool(np.abs(np.asarray(changed, np.int16) - cube).max() > _UNSEEN)


@functools.cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@functools.cache
def _matrix_profile(name: str) -> bytes:
    """An ICC profile (version 2, or 4 for sRGB's curve) of the colour space ``name`` of ``_MATRICES``."""
    columns, exponent = _MATRICES[name]
    if exponent is None:  # y = ((x + 0.055) / 1.055)^2.4 from 0.04045 on, x / 12.92 below: parametric curve 3
        numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + b"".join(map(_fixed, numbers))
    else:
        curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, round(exponent * 256), 0)
    tags = {b"wtpt": _xyz(_WHITE_D50)}
    for letter, column in zip((b"r", b"g", b"b"), columns, strict=True):
        tags[letter + b"XYZ"], tags[letter + b"TRC"] = _xyz(column), curve
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data
    version = 0x04200000 if exponent is None else 0x02100000
    head = struct.pack(">I4xI", start + len(body), version) + b"mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    return (head + b"".join(map(_fixed, _WHITE_D50))).ljust(128, b"\0") + table + body


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    """ICC's s15Fixed16Number."""
    return struct.pack(">i", round(value * 65536))


def _scaled_to_8_bits(image: Image.Image, max_side: int) -> Image.Image:
    """A grey picture of 16 bits, of whole numbers or of floats as RGB."""
    import numpy as np

    floats = image.mode == "F"
    if max(image.size) > max_side:
        scale = max_side / max(image.size)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.convert("F").resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    largest = float(values.max(initial=0.0))
    # floats are of 0 to 1, with lights brighter than white in some; from some level on they are whole numbers' values
    full = 1.0 if floats and largest <= _FULL_FLOATS else _full(largest)
    return Image.fromarray(_to_bytes(values, full)).convert("RGB")


_FULL_FLOATS = 16.0  # as 8-bit levels that would be black


def _full(largest: float) -> float:
    """The number that means white in a picture whose largest number is ``largest``: of ``_DEPTHS``, else itself."""
    return next((2.0**bits - 1 for bits in _DEPTHS if largest < 2**bits), largest)


def _to_bytes(values: NDArray[Any], full: float) -> NDArray[np.uint8]:
    import numpy as np

    scaled: NDArray[np.uint8] = np.clip(np.rint(values * np.float32(255.0 / full)), 0, 255).astype(np.uint8)
    return scaled
