"""The weight files of the ekg demo."""

from __future__ import annotations

from shared.registry.types import Bundled, Record, WeightFile

RECORDS: tuple[Record, ...] = (
    Record(
        name="ekg/beatnet-ds1",
        title="BeatNet, twelve small networks trained on the 22 patients of MIT-BIH DS1",
        task="ekg",
        files=(
            WeightFile(
                path="ekg/beatnet-ds1.safetensors",
                sha256="ba3af3198de67204eb448cefcc39c0cbce84efc257e190d9d58ade3595c645e8",
                size=484_056,
            ),
        ),
        origin=Bundled(
            made_by="python -m apps.ekg train --data DIR --out FILE; python -m benchmarks.ekg.weights DIR FILE"
        ),
        loader="apps.ekg.network.ensemble:load_ensemble",
        licence="MIT; trained on the MIT-BIH Arrhythmia Database (ODC-By 1.0)",
        source="trained by us on DS1 of de Chazal et al. 2004; data: Moody & Mark 2001, PhysioNet",
        preprocessing=(
            "windows (B, 7, 128) float32: 0.448 s before to 0.576 s after the QRS peak at 125 Hz, 0.5-40 Hz, divided "
            "by the patient's median QRS height, with differences from neighbours and references; "
            "features (B, 32) float32: RR ratios and likenesses (apps.ekg.beats.features)"
        ),
        output="log-probabilities (B, 4) of N, S, V, F",
        labels=("N", "S", "V", "F"),
        measured="ekg/beatnet-ds1.json",
        card="ekg/beatnet-ds1.md",
    ),
)
