"""The EKG tab as visitors meet it: a sample, the strip, a beat from the inside, a broken recording, an upload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.ekg.synthetic import Rhythm, synthetic
from tests.e2e.conftest import PHONE

_SLOW_MS = 120_000  # a busy machine


def _classify(page: Any, sample: str = "Synthetic: premature beats, 10 minutes") -> None:
    page.get_by_label(sample).check()
    page.wait_for_selector(".ekg-paper:visible", timeout=_SLOW_MS)
    page.wait_for_selector(".ekg-list button", timeout=_SLOW_MS)


def test_a_sample_is_classified_and_a_beat_looked_into(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    assert "Not a medical device" in page.locator("#tab-ekg").inner_text()
    assert "Heart rate" in page.locator("#ekg-summary").inner_text()
    assert "beats" in page.locator(".ekg-count").inner_text()
    before = page.locator(".ekg-time").inner_text()
    page.locator(".ekg-paper").focus()
    page.keyboard.press("PageDown")
    page.wait_for_function("(t) => document.querySelector('.ekg-time').textContent !== t", arg=before)
    page.locator(".ekg-list button").nth(2).click()
    page.wait_for_function("document.querySelector('#ekg-beat').innerText.includes('alone')", timeout=_SLOW_MS)
    assert page.locator("#ekg-picture svg").is_visible()
    page.get_by_role("tab", name="Layer by layer").click()
    layers = page.locator("#ekg-layers").inner_text()
    assert "24 filters × 64 positions" in layers
    assert "16 filters × 16 positions" in layers


def test_the_strip_plays(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    before = page.locator(".ekg-time").inner_text()
    page.locator(".ekg-play").click()
    page.wait_for_function("(t) => document.querySelector('.ekg-time').textContent !== t", arg=before)
    page.locator(".ekg-play").click()
    page.wait_for_function("document.querySelector('.ekg-play').textContent === 'Play'")


def test_noise_is_refused(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    page.get_by_label("Synthetic: noise, 1 minute").check()
    page.get_by_text("cannot be classified").first.wait_for(timeout=_SLOW_MS)


def test_an_upload_on_a_phone(open_page: Callable[..., Any], tmp_path: Path) -> None:
    made = synthetic(30, Rhythm(v_share=0.1), seed=4)
    signal = made.read(0, 0, made.n_samples)
    rows = "".join(f"{n / 360:.5f},{value:.4f}\n" for n, value in enumerate(signal))
    (tmp_path / "mine.csv").write_text("time (s),MLII (mV)\n" + rows)
    page = open_page("ekg", viewport=PHONE)
    page.locator("#ekg-files input[type=file]").set_input_files(str(tmp_path / "mine.csv"))
    page.wait_for_timeout(1500)
    page.locator("#ekg-classify").click()
    page.wait_for_selector(".ekg-paper:visible", timeout=_SLOW_MS)
    assert "mine" in page.locator("#ekg-summary").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.slow
def test_the_monitor_answers_while_it_runs(open_page: Callable[..., Any]) -> None:
    page = open_page("ekg")
    _classify(page)
    page.locator("#ekg-live").click()
    page.wait_for_function("document.querySelector('.ekg-play').textContent === 'Pause'", timeout=_SLOW_MS)
    page.wait_for_timeout(3000)
    page.locator("#ekg-stop").click()
    page.wait_for_function("document.querySelector('.ekg-play').textContent === 'Play'", timeout=_SLOW_MS)
