"""GAN Lab's picture: where things stand, which colour they have, and what a diverged game shows."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from apps.gan.lab.game import Frame, Lab
from apps.gan.lab.rules import PRESETS, Rules
from apps.gan.lab.view import SIZE, arrow_path, field_url, losses, picture, thinned_means


@pytest.fixture(scope="module")
def frame() -> Frame:
    lab = Lab(Rules())
    lab.round()
    return lab.frame()


def test_the_sheet_shows_every_point_and_arrow(frame: Frame) -> None:
    html = picture(frame)
    assert html.count("a4 4 0 1 0 8 0") == len(frame.real)
    assert html.count("l4.6 8h-9.2z") == len(frame.fake)
    assert len(re.findall(r"M[\d.]+ [\d.]+L", html)) == 80
    assert "Round 1: 160 real and 160 generated points" in html
    assert "nan" not in html
    assert len(html) < 40_000


def test_a_paused_game_says_so(frame: Frame) -> None:
    assert "Round 1, paused:" in picture(frame, paused=True)


def test_points_stand_where_they_are_and_far_ones_at_the_edge(frame: Frame) -> None:
    real = np.array([[-1, 1], [0, 0], [0.5, -0.5], [9, -9]], np.float32)
    html = picture(replace(frame, real=real))
    (dots,) = re.findall(r'<path class="real" d="([^"]*)"', html)
    found = [(float(x) + 4, float(y)) for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)a", dots)]
    edge = pytest.approx(SIZE * 1.02, abs=0.1)
    assert found[:3] == [(0, 0), (SIZE / 2, SIZE / 2), (SIZE * 0.75, SIZE * 0.75)]
    assert found[3] == (edge, edge)


def test_an_arrow_starts_at_its_point_and_points_along_the_pull() -> None:
    drawn = arrow_path(np.array([[0.0, 0.0]], np.float32), np.array([[0.0, 2.0]], np.float32))
    start, end = re.findall(r"([\d.]+) ([\d.]+)", drawn)[:2]
    assert start == ("230.0", "230.0")
    assert float(end[0]) == 230
    assert float(end[1]) == pytest.approx(230 - 0.16 / 3 * 230, abs=0.1)  # up; the median pull: a third of the longest


def test_strong_pulls_are_cut_and_weak_ones_are_in_proportion() -> None:
    points = np.zeros((3, 2), np.float32)
    drawn = arrow_path(points, np.array([[1, 0], [0.5, 0], [50, 0]], np.float32))
    ends = [float(x) - 230 for x in re.findall(r"M230.0 230.0L([\d.]+) ", drawn)]
    assert ends == pytest.approx([0.16 / 3 * 230, 0.16 / 6 * 230, 0.16 * 230], abs=0.1)


def test_no_pull_is_no_arrow_and_no_error() -> None:
    drawn = arrow_path(np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32))
    assert drawn.count("L230.0 230.0") == 2


def test_the_ground_is_blue_for_real_vermilion_for_fake_and_clear_in_between() -> None:
    url = field_url(np.array([[1.0, 0.5], [0.25, 0.0]], np.float32))
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))))
    assert pixels[0, 0].tolist() == [0, 114, 178, 150]
    assert pixels[0, 1, 3] == 0
    assert pixels[1, 0].tolist() == [213, 94, 0, 75]
    assert pixels[1, 1].tolist() == [213, 94, 0, 150]


def test_losses_are_means_of_stretches_over_the_whole_game() -> None:
    assert thinned_means([]).tolist() == []
    assert thinned_means([2.0]).tolist() == [2.0] * 180
    assert thinned_means(range(360)).tolist() == [2 * at + 0.5 for at in range(180)]
    assert thinned_means(range(180)).tolist() == list(range(180))
    assert thinned_means([1.0, 3.0]).tolist() == [1.0] * 90 + [3.0] * 90


def test_both_losses_are_named_with_their_latest_values() -> None:
    html = losses([1.0] * 500 + [0.25] * 500, [3.0] * 1000)
    assert "D’s loss 0.25" in html
    assert "G’s loss 3" in html
    assert "1000" in html  # updates


def test_one_spike_does_not_flatten_the_curves() -> None:
    quiet, spiked = [0.5, 1.0] * 500, [0.5, 1.0] * 500
    spiked[300] = 1e6
    assert losses(quiet, quiet).count("1e6") == losses(spiked, quiet).count("1e6") == 0


def test_a_diverged_game_says_what_to_change_and_draws_what_is_left() -> None:
    rules = replace(PRESETS["Turning in circles"].rules, loss="least-squares", lr_d=1.0, lr_g=1.0, d_per_g=10)
    *_, last = Lab(rules).play(50, per_frame=1)
    html = picture(last)
    assert "diverged" in html
    assert "learning rates" in html
    assert "New game" in html
    assert html.count("a4 4 0 1 0 8 0") == 160
    assert "nan" not in html
    assert "inf" not in html
