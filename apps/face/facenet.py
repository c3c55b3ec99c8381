"""FaceNet: Inception-ResNet-v1 trained on VGGFace2, crops 160 x 160 -> unit vectors of 512 numbers.

Schroff et al. 2015 (arXiv 1503.03832) for the method, Cao et al. 2018 for the data. The file also holds the
classifier of the 8,631 people that the network was trained on; it is left out, and nothing else may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from shared.errors import WeightsError

CLASSIFIER = ("logits.weight", "logits.bias")  # of the training people: not part of the encoder


def load(paths: Sequence[Path]) -> nn.Module:
    """The encoder with the weights in the one file at ``paths``, float32, in evaluation mode.

    Raises:
        WeightsError: the file's tensors are not exactly the encoder's and the classifier's.
    """
    from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1

    (path,) = paths
    state = torch.load(path, map_location="cpu", weights_only=True)
    state = {name: tensor for name, tensor in state.items() if name not in CLASSIFIER}
    network: nn.Module = InceptionResnetV1(pretrained=None, classify=False)
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise WeightsError(f"{path.name} holds FaceNet's tensors", str(error), "Fetch the file again.") from error
    return network.eval().to(memory_format=torch.channels_last)
