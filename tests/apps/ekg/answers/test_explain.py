"""Explanations that add up: the gradient, the ablations, the filters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from apps.ekg.answers.classify import Classified, classified
from apps.ekg.answers.explain import explain, first_filters, sentence, slide
from apps.ekg.beats.features import FEATURES, N_FEATURES, OF_ITS_SHAPE, RHYTHM_FEATURES, SHAPE_FEATURES
from apps.ekg.beats.inputs import cropped
from apps.ekg.beats.windows import WINDOW, local_reference
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import Ensemble
from shared.errors import OptionError


@pytest.fixture(scope="module")
def network() -> Ensemble:
    torch.manual_seed(1)
    return Ensemble(2).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def found(network: Ensemble) -> Classified:
    return classified(synthetic(60, Rhythm(s_share=0.1, v_share=0.1), seed=1), network)


def test_slide_is_the_first_layer(network: Ensemble, found: Classified) -> None:
    windows = found.inputs.of(10, 11)[0]
    kernel = first_filters(network)
    expected = torch.nn.functional.conv1d(torch.from_numpy(windows), torch.from_numpy(kernel), stride=2, padding=4)[0]
    for number in (0, 5, 15):
        np.testing.assert_allclose(slide(kernel[number], windows[0]), expected[number].numpy(), atol=1e-4)


def test_an_explanation_adds_up(network: Ensemble, found: Classified) -> None:
    view = explain(found, 12, network)
    assert sum(view.probabilities) == pytest.approx(1, abs=1e-5)
    assert sum(view.shape_only) == pytest.approx(1, abs=1e-5)
    assert sum(view.own) == pytest.approx(1, abs=1e-5)
    assert view.saliency.min() >= 0
    assert view.saliency.max() == pytest.approx(1, abs=1e-6)
    assert [layer.activations.shape for layer in view.layers] == [(16, 64), (16, 32), (24, 16), (8, 16)]
    assert len(view.features) == N_FEATURES
    assert "alone" in sentence(view)
    assert "before" not in sentence(replace(view, own=view.probabilities[:4]))
    turned = replace(view, own=(0.0, 0.0, 0.0, 0.0))
    assert "before pooling" in sentence(turned)
    with pytest.raises(OptionError, match="beat's number"):
        explain(found, len(found.times_s), network)


def test_saliency_is_the_gradient(network: Ensemble, found: Classified) -> None:
    """Against finite differences of the beat's own samples, channels rebuilt by hand."""
    view = explain(found, 20, network)
    windows, features = (part.astype(np.float64) for part in found.inputs.of(20, 21))
    target = int(np.argmax(view.probabilities[:4]))
    double = Ensemble(2).double().eval()
    double.load_state_dict({name: tensor.double() for name, tensor in network.state_dict().items()})

    def log_probabilities(shift: float) -> torch.Tensor:  # the beat with one sample moved, for each of its samples
        moved = np.repeat(windows, WINDOW, axis=0)
        change = np.arcsinh(8 * (windows[0, 0] + shift)) / 2 - np.arcsinh(8 * windows[0, 0]) / 2
        for place in range(WINDOW):
            moved[place, [0, 6], place] += shift
            moved[place, 1:6, place] += change[place]
        with torch.no_grad():
            answer: torch.Tensor = double(torch.from_numpy(moved), torch.from_numpy(features).expand(WINDOW, -1))
            return answer[:, target]

    slopes = np.abs((log_probabilities(1e-5) - log_probabilities(-1e-5)).numpy()) / 2e-5
    smooth = np.convolve(slopes, np.full(5, 0.2), "same")
    np.testing.assert_allclose(view.saliency, smooth / smooth.max(), atol=0.02)


def _answered(network: Ensemble, windows: np.ndarray, features: dict[str, float]) -> list[float]:
    values = torch.tensor([[features[name] for name in FEATURES]], dtype=torch.float32)
    return network(torch.from_numpy(windows), values)[0].exp().tolist()


def test_an_ablation_takes_away_one_side_and_leaves_the_other(network: Ensemble, found: Classified) -> None:
    view = explain(found, 12, network)
    windows = found.inputs.of(12, 13)[0]
    reference = cropped(found.inputs.reference.local[local_reference(np.array([12]))][0])
    np.testing.assert_array_equal(view.reference, reference)
    np.testing.assert_array_equal(view.signal, windows[0, 0])
    features = dict(view.features)
    assert view.own == pytest.approx(_answered(network, windows, features), abs=1e-5)
    of_rhythm = {
        name for name in FEATURES if name in RHYTHM_FEATURES or (name.startswith(OF_ITS_SHAPE) and "RR" in name)
    }
    even = features | dict.fromkeys(of_rhythm, 0.0)
    assert view.shape_only == pytest.approx(_answered(network, windows, even), abs=1e-5)
    like = np.zeros_like(windows)  # its reference, which differs from nothing
    like[0, :2] = reference, np.arcsinh(8 * reference) / 2
    usual_width = features["QRS width"] - features["QRS width / reference"]
    alike = {name: value for name, value in features.items() if name in of_rhythm}
    alike |= {name: 1.0 if " like " in name else 0.0 for name in SHAPE_FEATURES} | {"QRS width": usual_width}
    alike |= {f"{OF_ITS_SHAPE}share of the beats": 0.5, f"{OF_ITS_SHAPE}mean likeness of the P wave": 1.0}
    alike |= {f"{OF_ITS_SHAPE}mean QRS width": usual_width}
    assert view.rhythm_only == pytest.approx(_answered(network, like, alike), abs=1e-5)


@pytest.mark.parametrize(
    ("shape", "rhythm", "why"),
    [
        (0.5, 0.5, "either alone says so, too"),
        (0.5, 0.49, "the shape alone says so, the rhythm alone does not"),
        (0.49, 0.5, "the rhythm alone says so, the shape alone does not"),
        (0.49, 0.49, "only both together say so"),
    ],
)
def test_the_ablation_in_words(network: Ensemble, found: Classified, shape: float, rhythm: float, why: str) -> None:
    view = explain(found, 12, network)
    ours = {"own": (0.0, 0.8, 0.2, 0.0), "shape_only": (0.0, shape, 0.0, 0.0), "rhythm_only": (0.0, rhythm, 0.0, 0.0)}
    text = sentence(replace(view, probabilities=(0.0, 0.9, 0.1, 0.0, 0.0), **ours))
    assert text == f"S with probability 0.90: {why} (shape alone {shape:.2f}, rhythm alone {rhythm:.2f})."
    assert "not used" in sentence(replace(view, probabilities=(0.0, 0.0, 0.0, 0.0, 1.0)))
