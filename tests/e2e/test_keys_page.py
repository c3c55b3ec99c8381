"""One scheme of keys, shown by "?"; films that wait for whoever asked for less motion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.e2e.conftest import PHONE, taken_home

_FILM = """() => {
  document.body.insertAdjacentHTML('beforeend', `<p class=block><video id=film autoplay loop muted></video></p>
    <button id=moving class=ch-film><picture><source media="not all"><img alt=""></picture></button>
    <div id=row class=ch-arrows><button>← left</button><button>→ right</button></div>`);
  window.went = [];
  const film = document.getElementById('film');
  let [paused, at] = [true, 0];
  Object.defineProperty(film, 'paused', { get: () => paused });
  Object.defineProperty(film, 'currentTime', { get: () => at, set: (to) => { at = to; went.push(to.toFixed(2)); } });
  film.play = () => { paused = false; went.push('play'); };
  film.pause = () => { paused = true; went.push('pause'); };
  window.starts = () => film.dispatchEvent(new Event('play'));
  for (const one of document.querySelectorAll('#row button')) one.onclick = () => went.push(one.textContent[0]);
}"""


def test_a_question_mark_shows_the_keys_but_not_while_one_types(new_page: Callable[..., Any], hub_url: str) -> None:
    page = new_page(PHONE, still=True)
    page.goto(f"{hub_url}?tab=conv/shapes")
    page.locator("#conv-input textarea, #conv-input input").first.wait_for()
    sheet = page.get_by_role("dialog", name="Keys")
    page.locator("footer").get_by_role("button", name="Keys").click()
    sheet.get_by_text("play and pause").wait_for()
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    field = page.locator("#conv-input textarea, #conv-input input").first
    field.press("?")
    assert not sheet.is_visible()
    page.locator("h1").click()
    page.keyboard.press("?")
    sheet.get_by_role("button", name="Close").click()
    assert not sheet.is_visible()
    page.get_by_role("tab", name="See it").click()
    page.locator("#conv-stage canvas[tabindex='0']").first.focus()
    play = page.locator("#conv-stage [data-do=play]")
    for key in ("ArrowRight", "Space"):  # harmless before the scene has come
        page.keyboard.press(key)
    page.locator("#conv-stage [data-do=formula]:not(:empty)").wait_for()
    while "Pause" not in play.inner_text():
        page.keyboard.press("Space")
    page.keyboard.press("Space")
    play.get_by_text("Play").wait_for()
    with taken_home(page, "conv") as zipped:  # what is computed in the browser
        sums = zipped.read("conv-see/output.csv").decode().split(",")
        assert zipped.read("conv-see/output.png").startswith(b"\x89PNG")
    assert len(sums) == 305
    assert sums[7] == page.evaluate("document.querySelector('.cx').stage.view.output[7].toFixed(4)")
    page.evaluate(_FILM)
    page.wait_for_function("document.getElementById('film').autoplay === false")
    film = page.locator("#film")
    assert page.evaluate("() => { starts(); return went.join(' '); }") == "pause pause"  # whatever plays it
    for key in ("Space", "ArrowRight", "Shift+ArrowRight", "ArrowLeft", "Space"):
        film.press(key)
    assert page.evaluate("() => { starts(); return went.slice(2).join(' '); }") == (
        "play pause 0.07 pause 1.07 pause 1.00 play"
    )
    page.evaluate("() => { document.activeElement.blur(); document.querySelector('.cx').hidden = true; }")
    page.evaluate("document.getElementById('film').scrollIntoView()")
    for key in ("ArrowLeft", "Space"):  # what is in view takes the keys while nothing has the focus
        page.keyboard.press(key)
    assert page.evaluate("went.slice(-3).join(' ')") == "pause 0.93 play"
    moving = page.locator("#moving")
    assert moving.get_attribute("aria-pressed") == "false"
    moving.press("Space")
    assert (moving.get_attribute("aria-pressed"), moving.locator("source").get_attribute("media")) == (
        "true",
        "not all",
    )
    page.locator("#row button").first.press("ArrowRight")
    assert page.evaluate("went.at(-1)") == "→"
    assert page.locator("#row button").last.evaluate("one => one === document.activeElement")


def test_a_game_is_played_and_a_fold_stays_open_by_keyboard(new_page: Callable[..., Any], hub_url: str) -> None:
    page = new_page(still=True)
    page.goto(f"{hub_url}?tab=gan/gan-lab")
    sheet = page.locator(".lab [data-sheet=main]")
    sheet.focus()
    play = page.locator(".lab [data-do=play]")
    for words in ("Pause", "Play"):
        page.keyboard.press("Space")
        play.get_by_text(words).wait_for()
    before = page.evaluate("document.querySelector('.lab').stage.game.rounds")
    for key in ("ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("document.querySelector('.lab').stage.game.rounds") == before + 11
    page.evaluate("document.activeElement.blur()")  # what is in view takes the keys while nothing has the focus
    for words in ("Pause", "Play"):
        page.keyboard.press("Space")
        play.get_by_text(words).wait_for()
    before = page.evaluate("document.querySelector('.lab').stage.game.rounds")
    page.keyboard.press("ArrowRight")
    page.evaluate("document.documentElement.classList.add('ch-in-lesson')")
    page.keyboard.press("ArrowRight")  # the lesson's
    assert page.evaluate("document.querySelector('.lab').stage.game.rounds") == before + 1
    page.evaluate("document.documentElement.classList.remove('ch-in-lesson')")
    before -= 10
    fold = page.locator("[data-numbers=losses] details")
    fold.locator("summary").press("Enter")
    fold.locator("tbody tr").first.wait_for()
    assert fold.locator("tr").last.locator("td").first.inner_text() == str(before + 11)
    with taken_home(page, "gan") as zipped:
        curves = zipped.read("gan-gan-lab/curves.csv").decode().splitlines()
        assert len(zipped.read("gan-gan-lab/points.csv").splitlines()) == 1 + 2 * 160
    assert [line.split(",")[1] for line in curves if line.startswith("loss of D")][-1] == str(before + 11)
    box = page.locator("[data-numbers=losses]")
    box.evaluate("one => { one.innerHTML = one.innerHTML.replace(' open', ''); }")
    page.wait_for_function("document.querySelector('[data-numbers=losses] details').open")
    fold.locator("summary").press("Enter")
    box.evaluate("one => { one.innerHTML += ''; }")
    assert not fold.evaluate("one => one.open")
