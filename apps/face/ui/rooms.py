"""The room that computes. Its functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

if TYPE_CHECKING:
    from apps.face.photo import pipeline as pipeline
else:
    pipeline = room("apps.face.photo.pipeline")
