"""The sub-tab "Measure it": run here and now, on the visitor's click, nothing stored."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import escape

from apps.conv.ui.blocks import crossed
from apps.conv.ui.stage_html import style
from apps.ui import PRIVATE, QUICK, guard, section

if TYPE_CHECKING:
    from apps.conv.experiments import Agreement, Cost

_BUTTON: dict[str, Any] = {**QUICK, **PRIVATE, "show_progress": "minimal"}


def agreement_html(report: Agreement, seed: int) -> str:
    """The report of one agreement run."""
    css = "cs-yes" if report.agreed == report.n else "cs-no"
    wrong = "".join(f"<li>{escape(text)}</li>" for text in report.wrong)
    axes = ", ".join(f"{count} in {n}-D" for n, count in report.by_axes.items())
    return (
        f'{style("shapes.css")}<div class="cs"><p class="cs-sum"><span class="{css}">torch agrees on '
        f"{report.agreed} of {report.n} random layers</span><span>at most {report.most_wrong:.2%} disagree "
        f"(95 %, one-sided)</span></p><p>{axes}; seed {seed}. Compared: output shape, number of parameters, number of "
        f"multiplications. {report.computed} of them also ran on random numbers, where one output value was computed "
        f"again as a sum of products: largest difference {report.largest_difference:.1e}.</p>"
        f"{f'<ul>{wrong}</ul>' if wrong else ''}</div>"
    )


def costs_html(costs: list[Cost], machine: str) -> str:
    """The table of the timed layers, a bar for the multiplications a second."""
    fastest = max(cost.billions_a_second for cost in costs)
    rows = "".join(
        f'<tr><th scope="row">{escape(cost.title)}<small>{escape(crossed(cost.text))}</small></th>'
        f'<td data-head="multiplications">{cost.multiplications / 1e6:,.0f} million</td>'
        f'<td data-head="best time">{cost.best_ms:.2f} ms<small>median {cost.middle_ms:.2f} ms</small></td>'
        f'<td data-head="a second" class="cs-rate"><i style="width:{100 * cost.billions_a_second / fastest:.1f}%"></i>'
        f"<span>{cost.billions_a_second:.1f} billion</span></td></tr>"
        for cost in costs
    )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Layer", "Multiplications", "Best time", "Multiplications a second")
    )
    return (
        f'{style("shapes.css")}<div class="cs"><table class="cs-table"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table><p>{escape(machine)}, float32, one input at a time, best of {costs[0].repeats} "
        "after a warm-up. Other work on the machine makes the times longer.</p></div>"
    )


def build() -> None:
    """Lay out the sub-tab and its events."""
    section(
        "measure",
        "Is the arithmetic right?",
        "Random layers in one, two and three dimensions, with random strides, padding, dilation and groups: does torch "
        "compute the same?",
    )
    ask = gr.Button("Check 300 random layers", elem_id="conv-agree", scale=0)
    answer = gr.HTML("", elem_id="conv-agreement", apply_default_css=False)
    section(
        "measure",
        "Is a multiplication a multiplication?",
        "Seven layers with about 100 million multiplications each. Where the numbers lie in memory, and how often each "
        "is used again, decides what they cost.",
    )
    race = gr.Button("Time them on this machine", elem_id="conv-race", scale=0)
    result = gr.HTML("", elem_id="conv-costs", apply_default_css=False)

    def agree() -> Iterator[str]:
        from apps.conv.experiments import agreement

        seed = random.randrange(10**6)
        for report in agreement(seed=seed):
            yield agreement_html(report, seed)

    def timed() -> Iterator[str]:
        from apps.conv.experiments import costs, machine

        done: list[Cost] = []
        for cost in costs():
            done.append(cost)
            yield costs_html(done, machine())

    ask.click(guard(agree), None, answer, **_BUTTON)
    race.click(guard(timed), None, result, **_BUTTON)
