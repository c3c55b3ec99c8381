"""The weight files of the gan demo: generators, the discriminators that faced them, the judge, a run in snapshots."""

from __future__ import annotations

from shared.registry.types import Bundled, Record, WeightFile

_PAPERS = "trained by us; Radford et al. 2016, arXiv 1511.06434; Mescheder et al. 2018, arXiv 1801.04406"

RECORDS: tuple[Record, ...] = (
    Record(
        name="gan/cgan-digits",
        title="Conditional GAN, digits on demand",
        task="gan",
        files=(
            WeightFile(
                path="gan/cgan-digits.safetensors",
                sha256="a5acf1347676806a6ce932fc9efef7c3b8bf3ba8bf7f839498db42ce65385291",
                size=1557098,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model cgan-digits"),
        loader="apps.gan.networks:load_generator",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=_PAPERS,
        preprocessing="latent vectors B 64, standard normal, and digits B, 0..9",
        output="grey 28 x 28, white on black, B 1 28 28, -1..1",
        labels=tuple("0123456789"),
        measured="gan/cgan-digits.json",
        card="gan/cgan-digits.md",
    ),
    Record(
        name="gan/cgan-digits-d",
        title="... its discriminator",
        task="gan",
        files=(
            WeightFile(
                path="gan/cgan-digits-d.safetensors",
                sha256="f9551a4dbb8be8e887882744a5d506e090ca86f5a8f91132fca8d215fdc8bece",
                size=898930,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model cgan-digits"),
        loader="apps.gan.networks:load_discriminator",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=_PAPERS,
        preprocessing="grey 28 x 28, white on black, B 1 28 28, x / 127.5 - 1, and digits B, 0..9",
        output="scores B, above 0 means real",
        card="gan/cgan-digits.md",
    ),
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
