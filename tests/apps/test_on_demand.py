"""What a browser is told of the page at first, and what when a part comes on its screen."""

from __future__ import annotations

import contextvars
from typing import Any

import gradio as gr
import pytest
from starlette.requests import Request

from apps.door.pages import ASKED
from apps.on_demand import Page, UnreachableError, _with_interactive, part
from tests.conftest import run_alone


def lay_out(*, linked: bool = False, following: bool = False, shared: bool = False) -> Page:
    """A page with a tab that is open, a part in another tab, a part within that part, and one in a third tab."""
    with Page() as page:
        early = gr.Textbox("early", elem_id="early")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("First", id="1", elem_id="first"), part():
                gr.Button("Go", elem_id="go")
            with gr.Tab("Second", id="2", elem_id="second") as second, part():
                answer = gr.Number(5, elem_id="answer")
                question = gr.Number(5, elem_id="question")
                with gr.Tabs(), gr.Tab("More", elem_id="more") as more, part():
                    deep = gr.Textbox("deep", elem_id="deep")
                    more.select(str, question, deep, api_name="look")
                second.select(float, question, answer, api_name="draw")
            with gr.Tab("Third", id="3", elem_id="third"), part():
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


def opened(page: Page, tab: str = "") -> dict[str, Any]:
    """The description of the page for an address that asks for ``tab``."""
    context = contextvars.copy_context()
    context.run(ASKED.set, tab)
    config: dict[str, Any] = context.run(lambda: page.config)
    return config


def told_at_first(page: Page, tab: str = "") -> set[str]:
    seen = set(opened(page, tab)["page"][""]["components"])
    return {name for name, number in numbers(page).items() if number in seen}


def openings(page: Page) -> dict[str, dict[str, Any]]:
    """What a browser gets when it opens a tab, by the tab's name."""
    named = {number: name for name, number in numbers(page).items()}
    return {
        named[tab]: run_alone(page.process_api(page.fns[event], [], state=None))["render_config"]
        for event, tab in page.parts.items()
    }


def names(page: gr.Blocks, told: dict[str, Any]) -> set[str]:
    inside = {component["id"] for component in told["components"]}
    return {name for name, number in numbers(page).items() if number in inside}


FRAME = {"early", "tabs", "first", "second", "third"}


@pytest.mark.parametrize(
    ("asked", "inside"),
    [("", {"go"}), ("1", {"go"}), ("2", {"answer", "question", "more"}), ("3", {"other"}), ("4", {"go"})],
)
def test_a_browser_is_told_the_frame_and_the_tab_that_is_asked_for(asked: str, inside: set[str]) -> None:
    page = lay_out()
    assert told_at_first(page, asked) == FRAME | inside
    tabs = next(one for one in opened(page, asked)["components"] if one["props"].get("elem_id") == "tabs")
    assert tabs["props"]["selected"] == (asked if asked in ("1", "2", "3") else "1")


def test_a_part_comes_without_the_parts_within_it() -> None:
    page = lay_out()
    assert {tab: names(page, told) for tab, told in openings(page).items()} == {
        "first": {"first", "go"},
        "second": {"second", "answer", "question", "more"},
        "more": {"more", "deep"},
        "third": {"third", "other"},
    }


def test_layout_and_description_name_the_same_components() -> None:
    def inside(tree: dict[str, Any]) -> set[int]:
        return {tree["id"]}.union(*(inside(child) for child in tree.get("children", [])))

    page = lay_out()
    for told in openings(page).values():
        assert inside(told["layout"]) == {component["id"] for component in told["components"]}
    for tab in ("1", "2", "3"):
        first = opened(page, tab)["page"][""]
        assert inside(first["layout"]) == set(first["components"]) | {first["layout"]["id"]}


def test_every_event_is_told_once_and_with_its_part() -> None:
    page = lay_out()
    first, parts = opened(page, "2")["page"][""]["dependencies"], openings(page)
    assert {"shout", "draw"} <= {page.fns[number].api_name for number in first}
    assert "look" in [event["api_name"] for event in parts["more"]["dependencies"]]
    later = [event for tab in ("first", "more", "third") for event in parts[tab]["dependencies"] if event["backend_fn"]]
    (open_already,) = (event for event, tab in page.parts.items() if tab == numbers(page)["second"])
    assert sorted([*first, *(event["id"] for event in later)]) == sorted(set(page.fns) - {open_already})


def test_a_tab_is_asked_for_once() -> None:
    page = lay_out()
    for event, tab in page.parts.items():
        (told,) = (one for one in openings(page).values() if one["layout"]["id"] == tab)
        (again,) = (one for one in told["dependencies"] if one["id"] == event)
        assert again["targets"] == [(tab, "select")]
        assert not again["backend_fn"]
        assert not again["js"]
    assert [event for event in page.parts if event in opened(page, "3")["page"][""]["dependencies"]] == [
        event for event, tab in page.parts.items() if tab in (numbers(page)["first"], numbers(page)["second"])
    ]


def test_a_part_may_come_after_an_event() -> None:
    with Page() as page, gr.Tabs(elem_id="tabs"), gr.Tab("Outer", id="1", elem_id="outer"), part():
        early = gr.Textbox("early", elem_id="early")
        run = early.change(str.upper, early, early, api_name="shout")
        with gr.Tabs(), gr.Tab("Inner", elem_id="inner"), part(run.then):
            gr.Button("Go", elem_id="go")
    (event,) = (event for event, tab in page.parts.items() if tab == numbers(page)["inner"])
    assert told_at_first(page) == {"tabs", "outer", "early", "inner"}
    assert page.fns[event].trigger_after == run["id"]
    assert names(page, openings(page)["inner"]) == {"inner", "go"}


def test_clients_know_the_complete_page() -> None:
    page = lay_out()
    for tab in ("1", "2"):
        config = opened(page, tab)
        assert {component["id"] for component in config["components"]} == set(page.blocks) - {page._id}
        assert {event["id"] for event in config["dependencies"]} == set(page.fns)


def test_what_happens_when_a_tab_is_opened_happens_when_its_part_arrives() -> None:
    page = lay_out()
    events = {event["api_name"]: event["targets"] for told in openings(page).values() for event in told["dependencies"]}
    assert (page._id, "load") in map(tuple, events["draw"])
    assert (page._id, "load") in map(tuple, events["look"])


def test_only_what_is_asked_for_can_be_edited() -> None:
    known = numbers(page := lay_out())
    later = [one for told in openings(page).values() for one in told["components"]]
    at_once = [one for one in opened(page, "2")["components"] if one["id"] in (known["question"], known["answer"])]
    found = [{one["id"]: one["props"].get("interactive") for one in told} for told in (later, at_once)]
    assert [found[0][known[name]] for name in ("question", "answer", "other")] == [True, False, False]
    assert [found[1][known[name]] for name in ("question", "answer")] == [True, False]


@pytest.mark.parametrize(
    ("number", "props", "can_be_edited"),
    [
        (1, {"value": "x"}, True),  # an input
        (3, {"value": "x"}, True),  # both
        (2, {"value": ""}, False),  # an output
        (4, {"value": ""}, True),  # neither: only what is empty waits for somebody
        (4, {}, True),
        (4, {"value": "x"}, False),
        (1, {"value": "x", "interactive": False}, False),  # as it was laid out
        (2, {"interactive": True}, True),
        (2, {"interactive": None}, False),
    ],
)
def test_what_can_be_edited_is_what_gradio_would_choose(
    number: int, props: dict[str, Any], can_be_edited: bool
) -> None:
    made = _with_interactive({"id": number, "props": props}, inputs={1, 3}, outputs={2, 3})
    assert made == {"id": number, "props": props | {"interactive": can_be_edited}}


def test_an_answer_that_is_changed_changes_no_other() -> None:
    page = lay_out()
    for told in openings(page).values():
        told["components"].clear()
        told["layout"]["children"].clear()
    assert all(told["components"] and told["layout"]["children"] for told in openings(page).values())


@pytest.mark.parametrize("fault", [{"linked": True}, {"following": True}, {"shared": True}], ids=str)
def test_events_that_reach_into_a_part_are_refused_when_the_page_is_built(fault: dict[str, bool]) -> None:
    with pytest.raises(UnreachableError, match=r"reach|follow|share"):
        lay_out(**fault)


def test_a_tab_that_is_laid_out_alone_is_complete() -> None:
    with gr.Blocks() as page, gr.Tab(), part():
        gr.Textbox(elem_id="there")
    there = next(number for number, block in page.blocks.items() if block.elem_id == "there")
    assert there in page.config["page"][""]["components"]


def test_an_address_with_more_than_a_tab_gets_the_frame_with_that_tab_chosen() -> None:
    page = lay_out()
    assert told_at_first(page, "2/") == FRAME
    (tabs,) = (one for one in opened(page, "2/")["components"] if one["id"] == numbers(page)["tabs"])
    assert tabs["props"]["selected"] == "2"


def test_what_the_address_says_comes_with_each_tab() -> None:
    page, asked = lay_out(), []
    page.fill = lambda told, query: asked.append((told["layout"]["id"], query))
    scope = {"type": "http", "path": "/", "query_string": b"tab=2&a=b", "headers": [], "server": ("127.0.0.1", 80)}
    request = gr.Request(Request(scope))
    for event in page.parts:
        run_alone(page.process_api(event, [], state=None, request=request))
    assert asked == [(tab, "tab=2&a=b") for tab in page.parts.values()]


@pytest.mark.parametrize("root", ["", "https://hub.example/class"])
def test_files_of_a_part_have_the_address_under_which_the_hub_was_asked(root: str) -> None:
    page = lay_out()
    event = next(iter(page.parts))
    page._described[event]["components"][0]["props"]["value"] = {
        "path": "/t/a.png", "url": "/gradio_api/file=/t/a.png", "meta": {"_type": "gradio.FileData"}
    }  # fmt: skip
    answer = run_alone(page.process_api(event, [], state=None, root_path=root))
    (url,) = (
        one["props"]["value"]["url"]
        for one in answer["render_config"]["components"]
        if isinstance(one["props"].get("value"), dict)
    )
    assert url == f"{root}/gradio_api/file=/t/a.png"
