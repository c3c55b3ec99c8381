"""A style as a file of some 4 kB: to keep, to send to somebody, to load again on any hub.

A safetensors file with two tensors, ``gamma`` and ``beta``, float32 (495,) each, for the painter of 26 styles, and a
note of what it is. A file may come from anybody: ``read_style`` takes exactly this layout and nothing else, looks at
every number, and needs time and memory for a file of 8 kB at most. Written here and not by the safetensors package,
which puts the notes in any order: the same style always gives the same bytes.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from shared.errors import InputError, one_line

if TYPE_CHECKING:
    import torch

SUFFIX = ".safetensors"
LARGEST = 8192  # bytes
FORMAT = "convhub style"
VERSION = "1"
CHANNELS = 495  # N of the painter of 26 styles (a test compares)
_HIGHEST = 100.0  # of |gamma| and |beta|; the painter's own reach 4.4
_LONGEST_TITLE = 60  # characters
_BYTES = 4 * CHANNELS  # of one tensor
_LENGTH = struct.Struct("<Q")  # of the header, before it
_TENSORS = {
    name: {"dtype": "F32", "shape": [CHANNELS], "data_offsets": [index * _BYTES, (index + 1) * _BYTES]}
    for index, name in enumerate(("gamma", "beta"))
}


@dataclass(frozen=True, kw_only=True, eq=False)
class StyleFile:
    """What such a file holds."""

    title: str  # one line, up to 60 characters
    gamma: torch.Tensor  # (N,)
    beta: torch.Tensor  # (N,)


def write_style(style: StyleFile) -> bytes:
    """The bytes of ``style``: the same every time.

    Raises:
        InputError: numbers that no painter could use.
    """
    import torch

    note = {"format": FORMAT, "version": VERSION, "title": plain_title(style.title)}
    header = json.dumps({"__metadata__": note, **_TENSORS}, ensure_ascii=False, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    both = torch.stack([style.gamma, style.beta]).detach().float().cpu().contiguous()
    _check_numbers(both)
    return _LENGTH.pack(len(header)) + header + both.numpy().astype("<f4").tobytes()


def read_style(data: bytes) -> StyleFile:
    """The style in ``data``, whoever sent it.

    Raises:
        InputError: not such a file, of another version, damaged, or with numbers that no painter could use.
    """
    import torch

    if len(data) > LARGEST:
        raise _wrong(f"a file of more than {LARGEST:,} bytes")
    if len(data) < _LENGTH.size:
        raise _wrong(f"{len(data)} bytes")
    (length,) = _LENGTH.unpack_from(data)
    if len(data) != _LENGTH.size + length + 2 * _BYTES:
        raise _wrong("a file of another kind, or only a part of one")
    note = _checked_note(data[_LENGTH.size : _LENGTH.size + length])
    both = torch.frombuffer(bytearray(data[_LENGTH.size + length :]), dtype=torch.float32).view(2, CHANNELS)
    _check_numbers(both)
    return StyleFile(title=plain_title(note["title"]), gamma=both[0], beta=both[1])


def looks_like_style(data: bytes) -> bool:
    """Whether ``data`` begins like a file of ours: to distinguish it from a picture, not to trust it."""
    return data[_LENGTH.size :].lstrip().startswith(b'{"__metadata__"')


def plain_title(text: str) -> str:
    """``text`` as a title: one line of printable characters, at most 60 of them."""
    kept = "".join(letter for letter in one_line(text) if letter.isprintable())
    return kept[:_LONGEST_TITLE].strip() or "A learned style"


def _checked_note(header: bytes) -> dict[str, str]:
    try:
        found = json.loads(header.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise _wrong("a header that cannot be read") from error
    note = found.pop("__metadata__", None) if isinstance(found, dict) else None
    if found != _TENSORS or not _is_note(note):
        raise _wrong("something other than gamma and beta of the painter of 26 styles")
    if note["version"] != VERSION:
        raise _wrong(f"version {note['version'][:8]!r}, written by another hub")
    return note


def _is_note(note: Any) -> TypeGuard[dict[str, str]]:
    return (
        isinstance(note, dict)
        and note.keys() == {"format", "version", "title"}
        and all(isinstance(value, str) for value in note.values())
        and note["format"] == FORMAT
    )


def _check_numbers(both: torch.Tensor) -> None:
    largest = float(both.abs().max())  # NaN where one of them is
    if not math.isfinite(largest) or largest > _HIGHEST:
        raise _wrong("numbers that are not finite or far too large")


def _wrong(found: str) -> InputError:
    return InputError(f"a style file (version {VERSION}) that a hub saved", found, "Save it again, or learn it again.")
