"""Teach the painter of 26 styles a picture: gamma and beta are trained, the convolutions stay as they are.

Dumoulin et al. 2017, section 3.2: a new style needs no new network, only new gamma and beta, here 990 numbers, and
they are found in minutes. Each step paints a crop of some photo and goes down the slope of what that costs (``judge``).
Training begins from the one of the 26 styles whose paintings come closest by this measure. What is kept is a running
mean of the numbers, which is smoother than the last ones. Seeded; it can be stopped after any step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from apps.style import canvas
from apps.style.instant.answers import Taught
from apps.style.instant.judge import Judge, Weights
from apps.style.instant.networks import ManyStyles
from apps.style.instant.style import MANY_RECORD, Style
from apps.style.instant.stylefile import StyleFile, write_style
from apps.style.samples import of_role
from apps.style.vgg.backbones import BACKBONES, DEFAULT_BACKBONE
from apps.style.vgg.features import fastest_dtype
from apps.style.vgg.network import VGG
from shared.device import pick_device
from shared.errors import check_number, check_whole
from shared.images import Source
from shared.model_cache import model_cache
from shared.progress import Progress
from shared.registry import find
from shared.serving.turns import TURNS

MOST_STEPS = 2000  # of one lesson; what a visitor is offered ends at 400
_MEAN_OF = 50  # steps: what the running mean of gamma and beta, and the costs that are shown, look back on
_SMALLEST_CROP = 0.6  # of a content's shorter side
_PREVIEW = 256  # pixels
_LAST_RATE = 0.1  # of the first
_TRIED = 2  # contents that the 26 styles are tried on at the start


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """How a style is taught."""

    steps: int = 200
    crop: int = 160  # pixels of the contents' crops
    style_side: int = 256  # pixels of the style picture's shorter side
    weights: Weights = field(default_factory=Weights)
    rate: float = 0.03  # of Adam, falling to a tenth along a cosine
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where a lesson is."""

    progress: Progress
    content: float  # the two costs, means over the latest steps
    style: float
    preview: Image.Image | None  # the first content in the style so far; now and then


class Learner:
    """One lesson: a style picture, contents to practise on, and the style as it is so far."""

    def __init__(
        self,
        picture: Image.Image,
        contents: Sequence[Image.Image],
        lesson: Lesson | None = None,
        *,
        title: str = "A learned style",
        device: torch.device | None = None,
    ) -> None:
        """``picture`` as ``canvas.open_style`` gives it, ``contents`` as ``canvas.open_content`` does.

        Raises:
            OptionError: too many steps, or a seed that is none.
        """
        self.lesson = lesson or Lesson()
        check_whole(self.lesson.steps, "The number of steps", low=1, high=MOST_STEPS)
        check_whole(self.lesson.seed, "The seed", low=0, high=2**31 - 1)
        self.title = title
        self.device = pick_device() if device is None else device
        self._picture = picture
        self._contents = [_reduced(content, 2 * self.lesson.crop) for content in contents]
        self._random = np.random.default_rng(self.lesson.seed)
        self._mean: Tensor | None = None  # gamma and beta (2, N)

    @property
    def style(self) -> Style:
        """The style so far.

        Raises:
            ValueError: before the first step.
        """
        if self._mean is None:
            raise ValueError("the lesson has not begun")
        gamma, beta = self._mean.cpu().clone()
        return Style(title=self.title, record=find(MANY_RECORD), gamma=gamma, beta=beta)

    def steps(self, *, preview_every: int = 10) -> Iterator[Step]:
        """Learn from the beginning; closing the generator ends the lesson where it is.

        Raises:
            WeightsError: the files of a network are missing.
        """
        with (
            model_cache().lease(BACKBONES[DEFAULT_BACKBONE].record, self.device) as vgg,
            model_cache().lease(find(MANY_RECORD), self.device) as held,
        ):
            many = cast("ManyStyles", held)
            style = self._tensor(_fitted(self._picture, self.lesson.style_side))
            judge = Judge(cast("VGG", vgg), style, self.lesson.weights, fastest_dtype(self.device))
            numbers = self._nearest(many, judge).requires_grad_(True)
            optimizer = torch.optim.Adam([numbers], lr=self.lesson.rate, betas=(0.9, 0.99))
            self._mean = numbers.detach().clone()
            costs: list[Tensor] = []
            begun = time.perf_counter()  # after the search, or the time that is left would be far too long at first
            for step in range(self.lesson.steps):
                optimizer.param_groups[0]["lr"] = self.lesson.rate * _schedule(step / self.lesson.steps)
                costs.append(self._practise(many, judge, numbers, optimizer))
                self._mean.lerp_(numbers.detach(), 1 / min(step + 1, _MEAN_OF))
                done = step + 1
                content, missed = torch.stack(costs[-_MEAN_OF:]).mean(0).tolist()
                shown = done % preview_every == 0 or done in (1, self.lesson.steps)
                elapsed_s = time.perf_counter() - begun
                yield Step(
                    progress=Progress(done=done, total=self.lesson.steps, elapsed_s=elapsed_s),
                    content=content,
                    style=missed,
                    preview=self._preview(many) if shown else None,
                )

    def _practise(self, many: ManyStyles, judge: Judge, numbers: Tensor, optimizer: torch.optim.Optimizer) -> Tensor:
        content = self._crop()
        cost, parts = judge(many.painter(content, numbers[:1], numbers[1:]), judge.target(content))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        return parts

    def _nearest(self, many: ManyStyles, judge: Judge) -> Tensor:
        """Gamma and beta (2, N) of the known style whose paintings cost least."""
        contents = [self._crop() for _ in range(min(_TRIED, len(self._contents)))]
        targets = [judge.target(content) for content in contents]
        costs = torch.zeros(len(many.gamma))
        with torch.no_grad():
            for row in range(len(many.gamma)):
                TURNS.breathe()
                for content, target in zip(contents, targets, strict=True):
                    costs[row] += judge(many.painter(content, many.gamma[[row]], many.beta[[row]]), target)[0].cpu()
        best = int(costs.argmin())
        return torch.stack([many.gamma[best], many.beta[best]])

    def _crop(self) -> Tensor:
        """A square of a content (1, 3, H, W), turned round half of the time."""
        picture = self._contents[int(self._random.integers(len(self._contents)))]
        side = int(min(picture.size) * self._random.uniform(_SMALLEST_CROP, 1))
        left, top = (int(self._random.integers(length - side + 1)) for length in picture.size)
        size = (self.lesson.crop, self.lesson.crop)
        cut = picture.resize(size, Image.Resampling.BICUBIC, (left, top, left + side, top + side))
        return self._tensor(cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self._random.random() < 0.5 else cut)

    def _tensor(self, picture: Image.Image) -> Tensor:
        stage = canvas.Stage(height=picture.height, width=picture.width, iterations=0)
        return canvas.to_tensor(picture, stage, self.device)

    def _preview(self, many: ManyStyles) -> Image.Image:
        mean = cast("Tensor", self._mean)
        with torch.no_grad():
            content = self._tensor(_reduced(self._contents[0], _PREVIEW))
            return canvas.to_picture(many.painter(content, mean[:1], mean[1:]))


def taught(picture: Source, title: str, *, steps: int, content: float) -> Iterator[Taught]:
    """A lesson on the photos that come with the hub, as steps that carry the style so far.

    Args:
        picture: the style picture.
        title: of the style.
        steps: of the lesson.
        content: how much the photos count, 0 to 100.

    Raises:
        OptionError, ImageError, WeightsError: as of ``Learner`` and ``canvas.open_style``.
    """
    weights = Weights(content=check_number(content, "How much the photo counts", low=0, high=100))
    learner = Learner(canvas.open_style(picture), sample_contents(), Lesson(steps=steps, weights=weights), title=title)
    for step in learner.steps():
        style = learner.style
        file = write_style(StyleFile(title=style.title, gamma=style.gamma, beta=style.beta))
        yield Taught(file=file, **vars(step))


def sample_contents() -> list[Image.Image]:
    """The photos that come with the hub, to practise on."""
    return [canvas.open_content(sample.path) for sample in of_role("content")]


def _schedule(share: float) -> float:
    return _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    """``picture`` with a shorter side of ``side`` pixels, or less, so that the longer one has at most twice as many."""
    scale = min(side / min(picture.size), 2 * side / max(picture.size))
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)


def _reduced(picture: Image.Image, side: int) -> Image.Image:
    made = picture.copy()
    made.thumbnail((side, side), Image.Resampling.LANCZOS)
    return made
