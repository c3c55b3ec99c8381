"""Similarity transforms and cuts against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from apps.face.photo.alignment import REFERENCE, chips, crop_box, cut, invert, pose, similarity, transform


@given(angle=st.floats(-3.1, 3.1), scale=st.floats(0.05, 20), x=st.floats(-500, 500), y=st.floats(-500, 500))
def test_similarity_recovers_the_transform_that_was_applied(angle: float, scale: float, x: float, y: float) -> None:
    matrix = np.array(
        [[scale * np.cos(angle), -scale * np.sin(angle), x], [scale * np.sin(angle), scale * np.cos(angle), y]]
    )
    found = similarity(REFERENCE, transform(matrix, REFERENCE))
    assert np.allclose(found, matrix, rtol=1e-6, atol=1e-6 * (1 + abs(x) + abs(y)))
    assert np.allclose(transform(invert(found), transform(found, REFERENCE)), REFERENCE)


def test_similarity_never_mirrors() -> None:
    mirrored = REFERENCE * (-1, 1)
    assert np.linalg.det(similarity(REFERENCE, mirrored)[:, :2]) > 0


def test_similarity_is_the_least_squares_one() -> None:
    rng = np.random.default_rng(0)
    target = REFERENCE + rng.normal(0, 5, REFERENCE.shape)
    # x' = a x - b y + c, y' = b x + a y + d is linear in (a, b, c, d)
    rows = [[(x, -y, 1, 0), (y, x, 0, 1)] for x, y in REFERENCE]
    a, b, c, d = np.linalg.lstsq(np.array(rows).reshape(-1, 4), target.ravel(), rcond=None)[0]
    assert np.allclose(similarity(REFERENCE, target), [[a, -b, c], [b, a, d]])


def test_landmarks_come_to_lie_at_the_pose() -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    angle = 0.4
    turn = 1.7 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = REFERENCE @ turn.T + (250, 20)
    for x, y in landmarks:
        picture[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = 255
    aligned = chips(Image.fromarray(picture), landmarks, 150, [1.0])[0].astype(float).mean(2)
    for x, y in pose(150):
        part = aligned[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7]
        rows, columns = np.mgrid[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7] + 0.5
        assert abs((part * columns).sum() / part.sum() - x) < 0.6
        assert abs((part * rows).sum() / part.sum() - y) < 0.6


def test_several_cuts_of_one_face_are_those_made_alone() -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 220, 3), dtype=np.uint8))
    landmarks = REFERENCE * 0.9 + (30, 20)
    together = chips(photo, landmarks, 150, [1.0, 0.88, 1.12])
    for zoom, taken in zip([1.0, 0.88, 1.12], together, strict=True):
        alone = chips(photo, landmarks, 150, [zoom])[0]
        assert np.abs(taken.astype(int) - alone).max() <= 2  # Pillow rounds places to a 65,536th of a pixel


def test_cut_by_the_identity_is_the_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    assert np.array_equal(cut(Image.fromarray(pixels), np.eye(2, 3), 40), pixels)


def test_outside_the_photo_its_edge_goes_on() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    shifted = cut(Image.fromarray(pixels), np.array([[1.0, 0, 10], [0, 1.0, 0]]), 40)
    assert np.array_equal(shifted[:, 10:], pixels[:, :30])
    assert (shifted[:, :10] == pixels[:, :1]).all()


@pytest.mark.parametrize("shift", [1e3, -1e3])
def test_a_cut_far_outside_is_all_edge(shift: float) -> None:
    picture = Image.new("RGB", (40, 40), (9, 8, 7))
    assert (cut(picture, np.array([[1.0, 0, shift], [0, 1.0, shift]]), 30) == (9, 8, 7)).all()


def test_shrinking_averages_instead_of_aliasing() -> None:
    stripes = np.zeros((600, 600, 3), np.uint8)
    stripes[:, ::2] = 200
    small = cut(Image.fromarray(stripes), np.array([[0.1, 0, 0], [0, 0.1, 0]]), 60)
    assert np.abs(small[1:-1, 1:-1].astype(int) - 100).max() <= 2  # the outermost pixels reach beyond the photo


def test_crop_box_squeezes_the_box_to_a_square() -> None:
    picture = Image.new("RGB", (100, 100), (50, 60, 70))
    assert crop_box(picture, (-20, 10, 50, 130), 160, 1.1).shape == (160, 160, 3)
    assert (crop_box(picture, (-20, 10, 50, 130), 160, 1.1) == (50, 60, 70)).all()
    assert crop_box(picture, (10, 10, 10, 10), 16, 1.0).shape == (16, 16, 3)


def test_a_box_grows_around_its_centre_and_is_resized_bilinearly() -> None:
    noise = Image.fromarray(np.random.default_rng(5).integers(0, 256, (80, 100, 3), dtype=np.uint8))
    wanted = noise.crop((15, 0, 45, 60)).resize((30, 30), Image.Resampling.BILINEAR)
    found = crop_box(noise, (20.0, 10.0, 40.0, 50.0), 30, 1.5)
    np.testing.assert_array_equal(found, np.asarray(wanted))
