"""The training on the page: bounded, repeatable, untouched by being watched or moved, and what its film holds."""

from __future__ import annotations

import dataclasses
import io
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apps.gan.__main__ import main
from apps.gan.drawing.tiles import sheet
from apps.gan.training import live, own
from apps.gan.training.live import begun
from apps.gan.training.own import SEEDS, OwnTraining
from apps.gan.ui.own_training import train_gan
from shared.engine import cluster
from shared.errors import InputError, OptionError, ResourceError
from tests.shared.engine.fake_ray import busy, cluster_here

TOLD: list[str] = []


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[cluster.Cluster]:
    TOLD.clear()
    with cluster_here(monkeypatch, TOLD) as made:
        yield made


def test_the_untrained_players_have_no_opinion_and_draw_grey() -> None:
    breath = begun(3).breath
    assert (breath.steps, breath.losses_d) == (0, ())
    assert breath.pictures.shape == (SEEDS, 28, 28)
    assert np.abs(np.concatenate((breath.fake, breath.real)) - 0.5).max() < 0.05
    assert breath.pictures.std() < 10


def same(one: OwnTraining, other: OwnTraining) -> bool:
    """To the last digits that threads may add in another order."""
    near = np.abs(one.breath.pictures.astype(int) - other.breath.pictures.astype(int)).max() <= 1
    return bool(near and np.allclose(one.breath.losses_d, other.breath.losses_d, rtol=1e-4))


def test_the_same_seed_is_the_same_training_however_often_it_is_watched() -> None:
    once, twice = begun(3), begun(3)
    *_, last = once.play(2)  # steps before it are shown where they take long
    assert (last.done, last.total) == (2, 2)
    for _ in range(2):
        assert [(step.done, step.total) for step in twice.play(1)] == [(1, 1)]
        twice.film()
    assert same(once, twice)
    assert len(once.breath.losses_g) == once.breath.steps == 2


def test_it_ends_after_the_most_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MOST", 1)
    training = begun(0)
    assert len(list(training.play(5))) == 1
    assert training.breath.steps == 1
    with pytest.raises(InputError, match="Start again"):
        next(training.play(1))


def test_it_is_played_once_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(live, "_BREATH_S", 0.0)
    training = begun(2)
    playing = training.play(3)
    next(playing)
    with pytest.raises(ResourceError, match="Stop"):
        next(training.play(1))
    playing.close()  # type: ignore[attr-defined]
    list(training.play(1))


def test_a_worker_dies_and_another_one_goes_on(far: cluster.Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_BREATH_S", 0.0)
    monkeypatch.setattr(live, "_KEEP_S", 0.0)
    training = begun(3)
    seen = []
    for step in training.play(4):
        seen.append(step.done)
        if step.done == 2:
            busy(far)[0].die()
    assert len(TOLD) == 1
    assert seen[-1] == 4
    assert len(seen) <= 5  # a step may be played again, never all of them
    at_home = begun(3)
    list(live.play(at_home, 0, 4))
    assert same(training, at_home)
    assert len(training.kept.game) > 1_000_000


def test_what_it_notes_is_small_between_two_keeps() -> None:
    training = begun(1)
    list(training.play(1))
    assert "kept" in training.noted()
    assert "kept" not in training.noted()
    training.breath = dataclasses.replace(training.breath, losses_d=(0.0, 0.0))
    assert training.noted()["breath"].steps == 2


def test_the_film_begins_at_step_0_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FRAMES", 3)
    monkeypatch.setattr(live, "STRIDE", 1)
    training = begun(1)
    first = training.breath.pictures
    list(training.play(6))
    film = Image.open(io.BytesIO(training.film()))
    assert film.format == "GIF"
    assert 2 <= film.n_frames <= 4  # type: ignore[attr-defined]
    corner = np.asarray(film.convert("L"), dtype=int)[3 : 3 + 28 * 3, 3 : 3 + 28 * 3]
    assert np.abs(corner - np.kron(first[0], np.ones((3, 3), int))).max() < 12


def test_the_command_trains_the_same_from_step_0_and_keeps_the_film(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["train-live", "--steps", "2", "--seed", "7", "--out", str(tmp_path / "film.gif"), "--json"])
    told = json.loads(capsys.readouterr().out)
    first, *_, (_, last) = train_gan(2, 7)
    assert first[1]["steps"] == 0
    assert told["losses_d"] == pytest.approx(last["losses_d"], rel=1e-3)
    assert (told["seed"], told["steps"], len(told["fake"])) == (7, 2, SEEDS)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.format == "GIF"
    main(["train-live", "--steps", "1"])
    assert "step 0: D calls" in capsys.readouterr().err
    for wrong in (["--steps", "0"], ["--out", "film.png"]):
        with pytest.raises(OptionError):
            main(["train-live", *wrong])


def test_a_clients_training_is_the_visitors() -> None:
    (last,) = deque(train_gan(2, 7), maxlen=1)
    picture, numbers = last
    mine = begun(7)
    deque(mine.play(2), maxlen=0)
    assert numbers["steps"] == 2
    assert numbers["losses_d"] == pytest.approx(mine.breath.losses_d, rel=1e-3)
    assert numbers["fake"] == pytest.approx(mine.breath.fake, abs=1e-3)
    assert picture.size == sheet(mine.breath.pictures, 4).size
    for steps in (0, 401, "many"):
        with pytest.raises(OptionError):
            next(train_gan(steps, 0))  # type: ignore[arg-type]
