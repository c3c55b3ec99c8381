"""The weight files of the face demo."""

from __future__ import annotations

from shared.registry.types import Record

RECORDS: tuple[Record, ...] = ()
