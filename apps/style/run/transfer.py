"""Neural style transfer as a stream of steps: the pixels of G descend J(G).

Gatys, Ecker & Bethge 2016. The page, the command line and the tests consume ``Run.steps``. A run can be stopped after
any step and resumed; it then continues exactly as if it had not been stopped. It holds plain values only and computes
in ``easel``, wherever the hub's engine runs that; if the machine dies in the middle, the run goes on elsewhere from G.

Departures from the paper: a grain on starts from a picture (``canvas.grained``), and a network that sees the
picture's edge go on (``Extractor``), without which plain pictures get a frame of lines; a style picture of any shape
is seen whole (``canvas.style_tensor``). And, as choices in ``Options``: sizes from coarse to fine (Gatys et al. 2017,
arXiv 1611.07865), which also rids a start from noise of its grain; costs counted against their targets
(``objective``); Adam. The exact costs of a run's start and end are of the network as it is, with zeros around.
A run may start from what a network that was trained to paint in one pass gives (``instant``), as Johnson et al. 2016
compare the two. Left out: patch-based and masked costs.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from apps.style import canvas
from apps.style.descent.costs import Costs, Memory
from apps.style.options import Options, checked
from shared.engine import room
from shared.errors import ImageError
from shared.progress import REFRESH_S

if TYPE_CHECKING:
    from apps.style.run import easel
else:
    easel = room("apps.style.run.easel")

GRAMS_EVERY_S = 1.0  # between two steps that carry the style matrices
Grams = Mapping[str, Mapping[str, np.ndarray[Any, np.dtype[np.float32]]]]  # by picture (C, S, G), then by style layer


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where a run is: what the page draws."""

    done: int  # iterations
    total: int
    picture: Image.Image  # G as it is now, at the current size
    costs: tuple[Costs, ...]  # of every iteration since the last step; all but the run's first and last in fast_dtype
    grams: Grams  # style matrices of C, S and G; empty unless it is the first step or some time since the last ones
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
    """One transfer: its pictures, its recipe, how far it is. Plain values: it travels to where it is computed."""

    def __init__(
        self,
        content: Image.Image | None,
        style: Image.Image | None,
        options: Options,
        *,
        ground: Image.Image | None = None,
    ) -> None:
        """``content`` may be missing if alpha is 0, ``style`` if beta is; the one that is given determines the shape.

        ``ground`` is the content's transparency, which is kept for who shows the picture (``canvas.on_ground``).

        Raises:
            OptionError: an option outside its range.
            ImageError: a picture that J needs is missing, or too elongated for the size.
        """
        self.options = checked(options)
        self.content, self.style, self.ground = content, style, ground  # as they were given
        *pictures, self._colours = _prepared(content, style, self.options)
        self.seen = (pictures[0], pictures[1])  # as the network sees them
        given = self.seen[0] or self.seen[1]
        if given is None:
            raise ImageError("a content or a style picture", "neither", "Choose a picture or click a sample.")
        self.stages = canvas.plan(given.size, self.options)
        self.costs: list[Costs] = []
        self.elapsed_s = 0.0
        self.peak_bytes = 0
        self.stage = 0  # the size it is at
        self.in_stage = 0  # iterations done at this size
        self.pixels = np.zeros((1, 3, 0, 0), np.float32)  # G as it is now, in [0, 1]; empty before the first step
        self.memory: Memory | None = None  # ... with the optimizer's memory, whenever the run pauses
        self.instant: Image.Image | None = None  # the picture in one pass, once a run begins from it
        self.pace: float | None = None  # s per iteration and pixel, the latest iterations counting most
        self.computed: dict[str, str] = {}  # dtype, device and version of torch
        self._told = 0  # of the costs
        self._aside: Path | None = None  # where the optimizer's memory is, if it is not here

    @property
    def done(self) -> int:
        """Iterations so far."""
        return sum(stage.iterations for stage in self.stages[: self.stage]) + self.in_stage

    @property
    def total(self) -> int:
        """Iterations planned."""
        return sum(stage.iterations for stage in self.stages)

    @property
    def picture(self) -> Image.Image:
        """G as it is now, with the content's colours if they are kept."""
        if not self.pixels.size:
            raise ValueError("the run has not begun")
        levels = (self.pixels[0].clip(0, 1) * 255).round().astype(np.uint8)
        shown = Image.fromarray(np.ascontiguousarray(levels.transpose(1, 2, 0)))
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
        self._take_back()
        return easel.steps(self, every_s=every_s)

    def put_aside(self, path: Path) -> None:
        """Move the optimizer's memory, 20 times G, into the file ``path``, where it stays until the run goes on.

        Raises:
            OSError: the file cannot be written; the memory then stays where it is.
        """
        if self.memory is None or self._aside is not None:
            return
        try:
            with path.open("wb") as file:
                np.savez(file, allow_pickle=False, **self.memory)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        self._aside, self.memory = path, None

    def _take_back(self) -> None:
        if self._aside is not None:
            with np.load(self._aside) as kept:
                self.memory = dict(kept)
            self._aside.unlink()
            self._aside = None

    def result(self) -> Result:
        """The run so far in exact numbers; two passes through the network in float32, zeros around the picture."""
        if not self.pixels.size:
            raise ValueError("the run has not begun")
        return easel.result(self._forgetful())

    def cost_of(self, picture: Image.Image) -> Costs:
        """What ``picture``, RGB, costs at the run's last size, in float32, as the run's own costs are counted."""
        return easel.cost_of(self._forgetful(), picture)

    def without_colours(self, picture: Image.Image) -> Image.Image:
        """``picture`` as G is descended: grey, with the content's light, where the content's colours are kept."""
        return picture if self._colours is None else canvas.with_light_of(canvas.greyed(picture), self._colours)

    def at_stop(self) -> bool:
        """Whether the recipe ends it here."""
        return 0 < self.options.stop_at <= self.done

    def noted(self) -> dict[str, Any]:
        """See ``shared.engine.Resumable``: how far it is."""
        changed = {name: vars(self)[name] for name in _CHANGING} | {"costs": self.costs[self._told :]}
        self._told = len(self.costs)
        return changed

    def note(self, noted: object) -> None:
        """See ``shared.engine.Resumable``. Without an optimizer's memory (it comes with a pause) it goes on from G."""
        if isinstance(noted, dict):
            self.costs += noted.pop("costs")
            vars(self).update(noted)
            if self.memory is None and self.pixels.size:
                self.memory = {"pixels": self.pixels}

    def __getstate__(self) -> dict[str, Any]:
        """The other side need not send again the costs that are known here."""
        return vars(self) | {"_told": len(self.costs)}

    def _forgetful(self) -> Run:
        """The run for a look at G: without the optimizer's memory and the curves."""
        seen = copy.copy(self)
        seen.memory, seen.costs = None, []
        return seen


_CHANGING = ("elapsed_s", "peak_bytes", "stage", "in_stage", "pixels", "memory", "pace", "computed")


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
