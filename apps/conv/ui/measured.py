"""The sub-tab "Measure it": run here and now, on the visitor's click, nothing stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from apps.conv.ui.blocks import crossed
from apps.conv.ui.rooms import experiments
from apps.markup import Markup, cell, h, style, table
from apps.results import File, as_json
from apps.results import table as csv_table
from apps.sharing import share
from apps.ui import PRIVATE, QUICK, guard, keep_result, section
from shared.errors import check_whole

if TYPE_CHECKING:
    from apps.conv.results import Agreement, Cost

_BUTTON: dict[str, Any] = {**QUICK, **PRIVATE, "show_progress": "minimal"}


def agreement_html(report: Agreement, seed: int) -> Markup:
    """The report of one agreement run."""
    verdict = h.span(
        f"torch agrees on {report.agreed} of {report.n} random layers",
        class_="cs-yes" if report.agreed == report.n else "cs-no",
    )
    bound = h.span(f"at most {report.most_wrong:.2%} disagree (95 %, one-sided)")
    axes = ", ".join(f"{count} in {n}-D" for n, count in report.by_axes.items())
    compared = (
        f"{axes}; seed {seed}. Compared: output shape, number of parameters, number of multiplications. "
        f"{report.computed} of them also ran on random numbers, and one output value of each was computed again as a "
        f"sum of products: largest difference {report.largest_difference:.1e}."
    )
    wrong = h.ul(h.li(text) for text in report.wrong) if report.wrong else None
    return h.div(style(__file__, "shapes.css"), h.p(verdict, bound, class_="cs-sum"), h.p(compared), wrong, class_="cs")


def costs_html(costs: list[Cost], machine: str) -> Markup:
    """The table of the timed layers, with a bar for the multiplications per second."""
    fastest = max(cost.billions_a_second for cost in costs)
    rows = (
        (
            (cost.title, h.small(crossed(cost.text))),
            f"{cost.multiplications / 1e6:,.0f} million",
            (f"{cost.best_ms:.2f} ms", h.small(f"median {cost.middle_ms:.2f} ms")),
            cell(
                h.i(style=f"width:{100 * cost.billions_a_second / fastest:.1f}%"),
                h.span(f"{cost.billions_a_second:.1f} billion"),
                class_="cs-rate",
            ),
        )
        for cost in costs
    )
    timed = (
        f"{machine}, float32, one input at a time, best of {costs[0].repeats} after a warm-up. "
        "Other work on the machine makes the times longer."
    )
    heads = ("Layer", "Multiplications", "Best time", "Multiplications per second")
    return h.div(style(__file__, "shapes.css"), table(heads, rows, class_="cs-table"), h.p(timed), class_="cs")


def build() -> None:
    """Lay out the sub-tab and its events."""
    section(
        "measure",
        "Is the arithmetic right?",
        "Random layers in one, two and three dimensions, with random strides, padding, dilation and groups: does torch "
        "compute the same?",
    )
    with gr.Row():
        seed = gr.Number(0, label="Seed", precision=0, minimum=0, maximum=10**6, min_width=90, scale=0)
        ask = gr.Button("Check 300 random layers", elem_id="conv-agree", scale=0, min_width=260)
    share(seed=seed)
    answer = gr.HTML("", elem_id="conv-agreement", apply_default_css=False)
    section(
        "measure",
        "Is a multiplication a multiplication?",
        "Seven layers with about 100 million multiplications each. Where the numbers lie in memory, and how often each "
        "is used again, decides what they cost.",
    )
    race = gr.Button("Time them on this machine", elem_id="conv-race", scale=0)
    result = gr.HTML("", elem_id="conv-costs", apply_default_css=False)

    def agree(seed: float) -> Iterator[str]:
        number = check_whole(seed, "The seed", low=0, high=10**6)
        report: Agreement | None = None
        for report in experiments.agreement(seed=number):
            yield agreement_html(report, number)
        files: dict[str, File] = {"agreement.json": (as_json(report and vars(report)), "What torch agrees with.")}
        keep_result("conv/measure", files, settings={"seed": number})

    def timed() -> Iterator[str]:
        done: list[Cost] = []
        machine = experiments.machine()
        for cost in experiments.costs():
            done.append(cost)
            yield costs_html(done, machine)
        head = "layer", "multiplications", "best ms", "median ms", "billions a second"
        rows = ((one.title, one.multiplications, one.best_ms, one.middle_ms, one.billions_a_second) for one in done)
        keep_result("conv/measure", {"times.csv": (csv_table(head, rows), f"On {machine}.")}, part="race")

    ask.click(guard(agree), seed, answer, **_BUTTON)
    race.click(guard(timed), None, result, **_BUTTON)
