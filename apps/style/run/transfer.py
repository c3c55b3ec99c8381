"""Neural style transfer as a stream of steps: the pixels of G descend J(G).

Gatys, Ecker & Bethge 2016. The page, the command line and the tests consume ``Run.steps``. A run can be stopped after
any step and resumed; it then continues exactly as if it had not been stopped.

Departures from the paper: a grain on starts from a picture (``canvas.grained``), and a network that sees the
picture's edge go on (``Extractor``), without which plain pictures get a frame of lines; a style picture of any shape
is seen whole (``canvas.style_tensor``). And, as choices in ``Options``: sizes from coarse to fine (Gatys et al. 2017,
arXiv 1611.07865), which also rids a start from noise of its grain; costs counted against their targets
(``objective``); Adam. The exact costs of a run's start and end are of the network as it is, with zeros around.
A run may start from what a network that was trained to paint in one pass gives (``instant``), as Johnson et al. 2016
compare the two. Left out: patch-based and masked costs.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import psutil
import torch
from PIL import Image
from torch import Tensor

from apps.style import canvas
from apps.style.canvas import Stage
from apps.style.descent.descent import Descent
from apps.style.descent.objective import Costs, Objective
from apps.style.instant.begin import start_from
from apps.style.options import Options, checked
from apps.style.vgg.backbones import BACKBONES
from apps.style.vgg.features import fastest_dtype
from shared.device import pick_device
from shared.errors import ImageError
from shared.model_cache import model_cache
from shared.progress import REFRESH_S

if TYPE_CHECKING:
    from apps.style.vgg.network import VGG

_PACE_SMOOTHING = 0.3  # weight of the newest measurement in the pace from which the time left is estimated


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where a run is: what the page draws."""

    done: int  # iterations
    total: int
    picture: Image.Image  # G as it is now, at the current size
    costs: tuple[Costs, ...]  # of every iteration since the last step; all but the run's first and last in fast_dtype
    grams: dict[str, dict[str, Tensor]]  # style matrices of C, S and G by layer, on the device
    elapsed_s: float  # spent iterating, over all parts of the run
    left_s: float | None  # at the latest pace; None after the first iteration, which takes longer than the others
    peak_bytes: int  # most memory of the process (CPU), or of the tensors on the accelerator

    @property
    def finished(self) -> bool:
        """Whether this was the last."""
        return self.done >= self.total


@dataclass(frozen=True, kw_only=True)
class Result:
    """A run so far in exact numbers: float32 costs of its start and of its picture, both at the picture's size."""

    first: Costs
    last: Costs
    alpha: float
    lambdas: dict[str, float]  # lambda' by style layer: J = alpha J_content + beta sum lambda' J_style[l]
    beta: float
    seconds_per_iteration: float
    peak_bytes: int

    def numbers(self) -> dict[str, Any]:
        """The same for JSON; costs are pairs of the first and the last."""
        return {
            "J": [self.first.J, self.last.J],
            "J_content": [self.first.content, self.last.content],
            "J_style": [self.first.style, self.last.style],
            "layers": {name: [self.first.layers[name], self.last.layers[name]] for name in self.lambdas},
            "alpha": self.alpha,
            "beta": self.beta,
            "lambdas": self.lambdas,
            "seconds_per_iteration": self.seconds_per_iteration,
            "peak_bytes": self.peak_bytes,
        }


class Run:
    """One transfer: its pictures, its recipe, how far it is."""

    def __init__(
        self,
        content: Image.Image | None,
        style: Image.Image | None,
        options: Options,
        *,
        ground: Image.Image | None = None,
        device: torch.device | None = None,
    ) -> None:
        """``content`` may be missing if alpha is 0, ``style`` if beta is; the one that is given determines the shape.

        ``ground`` is the content's transparency, which is kept for who shows the picture (``canvas.on_ground``).

        Raises:
            OptionError: an option outside its range.
            ImageError: a picture that J needs is missing, or too elongated for the size.
        """
        self.options = checked(options)
        self.device = pick_device() if device is None else device
        self.content, self.style, self.ground = content, style, ground  # as they were given
        self._content, self._style, self._colours = _prepared(content, style, self.options)
        given = self._content or self._style
        if given is None:
            raise ImageError("a content or a style picture", "neither", "Choose a picture or click a sample.")
        self.stages = canvas.plan(given.size, self.options)
        self.costs: list[Costs] = []
        self.elapsed_s = 0.0
        self.peak_bytes = 0
        self._stage = 0
        self._in_stage = 0  # iterations done at this size
        self._descent: Descent | None = None  # G and the optimizer's memory; None before the first step
        self._instant: Image.Image | None = None  # the picture in one pass, once a run begins from it
        self._pace: float | None = None  # s per iteration and pixel, the latest iterations counting most

    @property
    def done(self) -> int:
        """Iterations so far."""
        return sum(stage.iterations for stage in self.stages[: self._stage]) + self._in_stage

    @property
    def total(self) -> int:
        """Iterations planned."""
        return sum(stage.iterations for stage in self.stages)

    @property
    def dtype(self) -> torch.dtype:
        """What the network computes in."""
        known = {"float32": torch.float32, "bfloat16": torch.bfloat16}
        return known.get(self.options.precision) or fastest_dtype(self.device)

    @property
    def picture(self) -> Image.Image:
        """G as it is now, with the content's colours if they are kept."""
        if self._descent is None:
            raise ValueError("the run has not begun")
        shown = canvas.to_picture(self._descent.pixels)
        return shown if self._colours is None else canvas.with_colours_of(shown, self._colours)

    def extend(self, iterations: int) -> None:
        """Plan ``iterations`` more at the last size, and lift a stop that a recipe has set."""
        self.options = checked(dataclasses.replace(self.options, extra=self.options.extra + iterations, stop_at=0))
        last = self.stages[-1]
        longer = dataclasses.replace(last, iterations=last.iterations + iterations, extra=last.extra + iterations)
        self.stages = (*self.stages[:-1], longer)

    def steps(self, *, every_s: float = REFRESH_S) -> Iterator[Step]:
        """Iterate to the end of the plan; a step after the first iteration, which shows that it works, then every
        ``every_s`` seconds, and one at the end of each size.

        Closing the generator pauses the run. On the CPU an iteration that takes longer is a step of its own.

        Raises:
            WeightsError: the network's weights are not available.
        """
        with model_cache().lease(BACKBONES[self.options.backbone].record, self.device) as network:
            while self._stage < len(self.stages):
                stage = self.stages[self._stage]
                objective = self._begin(cast("VGG", network), stage)
                yield from self._descend(objective, stage, every_s)
                if self._stage == len(self.stages) - 1 or self._at_stop():
                    break
                self._stage += 1
                self._in_stage = 0

    def _begin(self, network: VGG, stage: Stage) -> Objective:
        """The objective at this size, with G enlarged to it if the size has just begun."""
        content, style = self._tensors(stage)
        if self._descent is None:
            begin = self._start(stage, content, style)
            strokes = self.options.beta > 0 and self.options.init in ("content", "style")
            self._descent = Descent(canvas.grained(begin, self.options.seed) if strokes else begin, self.options)
        elif self._in_stage == 0:
            self._descent = Descent(canvas.enlarged(self._descent.pixels, stage), self.options)
        return Objective(network, self.options, content, style, dtype=self.dtype, edge_goes_on=True)

    def result(self) -> Result:
        """The run so far in exact numbers; two passes through the network in float32, zeros around the picture."""
        if self._descent is None:
            raise ValueError("the run has not begun")
        now = self._descent.pixels
        stage = self.stages[self._stage]
        content, style = self._tensors(stage)
        with model_cache().lease(BACKBONES[self.options.backbone].record, self.device) as network, torch.no_grad():
            exact = Objective(cast("VGG", network), self.options, content, style, dtype=torch.float32)
            begin = self._start(stage, content, style)
            size = (stage.height, stage.width)
            first, last = (
                exact.read(exact(pixels)[1], number, size) for pixels, number in ((begin, 0), (now, self.done))
            )
        return Result(
            first=first,
            last=last,
            alpha=exact.weights.alpha,
            beta=exact.weights.beta,
            lambdas=dict(exact.weights.lambdas),
            seconds_per_iteration=self.elapsed_s / max(1, self.done),
            peak_bytes=self.peak_bytes,
        )

    def cost_of(self, picture: Image.Image) -> Costs:
        """What ``picture``, RGB, costs at the run's last size, in float32, as the run's own costs are counted."""
        stage = self.stages[-1]
        content, style = self._tensors(stage)
        with model_cache().lease(BACKBONES[self.options.backbone].record, self.device) as network, torch.no_grad():
            exact = Objective(
                cast("VGG", network), self.options, content, style, dtype=torch.float32, edge_goes_on=True
            )
            pixels = canvas.to_tensor(self._without_colours(picture), stage, self.device)
            return exact.read(exact(pixels)[1], 0, (stage.height, stage.width))

    def _start(self, stage: Stage, content: Tensor | None, style: Tensor | None) -> Tensor:
        """The first G, at the size of ``stage``."""
        if self.options.init == "style" and self._style is not None:
            return canvas.to_tensor(self._style, stage, self.device)  # cropped to the shape of G
        if self.options.init != "instant" or self.content is None or self.style is None:
            return canvas.start(self.options.init, content, style, self.options.seed)
        if self._instant is None:
            self._instant = self._without_colours(start_from(self.content, self.style, self.options.size))
        return canvas.to_tensor(self._instant, stage, self.device)

    def _without_colours(self, picture: Image.Image) -> Image.Image:
        """``picture`` as G is descended: grey, with the content's light, where the content's colours are kept."""
        return picture if self._colours is None else canvas.with_light_of(canvas.greyed(picture), self._colours)

    def _watch(self) -> None:
        self.peak_bytes = max(self.peak_bytes, _memory_now(self.device))

    def _at_stop(self) -> bool:
        return 0 < self.options.stop_at <= self.done

    def _tensors(self, stage: Stage) -> tuple[Tensor | None, Tensor | None]:
        content = None if self._content is None else canvas.to_tensor(self._content, stage, self.device)
        style = None if self._style is None else canvas.style_tensor(self._style, stage, self.device)
        return content, style

    def _descend(self, objective: Objective, stage: Stage, every_s: float) -> Iterator[Step]:
        """The iterations that are left at this size."""
        descent = cast("Descent", self._descent)
        size = (stage.height, stage.width)
        pending: list[tuple[int, Tensor]] = []
        begun = shown = time.perf_counter()
        counted = 0

        def read_costs() -> tuple[Costs, ...]:  # reading them waits for the device, which makes the time right
            fresh = tuple(objective.read(values, number, size) for number, values in pending)
            pending.clear()
            self.elapsed_s += time.perf_counter() - begun
            self.costs.extend(fresh)
            return fresh

        try:
            while self._in_stage < stage.iterations and not self._at_stop():
                values = descent.step(objective, stage.share(self._in_stage), self._watch)
                self._in_stage += 1
                counted += 1
                pending.append((self.done, values))
                last = self._in_stage == stage.iterations or self._at_stop()
                if last or self.done == 1 or time.perf_counter() - shown >= every_s:
                    fresh = read_costs()
                    if self.done > 1:
                        self._keep_pace((time.perf_counter() - begun) / counted / stage.pixels)
                    yield self._step(fresh, objective)
                    begun = shown = time.perf_counter()
                    counted = 0
        finally:
            if pending:
                read_costs()

    def _keep_pace(self, latest: float) -> None:
        self._pace = latest if self._pace is None else self._pace + _PACE_SMOOTHING * (latest - self._pace)

    def _step(self, fresh: tuple[Costs, ...], objective: Objective) -> Step:
        left = sum(stage.iterations * stage.pixels for stage in self.stages[self._stage :])
        left -= self._in_stage * self.stages[self._stage].pixels
        return Step(
            done=self.done,
            total=self.total,
            picture=self.picture,
            costs=fresh,
            grams=objective.grams,
            elapsed_s=self.elapsed_s,
            left_s=None if self._pace is None else left * self._pace,
            peak_bytes=self.peak_bytes,
        )


def _prepared(
    content: Image.Image | None, style: Image.Image | None, options: Options
) -> tuple[Image.Image | None, Image.Image | None, Image.Image | None]:
    """The pictures for the network, and the one whose colours are kept, if any."""
    if content is None and options.alpha > 0:
        raise ImageError("a content picture, because alpha is above 0", "none", "Choose one, or set alpha to 0.")
    if style is None and options.beta > 0:
        raise ImageError("a style picture, because beta is above 0", "none", "Choose one, or set beta to 0.")
    if not options.keep_colours or content is None:
        return content, style, None
    light = canvas.greyed(content)
    return light, None if style is None else canvas.with_light_of(canvas.greyed(style), content), content


def _memory_now(device: torch.device) -> int:
    """Bytes: the most that tensors have taken on CUDA, elsewhere what the process holds now."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return int(psutil.Process().memory_info().rss)
