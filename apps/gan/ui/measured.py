"""Measured: the figures of every bundled generator, read from their files, each with its floor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from apps.gan.choices import ARMS, GENERATORS, SIZES
from apps.gan.measurements import AUGMENTATION, TEXTBOOK, measurement
from apps.gan.ui.common import DIGIT_CHOICES, heading
from apps.markup import Content, Markup, h, joined, note, prose, table
from apps.ui import LIGHT, PRIVATE, guard, section
from shared import plots
from shared.errors import HubError, WeightsError
from shared.registry import find, measured

Figures = dict[str, Any]  # of one generator: the JSON of ``apps.gan evaluate``
_NONE = "—"
_EVALUATE = "python -m apps.gan evaluate --model cgan-digits --data DIR"
_COPIES = 0.01  # the share of real digits below the 1 % quantile that "copies" is counted with


def panel() -> None:
    """Lay out the panel."""
    section(
        "measure",
        "How good are they?",
        "10,000 samples each, untruncated, against MNIST's 10,000 test digits, which no network here was trained on.",
    )
    gr.HTML(_generators())
    seen = heading(
        "measure",
        "Requested and read",
        "10,000 digits requested from the conditional GAN: a row per requested digit, a column per digit read.",
    )
    matrix = gr.Plot(label="Confusion matrix", show_label=False)
    seen.expand(guard(_confusion), None, matrix, **LIGHT, **PRIVATE)
    section("measure", "Compared with the textbook", "The same data, the same processor time, the same judge.")
    gr.HTML(_textbook())
    section(
        "measure",
        "Do generated digits help a classifier?",
        "A GAN and a classifier share the same few real digits. Whatever the GAN adds, it has made from those.",
    )
    gr.HTML(_augmentation())


def _generators() -> Markup:
    found = {name: one for name in GENERATORS if (one := _figures(name)) is not None}
    judge = _figures("judge-digits")
    if not found or judge is None:
        return note("No figures are bundled.")
    floor = next(iter(found.values()))
    rows: list[tuple[str, Callable[[Figures], Content], str]] = [
        ("agreement: the judge reads the requested digit", _agreement, _NONE),
        (
            "Fréchet distance, judge's features (lower is better)",
            lambda f: f"{f['fid']:.3f}",
            f"{floor['fid_floor']:.3f}",
        ),
        ("precision: fakes that look real", lambda f: f"{f['precision']:.1%}", f"{floor['precision_floor']:.1%}"),
        ("recall: real variety that is covered", lambda f: f"{f['recall']:.1%}", f"{floor['recall_floor']:.1%}"),
        ("variety within a class, relative to real digits", _variety, f"{1:.0%}"),
        ("distance to the nearest training digit", lambda f: f"{f['nearest']:.1f}", f"{floor['nearest_real']:.1f}"),
        ("copies: closer than 99 % of test digits are", lambda f: f"{f['copies']:.1%}", f"{_COPIES:.1%}"),
    ]
    titles = [GENERATORS[name].partition(":")[0] for name in found]
    body = [(label, *map(show, found.values()), real) for label, show, real in rows]
    low, high = judge["test_accuracy_interval"]
    explained = prose(
        "The judge reads {:.2%} of {:,} test digits correctly (95 % interval {:.2%} to {:.2%}). Its 128 penultimate "
        "activations are the features; these distances are not those of Inception's features. “Real digits” are as "
        "many training digits, measured the same way: the floor. Command: {}.",
        judge["test_accuracy"],
        judge["n"],
        low,
        high,
        h.code(_EVALUATE),
    )
    return joined([table(("", *titles, "real digits"), body, class_="gan-figures"), note(explained)])


def _textbook() -> Markup:
    found = measurement(TEXTBOOK)
    command = h.code("python -m benchmarks.gan_textbook")
    if found is None:
        return note("Not measured yet: ", command, ".")
    rows: dict[str, Callable[[Figures], Content]] = {
        "agreement": _agreement,
        "Fréchet distance": lambda f: f"{f['fid']:.3f}",
        "precision": lambda f: f"{f['precision']:.1%}",
        "recall": lambda f: f"{f['recall']:.1%}",
        "variety within a class": _variety,
    }
    body = [(title, show(found["ours"]), show(found["textbook"])) for title, show in rows.items()]
    explained = prose(
        "Both had the same {:.0f} processor seconds: {:,} steps of ours, {:,} of the fully connected GAN of most "
        "tutorials (Mirza & Osindero 2014; least squares, Adam 0.0002). n = 10,000 each. Command: {}.",
        found["seconds"],
        found["our_steps"],
        found["textbook_steps"],
        command,
    )
    return joined([table(("", "ours", "textbook"), body, class_="gan-figures"), note(explained)])


def _augmentation() -> Markup:
    found = measurement(AUGMENTATION)
    if found is None:
        return note("Not measured yet: ", h.code("python -m apps.gan augment --data DIR"), ".")
    cells = {(row["n"], row["arm"]): row for row in found["rows"]}
    sizes = [n for n in SIZES if any((n, arm) in cells for arm in ARMS)]
    complete = [n for n in sizes if all((n, arm) in cells for arm in ARMS)]
    body = [(title, *(_accuracy(cells.get((n, arm))) for n in sizes)) for arm, title in ARMS.items()]
    gains = "; ".join(
        f"{n:,} per class: {_gain(cells, n, 'none', 'gan')} compared with nothing, "
        f"{_gain(cells, n, 'classical', 'both')} in addition to distortions"
        for n in complete
    )
    missing = "".join(f" {n:,} per class: not measured yet." for n in SIZES if n not in complete)
    counts = sorted({row["repeats"] for row in found["rows"]})
    explained = prose(
        "Generated digits change the accuracy by, {}. Means and Student's 95 % intervals over {} repeats with other "
        "digits (no interval: one repeat); {}.{} The GAN of each cell saw only that cell's digits. Command: {}.",
        gains,
        " to ".join(map(str, dict.fromkeys((counts[0], counts[-1])))),
        found["data"],
        missing,
        h.code(found["command"]),
    )
    head = ("", *(f"{n:,} per class" for n in sizes))
    return joined([table(head, body, class_="gan-figures"), note(explained)])


def _gain(cells: dict[tuple[int, str], dict[str, Any]], n: int, without: str, with_gan: str) -> str:
    return f"{cells[n, with_gan]['accuracy'] - cells[n, without]['accuracy']:+.2%}"


def _accuracy(row: dict[str, Any] | None) -> Content:
    if row is None:
        return _NONE
    if row["interval"] is None:
        return f"{row['accuracy']:.2%}"
    return prose("{:.2%} <small>({:.2%} to {:.2%})</small>", row["accuracy"], *row["interval"])


def _agreement(figures: Figures) -> Content:
    if figures["agreement"] is None:
        return _NONE
    worst = min(figures["agreement_per_digit"].values())
    return prose(
        "{:.2%} <small>({:.2%} to {:.2%}; worst digit {:.1%})</small>",
        figures["agreement"],
        *figures["agreement_interval"],
        worst,
    )


def _variety(figures: Figures) -> Content:
    values = figures["diversity"]
    return prose("{:.0%} <small>({:.0%} to {:.0%})</small>", sum(values) / len(values), min(values), max(values))


def _figures(name: str) -> Figures | None:
    try:
        return measured(find(f"gan/{name}", "gan"))
    except HubError:
        return None


def _confusion() -> plots.Chart:
    figures = _figures("cgan-digits")
    if figures is None or figures["confusion"] is None:
        raise WeightsError("the confusion matrix of cgan-digits", "no file", f"Run {_EVALUATE}.")
    return plots.heatmap(
        figures["confusion"],
        rows=DIGIT_CHOICES,
        columns=DIGIT_CHOICES,
        row_title="requested",
        column_title="read",
        height=420,
    )
