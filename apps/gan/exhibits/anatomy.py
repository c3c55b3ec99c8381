"""What happens inside G and D for one picture: every layer's shape, parameters and activations."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from apps.gan.choices import GENERATORS, check_digit, check_seed
from apps.gan.drawing.sampling import latents
from apps.gan.exhibits.bundled import lease_discriminator, lease_generator
from apps.gan.exhibits.results import Anatomy, Layer
from apps.gan.players.data import to_pictures
from shared.errors import check_choice

MAPS = 12  # channels shown per layer
_KINDS = {
    "Linear": "fully connected",
    "Conv2d": "convolution",
    "ConvTranspose2d": "transposed convolution",
    "ClassNorm": "batch normalisation",
    "Embedding": "table of vectors",
}


@torch.no_grad()
def anatomy(model: str, *, seed: int, digit: int = 0) -> Anatomy:
    """Draw one picture with ``model``, show it to its discriminator, and keep what every layer gave.

    Raises:
        OptionError: no such model, or a seed or digit out of range.
    """
    check_choice(model, GENERATORS, "The generator")
    z = latents(check_seed(seed), 1)
    with lease_generator(model) as generator, lease_discriminator(model) as discriminator:
        device = next(generator.parameters()).device
        y = torch.tensor([check_digit(digit)], device=device) if generator.classes else None
        made, x = record_layers(generator, z.to(device), y)
        judged, score = record_layers(discriminator, x, y)
        return Anatomy(made, judged, to_pictures(x).numpy(), score.sigmoid().item())


def record_layers(network: nn.Module, *inputs: Tensor | None) -> tuple[tuple[Layer, ...], Tensor]:
    """Run ``network`` on a batch of one; its layers in the order in which they ran, and its output."""
    seen: list[Layer] = []

    def keep(name: str) -> object:
        def hook(module: nn.Module, _: object, out: Tensor) -> None:
            seen.append(_layer(name, module, out[0]))

        return hook

    hooks = [child.register_forward_hook(keep(name)) for name, child in network.named_children()]  # type: ignore[arg-type]
    try:
        output: Tensor = network(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(seen), output


def _layer(name: str, module: nn.Module, out: Tensor) -> Layer:
    detail = ""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        detail = f"kernel {module.kernel_size[0]} × {module.kernel_size[1]}, stride {module.stride[0]}"
    maps = None
    if out.dim() == 3:
        chosen = out[:MAPS].float().cpu()
        low, high = chosen.amin(dim=(1, 2), keepdim=True), chosen.amax(dim=(1, 2), keepdim=True)
        maps = ((chosen - low) / (high - low).clamp_min(1e-6) * 255).round().to(torch.uint8).numpy()
    parameters = sum(parameter.numel() for parameter in module.parameters())
    kind = _KINDS.get(type(module).__name__, type(module).__name__)
    return Layer(name, kind, detail, tuple(out.shape), parameters, None if maps is None else np.asarray(maps))
