"""A whole game for a client: the same as the page's reference, bounded, and told when it diverges."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from apps.gan.__main__ import main
from apps.gan.lab import requests
from apps.gan.lab.game import Lab, covered
from apps.gan.lab.measured import lab_figures
from apps.gan.lab.requests import played
from apps.gan.lab.rules import PRESETS, Rules
from apps.gan.lab.starts import packed
from shared.cli import run
from shared.errors import InputError, OptionError


def ended(preset: str, rounds: object, seed: object = 0) -> dict[str, Any]:
    (last,) = deque(played(preset, rounds=rounds, seed=seed), maxlen=1)
    return last


def test_it_is_the_game_of_the_lab() -> None:
    found = ended("It works", 24, 3)
    game = Lab(Rules(seed=3))
    for _ in range(24):
        game.round()
    frame = game.frame()
    assert found["fake"] == pytest.approx(frame.fake, abs=1e-4)
    assert found["real"] == pytest.approx(frame.real, abs=1e-4)
    assert [row["rounds"] for row in found["history"]] == list(range(1, 25))
    last = found["history"][-1]
    assert (last["loss_d"], last["loss_g"]) == (frame.losses_d[-1], frame.losses_g[-1])
    assert (last["kl"], last["js"]) == game.divergences()
    assert last["covered"] == covered(frame)
    assert not found["diverged"]


def test_a_long_game_is_looked_at_twenty_times() -> None:
    assert [row["rounds"] for row in ended("Turning in circles", 60)["history"]] == list(range(3, 61, 3))


def test_a_game_that_diverges_ends_and_can_still_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    wild = PRESETS["It works"].__class__(
        Rules(lr_d=1, lr_g=1, optimizer_d="sgd", optimizer_g="sgd", loss="least-squares"), "", ends=(0, 1), rounds=1
    )
    monkeypatch.setattr(requests, "PRESETS", {"wild": wild})
    found = ended("wild", 200)
    assert found["diverged"]
    assert found["rounds"] < 200
    assert found["fake"] is None
    assert found["history"][-1] == {
        "rounds": found["rounds"], "loss_d": None, "loss_g": None, "covered": None, "kl": None, "js": None,
    }  # fmt: skip
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(("preset", "rounds", "seed"), [("x", 5, 0), ("It works", 0, 0), ("It works", 1_001, 0)])
def test_what_is_out_of_range_is_refused(preset: str, rounds: int, seed: int) -> None:
    with pytest.raises(OptionError):
        ended(preset, rounds, seed)


def test_the_command_plays_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(main, ["lab", "--rounds", "2", "--seed", "5", "--json"])
    assert not end.value.code
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(ended("It works", 2, 5)))


def test_the_chapter_has_a_row_for_each_game() -> None:
    figures = {"frames_per_second": 59.6, "rounds_per_second": 60.0, "script_ms_per_frame": 2.24}
    slow = figures | {"frames_per_second": 31.2}
    html = lab_figures(
        {
            "browser": "Chromium <1>",
            "seconds": 5.0,
            "calls_while_playing": 0,
            "presets": {"It <works>": {"full speed": figures, "four times slower": slow}},
        }
    )
    assert "It &lt;works&gt;" in html
    assert "Chromium &lt;1&gt;" in html
    assert [cell in html for cell in (">60<", ">2.2<", ">31<")] == [True] * 3


def test_the_command_keeps_both_players_of_every_game(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(requests, "WARM_UP", 3)
    monkeypatch.setattr(requests, "PRESETS", {name: PRESETS[name] for name in ("It works", "Turning in circles")})
    out = tmp_path / "starts.json"
    main(["lab-starts", "--out", str(out)])
    assert capsys.readouterr().err.count("of the real points") == 2
    kept = json.loads(out.read_text(encoding="utf-8"))
    for name, weights in kept.items():
        game = Lab(PRESETS[name].rules)
        for _ in range(3):
            game.round()
        assert weights == packed(part.detach() for player in (game.g, game.d) for part in player.parameters())
    with pytest.raises(InputError):
        main(["lab-starts", "--out", str(tmp_path / "starts.png")])
