"""Links in the browser: every control's round trip through the address, embedding, and copying without a clipboard."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from apps import DEMOS
from apps.conv.exercises import ask
from apps.conv.presets import PRESETS
from apps.conv.ui.shapes import conv_shapes
from tests.e2e.conftest import PHONE, playwright, taken_home
from tests.shared_links import LINKS

_QUEUE = "**/queue/join*"
_LOADED = ("style/now", "style/paint", "conv/see")  # have controls that come with the tab
_WIDE = {"width": 2000, "height": 900}  # no tab is in a menu
_ASKED = "asked => history.replaceState(null, '', asked)"


def said(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def copied(page: Any, slug: str) -> dict[str, str]:
    """What "Copy link" of a tab says, when it has said something."""
    title = page.locator(f"#tab-{slug} .ch-link")
    title.get_by_role("button", name="Copy link").click()
    title.get_by_role("status").filter(has_text="not part of it").wait_for()
    return said(title.get_by_role("textbox").input_value())


def path_of(link: str) -> str:
    return said(link)["tab"]


def difference(page: Any, link: str) -> set[tuple[str, str]]:
    """What the link that is copied says otherwise than the one that was opened; parts come, and fill, in their time."""
    asked = said(link)
    for _ in range(200):
        found = copied(page, path_of(link).split("/")[0])
        if found == asked:
            return set()
        page.wait_for_timeout(250)
    return set(found.items()) ^ set(asked.items())


def go_to(page: Any, link: str) -> None:
    """Open a sub-tab that was not opened before, as if the page had been opened with its link."""
    page.evaluate(_ASKED, link)
    parts = path_of(link).split("/")
    for depth in range(2, len(parts) + 1):
        page.locator(f"[id='tab-{'--'.join(parts[:depth])}-button']:visible").first.click()


@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.slug)
def test_every_control_makes_the_round_trip(demo: Any, open_page: Callable[..., Any], hub_url: str) -> None:
    links = [link for link in LINKS if path_of(link).startswith(demo.slug)]
    first, *loaded = [link for link in links if path_of(link) in _LOADED] or links[:1]
    page = open_page(url=hub_url + first, viewport=_WIDE)
    assert page.locator("[role=tab][aria-selected=true]", has_text=demo.title).first.is_visible()
    assert page.get_by_text(demo.summary).is_visible()
    assert page.locator(".ch-broken, .ch-message:has-text('cannot be followed')").count() == 0
    missed = {first: difference(page, first)}
    for link in loaded:
        page.goto(hub_url + link)
        page.locator(f"#tab-{demo.slug} .ch-link").wait_for()
        missed[link] = difference(page, link)
    # the rest is what the browser does, and no network needs to run; but the click of a sample is for the server
    for link in (link for link in links if link not in missed):
        if "sample=" not in link:
            page.route(_QUEUE, lambda route: route.fulfill(status=503, json={"detail": "not now"}))
        go_to(page, link)
        missed[link] = difference(page, link)
        page.unroute(_QUEUE)
    assert {link: left for link, left in missed.items() if left} == {}


def test_a_damaged_link_in_a_slide_opens_its_tab_on_a_phone(new_page: Callable[..., Any], hub_url: str) -> None:
    page = new_page(PHONE)
    page.goto(f"{hub_url}?tab=conv/shapes&v=1&preset=lenet&embed=1&%3Cscript%3E=1")
    page.locator("#conv-result").get_by_text("61,706").first.wait_for()
    page.get_by_text("There is no control “<script>” here.").wait_for()
    for left_out in ("#hub-header", "#hub-status", "footer"):
        assert not page.locator(left_out).first.is_visible()
    page.evaluate("document.querySelector('h1').dataset.host = '192.168.7.7'")  # as where a class can reach the hub
    page.evaluate("() => { Object.defineProperty(navigator, 'clipboard', {}); document.execCommand = () => false; }")
    title = page.locator("#tab-conv .ch-link")
    title.get_by_role("button", name="Copy link").click()
    title.get_by_text("Copy it from here.").wait_for()
    field = title.get_by_role("textbox")
    assert "preset=lenet" in field.input_value()
    assert "embed=1" in field.input_value()
    assert field.input_value().startswith(hub_url.replace("127.0.0.1", "192.168.7.7"))
    assert field.evaluate("one => one.selectionEnd - one.selectionStart === one.value.length")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    title.get_by_role("button", name="Show me the code").click()
    sheet = page.get_by_role("dialog", name="The code")
    sheet.get_by_text('layers = "5x5x1,6').wait_for()
    for kind in ("Notebook", "Script"):
        with page.expect_download() as saved:
            sheet.get_by_role("link", name=kind).click()
        assert saved.value.suggested_filename.startswith("convhub-conv-shapes.")
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    page.locator("#conv-result").get_by_text("torch agrees on 7 of 7 layers").wait_for()
    with taken_home(page, "conv") as taken:
        found = json.loads(taken.read("conv-shapes/stack.json"))
        assert "preset" not in taken.read("README.txt").decode()  # the stack itself is in the link
        assert not any("conv-see" in name for name in taken.namelist())  # nothing was done there
    title.get_by_text("Saved as convhub-results.zip.").wait_for()
    assert found == json.loads(json.dumps(conv_shapes(PRESETS["lenet"].input, PRESETS["lenet"].layers)))


def test_a_link_to_no_tab_says_so(new_page: Callable[..., Any], hub_url: str) -> None:
    page = new_page(PHONE)
    page.goto(f"{hub_url}?tab=nonsense/x&v=1&seed=4")
    page.get_by_text("There is no tab “nonsense/x” here.").wait_for()
    page.goto(f"{hub_url}?tab=conv&v=1&{'&'.join(f'a{n}=1' for n in range(200))}")
    page.locator("#tab-conv").get_by_text("It is damaged.").wait_for()


def test_a_lesson_is_stepped_through_by_keys(new_page: Callable[..., Any], hub_url: str) -> None:
    page = new_page()
    page.goto(hub_url)
    page.get_by_text("Lessons", exact=True).click()
    page.get_by_role("link", name="Convolutions in ten minutes").click()
    bar = page.get_by_role("region", name="Lesson")
    bar.get_by_text("1 of 5").wait_for()
    bar.get_by_text("this step 0 to 2 of 10 min").wait_for()
    assert not bar.get_by_text("A filter of nine numbers").is_visible()
    bar.get_by_role("button", name="Notes").click()
    assert bar.get_by_text("A filter of nine numbers").is_visible()
    bar.get_by_text("this step").click()  # the keys are the page's, not the button's
    for number in (2, 3):
        page.keyboard.press("PageDown" if number == 3 else "ArrowRight")
        page.wait_for_url(f"**&step={number}")
        bar.get_by_text(f"{number} of 5").wait_for()
    page.locator("#conv-result").get_by_text("14,048").first.wait_for()
    assert bar.get_by_text("A filter is as deep").is_visible()  # the notes stay
    assert not bar.get_by_text("torch agrees").is_visible()
    bar.get_by_role("button", name="Reveal").click()
    bar.get_by_text("torch agrees").wait_for()
    bar.get_by_text("this step").click()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**&step=2")
    bar.get_by_text("2 of 5").wait_for()
    assert "lesson" not in copied(page, "conv")
    bar.get_by_role("button", name="Present").click()
    bar.get_by_text("--teacher PASS").wait_for()  # no class can follow on this hub
    assert bar.get_by_role("button", name="Everyone follow me").count() == 0
    bar.get_by_role("button", name="Leave").click()
    page.wait_for_url(lambda url: "lesson" not in url)
    assert bar.count() == 0


def test_an_exercise_below_a_strip_stays_in_view_until_the_strip_is_there(
    new_page: Callable[..., Any], hub_url: str
) -> None:
    page = new_page()
    page.goto(f"{hub_url}?tab=ekg/exercises&v=1&exercise=rate&number=7")
    page.locator("#ekg-summary .ekg-chips").wait_for()
    seen = "one => { const { top, bottom } = one.getBoundingClientRect(); return top < 300 && bottom > 0; }"
    question = page.locator("#tab-ekg--exercises .ch-exercise legend")
    page.wait_for_function(seen, arg=question.element_handle())
    page.mouse.wheel(0, -4000)
    page.wait_for_function("scrollY === 0")
    page.evaluate("document.querySelector('#ekg-about').style.height = '500px'")
    assert page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done(scrollY)))") == 0


def test_a_link_to_a_part_below_a_strip_shows_that_part(new_page: Callable[..., Any], hub_url: str) -> None:
    page = new_page()
    page.goto(f"{hub_url}?tab=ekg/how-good-is-it&lesson=week&step=14")
    page.locator("#ekg-summary .ekg-chips").wait_for()
    row = page.get_by_role("tab", name="How good is it?")
    page.wait_for_function("one => one.getBoundingClientRect().top < 100", arg=row.element_handle())
    page.goto(f"{hub_url}?tab=ekg/one-beat/slide-a-filter&v=1&sample=fibrillation")  # the recording is meant
    page.locator("#ekg-filter").wait_for()
    assert page.evaluate("scrollY") == 0
    page.goto(f"{hub_url}?tab=face/threshold")  # what is on the first screen stays where it is
    page.locator("#tab-face--threshold .ch-chart, #tab-face--threshold figure").first.wait_for()
    assert page.evaluate("scrollY") == 0


def test_an_exercise_by_a_link_is_answered_by_keyboard(new_page: Callable[..., Any], hub_url: str) -> None:
    page = new_page(PHONE)
    page.goto(f"{hub_url}?tab=conv/exercises&v=1&exercise=parameters&number=7")
    one = ask("parameters", 7)
    box = page.locator("#tab-conv--exercises .ch-exercise")
    box.get_by_text(one.question).wait_for()
    field = box.get_by_label("Your answer")
    for _ in range(20):  # until it is judged: what arrives late may be drawn over what was typed
        field.fill(str(one.slips[0].answer))
        field.press("Enter")
        with contextlib.suppress(playwright.TimeoutError):
            box.get_by_text(one.slips[0].why).wait_for(timeout=6000)
            break
    assert box.get_by_text(one.because).is_visible()
    below = "document.querySelector('#tab-conv--exercises .ch-verdict').getBoundingClientRect().bottom"
    page.wait_for_function(f"{below} <= innerHeight + 1")  # where one looks
    again = box.get_by_role("button", name="Another one")
    page.wait_for_function("one => one === document.activeElement", arg=again.element_handle())
    for _ in range(20):  # likewise
        page.keyboard.press("Enter")
        with contextlib.suppress(playwright.TimeoutError):
            box.get_by_text(one.question).wait_for(state="detached", timeout=6000)
            break
        again.focus()
    assert box.get_by_text(one.question).count() == 0
    assert box.get_attribute("data-kind") == "parameters"
    assert copied(page, "conv")["number"] == box.get_attribute("data-number")
    box.get_by_role("button", name="What shape comes out?").click()
    box.get_by_role("radio").first.check()
    box.get_by_role("button", name="Reveal").click()
    box.get_by_text("one map per filter").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
