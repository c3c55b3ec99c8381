"""Open a recording, whatever it is: ``open_recording`` is the one door to this room.

It gives a ``Recording`` whose files stay in place inside the ``with`` block. An upload is first copied into a private
folder that is gone afterwards, so nothing outside it can be read and nothing is left. Which module reads which file
stands in ``supported``.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from apps.ekg.formats.recording import Recording
from apps.ekg.formats.supported import BEGINNINGS, COMPANIONS, NAMES, format_of
from apps.ekg.formats.uploads import gather
from apps.ekg.formats.wfdb_header import segment_names
from shared.errors import RecordError, check_number, quoted

_NOTES = re.compile(
    r"(read.?me|licen[cs]e|records|notes?|about|info|changes|sha256sums|checksums)\b.*\.txt", re.IGNORECASE
)


@contextmanager
def open_recording(source: Path | str | Sequence[Path], *, rate_hz: float | None = None) -> Iterator[Recording]:
    """The recording of a path (a WFDB path may leave out its ending) or of uploaded files.

    ``rate_hz`` is used for text alone, and wins there over what the file says.

    Raises:
        RecordError: nothing is there, or nothing that can be read.
        OptionError: ``rate_hz`` is no sensible number.
    """
    if rate_hz is not None:
        rate_hz = check_number(rate_hz, "The rate in Hz", low=1, high=100_000)
    if isinstance(source, (str, Path)):
        path = _named(Path(source))
        found = format_of(path)
        if found is not None:
            yield found.read(path, rate_hz)
            return
        source = [path]
    with tempfile.TemporaryDirectory(prefix="ekg-") as folder:
        yield _only_one_of(gather(source, Path(folder)), rate_hz)


def _named(path: Path) -> Path:
    """The file that ``path`` names: itself, or the header of the WFDB record of that name."""
    header = path.with_name(path.name + ".hea")
    if path.is_file() or not header.is_file():
        header = path
    if not header.is_file():
        raise RecordError("a WFDB path or a file", f"{quoted(path)}, which does not exist", f"Formats: {NAMES}.")
    return header


def newest(paths: Sequence[str], known: Sequence[str]) -> list[str]:
    """The files of the recording that was sent last; ``paths`` begins with those of ``known`` that are still there.

    A header completes the signal that came before it, and a signal its header; another complete recording replaces
    the one before. Of two files of one name the later counts.
    """
    before = next((n for n, path in enumerate(paths) if path not in known), len(paths))
    groups = (paths[:before], paths[before:])
    complete = [any(path.lower().endswith(BEGINNINGS) for path in group) for group in groups]
    return list({Path(path).name: path for path in (groups[1] if all(complete) else paths)}.values())


def _only_one_of(files: Sequence[Path], rate_hz: float | None) -> Recording:
    """The one recording that ``files`` make."""
    parts = {name for path in files if path.suffix.lower() == ".hea" for name in segment_names(path)}
    beginnings = [(path, found) for path in files if (found := format_of(path)) is not None and path.stem not in parts]
    if any(path.suffix == ".hea" for path, _ in beginnings):  # a licence or a list of records next to it
        beginnings = [(path, found) for path, found in beginnings if path.suffix.lower() != ".txt"]
    if len(beginnings) > 1:
        beginnings = [(path, found) for path, found in beginnings if not _NOTES.fullmatch(path.name)]
    if len(beginnings) > 1:
        names = ", ".join(path.name for path, _ in beginnings)
        raise RecordError("one recording at a time", names, "Upload the files of one.")
    for path, found in beginnings:
        return found.read(path, rate_hz)
    names = ", ".join(path.name for path in files[:5])
    lone = any(path.suffix.lower() in COMPANIONS for path in files)
    remedy = (
        "A signal or beats alone give neither rate nor scale: add its .hea." if lone else "Export it as one of these."
    )
    raise RecordError(f"a recording as {NAMES}", names, remedy)
