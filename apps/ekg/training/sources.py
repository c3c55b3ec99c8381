"""Where training data comes from: folders with records, downloaded from PhysioNet where they are missing."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from apps.ekg.aami import DS1, DS2, QTDB
from apps.ekg.formats.wfdb_package import wfdb_package
from shared.errors import DownloadError, OfflineError, OptionError, quoted
from shared.settings import current

DATABASE = "mitdb"  # MIT-BIH Arrhythmia Database 1.0.0, Moody & Mark 2001, ODC-By 1.0
MORE = "qtdb"  # QT Database 1.0.0, Laguna et al. 1997, ODC-By 1.0
_ENDINGS = ("hea", "dat", "atr")


def ensure_records(data: Path, records: Iterable[str], *, database: str = DATABASE) -> None:
    """Download those of ``records`` whose three files are not in ``data``; what is there stays as it is.

    Raises:
        OfflineError: some are missing and this machine may open no connection.
        DownloadError: PhysioNet cannot be reached.
    """
    missing = [name for name in records if not all((data / f"{name}.{ending}").is_file() for ending in _ENDINGS)]
    if not missing:
        return
    listed = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
    if current().offline:
        raise OfflineError(f"the records {listed} in {data}", "none, offline", "Copy them there, or go online.")
    with tempfile.TemporaryDirectory(prefix="records-") as folder:
        try:
            wfdb_package().dl_database(database, folder, records=missing, annotators="atr", overwrite=True)
        except (OSError, ValueError) as error:
            raise DownloadError(
                f"the records {listed} from physionet.org",
                str(error)[:120],
                f"Copy the {database} files into {data}.",
            ) from error
        data.mkdir(parents=True, exist_ok=True)
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and not (data / path.name).exists():
                shutil.copyfile(path, data / path.name)


def parse_records(text: str) -> tuple[str, ...]:
    """Record names from "101,106"; "ds1" and "ds2" stand for the halves of the inter-patient split,
    "qtdb" for the patients of the QT Database that the networks learn from.

    Raises:
        OptionError: a name is not a plain name of a record, or there is none.
    """
    half = {"ds1": DS1, "ds2": DS2, "qtdb": QTDB}.get(text.strip().lower())
    if half is not None:
        return half
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    odd = next((name for name in names if not re.fullmatch(r"[A-Za-z0-9_\-]+", name)), None)
    if odd is not None or not names:
        raise OptionError(
            "ds1, ds2, qtdb or names like 101,106 for --records", quoted(odd or text), "Name some records."
        )
    return names
