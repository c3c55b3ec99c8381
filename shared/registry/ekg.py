"""The weight files of the ekg demo."""

from __future__ import annotations

from shared.registry.types import Record

RECORDS: tuple[Record, ...] = ()
