"""The face tab in a real browser: real photos are uploaded, the verdict is read, people are enrolled and forgotten."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import PHONE

SAMPLES = Path(__file__).parents[2] / "apps" / "face" / "samples"
OBAMA, OBAMA_2, BIDEN, COLLINS = (str(SAMPLES / f"{name}.jpg") for name in ("obama", "obama2", "biden", "collins"))
LONG = 90_000  # ms: the first photo loads torch and two networks, on a busy machine
VERDICT, WHO, PEOPLE = "#face-verdict", "#face-who", "#face-people"


def upload(page: Any, place: str, path: str | dict[str, Any]) -> None:
    page.set_input_files(f"{place} input[type=file]", path)


def expect(page: Any, place: str, text: str) -> str:
    """Wait until ``place`` shows ``text``; all that it shows."""
    page.locator(place).filter(has_text=re.compile(text)).first.wait_for(timeout=LONG)
    return str(page.locator(place).inner_text())


def sub_tab(page: Any, name: str) -> None:
    page.locator("#face-tabs").get_by_role("tab", name=name, exact=True).first.click()


def set_tau(page: Any, value: str) -> None:
    box = page.locator("#face-tau input[type=number]")
    box.fill(value)
    box.press("Enter")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["projector", "phone"])
def test_two_uploaded_photos_get_a_verdict_and_tau_decides_anew(
    open_page: Callable[..., Any], viewport: dict[str, int] | None
) -> None:
    page = open_page("face", **({"viewport": viewport} if viewport else {}))
    upload(page, "#face-verify-a", OBAMA)
    expect(page, VERDICT, "Now the other photo")
    upload(page, "#face-verify-b", OBAMA_2)
    text = expect(page, VERDICT, "Same person")
    assert "Squared distance" in text
    assert "Plain distance" in text
    assert "false accepts" in text
    assert page.locator(f"{VERDICT} .cf-photo .cf-box").count() == 2
    assert page.locator(f"{VERDICT} .cf-chip img").count() == 2
    set_tau(page, "0.1")
    expect(page, VERDICT, "Different people")
    set_tau(page, "1.1")
    expect(page, VERDICT, "Same person")
    page.locator("#face-verify-b").get_by_role("button", name="Remove Image").click()
    expect(page, VERDICT, "Now the other photo")
    set_tau(page, "0.6")
    upload(page, "#face-verify-b", BIDEN)
    expect(page, VERDICT, "Different people")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_samples_are_one_click_away_and_faces_never_become_files_of_the_page(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    page.get_by_role("button", name="Same person?").click()
    expect(page, VERDICT, "Same person")
    sources = page.eval_on_selector_all(f"{VERDICT} img", "images => images.map(image => image.src)")
    assert len(sources) == 4
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)


def test_of_several_faces_the_visitor_chooses_with_mouse_or_keyboard(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    from PIL import Image

    group = Image.new("RGB", (900, 640), "grey")
    group.paste(Image.open(OBAMA_2), (0, 0))
    group.paste(Image.open(COLLINS), (380, 60))
    group.save(tmp_path / "group.png")
    page = open_page("face")
    upload(page, "#face-verify-a", str(tmp_path / "group.png"))
    expect(page, VERDICT, "click the one you mean")
    upload(page, "#face-verify-b", OBAMA)
    expect(page, VERDICT, "Same person")  # the largest face is taken first
    page.get_by_role("button", name="Photo 1: take face 2").click()
    expect(page, VERDICT, "Different people")
    first = page.get_by_role("button", name="Photo 1: take face 1")
    first.focus()
    first.press("Enter")
    expect(page, VERDICT, "Same person")


def test_enrol_recognise_and_forget(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    sub_tab(page, "Enrol / forget")
    assert "Photos are not kept" in page.locator("#face-privacy").inner_text()
    name = "Zoë <img src=x onerror=\"document.title='hacked'\"> 🧑🏽‍🚀"
    upload(page, "#face-enrol-photo", OBAMA)
    expect(page, "#face-enrol-chosen", "enrols this face")
    page.locator("#face-enrol-name").locator("input, textarea").fill(name)
    page.locator("#face-enrol").click()
    expect(page, PEOPLE, "1 person, 1 photo")
    assert name in page.locator(PEOPLE).inner_text()
    assert page.locator(f"{PEOPLE} img").count() == 1

    sub_tab(page, "Recognise")
    upload(page, "#face-probe", OBAMA_2)
    expect(page, WHO, "nearest distance")
    assert name in page.locator(WHO).inner_text()
    assert page.locator(".cf-probe[data-recognised=true]").count() == 1
    set_tau(page, "0.1")
    expect(page, WHO, "not recognized")
    set_tau(page, "0.6")
    page.locator(".cf-probe[data-recognised=true]").wait_for(timeout=LONG)

    sub_tab(page, "Enrol / forget")
    page.get_by_role("button", name="Forget Zoë", exact=False).first.click()
    expect(page, PEOPLE, "Nobody is enrolled")
    sub_tab(page, "Recognise")
    page.locator("#face-recognise").click()
    expect(page, WHO, "nobody is enrolled yet")
    assert page.title() == "ConvHub"


def test_a_zip_enrols_a_class_with_a_report(open_page: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(OBAMA, "class/Barack_Obama/1.jpg")
        archive.write(OBAMA_2, "class/Barack_Obama/2.jpg")
        archive.write(COLLINS, "class/Eileen Collins/1.jpg")
        archive.writestr("class/Nobody/noise.jpg", b"not a picture")
        archive.writestr("class/readme.txt", b"hello")
    page = open_page("face")
    sub_tab(page, "Enrol / forget")
    page.get_by_text("A whole class at once").click()
    page.set_input_files("#face-bulk input[type=file][accept*=zip]", str(path))
    report = expect(page, "#face-bulk-report", "3 photos of 2 people enrolled; 2 files skipped")
    assert "not a picture" in report
    assert "class/Nobody/noise.jpg" in report
    expect(page, PEOPLE, "2 people, 3 photos")


def test_a_folder_enrols_with_its_sub_folders_as_names(open_page: Callable[..., Any], tmp_path: Path) -> None:
    for person, photo in (("Barack Obama", OBAMA), ("Eileen Collins", COLLINS)):
        (tmp_path / "class" / person).mkdir(parents=True)
        (tmp_path / "class" / person / "1.jpg").write_bytes(Path(photo).read_bytes())
    page = open_page("face")
    sub_tab(page, "Enrol / forget")
    page.get_by_text("A whole class at once").click()
    page.set_input_files("#face-bulk-folder input[type=file]", str(tmp_path / "class"))
    text = expect(page, PEOPLE, "2 people, 2 photos")
    assert "Barack Obama" in text
    assert "Eileen Collins" in text


def test_a_disguised_file_gets_a_message_and_nothing_is_lost(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    upload(page, "#face-verify-a", OBAMA)
    expect(page, VERDICT, "Now the other photo")
    upload(page, "#face-verify-b", {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"Dear diary"})
    expect(page, VERDICT, "none of these")
    page.locator("#face-verify-b").get_by_role("button", name="Remove Image").click()
    upload(page, "#face-verify-b", OBAMA_2)
    expect(page, VERDICT, "Same person")


def test_the_webcam_is_answered_live(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    sub_tab(page, "Recognise")
    page.get_by_role("tab", name="Webcam, live").click()
    page.get_by_text("Click to Access Webcam").click()
    page.locator("#face-live").get_by_role("button", name="capture photo").click(timeout=LONG)
    expect(page, WHO, "No face in the picture yet")  # the browser's made-up camera shows a clock
