"""MNIST's files read, refused and distorted."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage

from apps.gan.players.data import distort, load_mnist, shuffled, to_input, to_pictures
from shared.errors import InputError, OfflineError


def _write(folder: Path, images: np.ndarray, labels: np.ndarray, *, packed: bool = False) -> None:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name, array in (("t10k-images-idx3-ubyte", images), ("t10k-labels-idx1-ubyte", labels)):
        content = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">i4").tobytes() + array.tobytes()
        if packed:
            (raw / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (raw / name).write_bytes(content)


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_are_read_packed_or_not(tmp_path: Path, packed: bool) -> None:
    images = np.arange(2 * 28 * 28, dtype=np.int64).astype(np.uint8).reshape(2, 28, 28)
    _write(tmp_path, images, np.array([4, 9], np.uint8), packed=packed)
    digits = load_mnist(tmp_path, "test")
    assert np.array_equal(digits.images.numpy(), images)
    assert digits.labels.tolist() == [4, 9]


def test_missing_and_damaged_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="t10k-images"):
        load_mnist(tmp_path, "test")
    _write(tmp_path, np.zeros((2, 28, 28), np.uint8), np.zeros(3, np.uint8))
    with pytest.raises(InputError, match="as many labels"):
        load_mnist(tmp_path, "test")
    _write(tmp_path, np.zeros((2, 28, 27), np.uint8), np.zeros(2, np.uint8))
    with pytest.raises(InputError, match="28 x 28"):
        load_mnist(tmp_path, "test")
    _write(tmp_path, np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8))
    path = tmp_path / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    content = path.read_bytes()
    for damaged in (content[:900], b"\x00", b"", content + b"\x00", content[:2] + b"\x0d" + content[3:]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="undamaged"):
            load_mnist(tmp_path, "test")
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content)[:-9])
    path.unlink()
    with pytest.raises(InputError, match="undamaged"):
        load_mnist(tmp_path, "test")
    path.with_name(f"{path.name}.gz").unlink()
    monkeypatch.setenv("CONVHUB_OFFLINE", "1")
    with pytest.raises(OfflineError, match="offline"):
        load_mnist(tmp_path, "test", download=True)


def test_pictures_survive_the_way_through_the_networks_range() -> None:
    images = torch.arange(256, dtype=torch.uint8).repeat(4)[: 28 * 28].view(1, 28, 28)
    x = to_input(images)
    assert x.shape == (1, 1, 28, 28)
    assert (x.min().item(), x.max().item()) == (-1, 1)
    assert torch.equal(to_pictures(x), images)


def test_distortions_are_small_keyed_and_may_be_none() -> None:
    x = torch.rand(5, 1, 28, 28) * 2 - 1
    still = distort(x, torch.Generator().manual_seed(0), degrees=0, shift_px=0, scale=0)
    assert torch.allclose(still, x, atol=1e-4)
    moved = [distort(x, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(moved[0], moved[1])
    assert not torch.equal(moved[0], moved[2])
    black = -torch.ones(2, 1, 28, 28)
    assert torch.allclose(distort(black, torch.Generator().manual_seed(0)), black)


def test_a_distortion_is_the_affine_map_that_its_dice_say() -> None:
    smooth = ndimage.gaussian_filter(np.pad(np.random.default_rng(0).random((3, 12, 12)), ((0, 0), (8, 8), (8, 8))), 1)
    x = torch.from_numpy(2 * smooth[:, None] - 1).float()
    dice = (torch.rand(5, 3, generator=torch.Generator().manual_seed(7)) * 2 - 1).double().numpy()
    made = distort(x, torch.Generator().manual_seed(7), degrees=25, shift_px=3, scale=0.2)
    for at, (turn, lean, grow, right, down) in enumerate(dice.T):
        c, s, shear = np.cos(np.radians(25 * turn)), np.sin(np.radians(25 * turn)), np.tan(np.radians(25 * lean))
        matrix = np.array([[c, s], [shear * c - s, c]]) / (1 + 0.2 * grow)  # of (row, column), from the middle
        start = 13.5 - matrix @ (13.5, 13.5) + (3 * down, 3 * right)
        wanted = ndimage.affine_transform(smooth[at], matrix, start, order=1)
        assert np.abs((made[at, 0].numpy() + 1) / 2 - wanted).max() < 1e-5


def test_a_pass_visits_everything_once() -> None:
    batches = shuffled(10, torch.Generator().manual_seed(0), 3)
    assert [len(batch) for batch in batches] == [3, 3, 3]
    assert len(set(torch.cat(batches).tolist())) == 9
    assert len(shuffled(2, torch.Generator().manual_seed(0), 3)[0]) == 2


@pytest.mark.data
def test_mnist_is_all_there(data_dir: Path) -> None:
    assert (len(load_mnist(data_dir, "train")), len(load_mnist(data_dir, "test"))) == (60_000, 10_000)
