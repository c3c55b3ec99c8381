"""A class in the browser: a teacher with projector and phone, students who follow, leave, answer and are let go."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from tests.e2e.axe import faults
from tests.e2e.conftest import PHONE, PROJECTOR, open_tab

_PASSWORD = "chalkboard"
_LESSON = "?tab=conv/see&lesson=conv&step=1"


@pytest.fixture(scope="module")
def class_url(start_hub: Callable[..., str]) -> str:
    return start_hub("--teacher", _PASSWORD, "--tabs", "conv,gan")


@pytest.fixture
def open_as(new_page: Callable[..., Any]) -> Callable[..., Any]:
    """A function that opens an address as somebody else."""

    def open_one(address: str, viewport: dict[str, int]) -> Any:
        page = new_page(viewport)
        page.goto(address)
        return page

    return open_one


def test_a_class_is_led_through_a_lesson(class_url: str, open_as: Callable[..., Any]) -> None:
    teacher = open_as(f"{class_url}{_LESSON}&present=1", PROJECTOR)
    bar = teacher.get_by_role("region", name="Lesson")
    password = teacher.get_by_label("The teacher’s password")
    password.fill("guess")
    password.press("Enter")
    teacher.get_by_role("alert").filter(has_text="another one").wait_for()
    password.fill(_PASSWORD)
    password.press("Enter")
    bar.get_by_text("0 here").wait_for()

    ann, bob = open_as(f"{class_url}?tab=conv/see", PHONE), open_as(f"{class_url}?tab=gan/sample", PHONE)
    slide = open_as(f"{class_url}?tab=gan/anatomy&embed=1", PHONE)
    bars = [page.locator(".ch-class") for page in (ann, bob)]
    bars[0].get_by_text("Your class is at step 1 of 5").wait_for()
    bar.get_by_text("2 here").wait_for()

    bob.get_by_role("button", name="Send to the class board").click()
    bob.get_by_text("It is on the board.").wait_for()
    bars[0].get_by_role("button", name="Board (1)").wait_for()
    bar.get_by_role("button", name="Board (1)").click()
    picture = teacher.get_by_role("img", name="GANs: a picture of the class")
    picture.wait_for()
    teacher.wait_for_function("document.querySelector('.ch-board img').naturalWidth > 300")
    teacher.get_by_role("button", name="Remove").click()
    picture.wait_for(state="detached")
    teacher.get_by_role("button", name="Close").click()
    bars[1].get_by_role("button", name="Board (1)").wait_for(state="detached")
    open_tab(bob.locator("#tab-gan"), "GAN Lab")  # what a script draws is sent as its largest sheet
    bob.locator("#tab-gan--gan-lab").get_by_role("button", name="Send to the class board").click()
    bob.locator("#tab-gan--gan-lab").get_by_text("It is on the board.").wait_for()
    bar.get_by_role("button", name="Board (1)").click()
    teacher.wait_for_function("document.querySelector('.ch-board img')?.naturalWidth === 640")
    teacher.get_by_role("button", name="Close").click()

    bar.get_by_role("button", name="Everyone follow me").click()
    bob.wait_for_url("**/?tab=conv/see")
    for one in bars:
        one.get_by_text("Your teacher leads: step 1 of 5").wait_for()
    bars[1].get_by_role("button", name="Leave").click()

    bars[0].get_by_role("button", name="The filter is zero there").click()
    bars[0].get_by_text("You may change it").wait_for()
    bars[0].get_by_role("button", name="The window cannot stand there").click()
    bars[0].locator(".ch-mine", has_text="The window").wait_for()
    bars[1].get_by_role("button", name="The filter is zero there").click()
    bar.get_by_text("1 of 2 follow · 2 answers").wait_for()
    assert bar.locator(".ch-choices b").all_inner_texts() == ["1", "1", "0"]
    assert not bar.get_by_text("305 sums are left").is_visible()
    bar.get_by_role("button", name="Reveal").click()
    bar.get_by_text("305 sums are left").wait_for()
    bars[0].get_by_text("305 sums are left").wait_for()
    assert bars[0].locator(".ch-right.ch-mine").inner_text().startswith("The window cannot stand there")
    assert bars[0].get_by_role("button", name="The filter").count() == 0  # nothing changes any more
    assert ann.evaluate("document.documentElement.scrollWidth <= innerWidth")

    bar.get_by_role("button", name="Let them go").click()
    bars[0].get_by_text("Your class is at step 1 of 5").wait_for()
    notes = teacher.context.new_page()
    notes.set_viewport_size(PHONE)
    notes.goto(f"{class_url}class/notes")
    notes.get_by_text("A filter of nine numbers").wait_for()
    assert notes.locator("body").inner_text().startswith("Convolutions in ten minutes · 1 of 5")
    assert notes.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if find_spec("axe_playwright_python"):
        assert [*faults(notes, "notes", looks=["390 dark"]), *faults(ann, "student", looks=["390 light"])] == []
    notes.get_by_role("button", name="Next").click()
    teacher.wait_for_url("**&step=2&present=1")
    notes.get_by_role("heading", name="The same along two axes").wait_for()
    for page, one in zip((ann, bob), bars, strict=True):
        one.get_by_text("Your class is at step 2 of 5").wait_for(state="attached")
        assert "scene=photo" not in page.url
    notes.get_by_role("button", name="Everyone follow me").click()
    ann.wait_for_url("**scene=photo&filter=1")
    bars[1].get_by_role("button", name="Follow").click()
    bob.wait_for_url("**scene=photo&filter=1")
    assert slide.locator(".ch-class").count() == 0
    assert "embed=1" in slide.url

    bar.get_by_role("button", name="Reset …").click()
    teacher.get_by_role("button", name="Wipe it all").click()
    teacher.wait_for_url("**&step=1&present=1")
    ann.wait_for_url(lambda url: "scene=photo" not in url)  # begins anew, without what was on it
    bar.get_by_text("0 answers").wait_for()
    bars[0].get_by_text("Your class is at step 1 of 5").wait_for()
    bar.get_by_role("button", name="Leave").click()
    teacher.wait_for_url(lambda url: "lesson" not in url)
    bars[0].wait_for(state="detached")
