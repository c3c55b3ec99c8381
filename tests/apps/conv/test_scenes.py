"""What the stage slides over, and its filters."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from apps.conv import learned
from apps.conv.filters import cut_out, film_filters, photo_filters, signal_filters, volume_filters
from apps.conv.learned import EKG_TENSOR, learned_filters, learned_signal_filters
from apps.conv.phantoms import FRAMES, HEIGHT, VOXELS, WIDTH, film, phantom, volume
from apps.conv.scenes import SCENES, heartbeat, samples_dir, scene
from apps.conv.ui import stage_html
from apps.conv.ui.stage_html import SPEEDS, WORDS, script, template
from apps.ekg.beats.signals import RATE_HZ
from apps.markup import style
from shared.errors import OptionError


def slide(data: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """torch's cross-correlation of (C, D, H, W) data with (C, D, kH, kW) weights, no padding."""
    out = torch.nn.functional.conv3d(torch.from_numpy(data)[None], torch.from_numpy(weights)[None])
    return np.asarray(out[0, 0].numpy())


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_json_that_fits_together(name: str) -> None:
    sent = json.loads(json.dumps(scene(name)))
    assert len(sent["axes"]) == len(sent["start"]) == 3
    assert len(json.dumps(sent)) < 300_000
    for one in sent["inputs"]:
        count = len(one["values"]) if "values" in one else len(base64.b64decode(one["base64"]))
        assert count == np.prod(one["shape"])
    for one in sent["filters"]:
        assert len(one["weights"]) == np.prod(one["shape"])
        assert one["shape"][0] in (1, 3)
        assert one["title"]
        assert one["note"]
    assert len({one["title"] for one in sent["filters"]}) == len(sent["filters"])


def test_an_unknown_scene_is_refused() -> None:
    with pytest.raises(OptionError):
        scene("../../etc/passwd")


def test_the_heartbeat_is_as_its_note_says() -> None:
    sample = heartbeat()
    assert len(sample["signal_mv"]) == 313
    assert sample["rate_hz"] == RATE_HZ, "the learned filters of the EKG network expect its own rate"
    assert [beat["symbol"] for beat in sample["beats"]] == ["N", "N", "V", "N"]
    assert sample["licence"] == "ODC-By 1.0"
    readme = (samples_dir() / "README.md").read_text(encoding="utf-8")
    for path in samples_dir().iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in readme


@pytest.mark.data
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # wfdb 4.3 under pandas 3
def test_the_heartbeat_is_record_208(data_dir: Path) -> None:
    import wfdb

    first, length, margin = 450_976, 900, 720
    record = wfdb.rdrecord(
        str(data_dir / "mitdb" / "208"), sampfrom=first - margin, sampto=first + length + margin, channels=[0]
    )
    at_125_hz = np.arange(313) / 125
    plain = np.interp(at_125_hz, np.arange(-margin, length + margin) / 360, record.p_signal[:, 0])
    sample = np.array(heartbeat()["signal_mv"])
    assert np.corrcoef(sample, plain)[0, 1] > 0.999
    assert np.abs(sample - plain).mean() < 0.01  # mV; what lies above 62.5 Hz is gone


def test_a_beat_finds_its_own_kind() -> None:
    """The filters cut out of the signal are matched filters: each is largest where it was cut."""
    signal = np.array(heartbeat()["signal_mv"])
    at = {beat["symbol"]: beat["sample"] for beat in reversed(heartbeat()["beats"])}
    filters = {f.title: f.weights for f in signal_filters(signal, at["N"], at["V"])}
    out = slide(signal.reshape(1, 1, 1, -1), filters["The ventricular beat"])[0, 0]
    assert abs(int(out.argmax()) + 15 - at["V"]) <= 1
    weights = cut_out(signal, at["N"], 15)
    assert weights.sum() == pytest.approx(0, abs=1e-12)
    assert np.linalg.norm(weights) == pytest.approx(1)


def test_edges_are_zero_on_flat_ground_and_blurs_keep_it() -> None:
    flat = np.full((3, 1, 9, 9), 0.5)
    for one in photo_filters():
        out = slide(flat[: one.weights.shape[0]], one.weights)
        expected = 0.0 if "Edges" in one.title or "Red" in one.title else 0.5
        np.testing.assert_allclose(out, expected, atol=1e-12, err_msg=one.title)


def test_the_motion_filter_tells_right_from_left_from_still() -> None:
    """On the film: positive at the 4 that moves right, negative at the 7 that moves left, nothing at the 8."""
    frames = film().astype(float)[None] / 255
    right, left = (one.weights for one in film_filters()[:2])
    out = slide(frames, right)
    np.testing.assert_allclose(out[:, 14:24], 0, atol=1e-9)
    moving_right, moving_left = out[:, :12], out[:, 27:]
    assert moving_right.max() > 1.2 * -moving_right.min()
    assert -moving_left.min() > 1.2 * moving_left.max()
    np.testing.assert_allclose(slide(frames, left), -out, atol=1e-12)


def test_the_film_moves_a_pixel_a_frame() -> None:
    frames = film()
    assert frames.shape == (FRAMES, HEIGHT, WIDTH)
    np.testing.assert_array_equal(frames[1:, :13, 1:], frames[:-1, :13, :-1])
    np.testing.assert_array_equal(frames[1:, 27:, :-1], frames[:-1, 27:, 1:])


def test_the_phantom_has_the_known_values() -> None:
    """Skull 1, brain 0.2, ventricles 0, outside 0 (Toft's contrast), away from edges."""
    head = phantom(40)
    assert head.shape == (40, 40, 40)
    middle = head[20]
    assert middle[0, 0] == 0
    assert middle[20, 20] == pytest.approx(0.2, abs=1e-6)
    assert middle.max() == pytest.approx(1.0)
    assert middle[20, 24] == pytest.approx(0.0, abs=1e-6)
    assert volume().shape == (VOXELS,) * 3


def test_volume_filters_are_zero_in_the_open() -> None:
    flat = np.full((1, 5, 5, 5), 0.3)
    for one in volume_filters():
        expected = 0.0 if "Surfaces" in one.title else 0.3
        np.testing.assert_allclose(slide(flat, one.weights), expected, atol=1e-12, err_msg=one.title)


def test_learned_filters_are_scaled_and_in_colour() -> None:
    for one in learned_filters():
        assert one.weights.shape[0] == 3
        assert np.abs(one.weights).sum() == pytest.approx(1)


def test_the_ekg_networks_filters_are_its_beat_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = np.arange(3 * 2 * 5, dtype=float).reshape(3, 2, 5)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(learned, "first_weights", lambda *names: asked.append(names) or kernel)
    found = learned_signal_filters()
    assert asked == [("ekg/beatnet-ds1", EKG_TENSOR)]
    assert [one.weights.shape for one in found] == [(1, 1, 1, 5)] * 3
    np.testing.assert_allclose(found[0].weights[0, 0, 0], kernel[2, 0] / kernel[2, 0].sum())


def test_missing_weights_leave_the_other_filters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("CONVHUB_OFFLINE", "1")
    assert learned_filters() == learned_signal_filters() == ()
    assert scene("photo")["filters"]


def test_the_stage_is_self_contained() -> None:
    html, code = template(), script()
    assert "${" not in html  # gradio would fill it in
    assert "{{" not in html
    assert "http" not in html
    assert "http" not in code
    for word in WORDS:
        assert f'data-panel="{word}"' in html
        assert f"--cx-{word}:" in style(stage_html.__file__, "stage.css")
    for speed in SPEEDS:
        assert f"{speed}: [" in code
