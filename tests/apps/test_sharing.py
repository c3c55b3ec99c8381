"""What a link puts into the parts of a page, and what "Copy link" reads there."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest
from starlette.requests import Request

from apps.links import Choice, Whole
from apps.on_demand import Page, part
from apps.sharing import Sharing, kind_of, share, share_stage
from tests.conftest import run_alone


def lay_out() -> tuple[Page, Sharing]:
    page, sharing = Page(), Sharing()
    page.fill = sharing.fill
    with page, sharing.collect(page), gr.Tabs():
        with gr.Tab("Numbers", id="gan", elem_id="tab-gan"), part():
            sharing.title("gan", "About <numbers>")
            model = gr.Dropdown([("A", "a"), ("B", "b")], value="a", elem_id="model")
            share(model=model)
            with gr.Tabs(elem_id="inner"):
                with gr.Tab("First"):
                    gr.Number(1)
                with gr.Tab("Latent walk"), part():
                    preset = gr.Radio(["plain", "rich"], value="plain", elem_id="preset")
                    seed = gr.Number(0, precision=0, minimum=0, maximum=99, elem_id="seed")
                    about = gr.Markdown("plain", elem_id="about")
                    moved = seed.change(lambda: "moved", None, about, api_name="moved")
                    share(preset=preset, seed=seed, leader="preset", fit=_fit, also={"about": about}, then=[moved])
                    stage = gr.HTML("", js_on_load="", elem_id="stage")
                    share_stage(stage, place=Whole(0, 9))
        with gr.Tab("Other", id="conv", elem_id="tab-conv"), part():
            sharing.title("conv", "About others")
            own = gr.Textbox("", elem_id="own")
            share(lead=(own, Choice(("I", "II"))))
    return page, sharing


def _fit(asked: Any) -> dict[str, dict[str, Any]]:
    return {"about": {"value": asked["preset"]}, "seed": {"value": 5}} if "preset" in asked else {}


@pytest.fixture(scope="module")
def page() -> Page:
    return lay_out()[0]


def parts(page: Page, query: str) -> list[dict[str, Any]]:
    """What a browser with this address is told when it opens each tab."""
    scope = {"type": "http", "path": "/", "query_string": query.removeprefix("?").encode(), "headers": []}
    request = gr.Request(Request({**scope, "server": ("127.0.0.1", 80)}))
    opened = (page.process_api(number, [], state=None, request=request) for number in page.parts)
    return [run_alone(one)["render_config"] for one in opened]


def opened(page: Page, query: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The properties of every component that has a name, and the events, as a browser with this address is told."""
    told = parts(page, query)
    components = [one for part in told for one in part["components"]]
    names = {number: block.elem_id or block.get_block_name() for number, block in page.blocks.items()}
    return {names[one["id"]]: one["props"] for one in components}, [
        one for part in told for one in part["dependencies"]
    ]


def test_a_link_stands_in_what_a_browser_is_told(page: Page) -> None:
    props, _ = opened(page, "?tab=gan/latent-walk&v=1&model=b&seed=7&place=3")
    assert (props["model"]["value"], props["seed"]["value"], props["preset"]["value"]) == ("b", 7, "plain")
    assert props["stage"]["props"]["asked"] == {"place": 3}
    assert props["inner"]["selected"] == "latent-walk"


def test_without_a_link_everything_begins_as_it_does(page: Page) -> None:
    plain, events = opened(page, "")
    for query in ("?", "?tab=conv", "?embed=1"):
        assert opened(page, query) == (plain, events)
    assert "selected" not in plain["inner"]


def test_a_link_to_one_sub_tab_changes_no_other(page: Page) -> None:
    props, _ = opened(page, "?tab=gan/first&model=b&seed=7")
    assert (props["model"]["value"], props["seed"]["value"]) == ("b", 0)


def test_what_a_preset_brings_gives_way_to_what_the_link_says(page: Page) -> None:
    props, _ = opened(page, "?tab=gan/latent-walk&preset=rich")
    assert (props["about"]["value"], props["seed"]["value"]) == ("rich", 5)
    assert opened(page, "?tab=gan/latent-walk&preset=rich&seed=6")[0]["seed"]["value"] == 6


def test_what_only_these_controls_change_happens_when_they_arrive(page: Page) -> None:
    def happens(query: str) -> bool:
        _, events = opened(page, query)
        moved = next(event for event in events if event["api_name"] == "moved")
        return (page._id, "load") in moved["targets"]

    assert happens("?tab=gan/latent-walk&seed=3")
    assert not happens("?tab=gan/latent-walk&model=b")
    assert not happens("")


def titles(page: Page, query: str) -> list[str]:
    told = parts(page, query)
    html = [one["props"]["value"] for part in told for one in part["components"] if one["type"] == "html"]
    return [value for value in html if value and "ch-summary" in value]


def test_a_damaged_link_opens_its_tab_with_a_message(page: Page) -> None:
    gan, conv = titles(page, "?tab=gan&model=%3Cimg+src%3Dx%3E")
    assert "cannot be followed" in gan
    assert "&lt;img src=x&gt;" in gan
    assert "<img" not in gan
    assert "cannot be followed" not in conv
    assert all("It is damaged" in one for one in titles(page, "?tab=%ff"))


def test_copy_link_reads_what_is_on_the_screen(page: Page) -> None:
    names = {number: block.elem_id for number, block in page.blocks.items()}
    copies = {
        event["targets"][0][1]: ([names[number] for number in event["inputs"]], event["js"])
        for event in page.config["dependencies"]
        if event["js"] and "hubLinks.copy" in event["js"]
    }
    assert copies["gan"][0] == ["model"]
    assert copies["gan/latent-walk"][0] == ["model", "preset", "seed"]
    assert '[["model", "a"], ["preset", "plain"], ["seed", 0, "preset"]]' in copies["gan/latent-walk"][1]
    assert '["lead", "", "", ["I", "II"]]' in copies["conv"][1]  # what a visitor typed stays here


def test_every_tab_has_an_address() -> None:
    page, sharing = lay_out()
    assert set(sharing.paths) == {"gan", "gan/first", "gan/latent-walk", "conv"}
    ids = {block.elem_id for block in page.blocks.values() if isinstance(block, gr.Tab)}
    assert ids == {"tab-gan", "tab-gan--first", "tab-gan--latent-walk", "tab-conv"}


def test_photos_and_files_are_refused_when_the_page_is_built() -> None:
    for kind in (gr.Image, gr.File, gr.Audio):
        with pytest.raises(TypeError, match="a link carries no"):
            kind_of(kind())


def test_two_controls_of_one_name_on_one_screen_are_refused_when_the_page_is_built() -> None:
    def lay_out_twice() -> None:
        with gr.Blocks() as page, Sharing().collect(page), gr.Tabs(), gr.Tab("Outer"):
            share(seed=gr.Number(0))
            with gr.Tabs(), gr.Tab("Inner"):
                share(seed=gr.Number(1))

    with pytest.raises(ValueError, match="one name"):
        lay_out_twice()
