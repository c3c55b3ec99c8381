"""Uploaded files made into a private folder: copies under plain names, zips unpacked without trusting them.

A zip is a list of names and sizes that its author chose. Only plain files with the endings of a recording are
unpacked, under their last name (so ``../`` and absolute paths have nowhere to go), counted byte by byte while they
are written (so a declared size has nothing to hide), and never more than the limits below.
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from shared.errors import RecordError, quoted

MAX_FILES = 64
MAX_UNPACKED_BYTES = 400_000_000  # a day of two leads at 360 Hz in format 212 is 93 MB
MAX_RATIO = 200  # unpacked to packed; an EKG in format 212 packs 2:1, flat text about 20:1
ENDINGS = (".hea", ".dat", ".atr", ".csv", ".txt", ".tsv", ".edf")
_CHUNK = 1 << 20


def gather(paths: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The files of an upload, zips unpacked, as plain files in ``folder``.

    Raises:
        RecordError: nothing useful in it, two files of one name, too many or too large, or a damaged zip.
    """
    if not paths:
        raise RecordError("A recording is one file, or the files of a WFDB record", "nothing", "Upload it.")
    if len(paths) > MAX_FILES:
        raise RecordError(f"At most {MAX_FILES} files at once", str(len(paths)), "Upload one recording.")
    for path in paths:
        if zipfile.is_zipfile(path):
            _unpack(path, folder)
        elif path.suffix.lower() == ".zip":
            raise RecordError("A zip is whole", f"{quoted(path.name)}, which is damaged", "Pack it again.")
        else:
            if path.stat().st_size > MAX_UNPACKED_BYTES:
                raise RecordError(
                    f"A file has at most {MAX_UNPACKED_BYTES // 1_000_000} MB", path.name, "Cut it into parts."
                )
            shutil.copyfile(path, _target(folder, path.name))
    return tuple(sorted(folder.iterdir()))


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if _wanted(member)]
            if not members:
                raise RecordError(
                    f"The zip holds {', '.join(ENDINGS)} files", "none", "Pack the files of the recording."
                )
            if len(members) > MAX_FILES:
                raise RecordError(f"A zip holds at most {MAX_FILES} files", str(len(members)), "Pack one recording.")
            left = min(MAX_UNPACKED_BYTES, MAX_RATIO * max(path.stat().st_size, 1))
            for member in members:
                left -= _write(archive, member, _target(folder, PurePosixPath(member.filename).name), left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise RecordError("A zip is whole and has no password", str(error), "Pack it again.") from error


def _wanted(member: zipfile.ZipInfo) -> bool:
    """A plain file of a recording; a name that climbs out of the zip is an attack and refused with the whole zip."""
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or re.match(r"^[A-Za-z]:", name):
        raise RecordError("The names in a zip stay inside it", quoted(member.filename), "Nothing was read from it.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise RecordError("A zip holds plain files", f"a link, {quoted(name)}", "Pack the files themselves.")
    hidden = name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")
    return not member.is_dir() and not hidden and PurePosixPath(name).suffix.lower() in ENDINGS


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, limit: int) -> int:
    """Unpack one member; bytes written."""
    written = 0
    with archive.open(member) as source, target.open("xb") as sink:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > limit:
                raise RecordError(
                    f"A zip unpacks to at most {MAX_UNPACKED_BYTES // 1_000_000} MB and {MAX_RATIO} times its size",
                    "more",
                    "Upload the recording without the zip.",
                )
            sink.write(chunk)
    return written


def _target(folder: Path, name: str) -> Path:
    plain = re.sub(r"[^A-Za-z0-9_.\-]", "_", Path(name).name).lstrip(".") or "file"
    path = folder / plain
    if path.exists():
        raise RecordError("Every file of an upload has its own name", f"{quoted(plain)} twice", "Upload one recording.")
    return path
