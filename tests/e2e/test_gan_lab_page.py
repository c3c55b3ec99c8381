"""GAN Lab as a visitor meets it: played, slowed down, drawn, diverged; by mouse, by keyboard, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import PHONE, open_tab

_WAIT_MS = 60_000


@pytest.fixture
def lab(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """A function that opens the game."""

    def open_lab(**options: Any) -> Any:
        page = open_page("gan", **options)
        open_tab(page.locator("#gan-tabs"), "GAN Lab")
        page.locator(".lab").wait_for(timeout=_WAIT_MS)
        page.wait_for_function("() => document.querySelector('.lab').stage?.game", timeout=_WAIT_MS)
        return page

    return open_lab


def _do(page: Any, name: str) -> Any:
    return page.locator(f'.lab [data-do="{name}"]')


def _rounds(page: Any) -> int:
    return int(page.evaluate("document.querySelector('.lab').stage.game.rounds"))


def _more_rounds_than(page: Any, rounds: int) -> None:
    page.wait_for_function("(n) => document.querySelector('.lab').stage.game.rounds > n", arg=rounds, timeout=_WAIT_MS)


_FAKES = "() => JSON.stringify([...document.querySelector('.lab').stage.game.g.layers[0].weight])"
_PIXELS = "() => document.querySelector('.lab-paper canvas').toDataURL()"


def test_it_plays_pauses_and_steps(lab: Callable[..., Any]) -> None:
    page = lab()
    assert _rounds(page) == 0
    _do(page, "play").click()
    _more_rounds_than(page, 3)
    _do(page, "play").click()
    sheet = page.locator(".lab-paper canvas")
    assert re.fullmatch(r"Round \d+, paused: 160 real and 160 generated points .*", sheet.get_attribute("aria-label"))
    rounds, weights = _rounds(page), page.evaluate(_FAKES)
    _do(page, "step-d").click()
    assert page.evaluate(_FAKES) == weights
    _do(page, "step-g").click()
    assert page.evaluate(_FAKES) != weights
    assert _rounds(page) == rounds
    _do(page, "round").press("Enter")
    assert _rounds(page) == rounds + 1
    _do(page, "new").click()
    assert _rounds(page) == 0


def test_slow_motion_numbers_its_steps_and_lights_the_parts(lab: Callable[..., Any]) -> None:
    page = lab(dark=True)
    _do(page, "slow").press("Space")
    told, lit = [], []
    for _ in range(13):
        _do(page, "next").click()
        told.append(_do(page, "words").inner_text())
        page.evaluate("() => new Promise(requestAnimationFrame)")
        page.evaluate("() => new Promise(requestAnimationFrame)")
        lit.append(page.evaluate("() => [...document.querySelectorAll('.lab-lit')].map((box) => box.dataset.box)"))
    assert [text.split(":")[0] for text in told[:12]] == [
        f"{player}’s turn, step {number} of 6" for player in "DG" for number in range(1, 7)
    ]
    assert told[12] == "Round 1 is over."
    assert lit[0] == ["noise"]
    assert sorted(lit[5]) == ["d", "grad-d"]
    assert sorted(lit[10]) == ["d", "fakes", "grad-g"]
    assert lit[12] == []
    assert _rounds(page) == 1


def test_a_game_that_diverges_says_what_to_change(lab: Callable[..., Any]) -> None:
    page = lab()
    page.get_by_label("A game worth watching").select_option("Turning in circles")
    page.locator('[data-rule="loss"]').select_option("least-squares")
    for name, value in {"lr_d": "1", "lr_g": "1", "d_updates": "10"}.items():
        page.locator(f'[data-rule="{name}"]').fill(value)
        page.locator(f'[data-rule="{name}"]').press("Tab")
    _do(page, "play").click()
    page.get_by_text("The game has diverged").wait_for(timeout=_WAIT_MS)
    text = page.locator(".lab").inner_text()
    assert "Lower the learning rates (D 1, G 1" in text
    assert "NaN" not in text
    assert "nfinity" not in text
    assert page.locator(".lab").get_attribute("data-state") == "diverged"


def test_real_points_are_drawn_by_finger_and_by_keyboard_on_a_phone(lab: Callable[..., Any]) -> None:
    page = lab(viewport=PHONE)
    page.locator('[data-rule="shape"]').select_option("drawn")
    _do(page, "play").click()
    page.get_by_text("Draw some strokes on the sheet first").wait_for(timeout=_WAIT_MS)
    sheet = page.locator(".lab-paper canvas")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box["width"] > 300
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 90, steps=4)
    page.mouse.up()
    drawn = page.evaluate("document.querySelector('.lab').stage.drawing.length")
    assert drawn > 100
    sheet.press("ArrowUp")
    sheet.press("Space")
    assert page.evaluate("document.querySelector('.lab').stage.drawing.length") > drawn
    _do(page, "play").click()
    _more_rounds_than(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    _do(page, "clear").click()
    page.get_by_text("Draw the real points on the sheet").wait_for(timeout=_WAIT_MS)


def test_the_morph_begins_at_the_noise_and_layers_can_be_hidden(lab: Callable[..., Any]) -> None:
    page = lab()
    frame = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(frame)
    seen = {page.evaluate(_PIXELS)}
    _do(page, "morph").fill("0")
    page.evaluate(frame)
    seen.add(page.evaluate(_PIXELS))
    for layer in ("manifold", "field", "real"):
        page.locator(f'[data-layer="{layer}"]').click()
        page.evaluate(frame)
        seen.add(page.evaluate(_PIXELS))
    assert len(seen) == 5


def test_a_trained_start_is_trained_and_a_number_out_of_range_is_brought_back(lab: Callable[..., Any]) -> None:
    page = lab()
    for given, kept in {"7": "1", "": "0.003", "-2": "0"}.items():
        rate = page.locator('[data-rule="lr_g"]')
        rate.fill(given)
        rate.press("Tab")
        assert rate.input_value() == kept
    page.get_by_label("A game worth watching").select_option("Turning in circles")  # the cheapest game
    page.locator('[data-rule="start"]').select_option("1000")
    words = page.locator('[data-do="words"]')
    assert words.inner_text().startswith("Trained for 1000 rounds")  # beforehand: at once
    page.locator('[data-rule="seed"]').fill("5")
    page.locator('[data-rule="seed"]').press("Tab")
    page.get_by_text("Training ahead").wait_for(timeout=_WAIT_MS)  # nobody has played this one yet
    page.get_by_text("Trained for 1000 rounds").wait_for(timeout=_WAIT_MS)
    assert _rounds(page) == 1_000
