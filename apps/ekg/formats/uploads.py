"""Uploaded files, copied into a private folder under plain names; zips are unpacked without trusting them.

How a zip is read without trusting it is in ``shared.archives``. Only plain files with the endings of a recording, and
those that a WFDB header in it names, are taken out of it, under their last name, and never more than the limits below.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from apps.ekg.formats.supported import MEMBERS, ZIP
from apps.ekg.formats.wfdb_header import MAX_HEADER_BYTES
from shared.archives import ENDING, SYSTEM, Limits, Member, list_members
from shared.errors import InputError, RecordError, ResourceError, quoted

MAX_FILES = 64
MAX_BYTES = 400_000_000  # a day of two leads at 360 Hz in format 212 is 93 MB
LIMITS = Limits(endings=MEMBERS, members=MAX_FILES, member_bytes=MAX_BYTES, total_bytes=MAX_BYTES)
_LONGEST_NAME = 200  # characters, its ending among them; a zip may name a file with 65,535, a disk with 255
_PASSED_OVER = (ENDING, SYSTEM)  # files that a zip may hold and that are not read; any other fault refuses the zip


def gather(paths: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The files of an upload, zips unpacked, as plain files in ``folder``.

    Raises:
        RecordError: nothing useful in it, two files of one name, too many or too large, or a damaged zip.
    """
    if not paths:
        raise RecordError("one file, or the files of a WFDB record", "nothing", "Upload a recording.")
    if len(paths) > MAX_FILES:
        raise RecordError(f"at most {MAX_FILES} files at once", str(len(paths)), "Upload one recording.")
    for path in paths:
        if zipfile.is_zipfile(path):
            _unpack(path, folder)
        elif path.suffix.lower() == ZIP:
            raise RecordError("a zip file", f"{quoted(path.name)}, which is damaged", "Pack it again.")
        elif path.stat().st_size > MAX_BYTES:
            raise RecordError(f"a file of at most {MAX_BYTES // 10**6} MB", quoted(path.name), "Cut it into parts.")
        else:
            shutil.copyfile(path, _target(folder, path.name))
    return tuple(sorted(folder.iterdir()))


def _unpack(path: Path, folder: Path) -> None:
    try:
        limits = replace(LIMITS, endings=(*MEMBERS, *_named_endings(list_members(path, LIMITS))))
        members = [member for member in list_members(path, limits) if member.fault not in _PASSED_OVER]
        if not members:
            remedy = "Pack the files of the recording."
            raise RecordError(f"a zip with {', '.join(MEMBERS)} files", "none", remedy)
        faulty = next((member for member in members if member.fault), None)
        if faulty is not None:
            found = f"{quoted(faulty.path)}, {faulty.fault}"
            raise RecordError("a zip of plain files", found, "Nothing was read from it. Pack the files themselves.")
        for member in members:
            with _target(folder, PurePosixPath(member.path).name).open("xb") as sink:
                sink.writelines(member.chunks())
    except (InputError, ResourceError) as error:
        raise RecordError(error.needed, error.found, error.remedy) from error


def _named_endings(members: Sequence[Member]) -> set[str]:
    """The endings of other files that belong to a WFDB header in a zip: its signals, which may be called anything, and
    what is called like it (beats by another annotator).
    """
    headers = [one for one in members if not one.fault and one.path.endswith(".hea") and one.size <= MAX_HEADER_BYTES]
    stems = {PurePosixPath(header.path).stem for header in headers}
    words = {line.split()[0] for header in headers for line in header.read().split(b"\n") if line.strip()}
    names = {word.decode("ascii", "ignore") for word in words}
    others = [PurePosixPath(member.path) for member in members if member.fault == ENDING]
    belong = {other.suffix.lower() for other in others if other.name in names or other.stem in stems}
    return {ending for ending in belong if re.fullmatch(r"\.[a-z0-9]{1,8}", ending)}


def _target(folder: Path, name: str) -> Path:
    plain = re.sub(r"[^A-Za-z0-9_.\-]", "_", Path(name).name)[-_LONGEST_NAME:].lstrip(".") or "file"
    plain = re.sub(r"\.hea$", ".hea", plain, flags=re.IGNORECASE)
    path = folder / plain
    if path.exists():
        raise RecordError("a name of its own for every file", f"{quoted(plain)} twice", "Upload one recording.")
    return path
