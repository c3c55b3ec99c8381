"""The rooms that compute. Their functions run wherever the hub's engine says: see ``shared/engine``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.engine import room

__all__ = (
    "anatomy",
    "arts",
    "enlarging",
    "games",
    "identities",
    "lessons",
    "nights",
    "requests",
    "trainings",
    "upscaling",
)

if TYPE_CHECKING:
    from apps.gan.art import requests as arts
    from apps.gan.exhibits import anatomy, requests
    from apps.gan.lab import requests as games
    from apps.gan.sharpen import commands as enlarging
    from apps.gan.sharpen import identity as identities
    from apps.gan.sharpen import lesson as lessons
    from apps.gan.sharpen import upscale as upscaling
    from apps.gan.training import live as trainings
    from apps.gan.translation import requests as nights
else:
    arts = room("apps.gan.art.requests")
    anatomy = room("apps.gan.exhibits.anatomy")
    requests = room("apps.gan.exhibits.requests")
    games = room("apps.gan.lab.requests")
    enlarging = room("apps.gan.sharpen.commands")
    identities = room("apps.gan.sharpen.identity")
    lessons = room("apps.gan.sharpen.lesson")
    trainings = room("apps.gan.training.live")
    upscaling = room("apps.gan.sharpen.upscale")
    nights = room("apps.gan.translation.requests")
