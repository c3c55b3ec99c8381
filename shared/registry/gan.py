"""The weight files of the gan demo: generators, the discriminators that faced them, the judge, a run in snapshots."""

from __future__ import annotations

from shared.registry.types import Bundled, Record, WeightFile

RECORDS: tuple[Record, ...] = (
    Record(
        name="gan/judge-digits",
        title="The judge, a reader of digits",
        task="gan",
        files=(
            WeightFile(
                path="gan/judge-digits.safetensors",
                sha256="73ab91d0486d80520c0174501f30597b89870a42aa83e8545713abbb65985cf8",
                size=507964,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model judge-digits"),
        loader="apps.gan.judge:load_judge",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source="python -m apps.gan train --model judge-digits",
        preprocessing="grey 28 x 28, white on black, B 1 28 28, x / 127.5 - 1",
        output="logits B 10",
        labels=tuple("0123456789"),
        measured="gan/judge-digits.json",
        card="gan/judge-digits.md",
    ),
)
