"""Pictures as people send them: any format and mode Pillow reads, phones' HEIC included, turned upright, RGB.

What the numbers in the file mean (depth, colour profile, transparency) is in ``shared/colours.py``.

Left out: every picture of a file but the one that it names as its own (a HEIC's primary one, an animation's first), and
every format outside a short list.

No process of its own decodes, but for AVIF, whose header may say 64 x 64 above 268 megapixels and whose decoder lets
nobody else run. Of the others the size is known from the header before anything is decoded, their decoders take memory
and time in proportion to it, and they let other threads run meanwhile; what else a file may ask for is limited in
``shared/picture_files.py``. Handing each photo to another process and its pixels back would cost as much as finding the
faces in it.
"""

from __future__ import annotations

import base64
import io
import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

from PIL import ExifTags, Image, UnidentifiedImageError

from shared.colours import DAMAGE, alpha, deepened, to_rgb
from shared.errors import ImageError, named
from shared.picture_files import TIFF_HEADS, Patient, TiresomeError, count_scans, forget_long_exif, open_picture

if TYPE_CHECKING:
    import numpy as np

Source = Union[str, Path, bytes, Image.Image, "np.ndarray"]
_Layers = tuple[Image.Image, Image.Image | None]  # RGB, and the transparency (L) if there is any
MAX_PIXELS = 66_000_000  # of a picture that has to be decoded whole, at 12 bytes a pixel in the worst case: 0.8 GB
MAX_JPEG_PIXELS = 250_000_000  # of a baseline JPEG, which is decoded at 1/2, 1/4 or 1/8: phones write 200 megapixels
MAX_SIDE = 4096  # pixels; larger pictures are reduced to this
_SCALABLE = ("RGB", "L", "RGBA", "LA", "CMYK", "YCbCr")  # modes that Pillow resizes as they are
_FORMATS = "JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP or TIFF"
_ELSEWHERE_S, _ELSEWHERE_BYTES = 20.0, 2 * 2**30  # of a process that decodes one picture
_LARGE_PIXELS = 16_000_000  # larger pictures are decoded one at a time
_TURNS = {  # EXIF orientation -> what makes it upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_open_lock = threading.Lock()  # guards the warning filters, which are global
_large_lock = threading.Lock()
_elsewhere_lock = threading.Lock()


def open_image(source: Source, what: str = "The photo", *, min_side: int = 2, max_side: int = MAX_SIDE) -> Image.Image:
    """``source`` as an upright RGB picture whose longer side has at most ``max_side`` pixels.

    ``source`` is a path, a file's bytes, a Pillow image, or an array (H, W), (H, W, 3) or (H, W, 4) of uint8, or of
    floats in [0, 1]. EXIF rotation is applied; colour profiles are converted to sRGB; transparency is laid on white;
    16-bit and float modes are scaled to 8 bits. Of a file with several pictures, the one that it names as its own is
    taken: the primary one of a HEIC, the first frame of an animation. ``what`` names the picture in messages.

    Raises:
        ImageError: no picture, a damaged or unknown one, or one with a side under ``min_side`` or too many pixels:
            over 250 million in a baseline JPEG, over 66 million in anything else.
    """
    return open_with_alpha(source, what, min_side=min_side, max_side=max_side)[0]


def open_with_alpha(
    source: Source, what: str = "The photo", *, min_side: int = 2, max_side: int = MAX_SIDE
) -> tuple[Image.Image, Image.Image | None]:
    """As ``open_image``, and its transparency: an L picture of its size, or ``None`` where all is opaque."""
    if source is None or (isinstance(source, str | bytes) and not source):
        raise ImageError(named(what), "none", "Choose a file, take a photo, or click a sample.")
    if isinstance(source, Image.Image):
        with _damage_as_image_error(what):
            upright, transparency = _upright_rgb(source, what, max_side)
    elif isinstance(source, str | Path | bytes):
        with _damage_as_image_error(what):
            upright, transparency = _decode(source, what, max_side)
    else:
        upright, transparency = _upright_rgb(_from_array(source, what), what, max_side)
    if min(upright.size) < min_side:
        reduced = ", its longer side reduced to that" if max(upright.size) == max_side else ""
        raise ImageError(
            f"{named(what)}, at least {min_side} x {min_side} pixels",
            f"{upright.width} x {upright.height}{reduced}",
            "Choose a larger or a less elongated picture." if reduced else "Choose a larger picture.",
        )
    return upright, transparency


def png_bytes(image: Image.Image) -> bytes:
    """``image`` as the bytes of a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def jpeg_bytes(image: Image.Image, *, quality: int = 88) -> bytes:
    """An RGB or grey ``image`` as the bytes of a JPEG file, without metadata."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def as_sent(path: str | None) -> Any:
    """The bytes of a file that was sent, as a ``Source`` for a machine that cannot read it here; ``None`` as it is.

    Raises:
        ImageError: it is gone.
    """
    with _damage_as_image_error("The picture"):
        return Path(path).read_bytes() if path else None


def data_url(image: Image.Image, *, lossless: bool = False) -> str:
    """``image`` as a ``data:`` URL, so that a page shows it without a file in any cache."""
    kind, data = ("png", png_bytes(image)) if lossless else ("jpeg", jpeg_bytes(image))
    return url_of(data, f"image/{kind}")


def url_of(data: bytes, kind: str) -> str:
    """``data`` as a ``data:`` URL of the media type ``kind`` ("image/png")."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _decode(source: str | Path | bytes, what: str, max_side: int, *, here: bool = False) -> _Layers:
    _register_heif()
    Image.init()
    with ExitStack() as files:

        def again() -> Image.Image:
            return open_picture(files.enter_context(Patient(source)))

        with _open_lock, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS // 2  # Pillow refuses what has more than twice as many
            try:
                image = again()
            except UnidentifiedImageError as error:
                if _first_bytes(source) in TIFF_HEADS:
                    found = "one with numbers that this hub does not read, as colours as floating-point numbers"
                    raise ImageError(f"{named(what)} as a usual TIFF", found, "Save it as PNG or JPEG.") from error
                raise
        pixels = image.width * image.height
        if image.format == "AVIF" and not here and pixels <= MAX_PIXELS:
            return _decode_elsewhere(source, max_side)
        is_jpeg = image.format in ("JPEG", "MPO")
        reducible = is_jpeg and count_scans(source) == 1 and "progressive" not in image.info
        if pixels > (MAX_JPEG_PIXELS if reducible else MAX_PIXELS):
            raise _too_large(what, pixels, MAX_JPEG_PIXELS if reducible else MAX_PIXELS)
        if is_jpeg:
            image.draft("RGB", _fitting(image.size, max_side))
        if pixels > _LARGE_PIXELS:
            with _large_lock:
                return _upright_rgb(image, what, max_side)
        return _upright_rgb(deepened(image, again), what, max_side)


def _decode_elsewhere(source: str | Path | bytes, max_side: int) -> _Layers:
    """As ``_decode``, in a process of its own with limits."""
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    command = [sys.executable, "-c", "from shared.images import decode_for_another as go; go()", str(max_side)]
    place = Path(__file__).parents[1]
    try:
        with _elsewhere_lock:  # one at a time
            done = subprocess.run(
                command, input=data, capture_output=True, timeout=_ELSEWHERE_S, cwd=place, check=False
            )
    except subprocess.TimeoutExpired:
        raise TiresomeError("one that takes too long to decode") from None
    if done.returncode or not done.stdout:
        raise OSError("its decoder gave up")
    head, _, pixels = done.stdout.partition(b"\n")
    width, height = map(int, head.split())
    layers = [Image.frombytes("RGB", (width, height), pixels)]
    if len(pixels) > 3 * width * height:
        layers.append(Image.frombytes("L", (width, height), pixels[3 * width * height :]))
    return layers[0], layers[1] if len(layers) > 1 else None


def decode_for_another() -> None:
    """Of a process of ``_decode_elsewhere``: the file comes on standard input, the pixels go to standard output."""
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_ELSEWHERE_BYTES, _ELSEWHERE_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (int(_ELSEWHERE_S), int(_ELSEWHERE_S)))
    rgb, transparency = _decode(sys.stdin.buffer.read(), "The photo", int(sys.argv[1]), here=True)
    sys.stdout.buffer.write(b"%d %d\n" % rgb.size + rgb.tobytes() + (transparency.tobytes() if transparency else b""))


def _first_bytes(source: str | Path | bytes) -> bytes:
    """The first four bytes."""
    if isinstance(source, bytes):
        return source[:4]
    with Path(source).open("rb") as file:
        return file.read(4)


@contextmanager
def _damage_as_image_error(what: str) -> Iterator[None]:
    """Turn what Pillow raises at files that it cannot read into an ``ImageError``."""
    try:
        yield
    except (ImageError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise _too_large(what, int(pixels[0]) if pixels else 0, MAX_JPEG_PIXELS) from error
    except TiresomeError as error:
        raise ImageError(f"{named(what)} as a usual {_FORMATS} file", str(error), "Save it again.") from error
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{named(what)} as a {_FORMATS} file",
            "a file of another kind, whatever its name ends in",
            "Choose another file.",
        ) from error
    except FileNotFoundError as error:
        raise ImageError(named(what), f"no file {Path(error.filename).name}", "Choose it again.") from error
    except DAMAGE as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__  # no path
        raise ImageError(
            f"{named(what)} as an undamaged {_FORMATS} file", f"a damaged one ({reason})", "Save or send it again."
        ) from error


def _too_large(what: str, pixels: int, most: int) -> ImageError:
    return ImageError(
        f"{named(what)}, at most {most // 1_000_000} megapixels",
        f"{pixels / 1e6:,.0f}",
        "Make it smaller, for example by a screenshot.",
    )


def _upright_rgb(image: Image.Image, what: str, max_side: int) -> _Layers:
    """A picture of its own and its transparency; ``image`` stays as it is."""
    if image.width == 0 or image.height == 0:
        raise ImageError(named(what), f"{image.width} x {image.height} pixels", "Choose another picture.")
    if image.tell() and "primary" not in image.info:  # a HEIC is opened at its primary picture
        image.seek(0)
    image.load()
    forget_long_exif(image)
    turn = _turn(image)
    if max(image.size) > max_side and image.mode in _SCALABLE and "transparency" not in image.info:
        image = image.resize(_fitting(image.size, max_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    rgb, transparency = to_rgb(image, max_side), alpha(image)
    layers = [layer for layer in (rgb, transparency) if layer is not None]
    for i, layer in enumerate(layers):
        if max(layer.size) > max_side:
            layer = layer.resize(_fitting(layer.size, max_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        layers[i] = layer.transpose(turn) if turn is not None else layer
        layers[i].info.clear()  # neither the place where a photo was taken nor a comment goes further
    return layers[0], layers[1] if len(layers) > 1 else None


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What makes ``image`` upright. (``ImageOps.exif_transpose`` fails on photos whose other tags are damaged.)"""
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except DAMAGE:  # no orientation can be read: as it lies
        return None


def _fitting(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """``size`` with ``max_side`` as its longer side."""
    scale = max_side / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _from_array(array: np.ndarray, what: str) -> Image.Image:
    import numpy as np

    needed = f"{named(what)} as an array (H, W), (H, W, 3) or (H, W, 4) of uint8, or of floats from 0 to 1"
    if not isinstance(array, np.ndarray):
        raise ImageError(named(what), f"a {type(array).__name__}", "Give a path, bytes, an image or an array.")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or array.size == 0:
        raise ImageError(needed, f"the shape {array.shape}", "Put the channels last.")
    if np.issubdtype(array.dtype, np.floating):
        if not (np.isfinite(array).all() and array.min() >= 0 and array.max() <= 1):
            raise ImageError(needed, "floats outside of that range", "Divide by 255.")
        array = np.rint(array * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise ImageError(needed, f"the type {array.dtype}", "Convert it to uint8.")
    return Image.fromarray(array)


def _register_heif() -> None:
    if "HEIF" not in Image.OPEN:
        import pillow_heif

        pillow_heif.register_heif_opener()
