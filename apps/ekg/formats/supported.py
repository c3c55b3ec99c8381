"""The one table of formats: what the page accepts, what an upload may hold, and which module reads what.

A new format is a module ``NAME_files.py`` in this folder with one function that makes a ``Recording``, and an entry
here. A long recording (a 24-hour Holter's) gives a ``Recording`` whose ``read`` takes blocks from the file, as in
``edf_files`` and ``wfdb_files``; ``in_memory`` is for what is short or cannot be read in parts. The reader returns
``check_recording(...)``, has NaN where samples are missing, and raises ``RecordError``. The ending alone decides: it
belongs to one format, and to no annotator of ``wfdb_marks``: ISHNE's .ecg is one, so next to a header of its name such
a file has to stay the header's (``_only_one_of`` in ``opening``). Files over 50 MB need a hub with ``--max-upload-mb``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from apps.ekg.formats.edf_files import open_edf
from apps.ekg.formats.recording import Recording
from apps.ekg.formats.table_files import open_table
from apps.ekg.formats.wfdb_files import open_header


@dataclass(frozen=True, kw_only=True)
class Format:
    """One way to write a recording into files."""

    name: str  # as the page and the messages say it
    endings: tuple[str, ...]  # of the file that a recording begins with, in lower case
    companions: tuple[str, ...] = ()  # the usual endings of files that are of no use without it: a header's
    read: Callable[[Path, float | None], Recording]  # that file; the rate in Hz that the visitor typed, if any


FORMATS = (
    Format(
        name="WFDB (.hea with its .dat or .mat, and .atr or .qrs)",
        endings=(".hea",),
        companions=(".dat", ".mat", ".atr", ".qrs"),
        read=lambda path, _: open_header(path),
    ),
    Format(
        name="CSV or other text (.csv, .txt, .tsv), an Apple Watch's export among them",
        endings=(".csv", ".txt", ".tsv"),
        read=lambda path, rate_hz: open_table(path, rate_hz=rate_hz),
    ),
    Format(name="EDF or BDF (.edf, .bdf)", endings=(".edf", ".bdf"), read=lambda path, _: open_edf(path)),
)
ZIP = ".zip"  # of the files of one recording
MEMBERS = tuple(ending for each in FORMATS for ending in (*each.endings, *each.companions))
COMPANIONS = tuple(ending for each in FORMATS for ending in each.companions)
BEGINNINGS = (*(ending for each in FORMATS for ending in each.endings), ZIP)  # every recording has one of these
NAMES = "; ".join((*(each.name for each in FORMATS), "or the files of one recording in a .zip"))


def format_of(path: Path) -> Format | None:
    """The format of a recording that begins with the file ``path``; ``None`` for any other file."""
    return next((each for each in FORMATS if path.suffix.lower() in each.endings), None)
