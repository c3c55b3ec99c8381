"""The last choice counts: which events are sent again, which are all sent, and which only once."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.choices import let_the_last_choice_count


def _with_data(event: gr.EventData) -> str:
    return str(event.index)


def _steps() -> Any:
    yield 1


def test_choosers_ask_again_clicks_with_data_are_all_sent_and_buttons_once() -> None:
    with gr.Blocks() as page:
        chooser, picture, button = gr.Dropdown(["a", "b"]), gr.HTML(), gr.Button()
        text = gr.Textbox()
        with gr.Tab("one") as tab:
            pass
        made = {
            "input": chooser.input(lambda: None),
            "select": chooser.select(lambda: None),
            "with a button": gr.on([button.click, chooser.input], lambda: None),
            "a click with data": picture.click(_with_data),
            "a selection with data": picture.select(_with_data),
            "button": button.click(lambda: None),
            "enter": text.submit(lambda: None),
            "tab": tab.select(lambda: None),
            "steps": chooser.input(_steps),
            "said": chooser.input(lambda: None, trigger_mode="multiple"),
        }
        let_the_last_choice_count(page)
    modes = {name: page.fns[event["id"]].trigger_mode for name, event in made.items()}
    assert modes == {
        "input": "always_last",
        "select": "always_last",
        "with a button": "always_last",
        "a click with data": "multiple",
        "a selection with data": "multiple",
        "button": "once",
        "enter": "once",
        "tab": "once",
        "steps": "once",
        "said": "multiple",
    }
    described = {one["id"]: one["trigger_mode"] for one in page.get_config_file()["dependencies"]}
    assert described[made["input"]["id"]] == "always_last", "the browser is told"
