"""Style files: what is written is read again, by safetensors too, and nothing else is let in."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load as safetensors_load
from safetensors.torch import save as safetensors_save

from apps.style.instant.stylefile import (
    CHANNELS,
    LARGEST,
    StyleFile,
    looks_like_style,
    plain_title,
    read_style,
    write_style,
)
from shared.errors import InputError


def _style(title: str = "Brown ink") -> StyleFile:
    generator = torch.Generator().manual_seed(4)
    gamma, beta = (torch.randn(CHANNELS, generator=generator) for _ in range(2))
    return StyleFile(title=title, gamma=gamma, beta=beta)


def _with_header(header: Any, body: bytes = b"\0" * (8 * CHANNELS)) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def _parts() -> tuple[dict[str, Any], bytes]:
    data = write_style(_style())
    (length,) = struct.unpack_from("<Q", data)
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def test_what_is_written_is_read_again() -> None:
    style = _style("Ölkreide, “blau”")
    data = write_style(style)
    again = read_style(data)
    assert again.title == style.title
    assert torch.equal(again.gamma, style.gamma)
    assert torch.equal(again.beta, style.beta)
    assert write_style(again) == data
    assert len(data) < 4600
    assert looks_like_style(data)


def test_safetensors_reads_it_too() -> None:
    style = _style()
    tensors = safetensors_load(write_style(style))
    assert torch.equal(tensors["gamma"], style.gamma)
    assert torch.equal(tensors["beta"], style.beta)


def _changed(**changes: Any) -> bytes:
    header, body = _parts()
    note = header["__metadata__"]
    for key, value in changes.items():
        target = note if key in note else header
        if value is None:
            del target[key]
        else:
            target[key] = value
    return _with_header(header, body)


BAD = {
    "empty": b"",
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\0" * 5000,
    "too long": write_style(_style()) + b"\0" * LARGEST,
    "one byte more": write_style(_style()) + b"\0",
    "cut": write_style(_style())[:-1],
    "a huge header length": struct.pack("<Q", 2**63) + b"{}" + b"\0" * (8 * CHANNELS),
    "no JSON": _with_header(b"{" * 100),
    "deep JSON": _with_header(b"[" * 4000),
    "no text": _with_header(b"\xff\xfe" * 40),
    "a list": _with_header([]),
    "no note": _changed(__metadata__=None),
    "a note that is none": _with_header({**_parts()[0], "__metadata__": ["convhub style"]}, _parts()[1]),
    "another format": _changed(format="another style"),
    "another version": _changed(version="2"),
    "a number for a title": _changed(title=5),
    "no title": _changed(title=None),
    "one note more": _with_header(
        {**_parts()[0], "__metadata__": {**_parts()[0]["__metadata__"], "path": "../x"}}, _parts()[1]
    ),
    "another tensor": _changed(delta={"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}),
    "no beta": _changed(beta=None),
    "another type": _changed(gamma={"dtype": "F16", "shape": [CHANNELS], "data_offsets": [0, 4 * CHANNELS]}),
    "another shape": _changed(gamma={"dtype": "F32", "shape": [5, 99], "data_offsets": [0, 4 * CHANNELS]}),
    "overlapping": _changed(beta={"dtype": "F32", "shape": [CHANNELS], "data_offsets": [0, 4 * CHANNELS]}),
    "NaN": write_style(_style())[:-4] + struct.pack("<f", float("nan")),
    "infinite": write_style(_style())[:-4] + struct.pack("<f", float("-inf")),
    "far too large": write_style(_style())[:-4] + struct.pack("<f", -1e9),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_nothing_else_is_let_in(data: bytes) -> None:
    with pytest.raises(InputError, match="style file"):
        read_style(data)


@given(st.binary(max_size=200), st.integers(0, 4500), st.integers(1, 255))
def test_damage_is_an_error_or_another_number_never_a_crash(junk: bytes, place: int, bits: int) -> None:
    data = bytearray(write_style(_style()))
    data[place % len(data)] ^= bits
    for damaged in (bytes(data), junk, bytes(data[: place % len(data)]) + junk):
        try:
            style = read_style(damaged)
        except InputError:
            continue
        assert style.gamma.shape == style.beta.shape == (CHANNELS,)
        assert bool(style.gamma.isfinite().all())
        assert style.title.isprintable()


def test_numbers_that_no_painter_could_use_are_not_written() -> None:
    style = _style()
    style.gamma[3] = float("nan")
    with pytest.raises(InputError, match="finite"):
        write_style(style)


def test_a_title_is_one_line_of_printable_characters() -> None:
    assert plain_title(" two\nlines\u202e and a turn ") == "two lines and a turn"
    assert plain_title("") == plain_title("\0\n") == "A learned style"
    assert len(plain_title("x" * 500)) == 60


def test_another_library_with_the_same_tensors_is_not_enough() -> None:
    style = _style()
    with pytest.raises(InputError):
        read_style(safetensors_save({"gamma": style.gamma, "beta": style.beta}))
