"""The style tab as visitors meet it: click two samples, paint, watch, stop, go on, look inside."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.settings import weights_dir
from tests.e2e.conftest import PHONE, PROJECTOR, repeat_until, type_in

WAIT_MS = 120_000


def _set(page: Any, label: str, value: str) -> None:
    box = page.locator(f"#tab-style input[type=number][aria-label*='{label}']").first
    type_in(box, value)


def _iteration(page: Any) -> int:
    text = page.locator("#style-live figcaption").inner_text()
    return int("".join(c for c in text.split("of")[0] if c.isdigit()))


def test_paint_stop_and_continue(open_page: Callable[..., Any]) -> None:
    page = open_page("style")
    page.locator("#style-samples-style [data-sample=woodcut]").click()
    _set(page, "Size", "128")
    _set(page, "Iterations", "400")
    status = page.locator("#style-status")
    repeat_until(page.locator("#style-stop").click, status.filter(has_text="You have no run in progress"))
    page.locator("#style-paint").click()
    page.locator("#style-live figcaption", has_text="Iteration").wait_for(timeout=WAIT_MS)
    page.wait_for_selector("#style-curves svg", timeout=WAIT_MS)
    page.locator("#style-stop").click()
    page.wait_for_function(
        "document.querySelector('#style-live figcaption').innerText.includes('Stopped')", timeout=WAIT_MS
    )
    status.filter(has_text="Stopped: the picture stays").wait_for(timeout=WAIT_MS)
    stopped_at = _iteration(page)
    page.locator("#style-more").click()
    words = "document.querySelector('#style-live figcaption').innerText"
    page.wait_for_function(f"parseInt({words}.replace(/^Iteration /, '')) > {stopped_at}", timeout=WAIT_MS)
    page.locator("#style-stop").click()
    page.wait_for_function(
        "document.querySelector('#style-live figcaption').innerText.includes('Stopped')", timeout=WAIT_MS
    )
    page.get_by_role("tab", name="Style matrices").click()
    assert page.locator("#style-grams img").count() == 12  # C, S and G of four layers
    page.get_by_role("tab", name="Frames, video, recipe").click()
    page.wait_for_selector("#style-frame img", timeout=WAIT_MS)
    page.wait_for_function("document.querySelector('#style-files').innerText.includes('recipe')", timeout=WAIT_MS)


def test_the_picture_in_one_pass_comes_before_the_optimizers(open_page: Callable[..., Any]) -> None:
    page = open_page("style")
    _set(page, "Size", "96")
    _set(page, "Iterations", "3")
    page.evaluate(
        """() => {
          window.captions = [];
          const note = () => window.captions.push(document.querySelector('#style-live figcaption')?.innerText);
          const whole = {childList: true, subtree: true, characterData: true};
          new MutationObserver(note).observe(document.querySelector('#style-live'), whole);
        }"""
    )
    page.locator("#style-paint").click()
    page.locator("#style-live figcaption", has_text="3 iterations in").wait_for(timeout=WAIT_MS)
    captions = page.evaluate("window.captions")
    assert any(words and words.startswith("In one pass: 96 ×") for words in captions)  # at the run's size
    seen = [words.split()[0] for words in captions if words]
    assert [first for first in dict.fromkeys(seen) if first in ("In", "Iteration")] == ["In", "Iteration"]
    page.locator("#style-curves", has_text="J of the picture in one pass is").wait_for(timeout=WAIT_MS)


@pytest.mark.parametrize("viewport", [PROJECTOR, PHONE], ids=["projector", "phone"])
def test_a_style_is_chosen_mixed_and_loaded(open_page: Callable[..., Any], viewport: dict[str, int]) -> None:
    page = open_page("style", viewport=viewport)
    told = page.locator("#style-now-estimate")
    page.get_by_role("tab", name="In one pass").click()
    told.filter(has_text="Starry blue, 384 ×").wait_for(timeout=WAIT_MS)
    assert page.locator("#style-now-styles [data-act=style]").count() == 34
    page.locator("#style-now-styles [data-style=dusk]").click()
    told.filter(has_text="Dusk, 384 ×").wait_for(timeout=WAIT_MS)
    assert page.locator("#style-now-styles [aria-pressed=true]").inner_text() == "Dusk"
    page.locator("#style-now-second input").click()
    page.get_by_role("option", name="Embers").click()
    told.filter(has_text="Dusk and Embers, 384 ×").wait_for(timeout=WAIT_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_a_saved_style_is_loaded_and_painted_with(open_page: Callable[..., Any]) -> None:
    page = open_page("style")
    page.get_by_role("tab", name="Teach a style").click()
    page.locator("#style-teach-use").click()
    page.wait_for_selector("text=You have no style of your own yet", timeout=WAIT_MS)
    page.locator("#style-teach-load button").first.click()
    page.locator("#style-teach-file input[type=file]").set_input_files(weights_dir() / "style/learned/ink.safetensors")
    page.locator("#style-teach-status", has_text="“Brown ink” is loaded").wait_for(timeout=WAIT_MS)
    page.locator("#style-teach-use").click()
    page.locator("#style-now-estimate", has_text="Brown ink, 384 ×").wait_for(timeout=WAIT_MS)
    page.locator("#style-now-styles [data-style=own-1][aria-pressed=true]").wait_for(timeout=WAIT_MS)


def test_those_who_paint_at_once_share_the_machine(open_page: Callable[..., Any]) -> None:
    first, second = open_page("style"), open_page("style", viewport=PHONE)
    for page in (first, second):
        _set(page, "Iterations", "1000")
        page.locator("#style-paint").click()
        page.locator("#style-live figcaption", has_text="Iteration").wait_for(timeout=WAIT_MS)
    for page in (first, second):  # neither has to wait for the other's end
        page.locator("#style-live figcaption", has_text="taking turns with 1 other").wait_for(timeout=WAIT_MS)
    first.locator("#style-stop").dispatch_event("click")
    first.locator("#style-status", has_text="Stopped: the picture stays").wait_for(timeout=WAIT_MS)
    words = "document.querySelector('#style-live figcaption').innerText"
    second.wait_for_function(f"{words}.includes('Iteration') && !{words}.includes('taking turns')", timeout=WAIT_MS)
    second.locator("#style-stop").dispatch_event("click")  # the picture moves, and the button with it
    second.locator("#style-status", has_text="Stopped: the picture stays").wait_for(timeout=WAIT_MS)


def test_mistakes_are_shown(open_page: Callable[..., Any]) -> None:
    page = open_page("style")
    page.locator("#style-fine button").first.click()
    type_in(page.locator("#style-lambdas textarea, #style-lambdas input").first, "relu5_3=1")
    page.locator("#style-paint").click()
    page.wait_for_selector("text=lambdas of chosen style layers only", timeout=WAIT_MS)


def test_a_unit_shows_its_nine_patches(open_page: Callable[..., Any]) -> None:
    page = open_page("style")
    page.get_by_role("tab", name="What deep layers learn").click()
    page.wait_for_selector("#style-patches .cs-patch", timeout=WAIT_MS)
    assert page.locator("#style-patches .cs-patch").count() == 9
    page.wait_for_selector("#style-overview .cs-overview", timeout=WAIT_MS)
    assert int(page.locator("#style-unit input").input_value()) > 63
    page.locator("#style-unit-layer input").click()
    page.get_by_role("option", name="relu1_1", exact=True).click()  # which has 64 units only
    page.wait_for_function("document.querySelector('#style-patches').innerText.includes('of 64')", timeout=WAIT_MS)
    assert int(page.locator("#style-unit input").input_value()) < 64
    assert page.locator("#style-patches .cs-patch").count() == 9
    assert page.locator(".toast-body").count() == 0


@pytest.mark.parametrize("viewport", [PROJECTOR, PHONE], ids=["projector", "phone"])
def test_paint_is_reached_by_keyboard_and_fits(open_page: Callable[..., Any], viewport: dict[str, int]) -> None:
    page = open_page("style", viewport=viewport)
    button = page.locator("#style-samples-content [data-sample=cat]")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#style-content img", timeout=WAIT_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    for picture in page.locator("#tab-style img").all():
        assert picture.get_attribute("alt") is not None


def test_a_recipe_paints_the_same_picture_again(open_page: Callable[..., Any]) -> None:
    recipe = {"options": {"size": 64, "iterations": 4}, "content": {"sample": "cat"}, "style": {"sample": "mosaic"}}
    page = open_page("style")
    page.get_by_role("tab", name="Frames, video, recipe").click()
    page.locator("#style-recipe textarea").fill(json.dumps(recipe))
    shown = []
    for _ in range(2):
        page.locator("#style-replay").click()
        page.wait_for_function(
            "document.querySelector('#style-live figcaption')?.innerText.startsWith('4 iterations')", timeout=WAIT_MS
        )
        shown.append(page.locator("#style-live img").get_attribute("src"))
        page.evaluate("document.querySelector('#style-live figcaption').innerText = ''")
        page.get_by_role("tab", name="Frames, video, recipe").click()
    assert shown[0] == shown[1]


def test_two_weights_are_painted_side_by_side(open_page: Callable[..., Any]) -> None:
    page = open_page("style")
    page.get_by_role("tab", name="A against B").click()
    page.locator("#style-both").click()
    page.wait_for_selector("#style-box-a .cs-live img", timeout=WAIT_MS)
    page.wait_for_selector("#style-box-b .cs-live img", timeout=WAIT_MS)


def test_afterwards_there_are_frames_a_video_and_both_axes(open_page: Callable[..., Any]) -> None:
    page = open_page("style")
    _set(page, "Size", "96")  # from noise two sizes, so that there are two frames however fast the machine is
    _set(page, "Iterations", "12")
    page.locator("#style-content-only").click()
    words = "document.querySelector('#style-live figcaption').innerText"
    page.wait_for_function(f"{words}.startsWith('12 iterations')", timeout=WAIT_MS)
    assert page.locator("#style-preset input").input_value() == "Content only"
    curves = page.locator("#style-curves svg").first.inner_html()
    assert "α J content" in curves
    page.locator("#style-axis").get_by_text("linear").click()
    page.wait_for_function(
        "before => document.querySelector('#style-curves svg').innerHTML !== before", arg=curves, timeout=WAIT_MS
    )
    page.get_by_role("tab", name="Frames, video, recipe").click()
    page.wait_for_selector("#style-slider img", timeout=WAIT_MS)
    _set(page, "Frame", "0")
    page.wait_for_function(
        "!document.querySelector('#style-frame').innerText.includes('Iteration 12')", timeout=WAIT_MS
    )
    page.locator("#style-film").click()
    page.wait_for_selector("#style-video video", timeout=WAIT_MS)
    for part in ("costs", "recipe", ".png", ".csv", ".gif", ".mp4"):  # gradio sets a name's ending apart
        page.wait_for_function(f"document.querySelector('#tab-style').innerText.includes('{part}')", timeout=WAIT_MS)
