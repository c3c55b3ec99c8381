"""The rooms that compute. Their functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

__all__ = ("begin", "dreams", "learn", "limits", "now", "patches", "worth")

if TYPE_CHECKING:
    from apps.style.instant import begin, learn, now
    from apps.style.run import limits, worth
    from apps.style.units import dream as dreams
    from apps.style.units import patches
else:
    begin, learn, now = (room(f"apps.style.instant.{name}") for name in ("begin", "learn", "now"))
    limits, worth = room("apps.style.run.limits"), room("apps.style.run.worth")
    dreams, patches = room("apps.style.units.dream"), room("apps.style.units.patches")
