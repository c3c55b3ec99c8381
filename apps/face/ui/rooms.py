"""The rooms that compute. Their functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

__all__ = ("heads", "pipeline")

if TYPE_CHECKING:
    from apps.face.photo import pipeline as pipeline
    from apps.face.triplets import head as heads
else:
    heads, pipeline = room("apps.face.triplets.head"), room("apps.face.photo.pipeline")
