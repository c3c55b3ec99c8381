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
        loader="apps.gan.players.networks:load_generator",
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
        loader="apps.gan.players.networks:load_discriminator",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=_PAPERS,
        preprocessing="grey 28 x 28, white on black, B 1 28 28, x / 127.5 - 1, and digits B, 0..9",
        output="scores B, above 0 means real",
        card="gan/cgan-digits.md",
    ),
    Record(
        name="gan/dcgan-digits",
        title="DCGAN, digits at random",
        task="gan",
        files=(
            WeightFile(
                path="gan/dcgan-digits.safetensors",
                sha256="ceb1cba74523e05f28b16bc9f435e0ee693abf2377a6c48813fb29eb74964dd1",
                size=844258,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model dcgan-digits"),
        loader="apps.gan.players.networks:load_generator",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=_PAPERS,
        preprocessing="latent vectors B 64, standard normal",
        output="grey 28 x 28, white on black, B 1 28 28, -1..1",
        measured="gan/dcgan-digits.json",
        card="gan/dcgan-digits.md",
    ),
    Record(
        name="gan/dcgan-digits-d",
        title="... its discriminator",
        task="gan",
        files=(
            WeightFile(
                path="gan/dcgan-digits-d.safetensors",
                sha256="fc93b4d7c4fc3df0f1809b7ac817aafcaa15bff8083827898ee49db5950222f1",
                size=477626,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model dcgan-digits"),
        loader="apps.gan.players.networks:load_discriminator",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=_PAPERS,
        preprocessing="grey 28 x 28, white on black, B 1 28 28, x / 127.5 - 1",
        output="scores B, above 0 means real",
        card="gan/dcgan-digits.md",
    ),
    Record(
        name="gan/dcgan-snapshots",
        title="... both players through training",
        task="gan",
        files=(
            WeightFile(
                path="gan/dcgan-snapshots-00001-of-00002.safetensors",
                sha256="7c084170381a9cdc4fd9e8ef651a35affe237b461963016590869eaa1d9684b1",
                size=9256316,
            ),
            WeightFile(
                path="gan/dcgan-snapshots-00002-of-00002.safetensors",
                sha256="dd6d9f1f6b4fa2f5c7787d81d9e673b0e6818db8fc7b91fbfc36a272c44ae8d8",
                size=9256316,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model dcgan-digits"),
        loader="apps.gan.exhibits.snapshots:load_snapshots",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=_PAPERS,
        preprocessing="as the two above",
        output="pairs by step",
        measured="gan/dcgan-snapshots.json",
        card="gan/dcgan-digits.md",
    ),
    Record(
        name="gan/collapsed-digits",
        title="Mode collapse, an exhibit",
        task="gan",
        files=(
            WeightFile(
                path="gan/collapsed-digits.safetensors",
                sha256="8e6714e62c3575793ed4c0bb74a1227441f063709f71da6cfc991475a33dbf8d",
                size=844258,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model collapsed-digits"),
        loader="apps.gan.players.networks:load_generator",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=_PAPERS,
        preprocessing="latent vectors B 64, standard normal",
        output="grey 28 x 28, white on black, B 1 28 28, -1..1",
        measured="gan/collapsed-digits.json",
        card="gan/collapsed-digits.md",
    ),
    Record(
        name="gan/collapsed-digits-d",
        title="... its discriminator",
        task="gan",
        files=(
            WeightFile(
                path="gan/collapsed-digits-d.safetensors",
                sha256="afaa14b9cb0bd6dedc8f67b63e04b0fb9500e2d67f0e8db96c2a4f035ef41c19",
                size=477626,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model collapsed-digits"),
        loader="apps.gan.players.networks:load_discriminator",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=_PAPERS,
        preprocessing="grey 28 x 28, white on black, B 1 28 28, x / 127.5 - 1",
        output="scores B, above 0 means real",
        card="gan/collapsed-digits.md",
    ),
    Record(
        name="gan/superres-digits",
        title="Conditional GAN, 7 x 7 to 28 x 28",
        task="gan",
        files=(
            WeightFile(
                path="gan/superres-digits.safetensors",
                sha256="4e6a03b351cbdf2e95265b568c0f17304b0df94fd1204cfbf24d2014c0019977",
                size=316610,
            ),
        ),
        origin=Bundled(made_by="python -m apps.gan train --model superres-digits"),
        loader="apps.gan.exhibits.superres:load_restorer",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source="trained by us; Ledig et al. 2017, arXiv 1609.04802; Shi et al. 2016, arXiv 1609.05158",
        preprocessing="grey 7 x 7, the mean of 4 x 4 pixels, white on black, B 1 7 7, x / 127.5 - 1",
        output="grey 28 x 28, B 1 28 28, -1..1",
        measured="gan/superres-digits.json",
        card="gan/superres-digits.md",
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
        loader="apps.gan.players.judge:load_judge",
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source="python -m apps.gan train --model judge-digits",
        preprocessing="grey 28 x 28, white on black, B 1 28 28, x / 127.5 - 1",
        output="logits B 10",
        labels=tuple("0123456789"),
        measured="gan/judge-digits.json",
        card="gan/judge-digits.md",
    ),
)
