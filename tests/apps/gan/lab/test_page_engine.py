"""The game that the visitor's browser plays, held to the torch version: random numbers, losses, weights, pictures.

Runs in node where the machine has it, else in Chromium, else it skips.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from apps.gan.lab.dice import SAMPLERS, Dice
from apps.gan.lab.game import Frame, Lab, covered, divergences
from apps.gan.lab.rules import DRAWN, PRESETS, SHAPES, WARM_UP, Rules, for_the_page
from apps.gan.lab.starts import SCALE, packed, read_starts
from apps.gan.ui.lab_html import ENGINE, script_of

ROUNDS = 50
Engine = Callable[[str], Any]

_PLAY = """
(() => {
  const game = new Game(RULES, DRAWING && Float64Array.from(DRAWING));
  const losses = { d: [], g: [] };
  const step = game.step.bind(game);
  game.step = (player) => losses[player].push(step(player));
  for (let round = 0; round < ROUNDS; round++) game.round();
  const plain = (values) => [...values];
  const fake = game.fakes(game.z);
  return {
    losses, weights: game.weights().map(plain), real: plain(game.real), fake: plain(fake),
    pull: plain(game.pull(fake)), field: plain(game.field()), divergences: game.measure(), rounds: game.rounds,
    finite: game.isFinite(),
  };
})()
"""


@pytest.fixture(scope="session")
def engine() -> Engine:
    """A function that evaluates an expression after the engine's scripts."""
    scripts = script_of(*ENGINE)
    node = shutil.which("node")
    if node is None:
        return _in_chromium(scripts)

    def evaluate(expression: str) -> Any:
        program = f"{scripts}\nconsole.log(JSON.stringify({expression}));"
        done = subprocess.run([node, "-"], input=program, capture_output=True, text=True, check=True, timeout=120)
        return json.loads(done.stdout)

    return evaluate


def _in_chromium(scripts: str) -> Engine:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs node, or playwright and Chromium")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("needs node or Chromium")

    def evaluate(expression: str) -> Any:
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
            found = browser.new_page().evaluate(f"() => {{ {scripts}\nreturn {expression}; }}")
            browser.close()
        return found

    return evaluate


def _played(engine: Engine, cases: list[tuple[Rules, Any]]) -> list[Any]:
    """What the page's engine makes of several games, in one process."""
    plays = []
    for rules, drawing in cases:
        named = {"RULES": json.dumps(asdict(rules)), "DRAWING": json.dumps(drawing), "ROUNDS": str(ROUNDS)}
        text = _PLAY.strip()
        for name, value in named.items():
            text = text.replace(name, value)
        plays.append(text)
    found: list[Any] = engine(f"[{', '.join(plays)}]")
    return found


_DRAWING = [-0.5, -0.5, 0.5, -0.4, 0.1, 0.6]  # three places
CASES = {
    **{
        f"preset {name}": (PRESETS[name].rules, None)
        for name in ("It works", "Turning in circles", "A line bent into a ring")
    },
    **{
        f"{loss}, R1": (Rules(shape="spiral", loss=loss, r1=0.3, d_updates=2, seed=7), None)
        for loss in ("least-squares", "wasserstein")
    },
    **{
        noise: (Rules(noise=noise, g_updates=2, hidden_d=(16,), hidden_g=(8, 8, 8), seed=3), None)
        for noise in ("gaussian-1", "gaussian-2")
    },
    "drawn": (Rules(shape=DRAWN, optimizer_g="sgd", lr_g=0.05, seed=2**31 - 1), _DRAWING),
    "D alone": (Rules(g_updates=0), None),
}


def test_the_page_plays_the_same_game_as_torch(engine: Engine) -> None:
    """Same seed, same first fifty rounds: every loss, every weight, everything drawn, to 1e-6."""
    found = _played(engine, list(CASES.values()))
    for (name, (rules, drawing)), played in zip(CASES.items(), found, strict=True):
        lab = Lab(rules, np.array(drawing).reshape(-1, 2) if drawing else None)
        (frame,) = lab.play(ROUNDS, per_frame=ROUNDS)
        assert played["rounds"] == ROUNDS
        assert played["finite"] is True
        weights = [part.detach().numpy() for network in (lab.g, lab.d) for part in network.parameters()]
        pairs = [(played["losses"]["d"], frame.losses_d), (played["losses"]["g"], frame.losses_g)]
        pairs += zip(played["weights"], weights, strict=True)
        pairs += [(played[part], getattr(frame, part)) for part in ("real", "fake", "pull", "field")]
        for theirs, mine in pairs:
            np.testing.assert_allclose(theirs, np.asarray(mine).ravel(), rtol=0, atol=1e-6, err_msg=name)
        assert list(played["divergences"].values()) == pytest.approx(lab.divergences(), abs=1e-6), name


def test_a_trained_start_is_what_torch_has_left_and_no_other_game_gets_it(engine: Engine) -> None:
    look = """((rules) => {
      const game = new Game(rules);
      const before = JSON.stringify(game.weights().map((part) => [...part]));
      const skipped = game.skipAhead();
      const after = game.weights().map((part) => [...part]);
      return { skipped, moved: before !== JSON.stringify(after), after, rounds: game.rounds, finite: game.isFinite() };
    })"""
    wishes = [asdict(preset.rules) for preset in PRESETS.values()]
    others = [asdict(replace(Rules(), seed=1)), asdict(replace(Rules(), lr_d=0.004)), asdict(Rules(hidden_g=(32,)))]
    *found, seed, rate, layers = engine(f"{json.dumps([*wishes, *others])}.map({look})")
    kept = read_starts()
    assert list(kept) == list(PRESETS)
    for name, one in zip(PRESETS, found, strict=True):
        assert (one["skipped"], one["moved"], one["rounds"], one["finite"]) == (True, True, WARM_UP, True), name
        assert packed(one["after"]) == kept[name], name
    for one in (seed, rate, layers):
        assert (one["skipped"], one["moved"], one["rounds"]) == (False, False, 0)
    cheapest = "Turning in circles"
    lab = Lab(PRESETS[cheapest].rules)
    for _ in lab.play(WARM_UP, per_frame=WARM_UP):
        pass
    weights = [part.detach().numpy().ravel() for network in (lab.g, lab.d) for part in network.parameters()]
    started = np.concatenate(found[list(PRESETS).index(cheapest)]["after"])
    assert started == pytest.approx(np.concatenate(weights), abs=0.6 / SCALE)


@pytest.mark.parametrize("wrong", [8.1, math.nan, -math.inf])
def test_weights_that_have_no_place_in_a_trained_start_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="between -8 and 8"):
        packed([[0.5, wrong]])


def test_the_dice_fall_alike(engine: Engine) -> None:
    shapes = [shape for shape in SHAPES if shape != DRAWN]
    theirs = engine(f"{json.dumps(shapes)}.map((shape) => [...SAMPLERS[shape](9, new Dice(2 ** 31 - 1, 4))])")
    for shape, found in zip(shapes, theirs, strict=True):
        assert found == pytest.approx(SAMPLERS[shape](9, Dice(2**31 - 1, 4)).ravel().tolist(), abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_keeps_what_it_promises(engine: Engine, name: str) -> None:
    preset = PRESETS[name]
    found = engine(
        f"(() => {{ const game = new Game({json.dumps(asdict(preset.rules))});"
        f"for (let round = 0; round < {preset.rounds}; round++) game.round();"
        "return { real: [...game.real], fake: [...game.fakes(game.z)] }; })()"
    )
    real, fake = (np.array(found[part]).reshape(-1, 2) for part in ("real", "fake"))
    nothing = np.zeros((0, 2))
    low, high = preset.ends
    assert low <= covered(Frame(preset.rounds, real, fake, nothing, nothing, (), ())) <= high


def test_what_diverges_is_seen(engine: Engine) -> None:
    rules = replace(PRESETS["Turning in circles"].rules, loss="least-squares", lr_d=1.0, lr_g=1.0, d_updates=10)
    (found,) = _played(engine, [(rules, None)])
    assert found["finite"] is False


def test_a_curve_of_any_length_keeps_its_mean_and_its_ends(engine: Engine) -> None:
    curve = engine(
        "(() => { const one = new Curve(); for (let i = 0; i < 3000; i++) one.add(i);"
        "return { points: one.points, stride: one.stride, count: one.count }; })()"
    )
    assert curve["count"] == 3_000
    assert len(curve["points"]) < 400
    whole = len(curve["points"]) * curve["stride"]
    expected = np.arange(whole).reshape(-1, curve["stride"]).mean(axis=1)
    assert curve["points"] == pytest.approx(expected.tolist())


def test_equal_points_have_no_divergence_and_distant_ones_one_bit() -> None:
    here, there = np.full((100_000, 2), -0.9), np.full((100_000, 2), 0.9)
    assert divergences(here, here) == (0, 0)
    kl, js = divergences(here, there)
    assert js == pytest.approx(1, abs=0.02)
    assert kl > 10


def test_the_page_is_told_every_choice() -> None:
    told = for_the_page()
    assert set(told["presets"]) == set(PRESETS)
    steps = np.diff([0.5 * (1 + math.erf(value / told["gaussian"] / 2**0.5)) for value in told["quantiles"]])
    assert steps == pytest.approx(np.full(20, 1 / 21), abs=1e-5)
