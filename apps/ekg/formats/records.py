"""Open a recording, whatever it is: WFDB files, a zip, CSV, an Apple Watch's CSV, EDF.

``opened`` is the one door. It gives a ``Recording`` whose files stay in place inside the ``with`` block; an upload is
first copied into a private folder that is gone afterwards, so nothing outside it can be read and nothing is left.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from apps.ekg.formats.edf_files import open_edf
from apps.ekg.formats.recording import Recording
from apps.ekg.formats.text_files import open_text
from apps.ekg.formats.uploads import gather
from apps.ekg.formats.wfdb_files import open_wfdb
from shared.errors import RecordError, check_number, quoted

FORMATS = "WFDB (.hea with .dat and .atr), a .zip of these, .csv, an Apple Watch's .csv, .edf"
_TEXT = (".csv", ".txt", ".tsv")
_BEGINNINGS = (".hea", *_TEXT, ".edf", ".zip")  # a recording has one of these; the rest belongs to it


@contextmanager
def opened(source: Path | str | Sequence[Path], *, rate_hz: float | None = None) -> Iterator[Recording]:
    """The recording of a path (a WFDB path may leave out its ending) or of uploaded files.

    ``rate_hz`` is used by text without a time column only.

    Raises:
        RecordError: nothing there, or nothing that can be read.
        OptionError: ``rate_hz`` is no sensible number.
    """
    if rate_hz is not None:
        rate_hz = check_number(rate_hz, "The rate in Hz", low=1, high=100_000)
    if isinstance(source, (str, Path)):
        path = Path(source)
        named = path if path.suffix == ".hea" else path.with_name(path.name + ".hea")
        if named.is_file() and (path.suffix == ".hea" or not path.is_file()):
            yield open_wfdb(named.parent, named.name.removesuffix(".hea"))
            return
        if not path.is_file():
            raise RecordError(
                "A recording is a WFDB path or a file",
                f"{quoted(path)}, which is not there",
                f"Give one of: {FORMATS}.",
            )
        if path.suffix.lower() in _TEXT:
            yield open_text(path, rate_hz=rate_hz)
            return
        if path.suffix.lower() == ".edf":
            yield open_edf(path)
            return
        source = [path]
    with tempfile.TemporaryDirectory(prefix="ekg-") as folder:
        yield _one_of(gather(source, Path(folder)), rate_hz)


def newest(paths: Sequence[str], known: Sequence[str]) -> list[str]:
    """The files of the recording that was sent last; ``paths`` begins with those of ``known`` that are still there.

    A header completes the signal that came before it, and a signal its header; a whole other recording takes the place
    of the one before. Of two files of one name the later counts.
    """
    before = next((n for n, path in enumerate(paths) if path not in known), len(paths))
    groups = (paths[:before], paths[before:])
    whole = [any(path.lower().endswith(_BEGINNINGS) for path in group) for group in groups]
    return list({Path(path).name: path for path in (groups[1] if all(whole) else paths)}.values())


def _one_of(files: Sequence[Path], rate_hz: float | None) -> Recording:
    """The one recording that ``files`` make."""
    headers = [path for path in files if path.suffix == ".hea"]
    others = [path for path in files if path.suffix.lower() in (*_TEXT, ".edf")]
    if len(headers) + len(others) > 1:
        names = ", ".join(path.name for path in (*headers, *others))
        raise RecordError("One recording at a time", names, "Upload the files of one.")
    if headers:
        return open_wfdb(headers[0].parent, headers[0].name.removesuffix(".hea"))
    if others and others[0].suffix.lower() == ".edf":
        return open_edf(others[0])
    if others:
        return open_text(others[0], rate_hz=rate_hz)
    names = ", ".join(path.name for path in files[:5])
    raise RecordError(
        f"A recording is one of {FORMATS}", names, "A .dat or .atr alone says neither rate nor scale: add its .hea."
    )
