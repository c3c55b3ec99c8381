"""The network's shapes and size, training that goes on where it stopped, and explanations that add up."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.ekg.aami import DS1, QTDB, person_of
from apps.ekg.answers.classify import classified
from apps.ekg.answers.explain import LayerView
from apps.ekg.beats.features import N_FEATURES
from apps.ekg.beats.signals import prepare
from apps.ekg.beats.windows import CHANNELS, WINDOW, cut_beats
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import (
    MAX_PARAMETERS,
    BeatNet,
    Ensemble,
    FeatureNet,
    load_ensemble,
    members_without,
    parameters_of,
)
from apps.ekg.network.weights import leased, save_weights
from apps.ekg.training import dataset
from apps.ekg.training.train import TrainOptions, left_out_by, train
from apps.ekg.training.variants import VARIANTS, Labelled
from apps.ekg.ui.drawings import layers_html
from shared.errors import OptionError, RecordError, WeightsError

pytestmark = pytest.mark.slow  # trains, paints or starts programs


def _labelled(seed: int = 0, **shares: float) -> Labelled:
    rhythm = Rhythm(s_share=shares.get("s", 0.12), v_share=shares.get("v", 0.08))
    return replace(dataset.labelled(synthetic(240, rhythm, seed=seed)), record=f"s{seed}")


def test_shapes_and_size() -> None:
    network = BeatNet().eval()
    windows, features = torch.randn(3, len(CHANNELS), WINDOW), torch.randn(3, N_FEATURES)
    assert network(windows, features).shape == (3, 4)
    shapes = {name: tuple(x.shape[1:]) for name, x in network.convolutions(windows)}
    assert shapes == {"conv1": (16, 64), "conv2": (16, 32), "conv3": (24, 16), "conv4": (8, 16)}
    assert parameters_of(Ensemble(TrainOptions.members, feature_nets=TrainOptions.feature_nets)) <= MAX_PARAMETERS


def test_the_networks_beside_look_at_the_features_alone() -> None:
    torch.manual_seed(0)
    network = FeatureNet().eval()
    features = torch.randn(5, N_FEATURES)
    one, other = (network(torch.randn(5, len(CHANNELS), WINDOW), features) for _ in range(2))
    assert one.shape == (5, 4)
    torch.testing.assert_close(one, other)
    assert not torch.allclose(one, network(torch.zeros(5, len(CHANNELS), WINDOW), features + 1))


def test_the_waves_have_a_say_only_in_where_a_beat_began() -> None:
    torch.manual_seed(0)
    network = BeatNet().eval()
    features = torch.randn(6, N_FEATURES)
    one, other = (network(torch.randn(6, len(CHANNELS), WINDOW), features) for _ in range(2))
    torch.testing.assert_close(one[:, 1] - one[:, 0], other[:, 1] - other[:, 0])
    assert (one[:, 2] - one[:, 0] - other[:, 2] + other[:, 0]).abs().min() > 1e-6


def test_the_ensemble_is_the_mean_and_the_bias_moves_it() -> None:
    torch.manual_seed(0)
    ensemble = Ensemble(2, feature_nets=1).eval()
    windows, features = torch.randn(5, len(CHANNELS), WINDOW), torch.randn(5, N_FEATURES)
    with torch.no_grad():
        mean = torch.stack([member(windows, features).softmax(1) for member in ensemble.members]).mean(0)
        torch.testing.assert_close(ensemble(windows, features).exp(), mean)
        ensemble.bias.copy_(torch.tensor([0.0, 1.0, 0.0, 0.0]))
        moved = ensemble(windows, features).exp()
        odds = (moved[:, 1] / moved[:, 0]) / (mean[:, 1] / mean[:, 0])
        torch.testing.assert_close(odds, torch.full((5,), float(np.e)), rtol=1e-4, atol=1e-4)


def test_a_patient_is_judged_by_the_members_that_never_saw_the_patient() -> None:
    ensemble = Ensemble(6, feature_nets=6, width=8).eval()
    ensemble.bias.copy_(torch.tensor([0.0, 1.0, 0.0, 0.0]))
    everyone = [replace(_labelled(), record=name) for name in DS1]
    everyone += [replace(everyone[0], record=name) for name in QTDB]
    for record in (*DS1, "202", *QTDB, "e0114"):
        alone = members_without(ensemble, record)
        assert isinstance(alone, Ensemble)
        assert [type(member) for member in alone.members] == [BeatNet, FeatureNet]
        for member in alone.members:
            number = list(ensemble.members).index(member)
            assert person_of(record) in map(person_of, left_out_by(number, everyone))
    for record in ("100", "102", "234", "somebody"):
        assert members_without(ensemble, record) is ensemble
    alone = members_without(ensemble, "202")
    windows, features = torch.randn(5, len(CHANNELS), WINDOW), torch.randn(5, N_FEATURES)
    with torch.no_grad():
        mean = sum(ensemble.members[n](windows, features).softmax(1) for n in (1, 7)) / 2
        expected = torch.log_softmax(torch.log(mean) + ensemble.bias, dim=1)
        torch.testing.assert_close(alone(windows, features), expected)
    single = Ensemble(1)
    assert members_without(single, "201") is single  # too few members: all of them answer


def test_every_variant_keeps_its_promise() -> None:
    source = _labelled()
    random = np.random.default_rng(0)
    for name, variant in VARIANTS.items():
        assert variant.fits(source), name
        made = variant.make(source, random)
        n = len(made.classes)
        assert made.beats.windows.shape[0] == len(made.beats.rr_s) == len(made.weights) == n >= 200, name
        assert np.isfinite(made.beats.windows).all(), name
        assert made.beats.rr_s.min() > 0.15, name
    assert VARIANTS["sick sinus"].make(source, random).classes.tolist().count(1) > 200  # the majority
    assert 1 not in VARIANTS["fibrillation"].make(source, random).classes
    assert not VARIANTS["sick sinus"].fits(_labelled(1, s=0.0))


def test_a_premature_variant_only_changes_what_lies_before_the_qrs() -> None:
    source = _labelled(2, s=0.0, v=0.0)
    made = VARIANTS["premature"].make(source, np.random.default_rng(1))
    ectopic = made.beats.windows[made.classes == 1]
    typical = np.median(source.beats.windows, axis=0)
    assert len(ectopic) > 30
    np.testing.assert_allclose(np.median(ectopic, axis=0)[62:], typical[62:], atol=0.05)
    early = made.beats.rr_s[made.classes == 1] / np.median(source.beats.rr_s)
    assert 0.4 < early.min() < early.max() < 1


def test_chances_follow_the_square_root() -> None:
    record = _labelled()
    examples = dataset.draw_examples([record], np.random.default_rng(0), draws=0)
    classes = examples.classes
    n, s = (classes == 0).sum(), (classes == 1).sum()
    mass_n, mass_s = examples.chances[classes == 0].sum(), examples.chances[classes == 1].sum()
    assert mass_n / mass_s == pytest.approx((n / s) ** 0.5)
    assert examples.chances_without(()).sum() == pytest.approx(1)


_SMALL = TrainOptions(members=1, feature_nets=1, steps=8, batch=16, save_every=4, draws=1, width=8)


def _trained(records: list[Labelled], checkpoint: Path | None = None, *, stop_after: int = 10**9) -> Ensemble:
    ensemble = Ensemble(1, feature_nets=1, width=8)
    for count, _ in enumerate(train(ensemble, records, _SMALL, checkpoint=checkpoint), start=1):
        if count == stop_after:
            break
    return ensemble


def test_training_is_the_same_again_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    records = [_labelled(0), _labelled(1)]
    whole = _trained(records).state_dict()
    again = _trained(records).state_dict()
    checkpoint = tmp_path / "checkpoint"
    _trained(records, checkpoint, stop_after=1)  # stopped at the end of the first network
    assert checkpoint.exists()
    resumed = _trained(records, checkpoint).state_dict()
    for name, tensor in whole.items():
        torch.testing.assert_close(again[name], tensor, msg=name)
        torch.testing.assert_close(resumed[name], tensor, msg=name)
    with pytest.raises(OptionError, match="checkpoint of this training"):
        list(train(Ensemble(1, feature_nets=1, width=8), records, replace(_SMALL, seed=9), checkpoint=checkpoint))
    checkpoint.write_bytes(b"junk")
    with pytest.raises(OptionError, match="checkpoint"):
        list(train(Ensemble(1, feature_nets=1, width=8), records, _SMALL, checkpoint=checkpoint))
    with pytest.raises(RecordError, match="annotated records"):
        list(train(Ensemble(1, feature_nets=1, width=8), [], _SMALL))
    with pytest.raises(OptionError, match="at most 250,000"):
        list(train(Ensemble(40), records, _SMALL))


def test_it_learns_what_the_generator_made() -> None:
    records = [_labelled(n) for n in range(2)]
    ensemble = Ensemble(1)
    list(
        train(
            ensemble, records, TrainOptions(members=1, feature_nets=0, steps=40, batch=64, draws=1, bias=(0, 0, 0, 0))
        )
    )
    unseen = synthetic(180, Rhythm(bpm=80, s_share=0.1, v_share=0.1), seed=99)
    found = classified(unseen, ensemble)
    assert found.annotated is not None
    assert (found.classes == found.annotated).mean() > 0.97


def test_weights_are_written_and_read_strictly(tmp_path: Path) -> None:
    torch.manual_seed(0)
    ensemble = Ensemble(1, feature_nets=1, width=8).eval()
    save_weights(ensemble, tmp_path / "w.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]
    again = load_ensemble((tmp_path / "w.safetensors",))
    windows, features = torch.randn(4, len(CHANNELS), WINDOW), torch.randn(4, N_FEATURES)
    with torch.no_grad():
        torch.testing.assert_close(again(windows, features).exp(), ensemble(windows, features).exp(), atol=5e-3, rtol=0)
    (tmp_path / "bad.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(WeightsError, match="written by"), leased(tmp_path / "bad.safetensors"):
        pass
    with pytest.raises(WeightsError), leased(tmp_path / "none.safetensors"):
        pass


def test_cut_beats_agrees_with_the_labels() -> None:
    recording = synthetic(60, Rhythm(s_share=0.1), seed=1)
    assert recording.annotations is not None
    beats = cut_beats(prepare(recording, 0), recording.annotations.times_s)
    peaks = np.abs(beats.windows[:, 44:84]).argmax(axis=1) + 44
    assert np.abs(peaks - 64).max() <= 1


def test_a_larger_activation_is_a_brighter_pixel() -> None:
    html = layers_html([LayerView("conv1", np.linspace(0, 3, 40, dtype=np.float32).reshape(1, 40))], (7, 128))
    data = re.search(r"base64,([^\"]+)", html)
    assert data is not None
    with Image.open(io.BytesIO(base64.b64decode(data[1]))) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.int64)[0]
    assert np.all(np.diff(pixels, axis=0) >= 0)
    assert np.all(np.diff(pixels.sum(axis=1)) > 0)
