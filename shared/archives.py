"""Zip files that somebody sent, read without trusting them and without unpacking them to the disk.

A zip is a list of names and sizes that its author chose. ``list_members`` says of every file in it whether it may be
read and, if not, why; ``Member.read`` and ``Member.chunks`` give its bytes. What protects the hub:

* names: a path that leaves the folder, a link, a device or a file of the operating system is never read;
* sizes: of the list of files, of one file, of all together, and of all together in proportion to the zip, before a byte
  is unpacked; a file never gives more bytes than the zip declares for it, and one with other bytes is damaged;
* methods: stored and deflated, which unpack as much as is asked for. The others (bzip2, LZMA) unpack a block at once,
  or reserve as much memory as the zip demands;
* a zip in a zip is a file like any other, never looked into.

Names are read as their author's program meant them: by Info-ZIP's Unicode field, as UTF-8 where they are that (whether
or not the zip says so), else in the code page that fits all of them best (``shared/filenames.py``).

The zip stays open until the last of its members is forgotten: what was checked is what is read.
"""

from __future__ import annotations

import io
import stat
import struct
import weakref
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from shared.errors import InputError, ResourceError, quoted
from shared.filenames import Text, is_utf8, read_names

# Why a file is not read.
LEAVES = "a path that leaves the folder"
LINK = "a link"  # or a device
SYSTEM = "a file of the operating system"
ENDING = "another kind of file"  # a zip in the zip is one
ENCRYPTED = "encrypted"
METHOD = "packed in an unusual way"
LARGE = "too large"

MB = 2**20
LARGEST_DIRECTORY = 8 * MB  # bytes of the zip's list of files, which is read at once: some 100,000 entries
_CHUNK = MB
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_PLAIN = (0, stat.S_IFREG)  # kinds of a Unix mode; 0 is what other systems write
_UTF8 = 0x800  # the flag of a name that is declared as UTF-8
_UNICODE_PATH = 0x7075  # Info-ZIP's extra field: version 1, CRC-32 of the name it replaces, the name in UTF-8
_ENTRY, _ENTRY_SIZE = b"PK\x01\x02", 46  # of an entry in the list of files, without its name, extra field and comment
_HEADER, _HEADER_SIZE = b"PK\x03\x04", 30  # of the copy of it before the file's bytes
_SYSTEM = ("__MACOSX", "Thumbs.db", "desktop.ini")  # and everything that begins with a dot
_DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a zip may hold."""

    endings: Collection[str]  # of the files that are wanted, in small letters (".jpg"); only these count below
    members: int  # files
    member_bytes: int  # of one file, unpacked
    total_bytes: int  # of all files, unpacked
    ratio: int = 200  # of all files, unpacked, to the zip; flat text packs about 20:1


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file in a zip."""

    path: str  # as its author wrote it, with forward slashes: foreign text
    size: int  # bytes, unpacked
    fault: str  # why it must not be read, one of the constants above; empty if it may be
    guessed: str  # the code page that its name was guessed to be in; empty where the zip is clear about it
    _archive: zipfile.ZipFile = field(repr=False)
    _entry: zipfile.ZipInfo = field(repr=False)

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, at most 1 MB at a time, ``size`` in all.

        Raises:
            InputError: it has a fault, or is damaged; some chunks may have come before.
        """
        if self.fault:
            raise InputError("a file that may be read", f"{quoted(self.path)}, {self.fault}", "Leave it out.")
        try:
            with self._archive.open(self._entry) as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except _DAMAGE as error:
            needed, found = "a file that can be unpacked", f"{quoted(self.path)}, which is damaged ({_reason(error)})"
            raise InputError(needed, found, "Zip it again.") from error

    def read(self) -> bytes:
        """All its bytes.

        Raises:
            InputError: it has a fault, or is damaged.
        """
        return b"".join(self.chunks())


def list_members(path: Path, limits: Limits) -> tuple[Member, ...]:
    """Every file in the zip ``path``, in its order and without the folders; nothing is unpacked.

    Raises:
        InputError: it is no zip, or is damaged.
        ResourceError: the wanted files are too many, or too large together.
    """
    archive = _opened(path)
    entries = archive.infolist()
    named = zip(entries, _names(entries), strict=True)
    members = tuple(_member(archive, entry, name, limits) for entry, name in named if not _is_folder(name.text))
    _check(members, limits, path.stat().st_size)
    return members


def path_fault(path: str) -> str:
    """Why a file with this path in somebody's folder or zip is not read; empty if the path is harmless."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if ".." in parts or ":" in "".join(parts[:1]) or "/" in "".join(parts[:1]):  # C:, and an absolute path
        return LEAVES
    return SYSTEM if any(part.startswith(".") or part in _SYSTEM for part in parts) else ""


class _Bounded(io.BufferedReader):
    """A file that refuses to read more at once than the largest list of files: ``zipfile`` believes what a zip says."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        """As ``io.BufferedReader``."""
        if size is not None and size > LARGEST_DIRECTORY:
            raise ResourceError(
                f"a zip whose list of files has at most {LARGEST_DIRECTORY // MB} MB", f"{size // MB:,} MB", "Split it."
            )
        data = super().read(size)
        if data.startswith(_ENTRY):
            return _without_lies(data)
        if size == _HEADER_SIZE and data.startswith(_HEADER):
            (flags,), (length,) = struct.unpack_from("<H", data, 6), struct.unpack_from("<H", data, 26)
            name = super().read(length)
            self.seek(-len(name), io.SEEK_CUR)
            if flags & _UTF8 and not is_utf8(name):
                return data[:6] + struct.pack("<H", flags & ~_UTF8) + data[8:]
        return data


def _without_lies(directory: bytes) -> bytes:
    """The list of files without the flag of UTF-8 at names that are none: ``zipfile`` would refuse the whole zip."""
    honest, at = bytearray(directory), 0
    while directory[at : at + 4] == _ENTRY and at + _ENTRY_SIZE <= len(directory):
        (flags,) = struct.unpack_from("<H", directory, at + 8)
        sizes = struct.unpack_from("<3H", directory, at + 28)  # of the name, the extra field, the comment
        name = directory[at + _ENTRY_SIZE : at + _ENTRY_SIZE + sizes[0]]
        if flags & _UTF8 and not is_utf8(name):
            struct.pack_into("<H", honest, at + 8, flags & ~_UTF8)
        at += _ENTRY_SIZE + sum(sizes)
    return bytes(honest)


def _opened(path: Path) -> zipfile.ZipFile:
    """The zip, whose file is closed when the ``ZipFile`` is forgotten."""
    with ExitStack() as files:
        try:
            archive = zipfile.ZipFile(files.enter_context(_Bounded(path)))
        except _DAMAGE as error:
            raise InputError("a zip file", f"{quoted(path.name)} ({_reason(error)})", "Zip it again.") from error
        weakref.finalize(archive, files.pop_all().close)
    return archive


def _reason(error: Exception) -> str:
    """What an error says, without the path that the system's errors repeat."""
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__


def _is_folder(path: str) -> bool:
    return path.endswith(("/", "\\"))  # ZipInfo's own is_dir() breaks on a name that is empty


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: Text, limits: Limits) -> Member:
    path = name.text.replace("\\", "/")
    return Member(
        path=path,
        size=entry.file_size,
        fault=_fault(path, entry, limits),
        guessed=name.guessed,
        _archive=archive,
        _entry=entry,
    )


def _names(entries: Sequence[zipfile.ZipInfo]) -> list[Text]:
    """The names of all ``entries``: what is not clear is guessed from all that is not."""
    raw = [entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437") for entry in entries]
    named = zip(entries, raw, strict=True)
    return read_names([(_unicode_path(entry, name) or name).split(b"\0")[0] for entry, name in named])


def _unicode_path(entry: zipfile.ZipInfo, name: bytes) -> bytes:
    """The name in Info-ZIP's extra field, if there is one for ``name``."""
    extra, at = entry.extra, 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + size]
        if kind == _UNICODE_PATH and body[:5] == b"\x01" + struct.pack("<I", zlib.crc32(name)):
            return body[5:]
        at += 4 + size
    return b""


def _fault(path: str, entry: zipfile.ZipInfo, limits: Limits) -> str:
    if fault := path_fault(path):
        return fault
    if stat.S_IFMT(entry.external_attr >> 16) not in _PLAIN:
        return LINK
    if PurePosixPath(path).suffix.lower() not in limits.endings:
        return ENDING
    if entry.flag_bits & 1:
        return ENCRYPTED
    if entry.compress_type not in _METHODS:
        return METHOD
    return LARGE if entry.file_size > limits.member_bytes else ""


def _check(members: tuple[Member, ...], limits: Limits, packed: int) -> None:
    wanted = [member for member in members if not member.fault]
    if len(wanted) > limits.members:
        raise ResourceError(f"a zip of at most {limits.members:,} files", f"{len(wanted):,}", "Send it in parts.")
    total = sum(member.size for member in wanted)
    if total > limits.total_bytes:
        most = f"a zip that unpacks to at most {limits.total_bytes // MB:,} MB"
        raise ResourceError(most, f"{total // MB:,} MB", "Send it in parts.")
    if total > limits.ratio * packed:
        most = f"a zip that unpacks to at most {limits.ratio} times its size"
        raise ResourceError(most, f"{total // max(packed, 1):,} times", "Send the files without the zip.")
