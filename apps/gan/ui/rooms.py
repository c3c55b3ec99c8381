"""The rooms that compute. Their functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

if TYPE_CHECKING:
    from apps.gan.exhibits import anatomy as anatomy
    from apps.gan.exhibits import requests as requests
else:
    anatomy = room("apps.gan.exhibits.anatomy")
    requests = room("apps.gan.exhibits.requests")
