"""A run on record: everything needed to paint the same picture again on the same machine."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from apps.style.descent.costs import Costs
from apps.style.run.transfer import Run
from shared.targets import picture_bytes

VERSION = 1


def recipe(run: Run, pictures: Mapping[str, str]) -> dict[str, Any]:
    """The options of ``run``, its progress, its pictures and its result by hash; plain values.

    ``pictures`` names those that are samples: {"content": "cat"}.
    """
    stopped = run.done if run.done < run.total else 0
    return {
        "recipe": "neural style transfer",
        "version": VERSION,
        "options": dataclasses.replace(run.options, stop_at=stopped).to_json(),
        "iterations_done": run.done,
        "content": picture_entry(run.content, pictures.get("content")),
        "style": picture_entry(run.style, pictures.get("style")),
        "result": {"sha256": pixel_hash(run.picture), "size": list(run.picture.size)},
        "computed": run.computed,
    }


def picture_entry(picture: Image.Image | None, sample: str | None) -> dict[str, Any] | None:
    """How a recipe names a picture: its sample, its size, the hash of its pixels."""
    if picture is None:
        return None
    entry: dict[str, Any] = {"sample": sample} if sample else {}
    return entry | {"size": list(picture.size), "sha256": pixel_hash(picture)}


def other_pictures(text: str, run: Run) -> tuple[str, ...]:
    """Which of "content" and "style" in ``run`` are not the pictures that the recipe in ``text`` names by hash."""
    named = json.loads(text)
    given = {"content": run.content, "style": run.style}
    return tuple(
        role
        for role, picture in given.items()
        if picture is not None
        and isinstance(entry := named.get(role), dict)
        and entry.get("sha256", pixel_hash(picture)) != pixel_hash(picture)
    )


def pixel_hash(picture: Image.Image) -> str:
    """SHA-256 of the size and the RGB bytes of ``picture``, whatever file it came in."""
    data = f"{picture.width}x{picture.height}:".encode() + picture.convert("RGB").tobytes()
    return hashlib.sha256(data).hexdigest()


def painting(picture: Image.Image, made: Mapping[str, Any], path: Path) -> bytes:
    """``picture`` in the format that the ending of ``path`` names; a PNG has its recipe in a text chunk, ``recipe``."""
    notes = PngInfo()
    notes.add_itxt("recipe", json.dumps(made))
    return picture_bytes(picture, path, pnginfo=notes)


def costs_csv(costs: Sequence[Costs]) -> str:
    """One line per iteration: iteration, size, J, J_content, J_style, total variation, and J_style of each layer."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    layers = list(costs[-1].layers) if costs else []
    header = ["iteration", "height", "width", "J", "J_content", "J_style", "total_variation"]
    writer.writerow(header + [f"J_style[{name}]" for name in layers])
    for cost in costs:
        row = [cost.J, cost.content, cost.style, cost.variation, *(cost.layers[name] for name in layers)]
        writer.writerow([cost.iteration, *cost.size, *(f"{value:.8g}" for value in row)])
    return text.getvalue()
