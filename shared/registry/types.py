"""What a weight file's record says. See the package's docstring."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """One file: where it lies below ``weights/`` or the cache folder, and the bytes it must have."""

    path: str  # relative, with forward slashes: "face/resnet29-128d.safetensors"
    sha256: str  # 64 hexadecimal digits
    size: int  # bytes

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.path}: a SHA-256 has 64 lower-case hexadecimal digits, got {self.sha256!r}")
        if self.size <= 0 or self.path.startswith("/") or ".." in self.path.split("/"):
            raise ValueError(f"{self.path}: a weight file has a relative path and a size above 0, got {self.size}")


@dataclass(frozen=True, kw_only=True)
class Bundled:
    """In this repository's ``weights/`` folder, made by a command of ours."""

    word: ClassVar[str] = "bundled"
    made_by: str  # the command, as typed

    def __str__(self) -> str:
        return f"bundled; `{self.made_by}`"


@dataclass(frozen=True, kw_only=True)
class InPackage:
    """Inside an installed Python package."""

    word: ClassVar[str] = "package"
    package: str  # import name
    folder: str  # below the package's folder

    def __str__(self) -> str:
        return f"in the package `{self.package}`"


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """On the Hugging Face hub."""

    word: ClassVar[str] = "hub"
    repo: str  # "owner/name"
    filename: str
    revision: str = "main"  # the SHA-256 guards the content

    def __str__(self) -> str:
        return f"downloaded on demand: `{self.repo}` on the hub"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A file served over plain HTTPS; ``mirror`` is asked when the first address fails."""

    word: ClassVar[str] = "release"
    url: str
    mirror: HubFile | None = None

    def __str__(self) -> str:
        return "downloaded on demand: release file" + (f", mirror `{self.mirror.repo}`" if self.mirror else "")


# Of each: ``word``, where the files come from in one word, and as a string the same in Markdown.
Origin = Bundled | InPackage | HubFile | Release


@dataclass(frozen=True, kw_only=True)
class Published:
    """A figure that others have published, for use until ours is measured."""

    value: float
    source: str  # who found it, where, with what, on what


@dataclass(frozen=True, kw_only=True)
class Record:
    """One pretrained network: its files, where they come from, how to load it and how to feed it."""

    name: str  # "face/resnet29-128d"; also what the drop-downs and the command lines call it
    title: str  # for people
    task: str  # the slug of its demo
    files: tuple[WeightFile, ...]
    origin: Origin
    loader: str  # "module:function"; the function takes the files' paths and returns a float32 nn.Module on the CPU
    licence: str
    source: str  # paper and repository, or the command that trained it
    preprocessing: str  # layout, range and colour order of the input
    output: str  # layout and meaning of the output
    labels: tuple[str, ...] = ()  # what the outputs stand for, where they are classes
    # JSON below weights/ with thresholds and figures, their data and their command. Of a network that is not bundled it
    # may be missing until somebody measures it; what needs it then says so.
    measured: str | None = None
    # The threshold to use while ``measured`` is missing: no error rates and no probabilities come with it.
    published_threshold: Published | None = None
    card: str | None = None  # Markdown below weights/: the model card

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)
