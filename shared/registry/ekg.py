"""The weight files of the ekg demo."""

from __future__ import annotations

from shared.registry.types import Bundled, Record, WeightFile

RECORDS: tuple[Record, ...] = (
    Record(
        name="ekg/beatnet-ds1",
        title="BeatNet, 24 small networks trained on 73 patients of MIT-BIH and the QT Database",
        task="ekg",
        files=(
            WeightFile(
                path="ekg/beatnet-ds1.safetensors",
                sha256="bbd1af32f2bf1281a3879ff4a18bbc54b21c88a565f8292ee5728ed12b3bb0e6",
                size=491_448,
            ),
        ),
        origin=Bundled(
            made_by=(
                "python -m apps.ekg train --data DIR --more DIR --out FILE; "
                "python -m benchmarks.ekg.weights DIR FILE --more DIR"
            )
        ),
        loader="apps.ekg.network.ensemble:load_ensemble",
        licence="MIT; trained on the MIT-BIH Arrhythmia Database and the QT Database (both ODC-By 1.0)",
        source=(
            "trained by us on DS1 of de Chazal et al. 2004 and 51 patients of the QT Database; "
            "data: Moody & Mark 2001, Laguna et al. 1997, PhysioNet"
        ),
        preprocessing=(
            "windows (B, 7, 128) float32: 0.448 s before to 0.576 s after the QRS peak at 125 Hz, 0.5-40 Hz, divided "
            "by the patient's median QRS height, with differences from neighbours and references; "
            "features (B, 48) float32: RR ratios, likenesses, beats of one shape (apps.ekg.beats.features)"
        ),
        output="log-probabilities (B, 4) of N, S, V, F",
        labels=("N", "S", "V", "F"),
        measured="ekg/beatnet-ds1.json",
        card="ekg/beatnet-ds1.md",
    ),
)
