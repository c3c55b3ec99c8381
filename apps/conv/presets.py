"""The presets of the shape explorer: stacks to start from. One table; the drop-down and the tests read it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import check_choice


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A stack as a visitor would type it."""

    title: str
    input: str
    layers: str
    note: str  # where it comes from, or what to notice


PRESETS: dict[str, Preset] = {
    "2d": Preset(
        title="2-D: picture, 14x14x3",
        input="14x14x3",
        layers="5x5x3,16; 5x5x16,32",
        note="A filter is as deep as its input: 5x5x3, then 5x5x16. It slides along two axes only.",
    ),
    "1d": Preset(
        title="1-D: signal, 14x1",
        input="14x1",
        layers="5x1,16; 5x16,32",
        note="The same five steps along one axis: an EKG is 14x1, its first output 10x16.",
    ),
    "3d": Preset(
        title="3-D: volume, 14x14x14x1",
        input="14x14x14x1",
        layers="5x5x5x1,16; 5x5x5x16,32",
        note="A CT scan or a film: the filter slides along three axes.",
    ),
    "lenet": Preset(
        title="LeNet-5, 32x32x1",
        input="32x32x1",
        layers="5x5x1,6; avgpool 2x2; 5x5x6,16; avgpool 2x2; fc 120; fc 84; fc 10",
        note="LeCun et al. 1998, with every map of the second convolution connected and plain average pooling.",
    ),
    "vgg": Preset(
        title="VGG-16, 224x224x3",
        input="224x224x3",
        layers="; ".join(
            [f"3x3,{n} same" for n in (64, 64)]
            + ["maxpool 2x2"]
            + [f"3x3,{n} same" for n in (128, 128)]
            + ["maxpool 2x2"]
            + [f"3x3,{n} same" for n in (256, 256, 256)]
            + ["maxpool 2x2"]
            + [f"3x3,{n} same" for n in (512, 512, 512)]
            + ["maxpool 2x2"]
            + [f"3x3,{n} same" for n in (512, 512, 512)]
            + ["maxpool 2x2", "fc 4096", "fc 4096", "fc 1000"]
        ),
        note="Simonyan and Zisserman 2014. The first fully connected layer holds 103 of the 138 million parameters.",
    ),
}


def preset(name: object) -> Preset:
    """The preset called ``name``.

    Raises:
        OptionError: there is none.
    """
    return PRESETS[check_choice(name, PRESETS, "the preset")]


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """How a network of the hub is called, so that ``networks.py`` can watch it run once."""

    inputs: tuple[tuple[int, ...], ...]  # shapes without the batch
    labelled: bool = False  # takes a class beside them
    wanted: str = ""  # the layer to ask for, where the network is asked by name
    note: str = "Read off one run of the network itself."


# Networks of the registry that are a chain, or have a main path; those that are not registered are not shown.
ENTRANCES: dict[str, Entrance] = {
    "face/resnet29-128d": Entrance(
        inputs=((3, 150, 150),),
        note="The main path read off one run: 29 convolutions, without the shortcuts of the residual blocks. "
        "Where a block's map is smaller than its shortcut, it is filled up with zeros.",
    ),
    "style/vgg16-hed": Entrance(
        inputs=((3, 224, 224),), wanted="relu5_3", note="Convolutions and pooling only, read off one run."
    ),
    "ekg/beatnet-ds1": Entrance(
        inputs=((7, 128), (32,)), note="One member of the ensemble, up to where the rhythm's features join."
    ),
    "gan/dcgan-digits": Entrance(
        inputs=((64,),), note="The generator, from the 7x7 map on: transposed convolutions make the picture larger."
    ),
    "gan/judge-digits": Entrance(inputs=((1, 28, 28),), note="Reads a digit: the judge of what the GANs draw."),
    "gan/dcgan-digits-d": Entrance(inputs=((1, 28, 28),), note="The discriminator: real or fake, in one number."),
    "gan/cgan-digits-d": Entrance(
        inputs=((1, 28, 28),), labelled=True, note="The discriminator: does this picture show that digit?"
    ),
    "gan/cgan-digits": Entrance(
        inputs=((64,),), labelled=True, note="The generator of the conditional GAN, from the 7x7 map on."
    ),
}


def choices() -> list[tuple[str, str]]:
    """(title, value) of every preset, the hub's own networks behind the textbook ones."""
    from shared.registry import records

    own = [(f"This hub: {record.name}", record.name) for record in records() if record.name in ENTRANCES]
    return [(one.title, name) for name, one in PRESETS.items()] + own
