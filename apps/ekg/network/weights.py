"""The classifier's weights: leased from the hub's cache, written after a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import nn

from apps.ekg.network.ensemble import Ensemble, load_ensemble
from shared.errors import WeightsError, quoted
from shared.model_cache import model_cache
from shared.registry import find

MODEL = "ekg/beatnet-ds1"


@contextmanager
def leased(weights: Path | None = None) -> Iterator[nn.Module]:
    """The bundled network from the cache, or the one in a file that ``train`` wrote.

    Raises:
        WeightsError: the file is missing, or holds no weights of this network.
    """
    if weights is not None:
        yield _from_file(weights)
        return
    with model_cache().lease(find(MODEL, "ekg")) as network:
        yield network


def save_weights(ensemble: Ensemble, path: Path) -> None:
    """Write float16 weights as one safetensors file, first under another name next to the target.

    Half precision moves no probability of DS1 by more than a thousandth (``tests/apps/ekg/network/test_weights.py``).
    """
    from safetensors.torch import save_file

    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in ensemble.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    save_file(tensors, part)
    part.replace(path)


def _from_file(path: Path) -> Ensemble:
    from safetensors import SafetensorError

    try:
        return load_ensemble((path,)).requires_grad_(False)
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        found = f"{quoted(path.name)}: {error}"[:160]
        raise WeightsError("a weight file written by apps.ekg train", found, "Train again.") from error
