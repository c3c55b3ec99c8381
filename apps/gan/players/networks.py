"""The generator and the discriminator, for digits on demand and for digits at random.

The architecture is DCGAN's (Radford, Metz, Chintala 2016): strided convolutions down, transposed convolutions up, with
kernel 4 and stride 2 so that every pixel is touched equally often (no checkerboard; Odena et al. 2016), and batch
normalisation in the generator. What has been learned since then:

* the class enters the generator through the gains and biases of its batch normalisation (Dumoulin et al. 2017; de
  Vries et al. 2017) and next to z; it enters the discriminator as a projection (Miyato & Koyama 2018): the score is
  w·h(x) + e(y)·h(x), which is what the log-ratio of two class-conditional densities looks like;
* the discriminator has no batch normalisation, so that its score of a picture does not depend on the others in the
  batch; it is kept smooth by the R1 penalty (Mescheder et al. 2018; ``losses.py``);
* the generator that is shown is a running average of the one that plays (Yazıcı et al. 2019).

Left out: self-attention, residual blocks and style modulation, which 28 x 28 pixels do not need.
Axis letters: B pictures, C channels, H W pixels, Z length of the latent vector, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from apps.gan.players.data import DIGITS, SIDE
from shared.weights import filled, read_tensors

Z = 64  # length of the latent vector
CLASS_CODE = 32  # length of the class's code, which is appended to z
SLOPE = 0.2  # of the leaky rectifiers, below 0
_SMALL = SIDE // 4  # pixels of the generator's first map


def embedded(table: nn.Embedding, y: Tensor) -> Tensor:
    """Rows of ``table``: of classes int64 (B,), or mixed by weights float (B, K), for walks between classes."""
    rows: Tensor = y @ table.weight if y.is_floating_point() else table(y)
    return rows


class ClassNorm(nn.Module):
    """Batch normalisation whose gain and bias are the class's own; plain if there are no classes."""

    def __init__(self, channels: int, *, classes: int = 0) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=classes == 0)
        self.gain_bias = nn.Embedding(classes, 2 * channels) if classes else None
        if self.gain_bias is not None:
            nn.init.zeros_(self.gain_bias.weight)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """(B, C, H, W), classes (B,) or weights (B, K) -> (B, C, H, W)."""
        out: Tensor = self.norm(x)
        if self.gain_bias is None:
            return out
        gain, bias = (
            embedded(self.gain_bias, _given(y)).to(x.dtype)[:, :, None, None].chunk(2, dim=1)
        )  # (B, C, 1, 1) each
        return torch.addcmul(out + bias, out, gain)


class Generator(nn.Module):
    """Latent vectors (and classes) to pictures: (B, Z), (B,) -> (B, 1, 28, 28) in [-1, 1].

    Args:
        classes: K, or 0 for a generator without classes.
        widths: channels of the maps of 7, 14 and 28 pixels.
    """

    def __init__(self, *, classes: int = 0, widths: Sequence[int] = (128, 64, 32)) -> None:
        super().__init__()
        small, middle, large = widths
        self.classes = classes
        self.code = nn.Embedding(classes, CLASS_CODE) if classes else None
        self.stem = nn.Linear(Z + (CLASS_CODE if classes else 0), small * _SMALL**2)
        self.norm7 = ClassNorm(small, classes=classes)
        self.up14 = nn.ConvTranspose2d(small, middle, kernel_size=4, stride=2, padding=1, bias=False)
        self.norm14 = ClassNorm(middle, classes=classes)
        self.up28 = nn.ConvTranspose2d(middle, large, kernel_size=4, stride=2, padding=1, bias=False)
        self.norm28 = ClassNorm(large, classes=classes)
        self.paint = nn.Conv2d(large, 1, kernel_size=3, padding=1)
        for layer in (self.stem, self.up14, self.up28, self.paint):
            nn.init.normal_(layer.weight, std=0.02)  # as DCGAN

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, Z) and, if there are classes, int64 (B,) or weights float (B, K) -> (B, 1, 28, 28)."""
        if (y is None) != (self.code is None):
            raise ValueError(f"with {self.classes} classes, y is {'needed' if self.classes else 'not taken'}")
        if self.code is not None:
            z = torch.cat((z, embedded(self.code, _given(y))), dim=1)  # (B, Z + CLASS_CODE)
        x = self.stem(z).unflatten(1, (-1, _SMALL, _SMALL))  # (B, C, 7, 7)
        x = self.up14(F.relu(self.norm7(x, y)))  # (B, C, 14, 14)
        x = self.up28(F.relu(self.norm14(x, y)))  # (B, C, 28, 28)
        return torch.tanh(self.paint(F.relu(self.norm28(x, y))))  # (B, 1, 28, 28)


class Discriminator(nn.Module):
    """Pictures (and the classes they claim) to scores: (B, 1, 28, 28), (B,) -> (B,); above 0 means "real".

    The sigmoid of the score is the discriminator's estimate of the probability that the picture is real.

    Args:
        classes: K, or 0 for a discriminator without classes.
        widths: channels of the maps of 14, 7 and 4 pixels.
        hidden: length of h(x).
        channels: of the input; 2 if it judges a picture together with what it was made from.
    """

    def __init__(
        self, *, classes: int = 0, widths: Sequence[int] = (48, 96, 128), hidden: int = 128, channels: int = 1
    ) -> None:
        super().__init__()
        large, middle, small = widths
        self.classes = classes
        self.down14 = nn.Conv2d(channels, large, kernel_size=4, stride=2, padding=1)
        self.down7 = nn.Conv2d(large, middle, kernel_size=4, stride=2, padding=1)
        self.down4 = nn.Conv2d(middle, small, kernel_size=3, stride=2, padding=1)
        self.hidden = nn.Linear(small * 16, hidden)
        self.score = nn.Linear(hidden, 1)
        self.project = nn.Embedding(classes, hidden) if classes else None
        if self.project is not None:
            nn.init.normal_(self.project.weight, std=hidden**-0.5)

    def features(self, x: Tensor) -> Tensor:
        """h(x): (B, 1, 28, 28) -> (B, hidden)."""
        x = F.leaky_relu(self.down14(x), SLOPE)  # (B, C, 14, 14)
        x = F.leaky_relu(self.down7(x), SLOPE)  # (B, C, 7, 7)
        x = F.leaky_relu(self.down4(x), SLOPE)  # (B, C, 4, 4)
        return F.leaky_relu(self.hidden(x.flatten(1)), SLOPE)  # (B, hidden)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, 1, 28, 28) and, if there are classes, int64 (B,) -> (B,) scores."""
        if (y is None) != (self.project is None):
            raise ValueError(f"with {self.classes} classes, y is {'needed' if self.classes else 'not taken'}")
        h = self.features(x)
        score: Tensor = self.score(h).squeeze(1)
        return score if self.project is None else score + (self.project(y) * h).sum(dim=1)


def _given(y: Tensor | None) -> Tensor:
    if y is None:
        raise ValueError("a network with classes needs y")
    return y


def load_generator(paths: Sequence[Path]) -> Generator:
    """The generator whose weights are in ``paths``; its sizes follow from the tensors. float32, CPU, eval."""
    return generator_from(read_tensors(paths))


def load_discriminator(paths: Sequence[Path]) -> Discriminator:
    """The discriminator whose weights are in ``paths``; its sizes follow from the tensors. float32, CPU, eval."""
    return discriminator_from(read_tensors(paths))


def generator_from(tensors: dict[str, Tensor]) -> Generator:
    """A generator with the weights ``tensors``, strictly; eval."""
    widths = tensors["up14.weight"].shape[0], tensors["up28.weight"].shape[0], tensors["paint.weight"].shape[1]
    model = Generator(classes=DIGITS if "code.weight" in tensors else 0, widths=widths)
    return filled(model, tensors)


def discriminator_from(tensors: dict[str, Tensor]) -> Discriminator:
    """A discriminator with the weights ``tensors``, strictly; eval."""
    widths = tuple(tensors[f"{name}.weight"].shape[0] for name in ("down14", "down7", "down4"))
    classes = DIGITS if "project.weight" in tensors else 0
    model = Discriminator(classes=classes, widths=widths, hidden=tensors["hidden.weight"].shape[0])
    return filled(model, tensors)
