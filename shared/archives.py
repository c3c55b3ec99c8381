"""Zip files that somebody sent, read without trusting them and without unpacking them to the disk.

A zip is a list of names and sizes that its author chose. ``list_members`` says of every file in it whether it may be
read and, if not, why; ``Member.read`` and ``Member.chunks`` give its bytes. What protects the hub:

* names: a path that leaves the folder, a link, a device or a file of the operating system is never read;
* sizes: of the list of files, of one file, of all together, and of all together in proportion to the zip, before a byte
  is unpacked; a file never gives more bytes than the zip declares for it, and one with other bytes is damaged;
* methods: stored and deflated, which unpack as much as is asked for. The others (bzip2, LZMA) unpack a block at once,
  or reserve as much memory as the zip demands;
* a zip in a zip is a file like any other, never looked into.

The zip stays open until the last of its members is forgotten: what was checked is what is read.
"""

from __future__ import annotations

import io
import stat
import weakref
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from shared.errors import InputError, ResourceError, quoted

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
    members = tuple(_member(archive, entry, limits) for entry in archive.infolist() if not _is_folder(entry))
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
        return super().read(size)


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


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith("/")  # its own is_dir() breaks on a name that is empty


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits) -> Member:
    path = _name(entry).replace("\\", "/")
    return Member(path=path, size=entry.file_size, fault=_fault(path, entry, limits), _archive=archive, _entry=entry)


def _name(entry: zipfile.ZipInfo) -> str:
    """The name; one that is not declared as UTF-8 but is UTF-8 is read so, as a Mac writes it."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


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
