"""The rooms that compute. Their functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

__all__ = ("begin", "learn", "limits", "now", "worth")

if TYPE_CHECKING:
    from apps.style.instant import begin, learn, now
    from apps.style.run import limits, worth
else:
    begin, learn, now = (room(f"apps.style.instant.{name}") for name in ("begin", "learn", "now"))
    limits, worth = room("apps.style.run.limits"), room("apps.style.run.worth")
