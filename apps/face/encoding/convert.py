"""``make weights``: the bundled encoder from dlib's file in the PyPI package face-recognition-models 0.3.0."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from shared.errors import HashError, WeightsError
from shared.registry import WeightFile
from shared.weights import write_shards
from shared.weights.converting import conversion

PACKAGE = "face_recognition_models"
FILE = "models/dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
STEM = "resnet29-128d"


def find_source() -> Path:
    """dlib's file in the installed package.

    Raises:
        WeightsError: the package is not installed, or without the file.
    """
    # the package itself cannot be imported without setuptools; its place is enough
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / FILE).is_file():
            return path
    raise WeightsError(
        f"{FILE} in the package {PACKAGE}", "no such file", "Run: pip install face-recognition-models==0.3.0"
    )


def convert(folder: Path, source: Path | None = None) -> tuple[WeightFile, ...]:
    """Write the encoder as fp16 safetensors shards into ``folder``; the entries that the registry declares.

    Raises:
        WeightsError: ``source`` (default: the installed package's file) is not there or is another network's.
        HashError: it is not the file that the figures were measured with.
    """

    import torch

    from apps.face.encoding.dlib_format import read_face_resnet

    path = source or find_source()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        raise HashError(f"{path.name} with SHA-256 {SHA256}", digest, "Install face-recognition-models 0.3.0 again.")
    return write_shards(read_face_resnet(path).state_dict(), folder, STEM, dtype=torch.float16)


if __name__ == "__main__":
    conversion(convert, "apps.face.encoding.convert", "face")
