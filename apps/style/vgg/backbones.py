"""The pretrained networks whose activations are compared, as one table, and the module that runs them.

``vgg16-hed`` is the VGG-16 inside an edge detector (Xie & Tu 2015, arXiv 1504.06375): ImageNet weights, then trained
for ten epochs to find edges; small enough to be bundled. ``vgg19-imagenet`` is the network of the style transfer paper
(Gatys et al. 2016), downloaded when it is first chosen. Every network takes RGB in [0, 1]: what its weights expect
instead (BGR, 0..255, a mean, a deviation) is folded into its first convolution when it is loaded, once, here.

torch is imported by the functions: the table is read while the page is being built.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from apps.style.vgg.layers import VGG16, VGG19, Layer
from shared.errors import WeightsError, check_choice
from shared.registry import Record, find
from shared.weights import filled, read_tensors

if TYPE_CHECKING:
    import torch

    from apps.style.vgg.network import VGG


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """One network: the input that its weights expect, and which of its layers may be chosen."""

    name: str  # also the record's name without "style/"
    title: str  # for people
    layers: tuple[Layer, ...]
    mean: tuple[float, float, float]  # of R, G, B, in units of ``scale``
    deviation: tuple[float, float, float]
    scale: float  # the white that the weights were trained with: 255 or 1
    order: Literal["RGB", "BGR"]  # of the first convolution's input channels
    note: str  # one sentence under the drop-down

    @property
    def record(self) -> Record:
        """The network's entry in the registry."""
        return find(f"style/{self.name}", "style")


BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            name="vgg16-hed",
            title="VGG-16, retrained for edges (bundled)",
            layers=VGG16,
            mean=(122.67892, 116.66877, 104.00699),
            deviation=(1.0, 1.0, 1.0),
            scale=255.0,
            order="BGR",
            note="Comes with the hub. Strong strokes; its fifth block was retrained the most and sees only edges.",
        ),
        Backbone(
            name="vgg19-imagenet",
            title="VGG-19, ImageNet (575 MB, downloaded once)",
            layers=VGG19,
            mean=(0.485, 0.456, 0.406),
            deviation=(0.229, 0.224, 0.225),
            scale=1.0,
            order="RGB",
            note="The network of the paper. Needs a network connection the first time.",
        ),
    )
}
DEFAULT_BACKBONE = "vgg16-hed"


def find_backbone(name: object) -> Backbone:
    """The backbone called ``name``, with or without the registry's prefix "style/".

    Raises:
        OptionError: there is none of that name.
    """
    bare = name.removeprefix("style/") if isinstance(name, str) else name
    return BACKBONES[check_choice(bare, BACKBONES, "The network")]


def load_vgg16_hed(paths: Sequence[Path]) -> VGG:
    """The bundled VGG-16 from its safetensors shards; the registry's loader."""
    return assemble(BACKBONES["vgg16-hed"], read_tensors(paths))


def load_vgg19_imagenet(paths: Sequence[Path]) -> VGG:
    """The convolutions of torchvision's ImageNet VGG-19 as timm stores them; its classifier is never read."""
    from safetensors import safe_open

    (path,) = paths
    with safe_open(path, framework="pt") as file:
        names = [name for name in file.keys() if name.startswith("features.")]  # noqa: SIM118 - not a dictionary
        tensors = {name: file.get_tensor(name) for name in names}
    return assemble(BACKBONES["vgg19-imagenet"], by_layer(VGG19, tensors))


def by_layer(layers: Sequence[Layer], tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """``features.N.weight`` and ``.bias`` under the names of the convolutions, in their order of N."""
    numbers = sorted({int(name.split(".")[1]) for name in tensors})
    convolutions = [layer.name for layer in layers if layer.kind == "conv"]
    if len(numbers) != len(convolutions):
        raise WeightsError(f"a file with {len(convolutions)} convolutions", f"{len(numbers)}", "Fetch the file again.")
    return {
        f"{name}.{part}": tensors[f"features.{number}.{part}"]
        for name, number in zip(convolutions, numbers, strict=True)
        for part in ("weight", "bias")
    }


def assemble(backbone: Backbone, tensors: Mapping[str, torch.Tensor]) -> VGG:
    """The network of ``backbone`` with ``tensors`` (``conv1_1.weight``, ...), float32, fed with RGB in [0, 1].

    Raises:
        WeightsError: the tensors are not exactly the network's.
    """
    from apps.style.vgg.network import VGG

    network = VGG(backbone.layers)
    state = {name: tensor.float() for name, tensor in tensors.items()}
    first = state.get("conv1_1.weight")
    if first is not None:
        state["conv1_1.weight"], state["mean"] = _fold_input(backbone, first)
    return filled(network, state)


def _fold_input(backbone: Backbone, kernel: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The first kernel (64, 3, 3, 3) for RGB in [0, 1] less a mean, and that mean (3, 1, 1).

    The mean itself cannot go into the bias: the convolution pads with zeros, which stand for the mean.
    """
    import torch

    rgb = kernel.flip(1) if backbone.order == "BGR" else kernel
    deviation = torch.tensor(backbone.deviation).view(1, 3, 1, 1)
    mean = torch.tensor(backbone.mean).view(3, 1, 1)
    return rgb * backbone.scale / deviation, mean / backbone.scale


def choices(wanted: Collection[str] = ()) -> list[tuple[str, str]]:
    """(title, name) of the backbones, all or those ``wanted``, for a drop-down."""
    return [(b.title, b.name) for b in BACKBONES.values() if not wanted or b.name in wanted]
