"""How different two pictures look to a network: a distance between activations instead of pixels.

After Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", arXiv 1801.03924
(LPIPS), without the weights per channel that they learned from people's answers: at every place of a layer the vector
of all channels is brought to length 1, the squared difference of the two pictures' vectors is averaged over the places,
and the layers' means are averaged. 0 for equal pictures; 2 at most, since no activation after a ReLU is negative.

The network is the hub's VGG-16 (``style/vgg16-hed``: ImageNet, then retrained for edges), borrowed from the one model
cache by its record, so that no demo needs to know the other that brought it. Left out: block five, which the retraining
changed the most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from PIL import Image

from shared.errors import ImageError
from shared.model_cache import model_cache
from shared.registry import find

if TYPE_CHECKING:
    import torch

Features = Mapping[str, "torch.Tensor"]  # by layer, (1, C, H, W), vectors over C of length 1
RECORD = "style/vgg16-hed"
LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")
SMALLEST = 16  # pixels of a side: the layers of block four halve it three times
MOST_PIXELS = 1024 * 1024  # for the sake of memory
_EPSILON = 1e-8  # keeps a vector of zeros, which has no direction, finite


def features(picture: Image.Image) -> Features:
    """What is compared of an RGB ``picture``; for one that is compared several times.

    Raises:
        ImageError: a side under 16 pixels, or more than a megapixel.
        WeightsError: the network's weights are not available.
    """
    import numpy as np
    import torch

    width, height = picture.size
    if min(width, height) < SMALLEST or width * height > MOST_PIXELS:
        raise ImageError(
            f"a picture of at least {SMALLEST} pixels a side and at most {MOST_PIXELS:,} in all to compare",
            f"{width} x {height}",
            "Choose another size.",
        )
    pixels = torch.from_numpy(np.array(picture, np.float32) / 255).permute(2, 0, 1)[None]  # 1 3 H W
    with model_cache().lease(find(RECORD)) as network, torch.inference_mode():
        run = cast("Callable[..., dict[str, torch.Tensor]]", network)
        found = run(pixels.to(next(network.parameters()).device), LAYERS)
        return {
            name: value / (value.square().sum(dim=1, keepdim=True).sqrt() + _EPSILON) for name, value in found.items()
        }


def perceptual_distance(first: Image.Image | Features, second: Image.Image | Features) -> float:
    """How different two RGB pictures of one size, or what ``features`` found of them, look to the network: 0 to 2.

    Raises:
        ImageError: the sizes differ, or see ``features``.
    """
    a, b = (features(side) if isinstance(side, Image.Image) else side for side in (first, second))
    shapes = [tuple(side[LAYERS[0]].shape[:1:-1]) for side in (a, b)]
    if shapes[0] != shapes[1]:
        raise ImageError("two pictures of one size to compare", f"{shapes[0]} and {shapes[1]}", "Choose one size.")
    means = [(a[name] - b[name]).square().sum(dim=1).mean() for name in LAYERS]
    return float(sum(means).item() / len(LAYERS))  # type: ignore[union-attr]
