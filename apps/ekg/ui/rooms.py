"""The room that computes. Its functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

if TYPE_CHECKING:
    from apps.ekg.answers import served as served
else:
    served = room("apps.ekg.answers.served")
