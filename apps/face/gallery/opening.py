"""A class gallery from the value of ``--gallery``: the path of a file, or the address of a database."""

from __future__ import annotations

from pathlib import Path

from apps.face.gallery.postgres import PostgresGallery
from apps.face.gallery.sql import SqlGallery
from apps.face.gallery.store import SqliteGallery
from shared.settings import is_database


def open_gallery(where: Path | str) -> SqlGallery:
    """The gallery at ``where``, made there if there is none.

    Raises:
        StoreError: it cannot be used.
    """
    return PostgresGallery(str(where)) if is_database(str(where)) else SqliteGallery(Path(where))
