"""The training on the page: bounded, repeatable, untouched by being watched, and what its film holds."""

from __future__ import annotations

import io
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from apps.gan.training import live
from apps.gan.training.live import MOST, SEEDS, OwnTraining
from shared.errors import InputError


def test_the_untrained_players_have_no_opinion_and_draw_grey() -> None:
    breath = OwnTraining(3).breath()
    assert (breath.steps, breath.losses_d) == (0, ())
    assert breath.pictures.shape == (SEEDS, 28, 28)
    assert np.abs(np.concatenate((breath.fake, breath.real)) - 0.5).max() < 0.05
    assert breath.pictures.std() < 10


def test_the_same_seed_is_the_same_training_however_often_it_is_watched() -> None:
    once, twice = OwnTraining(3), OwnTraining(3)
    assert [(step.done, step.total) for step in once.play(2)] == [(1, 2), (2, 2)]
    for _ in range(2):
        assert [(step.done, step.total) for step in twice.play(1)] == [(1, 1)]
        twice.film()
        twice.breath()
    one, other = once.breath(), twice.breath()
    assert np.array_equal(one.pictures, other.pictures)
    assert one.losses_d == other.losses_d
    assert len(one.losses_g) == one.steps == 2


def test_it_ends_after_the_most_steps() -> None:
    training = OwnTraining(0)
    training.game.step = MOST - 1
    assert len(list(training.play(5))) == 1
    assert training.game.step == MOST
    with pytest.raises(InputError, match="Start again"):
        next(training.play(1))


def test_whoever_looks_waits_for_the_end_of_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    asks = threading.Event()

    class Watched:
        """A lock that says when somebody asks for it from the thread that looks."""

        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            if threading.current_thread() is looking:
                asks.set()
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    monkeypatch.setattr(live, "threading", SimpleNamespace(Lock=Watched))
    seen: list[int] = []
    looking = threading.Thread(target=lambda: seen.append(training.breath().steps))
    training = OwnTraining(2)
    play = training.game.play

    def slow_play(data: Any) -> Any:
        looking.start()
        assert asks.wait(30)
        return play(data)

    monkeypatch.setattr(training.game, "play", slow_play)
    list(training.play(1))
    looking.join()
    assert seen == [1]


def test_the_film_begins_at_step_0_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_FRAMES", 3)
    monkeypatch.setattr(live, "_STRIDE", 1)
    training = OwnTraining(1)
    first = training.breath().pictures
    list(training.play(6))
    film = Image.open(io.BytesIO(training.film()))
    assert film.format == "GIF"
    assert 2 <= film.n_frames <= 4  # type: ignore[attr-defined]
    corner = np.asarray(film.convert("L"), dtype=int)[3 : 3 + 28 * 3, 3 : 3 + 28 * 3]
    assert np.abs(corner - np.kron(first[0], np.ones((3, 3), int))).max() < 12
