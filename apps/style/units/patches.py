"""Which parts of pictures excite a unit most: nine patches per channel, as in Zeiler & Fergus 2014.

"Visualizing and Understanding Convolutional Networks", arXiv 1311.2901, figure 2, without its deconvolution: the patch
that is shown is the unit's receptive field, cut from the picture. A *unit* is a channel of a layer after its ReLU; it
sees every place in turn, and the place that excites it most counts. Each picture goes through the network once; per
layer and channel its strongest places are kept, at most one per cell of a 5 x 5 grid, so that nine patches show nine
things.
"""

from __future__ import annotations

import threading
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from apps.style.samples import SAMPLES
from apps.style.units.answers import OWN, Index, Indexed
from apps.style.vgg.backbones import BACKBONES, find_backbone
from apps.style.vgg.network import VGG
from shared.device import pick_device
from shared.images import open_image
from shared.model_cache import model_cache

SIDE = 256  # pixels of the longer side of an indexed picture
_CELLS = 5  # of the grid, per side
_RIM = 2  # units along the border that do not count: they see more of the padding than of the picture
_PER_PICTURE = 3  # places of one picture that may be among the nine


def index_picture(network: VGG, name: str, picture: Image.Image, device: torch.device) -> Indexed:
    """Run ``picture`` through ``network`` once and keep the strongest places of every ReLU layer.

    Pictures with the longer side over ``SIDE`` pixels are reduced to it.
    """
    fitted = picture.copy()
    fitted.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.asarray(fitted, dtype=np.float32) / 255).permute(2, 0, 1)[None].to(device)
    names = [layer.name for layer in network.layers if layer.kind == "relu"]
    values, places, widths = {}, {}, {}
    with torch.inference_mode():
        for layer, activation in network(pixels, names).items():
            rim = tuple(min(_RIM, (side - 1) // 4) for side in activation.shape[2:])
            inner = activation[..., rim[0] : activation.shape[2] - rim[0], rim[1] : activation.shape[3] - rim[1]]
            height, width = inner.shape[2:]
            cell = (-(-height // _CELLS), -(-width // _CELLS))
            best, where = F.max_pool2d(inner, cell, ceil_mode=True, return_indices=True)
            where = (where // width + rim[0]) * activation.shape[3] + where % width + rim[1]
            top = best.flatten(2)[0].topk(min(_PER_PICTURE, best[0, 0].numel()), dim=1)  # nC, places
            values[layer] = top.values.cpu().numpy()
            places[layer] = where.flatten(2)[0].gather(1, top.indices).cpu().numpy()
            widths[layer] = activation.shape[3]
    return Indexed(name=name, picture=fitted, values=values, places=places, widths=widths)


_indexing = threading.Lock()  # a class that opens the panel together waits for one indexing
_indices: dict[str, Index] = {}  # by the name of the network


def sample_index(backbone: str) -> Index:
    """The sample pictures indexed with ``backbone``: some seconds the first time, at once after that.

    Raises:
        OptionError: there is no such network.
        WeightsError: the network's weights are not available.
    """
    found = find_backbone(backbone)
    with _indexing:
        if found.name not in _indices:
            device = pick_device()
            with model_cache().lease(found.record, device) as network:
                pictures = [
                    index_picture(cast("VGG", network), sample.title, open_image(sample.path), device)
                    for sample in SAMPLES.values()
                ]
            _indices[found.name] = Index(found, pictures)
        return _indices[found.name]


def index_own(backbone: str, picture: Image.Image) -> Indexed:
    """A visitor's picture, indexed."""
    device = pick_device()
    with model_cache().lease(BACKBONES[backbone].record, device) as network:
        return index_picture(cast("VGG", network), OWN, picture, device)
