"""Pictures as an H.264 video that every browser plays. The encoder is that of the package imageio-ffmpeg."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from shared.errors import ResourceError


def write_mp4(pictures: Iterable[Image.Image], target: Path, *, size: tuple[int, int], rate_hz: float) -> Path:
    """Write ``pictures``, RGB, each ``size`` (width, height; even numbers), to ``target`` (.mp4).

    Raises:
        ResourceError: the package imageio-ffmpeg, which carries the encoder, is missing.
    """
    try:
        import imageio_ffmpeg  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise ResourceError(
            "the package imageio-ffmpeg, to write a video",
            "it is not installed",
            "pip install imageio-ffmpeg, or take the GIF.",
        ) from error
    options = {"codec": "libx264", "macro_block_size": 2, "quality": 7, "ffmpeg_log_level": "error"}
    writer = imageio_ffmpeg.write_frames(str(target), size, fps=rate_hz, **options)
    writer.send(None)
    try:
        for picture in pictures:
            writer.send(np.ascontiguousarray(np.asarray(picture)))
    finally:
        writer.close()
    return target
