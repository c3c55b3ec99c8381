"""The face tab in a real browser: real photos are uploaded, the verdict is read, people are enrolled and forgotten."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.face.decision.error_curves import far_for, stranger_chance
from apps.face.ui.answers import STRANGERS
from apps.face.ui.draw import percent
from tests.e2e.conftest import PHONE

SAMPLES = Path(__file__).parents[2] / "apps" / "face" / "samples"
OBAMA, OBAMA_2, BIDEN, COLLINS = (str(SAMPLES / f"{name}.jpg") for name in ("obama", "obama2", "biden", "collins"))
LONG = 90_000  # ms: the first photo loads torch and two networks, on a busy machine
HOSTILE = "<img src=x onerror=document.title='hacked'>"  # as a name inside a zip
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
def test_two_uploaded_photos_get_a_verdict_and_tau_decides_again(
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
    set_tau(page, "0.7")
    expect(page, VERDICT, "Same person")
    page.locator("#face-verify-b").get_by_role("button", name="Remove Image").click()
    set_tau(page, "0.4")
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
    expect(page, WHO, "not recognised")
    set_tau(page, "0.4")
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
        archive.writestr(f"class/{HOSTILE}.txt", b"hello")
    page = open_page("face")
    sub_tab(page, "Enrol / forget")
    page.get_by_text("A whole class at once").click()
    page.set_input_files("#face-bulk input[type=file][accept*=zip]", str(path))
    shown = expect(page, "#face-bulk-report", "3 photos of 2 people, named after the folders; 2 files left out")
    assert "Nobody is enrolled yet" in shown
    assert "Eileen Collins" in shown
    expect(page, PEOPLE, "Nobody is enrolled yet")
    page.locator("#face-bulk-enrol").click()
    report = expect(page, "#face-bulk-report", "3 photos of 2 people enrolled; 2 files skipped")
    assert "not a picture" in report
    assert "class/Nobody/noise.jpg" in report
    assert f"class/{HOSTILE}.txt" in report
    expect(page, PEOPLE, "2 people, 3 photos")
    assert page.title() == "ConvHub"


def test_a_path_that_was_not_uploaded_is_refused(open_page: Callable[..., Any], tmp_path: Path) -> None:
    """A client may send any path of the server's as that of its upload; the door looks first."""
    (tmp_path / "Anna").mkdir()
    (tmp_path / "Anna" / "1.jpg").write_bytes(Path(COLLINS).read_bytes())
    forged: list[str] = []

    def forge(route: Any) -> None:
        body = route.request.post_data_json
        if "files" in (body.get("event_data") or {}):
            forged.append(body["event_data"]["files"][0]["path"])
            body["event_data"]["files"][0]["path"] = OBAMA
        route.continue_(post_data=json.dumps(body))

    page = open_page("face")
    page.route("**/queue/join*", forge)
    sub_tab(page, "Enrol / forget")
    page.get_by_text("A whole class at once").click()
    page.set_input_files("#face-bulk-folder input[type=file]", str(tmp_path))
    page.get_by_text(re.compile("a file that was uploaded here")).first.wait_for(timeout=LONG)
    assert len(forged) == 1
    expect(page, PEOPLE, "Nobody is enrolled yet")


def test_a_folder_enrols_with_its_sub_folders_as_names(open_page: Callable[..., Any], tmp_path: Path) -> None:
    for person, photo in (("Barack Obama", OBAMA), ("Eileen Collins", COLLINS)):
        (tmp_path / "class" / person).mkdir(parents=True)
        (tmp_path / "class" / person / "1.jpg").write_bytes(Path(photo).read_bytes())
    page = open_page("face")
    sub_tab(page, "Enrol / forget")
    page.get_by_text("A whole class at once").click()
    page.set_input_files("#face-bulk-folder input[type=file]", str(tmp_path / "class"))
    expect(page, "#face-bulk-report", "2 photos of 2 people, named after the folders")
    page.locator("#face-bulk-enrol").click()
    text = expect(page, PEOPLE, "2 people, 2 photos")
    assert "Barack Obama" in text
    assert "Eileen Collins" in text


def test_a_disguised_file_gets_a_message_and_nothing_is_lost(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    upload(page, "#face-verify-a", OBAMA)
    expect(page, VERDICT, "Now the other photo")
    upload(page, "#face-verify-b", {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"Dear diary"})
    expect(page, VERDICT, "of another kind")
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


def test_the_siamese_view_shows_every_number_and_what_matters(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    sub_tab(page, "Siamese view")
    expect(page, "#face-siamese", "two sample photos")
    sub_tab(page, "Verify")
    page.get_by_role("button", name="Same person?").click()
    verdict = expect(page, VERDICT, "Same person")
    sub_tab(page, "Siamese view")
    text = expect(page, "#face-siamese", "computed once and stored")
    assert page.locator("#face-siamese .cf-code").count() == 3
    assert page.locator("#face-siamese .cf-code").first.locator("rect").count() == 128
    squared = re.search(r"\n(\d\.\d{4})\n", verdict)
    assert squared is not None
    assert f"their sum is d = {squared[1]}" in text
    page.locator("#face-occlude").click()
    expect(page, "#face-saliency", r"x₂.*\(11 of 11 rows\)")
    assert page.locator("#face-saliency img").count() == 2


def test_dragging_tau_moves_both_error_rates_without_a_request(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    page.get_by_role("button", name="Same person?").click()
    expect(page, VERDICT, "Same person")
    sub_tab(page, "Threshold")
    page.locator("#face-threshold .cf-hist .cf-marker").first.wait_for(timeout=LONG)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    steps = [page.evaluate(DRAG, [value, 2]) for value in (0.25, 0.35, 0.4, 0.5, 0.6)]
    assert [url for url in asked if "queue" in url] == []
    assert [step["frr"] for step in steps] == sorted((step["frr"] for step in steps), reverse=True)
    assert [step["far"] for step in steps] == sorted(step["far"] for step in steps)
    page.locator("#face-threshold").get_by_label("DET").check()
    expect(page, "#face-threshold", "normal deviates")
    page.locator("#face-threshold .cf-tau-input").press("ArrowLeft")  # released: the whole tab follows
    page.wait_for_function("document.querySelector('#face-tau input[type=number]').value === '0.599'", timeout=LONG)


DRAG = """([tau, decades]) => {
  const find = (name) => document.querySelector('#face-threshold ' + name);
  find('.cf-tau-input').value = tau;
  find('.cf-k-input').value = decades;
  find('.cf-tau-input').dispatchEvent(new Event('input', {bubbles: true}));
  const words = (name) => find('.cf-out-' + name).textContent;
  const names = ['tau', 'far', 'frr', 'acc', 'k', 'chance', 'need', 'miss'];
  return {...find('[data-curves]').shown, words: Object.fromEntries(names.map((name) => [name, words(name)]))};
}"""


def test_the_explorers_arithmetic_is_pythons_number_by_number(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    sub_tab(page, "Threshold")
    page.locator("#face-threshold .cf-hist rect").first.wait_for(timeout=LONG)
    sent = json.loads(page.locator("#face-threshold [data-curves]").get_attribute("data-curves"))
    grid, fars, frrs = (np.array(sent[name]) for name in ("tau", "far", "frr"))
    for tau, decades in [(0.0, 0.0), (0.3, 1.0), (0.396, 2.0), (0.45, 4.32), (0.6, 6.0), (float(grid[-1]), 3.0)]:
        shown = page.evaluate(DRAG, [tau, decades])
        people = round(10**decades)
        far, frr = float(np.interp(tau, grid, fars)), float(np.interp(tau, grid, frrs))
        need = far_for(STRANGERS, people)
        safe = float(grid[fars <= need][-1]) if need < 1 else float(grid[-1])
        miss = float(np.interp(safe, grid, frrs))
        wanted = {"far": far, "frr": frr, "chance": stranger_chance(far, people), "need": need, "safe": safe}
        wanted |= {"people": people, "accuracy": 1 - (far + frr) / 2, "miss": miss}
        assert {name: shown[name] for name in wanted} == pytest.approx(wanted, abs=1e-9)
        words = {"far": percent(far, n=sent["n_different"]), "frr": percent(frr), "need": percent(need)}
        words |= {"chance": percent(stranger_chance(far, people)), "miss": percent(miss), "k": f"{people:,}"}
        assert {name: shown["words"][name] for name in words} == words


def test_triplets_are_measured_mined_and_learned_from(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    sub_tab(page, "Triplets")
    expect(page, "#face-census", "9,396 triplets")  # 36 encodings: 18, 9 and 9
    page.locator("#face-triplet [data-region=semi-hard]").wait_for(timeout=LONG)  # mined to begin with
    page.get_by_role("button", name="Sample triplet").click()
    page.locator("#face-triplet [data-region=easy]").wait_for(timeout=LONG)
    text = page.locator("#face-triplet").inner_text()
    found = re.search(r"max\((\d\.\d+) − (\d\.\d+) \+ (\d\.\d+), 0\) = (\d\.\d+)", text)
    assert found is not None
    d_ap, d_an, margin, loss = map(float, found.groups())
    assert loss == pytest.approx(max(d_ap - d_an + margin, 0), abs=2e-4)
    slider = page.locator("#face-margin input[type=number]")
    slider.fill("1")
    slider.press("Enter")
    page.locator("#face-triplet [data-region=semi-hard]").wait_for(timeout=LONG)
    page.get_by_role("button", name="Find the hardest triplet").click()
    expect(page, "#face-triplet", "Barack Obama|Joe Biden|Eileen Collins")
    slider.fill("0")
    slider.press("Enter")
    page.locator("#face-train").click()
    expect(page, "#face-training", "step 300")
    expect(page, "#face-training", "Collapsed")
    slider.fill("0.2")
    slider.press("Enter")
    page.locator("#face-train").click()
    expect(page, "#face-training", r"α = 0.20\): step 300")
    runs = expect(page, "#face-training", "Your runs so far")
    assert "Collapsed" not in runs
    assert page.locator("#face-training .cf-table tr").count() == 3  # a head and two runs
    assert page.locator("#face-training .cf-cloud circle").count() == 36


def test_the_head_explains_its_probability_and_the_figures_name_their_people(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    page.get_by_role("button", name="Two people?").click()
    expect(page, VERDICT, "Different people")
    sub_tab(page, "Logistic head")
    text = expect(page, "#face-head", "P\\(same\\) = σ")
    assert "They agree" in text
    assert "people that were held out" in text
    page.locator("#face-head-kind").get_by_text("chi-square").click()
    expect(page, "#face-head", "logistic head on chi-square")
    assert page.locator("#face-head circle").count() == 20  # ten bins of two models
    sub_tab(page, "Measured")
    text = expect(page, "#face-measured", "For whom these figures hold")
    assert "Labeled Faces in the Wild" in text
    assert "1,000,000" in page.locator("#face-speed").inner_text()


def test_an_encoder_that_cannot_be_had_leaves_the_bundled_one(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    page.locator("#face-encoder input").click()
    page.get_by_role("option", name=re.compile("FaceNet")).click()
    page.get_by_text("This encoder is not available here").first.wait_for(timeout=LONG)
    page.wait_for_function(
        "document.querySelector('#face-encoder input').value.includes('ResNet, 128-d')", timeout=LONG
    )
    page.get_by_role("button", name="Same person?").click()
    expect(page, VERDICT, "Same person")


def test_everything_can_be_reached_with_the_keyboard(open_page: Callable[..., Any]) -> None:
    page = open_page("face")
    tab = page.locator("#face-tabs").get_by_role("tab", name="Verify", exact=True).first
    tab.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#face-probe").wait_for(state="visible", timeout=LONG)
    sub_tab(page, "Verify")
    page.get_by_role("button", name="Same person?").focus()
    page.keyboard.press("Enter")
    expect(page, VERDICT, "Same person")
    slider = page.locator("#face-tau input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    expect(page, VERDICT, "Different people")
    unlabelled = page.eval_on_selector_all(
        "#tab-face :is(input, button, textarea)",
        """all => all.filter(one => one.offsetParent && !(one.innerText || '').trim() && !one.ariaLabel && !one.title
             && !(one.labels && one.labels.length)).map(one => one.outerHTML.slice(0, 120))""",
    )
    assert unlabelled == []
