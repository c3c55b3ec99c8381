"""The status bar: device, models in the cache, memory, requests waiting."""

from __future__ import annotations

import sys
from typing import Any

import psutil

from apps.markup import Markup, h
from shared import device
from shared.model_cache import model_cache


def read_status(*, waiting: int) -> dict[str, Any]:
    """The state of the hub as plain values; ``waiting`` is the number of requests in the queue.

    Sizes are bytes, times seconds. Does not import torch: before its first use the device is the settings' wish.
    """
    cache = model_cache().statistics()
    memory = device.memory()
    return {
        "device": device.described(),
        "torch_loaded": "torch" in sys.modules,
        "models": [
            {
                "name": model.name,
                "device": model.device,
                "bytes": model.size,
                "load_s": round(model.load_s, 3),
                "hits": model.hits,
                "leases": model.leases,
            }
            for model in reversed(cache.models)
        ],
        "loading": list(cache.loading),
        "hits": cache.hits,
        "misses": cache.misses,
        "evictions": cache.evictions,
        "cache_bytes": cache.size,
        "cache_budget": cache.budget,
        "memory_total": memory.total,
        "memory_free": memory.free,
        "process_bytes": psutil.Process().memory_info().rss,
        "waiting": waiting,
    }


def status_html(status: dict[str, Any]) -> Markup:
    """``status`` as one line of labelled figures and, once a model is loaded, a second line of models, newest first."""
    models = status["models"]
    loaded = "; ".join(f"{m['name']} {_megabytes(m['bytes'])} in {m['load_s']:.2f} s" for m in models)
    loading = f", loading {', '.join(status['loading'])}" if status["loading"] else ""
    cells = (
        ("Device", status["device"], ""),
        (
            "Models in memory",
            f"{len(models)} ({_megabytes(status['cache_bytes'])}){loading}",
            f"{_megabytes(status['cache_budget'])} may be used",
        ),
        ("Cache", f"{status['hits']} hits, {status['misses']} misses", "leases that found their model loaded, or not"),
        (
            "Memory",
            f"{_gigabytes(status['process_bytes'])} of {_gigabytes(status['memory_total'])}",
            f"{_gigabytes(status['memory_free'])} free",
        ),
        ("Waiting", f"{status['waiting']} request{'' if status['waiting'] == 1 else 's'}", ""),
    )
    items = (h.span(h.b(label), " ", value, class_="ch-stat", title=tip) for label, value, tip in cells)
    listed = h.span(h.b("Loaded"), " ", loaded, class_="ch-stat ch-models") if loaded else None
    return h.div(items, listed, class_="ch-status", role="status", aria_live="off")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
