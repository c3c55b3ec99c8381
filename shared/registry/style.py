"""The weight files of the style demo."""

from __future__ import annotations

from shared.registry.types import Record

RECORDS: tuple[Record, ...] = ()
