"""Measured: the figures of every bundled generator, read from their files, each with its floor."""

from __future__ import annotations

import html
from typing import Any

import gradio as gr

from apps.gan.choices import ARMS, GENERATORS, SIZES
from apps.gan.drawing.tiles import note
from apps.gan.figures import AUGMENTATION, TEXTBOOK, figures
from apps.gan.ui.common import heading
from apps.ui import LIGHT, PRIVATE, guard, section


def panel() -> None:
    """Lay out the panel."""
    section(
        "measure",
        "How good are they?",
        "10,000 samples each, untruncated, against MNIST's 10,000 test digits, which no network here was trained on.",
    )
    gr.HTML(_figures())
    seen = heading(
        "measure",
        "Asked for and read",
        "10,000 digits asked of the conditional GAN; rows are what was asked for, columns what the judge read.",
    )
    matrix = gr.Plot(label="Confusion", show_label=False)
    seen.expand(guard(_confusion), None, matrix, **LIGHT, **PRIVATE)
    section("measure", "Beside the textbook", "The same data, the same processor time, the same judge.")
    gr.HTML(_textbook())
    section(
        "measure",
        "Do generated digits help a classifier?",
        "A GAN and a classifier share the same few real digits. Whatever the GAN adds, it made from those.",
    )
    gr.HTML(_augmentation())


def _augmentation() -> str:
    told = figures(AUGMENTATION)
    if told is None:
        return note("Not measured yet: <code>python -m apps.gan augment --data DIR</code>.")
    arms = {row["arm"]: None for row in told["rows"]}
    sizes = {row["n"]: None for row in told["rows"]}
    cells = {(row["n"], row["arm"]): row for row in told["rows"]}
    head = "".join(f"<th>{n:,} per class</th>" for n in sizes)
    body = "".join(
        f"<tr><td>{html.escape(ARMS[arm])}</td>{''.join(_accuracy(cells.get((n, arm))) for n in sizes)}</tr>"
        for arm in arms
    )
    gains = [
        f"{n:,} per class: {cells[n, 'gan']['accuracy'] - cells[n, 'none']['accuracy']:+.2%} against nothing, "
        f"{cells[n, 'both']['accuracy'] - cells[n, 'classical']['accuracy']:+.2%} on top of distortions"
        for n in sizes
        if all((n, arm) in cells for arm in arms) and len(arms) == len(ARMS)
    ]
    counts = sorted({row["repeats"] for row in told["rows"]})
    missing = "".join(f" {n:,} per class: not measured yet." for n in SIZES if (n, "both") not in cells)
    said = note(
        f"Generated digits change the accuracy by, {'; '.join(gains)}. Means and Student's 95 % intervals over "
        f"{' to '.join(map(str, dict.fromkeys((counts[0], counts[-1]))))} repeats with other digits "
        f"(no interval: one repeat); {html.escape(told['data'])}.{missing} "
        f"The GAN of each cell saw only that cell's digits. Command: <code>{html.escape(told['command'])}</code>."
    )
    return f'<div class="gan-scroll"><table class="gan-figures"><tr><th></th>{head}</tr>{body}</table></div>{said}'


def _accuracy(row: dict[str, Any] | None) -> str:
    if row is None:
        return "<td>—</td>"
    interval = row["interval"]
    reach = "" if interval is None else f" <small>({interval[0]:.2%} to {interval[1]:.2%})</small>"
    return f"<td>{row['accuracy']:.2%}{reach}</td>"


def _textbook() -> str:
    told = figures(TEXTBOOK)
    if told is None:
        return note("Not measured yet: <code>python -m benchmarks.gan_textbook</code>.")
    rows = "".join(
        f"<tr><td>{title}</td><td>{show(told['ours'])}</td><td>{show(told['textbook'])}</td></tr>"
        for title, show in (
            ("agreement", _agreement),
            ("Fréchet distance", lambda f: f"{f['fid']:.3f}"),
            ("precision", lambda f: f"{f['precision']:.1%}"),
            ("recall", lambda f: f"{f['recall']:.1%}"),
            ("variety within a class", _variety),
        )
    )
    head = "<tr><th></th><th>ours</th><th>textbook</th></tr>"
    said = note(
        f"Both had the same {told['seconds']:.0f} processor seconds: {told['our_steps']:,} steps of ours, "
        f"{told['textbook_steps']:,} of the fully connected GAN of most tutorials (Mirza &amp; Osindero 2014; "
        "least squares, Adam 0.0002). n = 10,000 each. Command: <code>python -m benchmarks.gan_textbook</code>."
    )
    return f'<div class="gan-scroll"><table class="gan-figures">{head}{rows}</table></div>{said}'


def _measured(name: str) -> dict[str, Any] | None:
    from shared.errors import HubError
    from shared.registry import find, measured

    try:
        return measured(find(f"gan/{name}", "gan"))
    except HubError:
        return None


def _figures() -> str:
    columns = {name: one for name in GENERATORS if (one := _measured(name)) is not None}
    judge = _measured("judge-digits")
    if not columns or judge is None:
        return note("No figures are bundled.")
    first = next(iter(columns.values()))
    rows = [
        ("agreement: the judge reads the digit asked for", [_agreement(f) for f in columns.values()], "—"),
        ("Fréchet distance, judge's features (lower is better)", _plain(columns, "fid"), f"{first['fid_floor']:.3f}"),
        ("precision: fakes that look real", _percent(columns, "precision"), f"{first['precision_floor']:.1%}"),
        ("recall: real variety that is covered", _percent(columns, "recall"), f"{first['recall_floor']:.1%}"),
        ("variety within a class, of real digits'", [_variety(f) for f in columns.values()], "100 %"),
        ("distance to the nearest training digit", _plain(columns, "nearest", 1), f"{first['nearest_real']:.1f}"),
        ("copies: closer than 99 % of test digits are", _percent(columns, "copies"), "1.0%"),
    ]
    titles = "".join(f"<th>{html.escape(GENERATORS[name].partition(':')[0])}</th>" for name in columns)
    head = f"<tr><th></th>{titles}<th>real digits</th></tr>"
    body = "".join(
        f"<tr><td>{label}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}<td>{floor}</td></tr>"
        for label, cells, floor in rows
    )
    low, high = judge["test_accuracy_interval"]
    told = note(
        f"The judge reads {judge['test_accuracy']:.2%} of {judge['n']:,} test digits (95 % interval {low:.2%} to "
        f"{high:.2%}). Its 128 penultimate activations are the features; these distances are not those of "
        "Inception's features. “Real digits” are as many training digits, measured the same way: the floor. Command: "
        "<code>python -m apps.gan evaluate --model cgan-digits --data DIR</code>."
    )
    return f'<div class="gan-scroll"><table class="gan-figures">{head}{body}</table></div>{told}'


def _agreement(figures: dict[str, Any]) -> str:
    if figures["agreement"] is None:
        return "—"
    low, high = figures["agreement_interval"]
    worst = min(figures["agreement_per_digit"].values())
    return f"{figures['agreement']:.2%} <small>({low:.2%} to {high:.2%}; worst digit {worst:.1%})</small>"


def _variety(figures: dict[str, Any]) -> str:
    values = figures["diversity"]
    return f"{sum(values) / len(values):.0%} <small>({min(values):.0%} to {max(values):.0%})</small>"


def _plain(columns: dict[str, dict[str, Any]], key: str, digits: int = 3) -> list[str]:
    return [f"{figures[key]:.{digits}f}" for figures in columns.values()]


def _percent(columns: dict[str, dict[str, Any]], key: str) -> list[str]:
    return [f"{figures[key]:.1%}" for figures in columns.values()]


def _confusion() -> Any:
    from shared import plots
    from shared.errors import WeightsError

    figures = _measured("cgan-digits")
    if figures is None or figures["confusion"] is None:
        raise WeightsError("The confusion matrix is bundled", "no file", "Run python -m apps.gan evaluate.")
    names = [str(digit) for digit in range(10)]
    return plots.heatmap(
        figures["confusion"], rows=names, columns=names, row_title="asked for", column_title="read", height=420
    )
