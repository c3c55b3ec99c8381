"""Measure it: how fast an iteration is against the textbook's form, and where the cost ends; figures kept as JSON."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
from markupsafe import escape

from apps.ui import section
from shared.settings import weights_dir

FILE = "style/speed.json"
LIMITS_FILE = "style/limits.json"
_FINITE = {True: "finite", False: "not finite", None: "not measured"}
_NAMES = {
    "textbook": "textbook: float32, whole network, NCHW, autograd",
    "ours float32": "this hub in float32: cut, channels last, Winograd, own Gram backward",
    "ours bfloat16": "the same in bfloat16",
}


def build() -> None:
    """Lay out the sub-tab."""
    section("measure", "How fast is an iteration?", "Seconds per iteration, in one run, blocks of each way in turns.")
    gr.HTML(table() + limits_table(), elem_id="style-measured", apply_default_css=False)


def table() -> str:
    """The measured figures, or how to measure them."""
    told = _measured(FILE)
    if told is None:
        return '<p class="cs-note">Nothing was measured yet; make bench measures it.</p>'
    rows = []
    for size, contenders in told["sizes"].items():
        for name, found in contenders.items():
            rows.append(
                f'<tr><th scope="row">{escape(_NAMES.get(name, name))}</th><td>{size} px</td>'
                f"<td>{found['seconds']:.3f} s</td>{_faster(found, '')}{_faster(found, 'wall_')}</tr>"
            )
    ends = "".join(
        f'<tr><th scope="row">{escape(_NAMES.get(name, name))}</th><td>{told["cost"]["size"]} px</td>'
        f"<td>{100 * (ratio - 1):+.2f} %</td></tr>"
        for name, ratio in told["cost"]["J"].items()
    )
    about = (
        f"Pictures {escape(' and '.join(told['pair']))}; {escape(told['device'])}, torch {escape(told['torch'])}; "
        f"{escape(_rounds(told.get('rounds', {})))}: {escape(told['measure'])}. "
        f"Command: <code>{escape(told['command'])}</code>"
    )
    speed_head = "<tr><th>way</th><th>size</th><th>per iteration</th><th>faster</th><th>by the clock</th></tr>"
    cost_head = f"<tr><th>way</th><th>size</th><th>J after {told['cost']['iterations']}, against the textbook</th></tr>"
    return (
        f'<table class="cs-costs">{speed_head}{"".join(rows)}</table><p class="cs-note">{about}</p>'
        f'<h3 class="cs-head">Where the cost ends</h3><table class="cs-costs">{cost_head}{ends}</table>'
    )


def _faster(found: dict[str, Any], prefix: str) -> str:
    ratio, quartiles = found.get(f"{prefix}times_faster"), found.get(f"{prefix}quartiles")
    if ratio is None:
        return "<td></td>"
    spread = f" <small>({quartiles[0]:.2f} to {quartiles[1]:.2f})</small>" if quartiles else ""
    return f"<td>{ratio:.2f} ×{spread}</td>"


def _rounds(counts: dict[str, dict[str, int]]) -> str:
    return ", ".join(f"{size} px: {one['rounds']} rounds, {one['quiet']} quiet" for size, one in counts.items())


def limits_table() -> str:
    """Memory at a large size, and what became of a thousand iterations at extreme weights; empty if not measured."""
    told = _measured(LIMITS_FILE)
    if told is None:
        return ""
    memory = "".join(
        f'<tr><th scope="row">most memory of a whole process at {told["size"]} px, {escape(precision)}</th>'
        f"<td>{gigabytes:.2f} GB</td></tr>"
        for precision, gigabytes in told["peak_gb"].items()
    )
    found: dict[str, dict[str, bool]] = {}  # by extreme, then by precision
    for title, kept in told["finite"].items():
        extreme, _, precision = title.rpartition("; ")
        found.setdefault(extreme, {})[precision] = kept
    weights = "".join(
        f'<tr><th scope="row">{escape(extreme)}</th>'
        + "".join(f"<td>{_FINITE[by_precision.get(precision)]}</td>" for precision in told["peak_gb"])
        + "</tr>"
        for extreme, by_precision in found.items()
    )
    columns = "".join(f"<th>{escape(precision)}</th>" for precision in told["peak_gb"])
    head = f"<tr><th>{told['iterations']} iterations at extreme weights: every cost and pixel</th>{columns}</tr>"
    about = f'<p class="cs-note">{escape(told["device"])}. Command: <code>{escape(told["command"])}</code></p>'
    return (
        f'<h3 class="cs-head">At its limits</h3><table class="cs-costs">{memory}</table>'
        f'<table class="cs-costs">{head}{weights}</table>{about}'
    )


def _measured(file: str) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((weights_dir() / file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told
