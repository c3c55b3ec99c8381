"""The weight files of the gan demo."""

from __future__ import annotations

from shared.registry.types import Record

RECORDS: tuple[Record, ...] = ()
