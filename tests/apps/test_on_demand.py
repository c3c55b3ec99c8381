"""What a browser is told of the page at first, and what when a part comes on its screen."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from apps.on_demand import UnreachableError, on_demand, part
from tests.conftest import run_alone


def lay_out(*, linked: bool = False, following: bool = False, shared: bool = False) -> gr.Blocks:
    """A page with a part in a tab, a part within that part, and a second part in another tab."""
    page = gr.Blocks()
    with on_demand(page):
        early = gr.Textbox("early", elem_id="early")
        with gr.Tabs():
            with gr.Tab("First", elem_id="first"):
                gr.Button("Go", elem_id="go")
            with gr.Tab("Second", elem_id="second") as second, part():
                answer = gr.Number(5, elem_id="answer")
                question = gr.Number(5, elem_id="question")
                with gr.Accordion("More", open=False, elem_id="more") as more, part():
                    deep = gr.Textbox("deep", elem_id="deep")
                    more.expand(str, question, deep, api_name="look")
                second.select(float, question, answer, api_name="draw")
            with gr.Tab("Third", elem_id="third"), part():
                other = gr.Textbox("other", elem_id="other")
        asked = early.change(str.upper, early, early, api_name="shout")
        if linked:
            early.submit(str.upper, question, other, api_name="reach")
        if shared:
            early.change(str.upper, early, other, api_name="share")
        if following:
            asked.then(str.upper, early, other, api_name="follow")
    return page


def numbers(page: gr.Blocks) -> dict[str, int]:
    return {block.elem_id: number for number, block in page.blocks.items() if block.elem_id}


def told_at_first(page: gr.Blocks) -> set[str]:
    seen = set(page.config["page"][""]["components"])
    return {name for name, number in numbers(page).items() if number in seen}


def openings(page: gr.Blocks) -> list[dict[str, Any]]:
    """What a browser gets for each part, in the order in which the parts were closed: the inner one first."""
    asks = [fn for fn in page.fns.values() if [event for _, event in fn.targets] == ["expand"] and not fn.outputs]
    return [run_alone(page.process_api(fn, [], state=None))["render_config"] for fn in asks]


def names(page: gr.Blocks, told: dict[str, Any]) -> set[str]:
    inside = {component["id"] for component in told["components"]}
    return {name for name, number in numbers(page).items() if number in inside}


def test_a_part_is_not_told_at_first() -> None:
    assert told_at_first(lay_out()) == {"early", "first", "go", "second", "third"}


def test_a_part_comes_without_the_parts_within_it() -> None:
    page = lay_out()
    inner, outer, third = openings(page)
    assert [names(page, told) for told in (inner, outer, third)] == [
        {"deep"},
        {"answer", "question", "more"},
        {"other"},
    ]


def test_layout_and_description_name_the_same_components() -> None:
    def inside(tree: dict[str, Any]) -> set[int]:
        return {tree["id"]}.union(*(inside(child) for child in tree.get("children", [])))

    page = lay_out()
    for told in openings(page):
        assert inside(told["layout"]) == {component["id"] for component in told["components"]}
    first = page.config["page"][""]
    assert inside(first["layout"]) == set(first["components"]) | {first["layout"]["id"]}


def test_every_event_is_told_once_and_with_its_part() -> None:
    page = lay_out()
    at_first = [page.fns[number].api_name for number in page.config["page"][""]["dependencies"]]
    inner, outer, third = ([event["api_name"] for event in told["dependencies"]] for told in openings(page))
    assert "look" in inner
    assert "draw" in outer
    assert "shout" in at_first
    assert len(at_first) + len(inner) + len(outer) + len(third) == len(page.fns)


def test_clients_know_the_complete_page() -> None:
    page = lay_out()
    assert {component["id"] for component in page.config["components"]} == set(page.blocks) - {page._id}
    assert {event["id"] for event in page.config["dependencies"]} == set(page.fns)


def test_what_happens_when_a_tab_is_opened_happens_when_its_part_arrives() -> None:
    inner, outer, _ = openings(page := lay_out())
    events = {event["api_name"]: event["targets"] for told in (inner, outer) for event in told["dependencies"]}
    assert (page._id, "load") in map(tuple, events["draw"])
    assert (page._id, "load") in map(tuple, events["look"])


def test_only_what_is_asked_for_can_be_edited() -> None:
    _, outer, third = openings(page := lay_out())
    found = {one["id"]: one["props"].get("interactive") for one in outer["components"] + third["components"]}
    known = numbers(page)
    assert [found[known[name]] for name in ("question", "answer", "other")] == [True, False, False]


def test_an_answer_that_is_changed_changes_no_other() -> None:
    page = lay_out()
    for told in openings(page):
        told["components"].clear()
        told["layout"]["children"].clear()
    assert all(told["components"] and told["layout"]["children"] for told in openings(page))


@pytest.mark.parametrize("fault", [{"linked": True}, {"following": True}, {"shared": True}], ids=str)
def test_events_that_reach_into_a_part_are_refused_when_the_page_is_built(fault: dict[str, bool]) -> None:
    with pytest.raises(UnreachableError, match=r"reach|follow|share"):
        lay_out(**fault)


def test_a_tab_that_is_laid_out_alone_is_complete() -> None:
    with gr.Blocks() as page, part():
        gr.Textbox(elem_id="there")
    assert "there" in told_at_first(page)
