"""The presets of the shape explorer: stacks to start from. One table; the drop-down and the tests read it."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import check_choice
from shared.registry import find, records


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


@dataclass(frozen=True)
class Stack:
    """A network of the registry as a visitor would type it; a test compares it with the network itself."""

    input: str
    layers: str
    note: str


# Networks that are a chain, or have a main path.
OWN: dict[str, Stack] = {
    "face/resnet29-128d": Stack(
        "150x150x3",
        (
            "7x7x3,32 s2; maxpool 3x3 s2; 3x3x32,32 p1; 3x3x32,32 p1; 3x3x32,32 p1; 3x3x32,32 p1; "
            "3x3x32,32 p1; 3x3x32,32 p1; 3x3x32,64 s2; 3x3x64,64 p1; 3x3x64,64 p1; 3x3x64,64 p1; 3x3x64,64 p1; "
            "3x3x64,64 p1; 3x3x64,64 p1; 3x3x64,64 p1; 3x3x64,128 s2; 3x3x128,128 p1; 3x3x128,128 p1; "
            "3x3x128,128 p1; 3x3x128,128 p1; 3x3x128,128 p1; 3x3x128,256 s2; 3x3x256,256 p1; pad 1x1; "
            "3x3x256,256 p1; 3x3x256,256 p1; 3x3x256,256 p1; 3x3x256,256 p1; 3x3x256,256 s2; 3x3x256,256 p1; "
            "pad 1x1; avgpool 2x2; fc 128 nobias"
        ),
        "The main path: 29 convolutions, without the shortcuts of the residual blocks. Where a block's map is smaller "
        "than its shortcut, zeros fill it up.",
    ),
    "style/vgg16-hed": Stack(
        "224x224x3",
        (
            "3x3x3,64 p1; 3x3x64,64 p1; maxpool 2x2; 3x3x64,128 p1; 3x3x128,128 p1; maxpool 2x2; "
            "3x3x128,256 p1; 3x3x256,256 p1; 3x3x256,256 p1; maxpool 2x2; 3x3x256,512 p1; 3x3x512,512 p1; "
            "3x3x512,512 p1; maxpool 2x2; 3x3x512,512 p1; 3x3x512,512 p1; 3x3x512,512 p1"
        ),
        "Convolutions and pooling only.",
    ),
    "ekg/beatnet-ds1": Stack(
        "128x7",
        ("9x7,16 s2 p4 nobias; 5x16,16 p2 nobias; maxpool 2; 5x16,24 p2 nobias; maxpool 2; 3x24,8 p1 nobias; fc 32"),
        "One member of the ensemble, up to where the rhythm's features join.",
    ),
    "gan/dcgan-digits": Stack(
        "7x7x96",
        "transposed 4x4x96,64 s2 p1 nobias; transposed 4x4x64,16 s2 p1 nobias; 3x3x16,1 p1",
        "The generator, from the 7x7 map on: transposed convolutions make the picture larger.",
    ),
    "gan/judge-digits": Stack(
        "28x28x1",
        (
            "5x5x1,32 s2 p2 nobias; 3x3x32,48 p1 nobias; maxpool 2x2; 3x3x48,96 p1 nobias; "
            "3x3x96,96 p1 nobias; maxpool 2x2; fc 128; fc 10"
        ),
        "Reads a digit: the judge of what the GANs draw.",
    ),
    "gan/dcgan-digits-d": Stack(
        "28x28x1",
        "4x4x1,32 s2 p1; 4x4x32,64 s2 p1; 3x3x64,128 s2 p1; fc 64; fc 1",
        "The discriminator: real or fake, in one number.",
    ),
    "gan/cgan-digits-d": Stack(
        "28x28x1",
        "4x4x1,48 s2 p1; 4x4x48,96 s2 p1; 3x3x96,128 s2 p1; fc 128; fc 1",
        "The discriminator: does this picture show that digit?",
    ),
    "gan/cgan-digits": Stack(
        "7x7x128",
        "transposed 4x4x128,64 s2 p1 nobias; transposed 4x4x64,32 s2 p1 nobias; 3x3x32,1 p1",
        "The generator of the conditional GAN, from the 7x7 map on.",
    ),
}


def preset(name: object) -> Preset:
    """The preset called ``name``: of the textbooks, or of this hub.

    Raises:
        OptionError: there is none.
    """
    chosen = check_choice(name, (*PRESETS, *OWN), "the preset")
    if chosen in PRESETS:
        return PRESETS[chosen]
    stack = OWN[chosen]
    return Preset(title=find(chosen).title, input=stack.input, layers=stack.layers, note=stack.note)


def choices() -> list[tuple[str, str]]:
    """(title, value) of every preset, the hub's own networks after the textbooks'."""
    own = [(f"This hub: {record.name}", record.name) for record in records() if record.name in OWN]
    return [(one.title, name) for name, one in PRESETS.items()] + own
