"""The EKG tab as visitors meet it: a sample, the strip, a beat from the inside, a broken recording, an upload."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.ekg.answers.classify import classified
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.formats.wfdb_package import quietly, wfdb_package
from apps.ekg.network.weights import leased
from apps.ekg.samples import open_sample
from apps.ekg.ui.strip import MOST_LISTED, strip_json
from tests.e2e.conftest import PHONE, PROJECTOR, open_tab, repeat_until

_SLOW_MS = 120_000  # a busy machine


def _classify(page: Any, sample: str = "Synthetic: premature beats", title: str = "Synthetic: premature beats") -> None:
    page.get_by_label(sample).check()
    page.locator(".ekg-title", has_text=title).wait_for(timeout=_SLOW_MS)
    page.locator("#ekg-viewer [data-shown=synthetic]").wait_for(timeout=_SLOW_MS)  # and not the sample before it
    page.wait_for_selector(".ekg-list button", timeout=_SLOW_MS)


def _upload(page: Any, *paths: Path) -> None:
    page.locator("#ekg-files input[type=file]").set_input_files([str(path) for path in paths])


def _csv(path: Path, *, seconds: float = 30.0) -> Path:
    made = synthetic(seconds, Rhythm(v_share=0.1), seed=4)
    signal = made.read(0, 0, made.n_samples)
    rows = "".join(f"{n / 360:.5f},{value:.4f}\n" for n, value in enumerate(signal))
    path.write_text("time (s),MLII (mV)\n" + rows)
    return path


def test_the_first_screen_shows_a_classified_sample(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    page.wait_for_selector(".ekg-list button", timeout=_SLOW_MS)
    assert "a training patient" in page.locator(".ekg-title").inner_text()
    assert "Heart rate" in page.locator("#ekg-summary").inner_text()
    for above_the_fold in (".ekg-title", ".ekg-chips", ".ekg-paper", ".ekg-overview"):
        box = page.locator(above_the_fold).bounding_box()
        assert box["y"] + box["height"] <= PROJECTOR["height"], above_the_fold
    assert page.locator(".ekg-list button").first.bounding_box()["y"] < PROJECTOR["height"]
    page.wait_for_function("document.querySelector('#ekg-beat').innerText.includes('alone')", timeout=_SLOW_MS)
    calls = page.locator(".ekg-list button").all_inner_texts()
    doubtful = [float(call.split()[-2]) < 60 for call in calls]
    assert doubtful == sorted(doubtful) == ["?" in call for call in calls]  # the sure ones first
    assert f"{sum(doubtful)} doubtful" in page.locator(".ekg-count").inner_text()
    assert "?" not in page.locator(".ekg-inside").inner_text().split("·")[0]


def test_a_sample_is_classified_and_a_beat_looked_into(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    assert "Not a medical device" in page.locator("#tab-ekg").inner_text()
    assert "beats" in page.locator(".ekg-count").inner_text()
    before = page.locator(".ekg-time").inner_text()
    page.locator(".ekg-paper").focus()
    page.keyboard.press("PageDown")
    page.wait_for_function("(t) => document.querySelector('.ekg-time').textContent !== t", arg=before)
    page.locator(".ekg-list button").nth(0).click()
    page.locator(".ekg-list button").nth(2).click()  # while the answer about the other is on its way
    chosen = page.locator(".ekg-inside").inner_text().split(":")[0]  # "Beat 18"
    page.locator("#ekg-beat", has_text=chosen).wait_for(timeout=_SLOW_MS)
    assert page.locator("#ekg-picture svg").is_visible()
    page.get_by_role("tab", name="Layer by layer").click()
    layers = page.locator("#ekg-layers").inner_text()
    assert "16 filters × 64 positions" in layers
    assert "8 filters × 16 positions" in layers


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


def test_the_strip_writes_the_figures_that_python_computed(open_page: Callable[..., Any]) -> None:
    with leased() as network, open_sample("premature") as recording:
        expected = json.loads(strip_json(classified(recording, network), "token"))
    page = open_page("ekg")
    _classify(page)
    listed = [(expected["called"][n], _clock(expected["times"][n]), expected["sure"][n]) for n in expected["listed"]]
    shown = page.locator(".ekg-list button").all_inner_texts()
    assert [text.split() for text in shown] == [" ".join(words).split() for words in listed[:MOST_LISTED]]
    assert page.locator(".ekg-count").inner_text() == expected["counts"]["SVFQ"]
    for letter in "SVFQ":
        page.locator(".ekg-filter").select_option(letter)
        assert page.locator(".ekg-count").inner_text() == expected["counts"][letter]
        assert page.locator(".ekg-list button").count() == min(MOST_LISTED, expected["classes"].count(letter))
    page.locator(".ekg-paper").focus()
    visible = page.locator(".ekg-paper").evaluate("(canvas) => canvas.clientWidth") / 100  # 25 mm/s, 4 pixels a mm
    at = 0.0
    for key in ("Home", "PageDown", "ArrowRight", "PageDown", "End"):
        page.keyboard.press(key)
        moved = {"Home": 0.0, "PageDown": at + visible, "ArrowRight": at + 1, "End": expected["duration"] - visible}
        at = moved[key]
        page.locator(".ekg-time", has_text=f"{_clock(at)} to {_clock(at + visible)}").wait_for(timeout=_SLOW_MS)
        place = max(1, int(np.searchsorted(expected["times"], at + visible / 2)) - 1)
        assert page.locator(".ekg-rate").inner_text() == str(expected["mean_rates"][place]), key


def test_a_click_on_the_strip_chooses_the_nearest_beat(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    with open_sample("premature") as recording:
        assert recording.annotations is not None
        times = recording.annotations.times_s
    page.locator(".ekg-paper").focus()
    page.keyboard.press("Home")
    page.locator(".ekg-time", has_text="0:00.0 to").wait_for(timeout=_SLOW_MS)
    for place in (1, 4):
        page.locator(".ekg-paper").click(position={"x": 100 * times[place] + 20, "y": 130})
        page.locator(".ekg-inside", has_text=f"Beat {place + 1}:").wait_for(timeout=_SLOW_MS)


def test_the_keyboard_jumps_to_abnormal_beats(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    page.locator(".ekg-paper").focus()
    first = page.locator(".ekg-inside").inner_text()
    page.keyboard.press("n")
    assert page.locator(".ekg-inside").inner_text() != first
    assert page.locator(".ekg-list button.chosen").count() == 1
    page.keyboard.press("p")
    assert page.locator(".ekg-inside").inner_text() == first
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.ekg-time').textContent.endsWith('10:00.0')")


def test_the_strip_plays_and_pauses(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    before = page.locator(".ekg-time").inner_text()
    page.locator(".ekg-play").click()
    page.wait_for_function("before => document.querySelector('.ekg-time').innerText !== before", arg=before)
    page.locator(".ekg-play").click()
    page.wait_for_function("document.querySelector('.ekg-play').textContent === 'Play'")
    stopped = page.locator(".ekg-time").inner_text()
    page.wait_for_timeout(500)
    assert page.locator(".ekg-time").inner_text() == stopped


def test_noise_is_refused_and_shown(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    page.get_by_label("Synthetic: noise").check()
    page.locator(".ekg-refused", has_text="cannot be classified").wait_for(timeout=_SLOW_MS)
    assert page.locator(".ekg-label").inner_text() == "not classified"
    assert page.locator(".ekg-list button").count() == 0, "nothing of the recording before"


def test_a_broken_recording_is_compared_and_mended(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    first = page.locator(".ekg-inside").inner_text().partition(":")[0]
    page.locator(".ekg-paper").focus()
    page.keyboard.press("n")
    page.wait_for_function(
        "first => !document.querySelector('.ekg-inside').innerText.startsWith(first + ':')", arg=first
    )
    chosen = page.locator(".ekg-inside").inner_text().partition(":")[0]
    breaks = page.get_by_role("tab", name="Break it")
    breaks.click()
    arrived = "beat => document.querySelector('#ekg-beat').textContent.trim().startsWith(beat)"
    page.wait_for_function(arrived, arg=chosen, timeout=_SLOW_MS)
    assert breaks.get_attribute("aria-selected") == "true", "the answer about a beat opens no tab behind the visitor"
    noise = page.locator("#ekg-noise input[type=range]")

    def disturb() -> None:
        noise.press("Home")  # more than 0.3 mV is refused: a second try must not add to the first
        for _ in range(15):
            noise.press("ArrowRight")

    repeat_until(disturb, page.locator("#ekg-broken", has_text="same class as before"))
    assert page.locator(".ekg-label").inner_text() == "disturbed"
    page.locator("#ekg-mend").click()
    page.wait_for_function("document.querySelector('.ekg-label').textContent === ''", timeout=_SLOW_MS)
    assert noise.input_value() == "0"
    assert page.locator(".ekg-inside").inner_text().partition(":")[0] == chosen, "the beat that was looked at"


def test_an_upload_and_the_figures_on_a_phone(open_page: Callable[..., Any], tmp_path: Path) -> None:
    page = open_page("ekg", viewport=PHONE)
    _upload(page, _csv(tmp_path / "mine.csv"))
    page.locator(".ekg-title", has_text="mine").wait_for(timeout=_SLOW_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for name in ("One beat", "Break it", "How good is it?"):
        open_tab(page.locator("#ekg-below"), name)
    page.evaluate("document.querySelectorAll('#ekg-measure details').forEach((fold) => { fold.open = true; })")
    page.wait_for_selector("#ekg-measure .ch-titled table")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for caption in page.locator("#ekg-measure figcaption").all():
        box = caption.bounding_box()
        assert box["x"] + box["width"] <= PHONE["width"], f"{caption.inner_text()} scrolls away with its table"


def test_one_upload_after_another(open_page: Callable[..., Any], tmp_path: Path) -> None:
    """A second recording takes the first one's place, also after a refusal; a missing file completes what is there."""
    mine, yours = _csv(tmp_path / "mine.csv"), _csv(tmp_path / "yours.csv")
    signal = synthetic(30, Rhythm(), seed=4).read(0, 0, 30 * 360)[:, None].astype(float)
    with quietly():
        wfdb_package().wrsamp(
            "parts", fs=360, units=["mV"], sig_name=["MLII"], p_signal=signal, fmt=["212"], write_dir=str(tmp_path)
        )
    header, samples = tmp_path / "parts.hea", tmp_path / "parts.dat"
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in (header, samples):
            archive.write(path, path.name)
    page = open_page("ekg")
    page.wait_for_selector(".ekg-list button", timeout=_SLOW_MS)
    title, files = page.locator(".ekg-title"), page.locator("#ekg-files .file")

    _upload(page, mine)
    title.filter(has_text="mine").wait_for(timeout=_SLOW_MS)
    assert page.locator("#ekg-sample input:checked").count() == 0, "a sample can be chosen again"
    _upload(page, yours)
    title.filter(has_text="yours").wait_for(timeout=_SLOW_MS)
    assert files.count() == 1
    _upload(page, header)
    page.locator(".ekg-refused", has_text="parts.dat").wait_for(timeout=_SLOW_MS)
    assert page.locator(".ekg-time").inner_text() == "", "nothing of the recording before"
    _upload(page, samples)
    title.filter(has_text="parts").wait_for(timeout=_SLOW_MS)
    assert files.count() == 2
    _upload(page, packed)
    page.wait_for_function("document.querySelectorAll('#ekg-files .file').length === 1", timeout=_SLOW_MS)
    title.filter(has_text="parts").wait_for(timeout=_SLOW_MS)
    page.get_by_label("Training patient 208").check()
    title.filter(has_text="Patient 208").wait_for(timeout=_SLOW_MS)
    assert files.count() == 0
    _upload(page, mine)
    title.filter(has_text="mine").wait_for(timeout=_SLOW_MS)


def test_a_truncated_upload_says_so_and_stays(open_page: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "cut.hea").write_text("cut 1 360 10000\ncut.dat 16 200 11 1024 0 0 0 MLII\n")
    (tmp_path / "cut.dat").write_bytes(bytes(500))
    page = open_page("ekg")
    _upload(page, tmp_path / "cut.hea", tmp_path / "cut.dat")
    page.locator(".ekg-refused", has_text="truncated").wait_for(timeout=_SLOW_MS)
    assert "cut" in page.locator("#ekg-files").inner_text(), "the upload is still there"


def test_the_exports_are_read_by_other_software(open_page: Callable[..., Any], tmp_path: Path) -> None:
    page = open_page("ekg")
    _classify(page)
    with page.expect_download() as table:
        page.locator("#ekg-csv").click()
    table.value.save_as(tmp_path / "beats.csv")  # a click on the next one would break off a slow download
    with page.expect_download() as marks:
        page.locator("#ekg-atr").click()
    marks.value.save_as(tmp_path / "beats.atr")
    rows = np.genfromtxt(tmp_path / "beats.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    with quietly():
        read = wfdb_package().rdann(str(tmp_path / "beats"), "atr")
    assert list(rows["class"]) == read.symbol
    np.testing.assert_allclose(read.sample / read.fs, rows["time_s"], atol=1 / read.fs)


@pytest.mark.slow
def test_the_monitor_answers_while_it_runs(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    page.locator("#ekg-live").click()
    page.wait_for_function("document.querySelector('.ekg-play').textContent === 'Pause'", timeout=_SLOW_MS)
    page.wait_for_timeout(3000)
    page.locator("#ekg-stop").click()
    page.wait_for_function("document.querySelector('.ekg-play').textContent === 'Play'", timeout=_SLOW_MS)
