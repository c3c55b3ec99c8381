"""The rooms that compute. Their functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

if TYPE_CHECKING:
    from apps.style.run import limits as limits
    from apps.style.run import worth as worth
else:
    limits, worth = room("apps.style.run.limits"), room("apps.style.run.worth")
