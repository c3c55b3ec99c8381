"""Where training data comes from: a folder with MIT-BIH records, downloaded from PhysioNet where they are missing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from apps.ekg.wfdb_package import wfdb_package
from shared.errors import DownloadError, OfflineError, check_choice
from shared.settings import current

DATABASE = "mitdb"  # MIT-BIH Arrhythmia Database 1.0.0, Moody & Mark 2001, ODC-By 1.0
_ENDINGS = ("hea", "dat", "atr")


def ensure_records(data: Path, records: Iterable[str]) -> None:
    """Download those of ``records`` whose three files are not in ``data``; what is there stays as it is.

    Raises:
        OfflineError: some are missing and this machine was told to open no connection.
        DownloadError: PhysioNet cannot be reached.
    """
    missing = [name for name in records if not all((data / f"{name}.{ending}").is_file() for ending in _ENDINGS)]
    if not missing:
        return
    listed = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
    if current().offline:
        raise OfflineError(f"{data} holds the records {listed}", "none, offline", "Copy them there, or go online.")
    wfdb = wfdb_package()

    with tempfile.TemporaryDirectory(prefix="mitdb-") as folder:
        try:
            wfdb.dl_database(DATABASE, folder, records=missing, annotators="atr", overwrite=True)
        except (OSError, ValueError) as error:
            raise DownloadError(
                f"The records {listed} come from physionet.org",
                str(error)[:120],
                f"Copy the {DATABASE} files into {data}.",
            ) from error
        data.mkdir(parents=True, exist_ok=True)
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and not (data / path.name).exists():
                shutil.copyfile(path, data / path.name)


def parse_records(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Record names from "101,106"; "ds1" and "ds2" stand for the halves of the inter-patient split."""
    from apps.ekg.aami import DS1, DS2

    halves = {"ds1": DS1, "ds2": DS2}
    if text.strip().lower() in halves:
        return halves[text.strip().lower()]
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    return tuple(check_choice(name, known, "A record") for name in names)
