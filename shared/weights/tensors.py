"""Tensors in safetensors files, cut into shards that a Space's git accepts without LFS."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from shared.errors import WeightsError
from shared.registry.types import WeightFile
from shared.settings import weights_dir

if TYPE_CHECKING:
    import torch
    from torch import nn

    Network = TypeVar("Network", bound=nn.Module)

SHARD_LIMIT = 9_500_000  # bytes; a Space's git refuses files over 10 MB without LFS


def read_tensors(paths: Iterable[Path]) -> dict[str, torch.Tensor]:
    """The tensors of safetensors files, merged, on the CPU, in the type they are stored in.

    Raises:
        WeightsError: a name occurs in two files, or a file is not in the safetensors format.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    merged: dict[str, torch.Tensor] = {}
    for path in paths:
        try:
            tensors = load_file(path)
        except (SafetensorError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.ENOMEM:
                raise  # the model cache makes room and tries again
            raise WeightsError(f"{path.name} as a safetensors file", str(error), "Run make weights.") from error
        if twice := merged.keys() & tensors.keys():
            raise WeightsError("every tensor in one shard", f"{', '.join(sorted(twice))} in two", "Run make weights.")
        merged.update(tensors)
    return merged


def filled(network: Network, tensors: Mapping[str, torch.Tensor]) -> Network:
    """``network`` with ``tensors``, each in the type of its place: to be asked, not to be trained.

    Raises:
        WeightsError: they are not exactly the network's.
    """
    try:
        network.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        raise WeightsError(
            f"the weights of a {type(network).__name__}", str(error), "Run git checkout weights, or make weights."
        ) from error
    return network.eval().requires_grad_(False)


def write_shards(
    tensors: Mapping[str, torch.Tensor],
    folder: Path,
    stem: str,
    *,
    dtype: torch.dtype | None = None,
    limit: int = SHARD_LIMIT,
) -> tuple[WeightFile, ...]:
    """Write ``tensors`` below ``folder``, in their order, as few safetensors files of at most ``limit`` bytes.

    One file is called ``stem.safetensors``, several ``stem-00001-of-00003.safetensors``. Floating tensors are stored
    as ``dtype`` when one is given. The same tensors always give the same bytes.

    Returns:
        The files as the registry declares them, their paths relative to the ``weights`` folder.

    Raises:
        ValueError: one tensor alone is over the limit.
    """
    from safetensors.torch import save_file

    stored = {
        name: (tensor.detach().to(dtype) if dtype is not None and tensor.is_floating_point() else tensor.detach())
        .cpu()
        .contiguous()
        for name, tensor in tensors.items()
    }
    shards = _split(stored, limit - 8 - 256 * (len(stored) + 1))
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, shard in enumerate(shards, start=1):
        suffix = "" if len(shards) == 1 else f"-{number:05d}-of-{len(shards):05d}"
        path = folder / f"{stem}{suffix}.safetensors"
        save_file(shard, path)
        made.append(describe_file(path))
    return tuple(made)


def describe_file(path: Path) -> WeightFile:
    """The registry entry of a file below the ``weights`` folder (elsewhere: its bare name)."""
    data = path.read_bytes()
    try:
        relative = path.resolve().relative_to(weights_dir().resolve()).as_posix()
    except ValueError:
        relative = path.name
    return WeightFile(path=relative, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def _split(tensors: Mapping[str, torch.Tensor], room: int) -> list[dict[str, torch.Tensor]]:
    shards: list[dict[str, torch.Tensor]] = [{}]
    used = 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        if size > room:
            raise ValueError(f"{name} has {size:,} bytes, more than the {room:,} that fit into one shard")
        if used + size > room and shards[-1]:
            shards.append({})
            used = 0
        shards[-1][name] = tensor
        used += size
    return shards
