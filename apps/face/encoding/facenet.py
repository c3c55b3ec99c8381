"""FaceNet: Inception-ResNet-v1 trained on VGGFace2, crops 160 x 160 -> unit vectors of 512 numbers.

Schroff et al. 2015 (arXiv 1503.03832) for the method, Cao et al. 2018 for the data. The file also holds the
classifier of the 8,631 people that the network was trained on; it is left out, and nothing else may be. The batch
normalisations are folded into the convolutions before them: a sixth less time, the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from facenet_pytorch.models.inception_resnet_v1 import BasicConv2d, InceptionResnetV1
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from shared.errors import WeightsError

CLASSIFIER = ("logits.weight", "logits.bias")  # of the training people: not part of the encoder


def load(paths: Sequence[Path]) -> nn.Module:
    """The encoder with the weights in the one file at ``paths``, float32, in evaluation mode.

    Raises:
        WeightsError: the file's tensors are not exactly the encoder's and the classifier's.
    """
    (path,) = paths
    state = torch.load(path, map_location="cpu", weights_only=True)
    state = {name: tensor for name, tensor in state.items() if name not in CLASSIFIER}
    network: nn.Module = InceptionResnetV1(pretrained=None, classify=False)
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"FaceNet's tensors in {path.name}", str(error), "Fetch the file again.") from error
    return fold(network.eval()).to(memory_format=torch.channels_last)


def fold(network: nn.Module) -> nn.Module:
    """``network`` in evaluation mode with every batch normalisation folded into the layer before it."""
    for module in network.modules():
        if isinstance(module, BasicConv2d):
            module.conv, module.bn = fuse_conv_bn_eval(module.conv, module.bn), nn.Identity()
    network.last_linear = fuse_linear_bn_eval(network.last_linear, network.last_bn)  # type: ignore[arg-type, type-var]
    network.last_bn = nn.Identity()
    return network
