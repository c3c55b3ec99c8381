"""Replay: a saved recipe sets every control, and its sample pictures, so that Paint gives the same picture again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from apps.markup import note
from apps.style.options import LONGEST_RECIPE, from_json
from apps.style.run.recipe import other_pictures
from apps.style.run.transfer import Run
from apps.style.samples import SAMPLES
from apps.style.ui.controls import RECIPE_FIELDS, values_of
from apps.style.ui.run import open_pictures, stream
from apps.style.ui.state import session_of
from apps.ui import HEAVY, LIGHT, PRIVATE, guard, section
from shared.errors import InputError

_ROLES = ("content", "style")


def build(parts: Mapping[str, Any], tabs: gr.Tabs) -> None:
    """Lay out the panel; ``parts`` are the components of the Paint tab, one of ``tabs``."""
    section(
        "use", "Replay a recipe", "Paste a saved recipe.json, or choose the file: the same picture, pixel by pixel."
    )
    with gr.Row():
        text = gr.Textbox(label="Recipe", lines=3, max_lines=8, elem_id="style-recipe", min_width=300)
        with gr.Column(min_width=220):
            file = gr.File(label="recipe.json", file_types=[".json"], height=110)
            again = gr.Button("Paint it again", variant="primary", elem_id="style-replay", min_width=140)
    answer = gr.HTML(elem_id="style-replayed")
    controls, photos = parts["controls"], parts["photos"]
    outputs = [answer, *(photos[role] for role in _ROLES), *(controls[name] for name in RECIPE_FIELDS)]
    asked = [text, photos["content"], photos["style"]]
    live = [tabs, *(parts[name] for name in ("live", "curves", "grams", "numbers", "result"))]
    again.click(guard(_set), text, outputs, **LIGHT, **PRIVATE).success(
        guard(_again), asked, live, **HEAVY, **PRIVATE, **parts["waiting"]
    )
    file.upload(guard(_read), file, text, **LIGHT, **PRIVATE)


def _read(path: str | None) -> str:
    if path is None:
        raise InputError("a recipe as a JSON file", "none", "Choose a file.")
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(LONGEST_RECIPE + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "it is not UTF-8 text"  # without the server's path
        raise InputError("a recipe as a JSON file", f"an unreadable one ({reason})", "Choose another.") from error


def _set(text: str, request: gr.Request) -> list[Any]:
    options = from_json(text)
    recipe = json.loads(text)
    shown = values_of(options)
    pictures, notes = [], []
    for role in _ROLES:
        entry = recipe.get(role)
        name = entry.get("sample") if isinstance(entry, dict) else None
        if isinstance(name, str) and name in SAMPLES:
            session_of(request).samples[role] = name
            pictures.append(str(SAMPLES[name].path))
        else:
            pictures.append(gr.skip())
            notes.append(f"choose its {role} picture yourself")
    words = "The controls are set" + (f"; {', '.join(notes)}" if notes else "") + "."
    return [note(words), *pictures, *(gr.update(value=shown[name]) for name in RECIPE_FIELDS)]


def _again(text: str, content: str | None, style: str | None, request: gr.Request) -> Iterator[tuple[Any, ...]]:
    """Paint what the recipe says, its stop and its continuation included, on the Paint tab."""
    options = from_json(text)
    seen, painted_as, ground = open_pictures(content, style, options.alpha, options.beta)
    run = Run(seen, painted_as, options, ground=ground)
    for role in other_pictures(text, run):
        gr.Warning(f"This is not the {role} picture of the recipe, so the result will differ.")
    session = session_of(request)
    session.stop_requested.set()
    session.begin(run)
    opened: Any = gr.Tabs(selected="paint")
    for answer in stream(session, run):
        yield opened, *answer
        opened = gr.skip()  # a visitor who goes on to another tab is not pulled back by the next step
