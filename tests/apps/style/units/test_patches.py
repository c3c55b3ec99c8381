"""Nine patches per unit: the index finds what a search over everything finds; dreams excite their unit."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from PIL import Image

from apps.style.samples import SAMPLES
from apps.style.units import answers, patches
from apps.style.units.dream import maximise
from apps.style.vgg.backbones import BACKBONES
from apps.style.vgg.network import VGG
from shared.errors import OptionError
from tests.locks import WatchedLock

pytestmark = pytest.mark.slow  # trains, paints or starts programs

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def small(network: VGG) -> answers.Index:
    """Four samples only: the full index takes many seconds on a busy machine."""
    chosen = [SAMPLES[name] for name in ("cat", "rocket", "mosaic", "circles")]
    indexed = [patches.index_picture(network, one.title, Image.open(one.path).convert("RGB"), CPU) for one in chosen]
    return answers.Index(BACKBONES["vgg16-hed"], indexed)


@pytest.mark.parametrize(("layer", "unit"), [("relu1_2", 60), ("relu2_2", 100), ("relu3_3", 219), ("relu4_3", 80)])
def test_the_strongest_place_is_the_strongest_of_all(network: VGG, small: answers.Index, layer: str, unit: int) -> None:
    best = 0.0
    for indexed in small.pictures.values():
        pixels = torch.from_numpy(np.asarray(indexed.picture, dtype=np.float32) / 255).permute(2, 0, 1)[None]
        with torch.no_grad():
            whole = network(pixels, [layer])[layer][0, unit]
        best = max(best, float(whole[2:-2, 2:-2].max()))
    found = small.patches(layer, unit)
    assert found[0].activation == pytest.approx(best, rel=1e-5)
    assert [p.activation for p in found] == sorted((p.activation for p in found), reverse=True)


@pytest.mark.parametrize(("layer", "unit"), [("relu1_2", 60), ("relu2_2", 100), ("relu3_3", 219)])
def test_a_patch_alone_excites_the_unit_as_much(network: VGG, small: answers.Index, layer: str, unit: int) -> None:
    """Everything outside the receptive field replaced by noise: the activation at that place stays the same."""
    patch = small.patches(layer, unit)[0]
    picture = np.asarray(small.pictures[patch.picture].picture, dtype=np.float32) / 255
    top, left, bottom, right = (round(edge) for edge in patch.window)
    noise = np.random.default_rng(0).random(picture.shape, dtype=np.float32)
    top, left = max(0, top), max(0, left)
    noise[top:bottom, left:right] = picture[top:bottom, left:right]
    with torch.no_grad():
        maps = network(torch.from_numpy(noise).permute(2, 0, 1)[None], [layer])[layer]
    assert float(maps[0, unit, patch.row, patch.column]) == pytest.approx(patch.activation, rel=1e-4)


def test_a_class_that_opens_the_panel_together_indexes_once(network: VGG, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first visitor's indexing runs, a second one comes: it waits and indexes nothing."""
    lock, indexed = WatchedLock(), []
    one = patches.index_picture(network, "one", Image.new("RGB", (32, 32)), CPU)

    def index(*_: object) -> answers.Indexed:
        indexed.append(threading.current_thread())
        if len(indexed) == 1:
            second.start()
            assert lock.contended.wait(60)
        elif threading.current_thread() is second:
            lock.contended.set()
        return one

    monkeypatch.setattr(patches, "_indexing", lock)
    monkeypatch.setattr(patches, "index_picture", index)
    monkeypatch.setattr(patches, "SAMPLES", {"a": SAMPLES["cat"], "b": SAMPLES["ink"]})
    monkeypatch.setattr(patches, "_indices", {})
    found = []
    second = threading.Thread(target=lambda: found.append(patches.sample_index("vgg16-hed")))
    found.append(patches.sample_index("vgg16-hed"))
    second.join(60)
    assert len(indexed) == 2  # once per sample
    assert found[0] is found[1]


def test_a_visitors_picture_joins_the_index(network: VGG, small: answers.Index) -> None:
    own = patches.index_picture(network, "your picture", Image.open(SAMPLES["ink"].path).convert("RGB"), CPU)
    with_own = small.with_picture(own)
    assert with_own.patches("relu2_2", 100)[0].picture == "your picture"  # upright lines: what this unit looks for
    assert "your picture" not in small.pictures


def test_a_field_beyond_the_border_is_padded() -> None:
    picture = Image.new("RGB", (10, 8), "red")
    patch = answers.cut(picture, (-2.0, -3.0, 3.0, 2.0))
    assert patch.size == (5, 5)
    assert patch.getpixel((0, 0)) == (128, 128, 128)
    assert patch.getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize(("layer", "unit"), [("conv3_1", 0), ("relu9_9", 0), ("relu3_1", 256), ("relu3_1", -1)])
def test_an_unknown_unit_is_refused(small: answers.Index, layer: str, unit: int) -> None:
    with pytest.raises(OptionError):
        small.patches(layer, unit)


def test_distinctive_units_differ_and_respond(small: answers.Index) -> None:
    units = small.distinctive_units("relu2_2", 4)
    assert len(set(units)) == 4
    assert all(small.patches("relu2_2", unit) for unit in units)


def test_a_dream_excites_its_unit() -> None:
    steps = list(maximise("vgg16-hed", "relu2_2", 125, iterations=30, every=1))
    assert [step.done for step in steps] == list(range(1, 31))
    assert steps[-1].activation > 10 * steps[0].activation
    assert steps[-1].picture.size == (160, 160)
