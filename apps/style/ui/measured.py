"""Measure it: how fast an iteration is compared with the textbook's form, and where the cost ends."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from apps.charts import lines
from apps.markup import Content, Markup, cell, h, joined, note, prose, table
from apps.ui import section
from shared.settings import weights_dir

FILE = "style/speed.json"
LIMITS_FILE = "style/limits.json"
ONE_PASS_FILE = "style/one-pass.json"
_ONE_PASS = (
    "J of the picture in one pass on the axis of the optimizer’s own J, as Johnson, Alahi and Fei-Fei compared them in "
    "2016; every J is divided by that of the content picture, where the optimizer starts by default."
)
_FINITE = {True: "finite", False: "not finite", None: "not measured"}
_NAMES = {
    "textbook": "textbook: float32, full network, NCHW, autograd",
    "ours float32": "this hub in float32: cut, channels last, Winograd, own Gram backward",
    "direct float32": "the same without Winograd",
    "ours bfloat16": "this hub in bfloat16",
}


def build() -> None:
    """Lay out the sub-tab."""
    section(
        "measure",
        "How fast is an iteration?",
        "Seconds per iteration; the methods take turns within one run.",
    )
    gr.HTML(joined((speed(), limits())), elem_id="style-measured", apply_default_css=False)
    section("measure", "How many iterations is one pass worth?", _ONE_PASS)
    gr.HTML(one_pass(), elem_id="style-measured-one-pass", apply_default_css=False)


def speed() -> Markup:
    """The measured times and final costs, or how to measure them."""
    found = _measured(FILE)
    if found is None:
        return note("Nothing has been measured yet; make bench measures it.")
    rows = [
        [_NAMES.get(name, name), f"{size} px", f"{one['seconds']:.3f} s", _faster(one, ""), _faster(one, "wall_")]
        for size, methods in found["sizes"].items()
        for name, one in methods.items()
    ]
    ends = [
        [_NAMES.get(name, name), f"{found['cost']['size']} px", f"{100 * (ratio - 1):+.2f} %"]
        for name, ratio in found["cost"]["J"].items()
    ]
    rounds = ", ".join(
        f"{size} px: {one['rounds']} rounds, {one['quiet']} quiet" for size, one in found.get("rounds", {}).items()
    )
    about = (
        f"Pictures {' and '.join(found['pair'])}; {found['device']}, torch {found['torch']}; {rounds}: "
        f"{found['measure']}. "
    )
    return joined(
        (
            table(["method", "size", "per iteration", "faster", "by the clock"], rows, class_="cs-costs"),
            note(about, prose("Command: <code>{}</code>", found["command"])),
            _winograd(found.get("winograd")),
            h.h3("Where the cost ends", class_="cs-head"),
            table(
                ["method", "size", f"J after {found['cost']['iterations']}, compared with the textbook"],
                ends,
                class_="cs-costs",
            ),
        )
    )


def _winograd(found: dict[str, Any] | None) -> Content:
    """What Winograd's convolution alone gains; it has a run of its own."""
    if found is None:
        return None
    gains = ", ".join(
        f"{one['times_faster']:.2f} times as fast at {size} px ({one['quartiles'][0]:.2f} to {one['quartiles'][1]:.2f})"
        for size, one in found["sizes"].items()
    )
    about = f"Winograd alone, in float32 and processor seconds ({found['device']}): {gains}. "
    return note(about, prose("Command: <code>{}</code>", found["command"]))


def _faster(found: dict[str, Any], prefix: str) -> Markup:
    ratio, quartiles = found.get(f"{prefix}times_faster"), found.get(f"{prefix}quartiles")
    if ratio is None:
        return cell()
    spread = h.small(f"({quartiles[0]:.2f} to {quartiles[1]:.2f})") if quartiles else None
    return cell(f"{ratio:.2f} × ", spread)


def limits() -> Markup:
    """Memory at a large size, and the outcome of a thousand iterations at extreme weights; empty if not measured."""
    found = _measured(LIMITS_FILE)
    if found is None:
        return Markup()
    memory = [
        [f"peak memory of the process at {found['size']} px, {precision}", f"{gigabytes:.2f} GB"]
        for precision, gigabytes in found["peak_gb"].items()
    ]
    outcomes: dict[str, dict[str, bool]] = {}  # by extreme, then by precision
    for title, kept in found["finite"].items():
        extreme, _, precision = title.rpartition("; ")
        outcomes.setdefault(extreme, {})[precision] = kept
    weights = [
        [extreme, *(_FINITE[by_precision.get(precision)] for precision in found["peak_gb"])]
        for extreme, by_precision in outcomes.items()
    ]
    head = [f"{found['iterations']} iterations at extreme weights: every cost and pixel", *found["peak_gb"]]
    return joined(
        (
            h.h3("At its limits", class_="cs-head"),
            table([], memory, class_="cs-costs"),
            table(head, weights, class_="cs-costs"),
            note(f"{found['device']}. ", prose("Command: <code>{}</code>", found["command"])),
        )
    )


def one_pass() -> Markup:
    """What one pass is worth, over contents and styles, with its spread; or how to measure it."""
    found = _measured(ONE_PASS_FILE)
    if found is None:
        return note("Nothing has been measured yet; python -m benchmarks.style_one_pass measures it.")
    told, iterations = found["summary"], found["iterations"]
    rows = [
        [
            "iterations that come down to one pass, style learned here",
            *_spread(told["worth"], "{:.0f}"),
        ],
        ["J in one pass, style learned here", *_spread(told["instant"], "{:.3f}")],
        ["J in one pass, style read from the picture", *_spread(told["any_style"], "{:.3f}")],
        [f"J after {iterations} iterations from the content", *_spread(told["from_content"][-1], "{:.3f}")],
        [f"J after {iterations} iterations from one pass", *_spread(told["from_instant"][-1], "{:.3f}")],
    ]
    curves = {
        "from the content": [low_median_high[1] for low_median_high in told["from_content"]],
        "from one pass": [low_median_high[1] for low_median_high in told["from_instant"]],
    }
    curves["one pass"] = [told["instant"][1]] * len(curves["from the content"])
    never = told["not_reached"]
    left = f" {never} of the pairs never came down to it within {iterations} iterations." if never else ""
    contents, styles = ({pair[role] for pair in found["pairs"]} for role in ("content", "style"))
    about = (
        f"{len(contents)} contents with {len(styles)} styles, {found['size']} pixels, {found['device']}, torch "
        f"{found['torch']}.{left} J is not the eye: a picture in one pass can look better than its J, and the "
        "optimizer’s better than one pass where shapes matter. "
    )
    return joined(
        (
            lines(curves, log=True, title="J, median over the pairs, iteration by iteration"),
            table(["", "median", "lower quartile", "upper quartile"], rows, class_="cs-costs"),
            note(about, prose("Command: <code>{}</code>", found["command"])),
        )
    )


def _spread(quartiles: list[float], form: str) -> list[str]:
    lower, median, upper = (form.format(value) for value in quartiles)
    return [median, lower, upper]


def _measured(file: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((weights_dir() / file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found
