"""The rooms that compute. Their functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

if TYPE_CHECKING:
    from apps.conv import check as check
    from apps.conv import experiments as experiments
else:
    check, experiments = room("apps.conv.check"), room("apps.conv.experiments")
