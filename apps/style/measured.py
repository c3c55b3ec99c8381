"""How fast an iteration is compared with the textbook's form, where the cost ends, and what a run survives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from apps.charts import lines
from apps.markup import Content, Markup, cell, h, joined, note, prose, table
from apps.measured import Chapter, Figures, Headline, drawn, rows_of

FILE = "style/speed.json"
LIMITS_FILE = "style/limits.json"
ONE_PASS_FILE = "style/one-pass.json"
_COMMAND, _LIMITS_COMMAND = "python -m benchmarks.style_speed", "python -m benchmarks.style_limits"
_ONE_PASS_COMMAND = "python -m benchmarks.style_one_pass"
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


def chapters() -> tuple[Chapter, ...]:
    """The chapters."""
    return (
        Chapter(
            title="How fast is an iteration?",
            text="Seconds per iteration; the methods take turns within one run.",
            body=drawn(FILE, _speed, _COMMAND),
            id="style-measured",
        ),
        Chapter(title="Where the cost ends", body=drawn(FILE, _ends, _COMMAND)),
        Chapter(title="At its limits", body=drawn(LIMITS_FILE, _limits, _LIMITS_COMMAND)),
        Chapter(
            title="How many iterations is one pass worth?",
            text=_ONE_PASS,
            body=drawn(ONE_PASS_FILE, _one_pass, _ONE_PASS_COMMAND),
            id="style-measured-one-pass",
        ),
    )


def headlines() -> tuple[Headline, ...]:
    """The rows of the README's table."""
    return (*rows_of(FILE, _headlines), *rows_of(ONE_PASS_FILE, _one_pass_headline))


def _one_pass_headline(found: Figures) -> Iterator[Headline]:
    low, median, high = found["summary"]["worth"]
    contents, styles = (len({pair[role] for pair in found["pairs"]}) for role in ("content", "style"))
    yield Headline(
        "Style transfer",
        "one pass is worth so many iterations of the optimizer",
        f"{median:.0f}",
        f"quartiles {low:.0f} and {high:.0f}",
        f"{len(found['pairs'])} pairs: {contents} contents, {styles} styles, {found['size']} pixels",
    )


def _headlines(found: Figures) -> Iterator[Headline]:
    for size in ("256", "384"):
        for name in ("ours float32", "ours bfloat16"):
            figure = f"times the textbook's speed, {name.removeprefix('ours ')}, {size} px"
            ratio = f"{found['sizes'][size][name]['times_faster']:.2f}"
            yield Headline("Style transfer", figure, ratio, "", found["device"])


def _speed(found: Figures) -> Markup:
    """The measured times, and how many times faster than the textbook's form they are."""
    rows = [
        [_NAMES.get(name, name), f"{size} px", f"{one['seconds']:.3f} s", _faster(one, ""), _faster(one, "wall_")]
        for size, methods in found["sizes"].items()
        for name, one in methods.items()
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
            table(("method", "size", "per iteration", "faster", "by the clock"), rows),
            note(about, prose("Command: <code>{}</code>", found["command"])),
            _winograd(found.get("winograd")),
        )
    )


def _ends(found: Figures) -> Markup:
    """The final costs, compared with the textbook's."""
    rows = [
        [_NAMES.get(name, name), f"{found['cost']['size']} px", f"{100 * (ratio - 1):+.2f} %"]
        for name, ratio in found["cost"]["J"].items()
    ]
    head = ("method", "size", f"J after {found['cost']['iterations']}, compared with the textbook")
    return table(head, rows)


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


def _limits(found: Figures) -> Markup:
    """Memory at a large size, and the outcome of a thousand iterations at extreme weights."""
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
            table((), memory),
            table(head, weights),
            note(f"{found['device']}. ", prose("Command: <code>{}</code>", found["command"])),
        )
    )


def _one_pass(found: Figures) -> Markup:
    """What one pass is worth, over contents and styles, with its spread."""
    summary, iterations = found["summary"], found["iterations"]
    rows = [
        [
            "iterations that come down to one pass, style learned here",
            *_spread(summary["worth"], "{:.0f}"),
        ],
        ["J in one pass, style learned here", *_spread(summary["instant"], "{:.3f}")],
        ["J in one pass, style read from the picture", *_spread(summary["any_style"], "{:.3f}")],
        [f"J after {iterations} iterations from the content", *_spread(summary["from_content"][-1], "{:.3f}")],
        [f"J after {iterations} iterations from one pass", *_spread(summary["from_instant"][-1], "{:.3f}")],
    ]
    curves = {
        "from the content": [low_median_high[1] for low_median_high in summary["from_content"]],
        "from one pass": [low_median_high[1] for low_median_high in summary["from_instant"]],
    }
    curves["one pass"] = [summary["instant"][1]] * len(curves["from the content"])
    never = summary["not_reached"]
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
            table(("", "median", "lower quartile", "upper quartile"), rows),
            note(about, prose("Command: <code>{}</code>", found["command"])),
        )
    )


def _spread(quartiles: list[float], form: str) -> list[str]:
    lower, median, upper = (form.format(value) for value in quartiles)
    return [median, lower, upper]
