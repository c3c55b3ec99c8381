"""The rooms that compute. Their functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

__all__ = ("linear_map", "pipeline")

if TYPE_CHECKING:
    from apps.face.photo import pipeline as pipeline
    from apps.face.triplets import linear_map
else:
    linear_map, pipeline = room("apps.face.triplets.linear_map"), room("apps.face.photo.pipeline")
