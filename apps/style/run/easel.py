"""Where the pixels of G descend J(G): the steps of a ``transfer.Run``, its exact result, the costs of other pictures.

These functions hold the networks and the tensors. What a run knows between two of them, or after a worker has died, is
in the ``Run``: plain values.

The first iteration, and what it needs, is computed with one thread wherever that is: a class that presses Paint at once
gets the first pictures side by side, a core for each, and the sums are those of a run that is alone.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import psutil
import torch
from PIL import Image
from torch import Tensor

from apps.style import canvas
from apps.style.canvas import Stage
from apps.style.descent.costs import Costs
from apps.style.descent.descent import Descent
from apps.style.descent.objective import Objective
from apps.style.instant.begin import start_from
from apps.style.run.transfer import GRAMS_EVERY_S, Grams, Result, Run, Step
from apps.style.vgg.backbones import BACKBONES
from apps.style.vgg.features import fastest_dtype
from shared.device import describe, pick_device
from shared.model_cache import model_cache
from shared.threads import one_thread

if TYPE_CHECKING:
    from apps.style.vgg.network import VGG

_PACE_SMOOTHING = 0.3  # weight of the newest measurement in the pace from which the time left is estimated


def steps(run: Run, *, every_s: float) -> Iterator[Step]:
    """See ``Run.steps``; ``run`` is changed as it goes on."""
    easel = _Easel(run)
    with model_cache().lease(BACKBONES[run.options.backbone].record, easel.device) as network:
        yield from easel.steps(cast("VGG", network), every_s)


def result(run: Run) -> Result:
    """See ``Run.result``."""
    easel = _Easel(run)
    stage = run.stages[run.stage]
    content, style = easel.tensors(stage)
    now = torch.from_numpy(run.pixels).to(easel.device)
    with model_cache().lease(BACKBONES[run.options.backbone].record, easel.device) as network, torch.no_grad():
        exact = Objective(cast("VGG", network), run.options, content, style, dtype=torch.float32)
        begin = easel.start(stage, content, style)
        size = (stage.height, stage.width)
        first, last = (exact.read(exact(pixels)[1], number, size) for pixels, number in ((begin, 0), (now, run.done)))
    return Result(
        first=first,
        last=last,
        alpha=exact.weights.alpha,
        beta=exact.weights.beta,
        lambdas=dict(exact.weights.lambdas),
        seconds_per_iteration=run.elapsed_s / max(1, run.done),
        peak_bytes=run.peak_bytes,
    )


def cost_of(run: Run, picture: Image.Image) -> Costs:
    """See ``Run.cost_of``."""
    easel = _Easel(run)
    stage = run.stages[-1]
    content, style = easel.tensors(stage)
    with model_cache().lease(BACKBONES[run.options.backbone].record, easel.device) as network, torch.no_grad():
        exact = Objective(cast("VGG", network), run.options, content, style, dtype=torch.float32, edge_goes_on=True)
        pixels = canvas.to_tensor(run.without_colours(picture), stage, easel.device)
        return exact.read(exact(pixels)[1], 0, (stage.height, stage.width))


class _Easel:
    """A run while it is being computed."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.device = pick_device()
        dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}.get(run.options.precision)
        self.dtype = dtype or fastest_dtype(self.device)
        run.computed = {
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": describe(self.device),
            "torch": str(torch.__version__),  # a class of torch's own
        }
        self._grams_shown = -GRAMS_EVERY_S

    def steps(self, network: VGG, every_s: float) -> Iterator[Step]:
        """The steps that are left."""
        run = self.run
        descent = None if run.memory is None else Descent.recalled(run.memory, run.options, self.device)
        while run.stage < len(run.stages):
            stage = run.stages[run.stage]
            content, style = self.tensors(stage)
            with one_thread() if run.stage == 0 else contextlib.nullcontext():
                if descent is None:
                    begin = self.start(stage, content, style)
                    strokes = run.options.beta > 0 and run.options.init in ("content", "style")
                    descent = Descent(canvas.grained(begin, run.options.seed) if strokes else begin, run.options)
                elif run.in_stage == 0:
                    descent = Descent(canvas.enlarged(descent.pixels, stage), run.options)
                objective = Objective(network, run.options, content, style, dtype=self.dtype, edge_goes_on=True)
            yield from self._descend(descent, objective, stage, every_s)
            if run.stage == len(run.stages) - 1 or run.at_stop():
                break
            run.stage += 1
            run.in_stage = 0

    def start(self, stage: Stage, content: Tensor | None, style: Tensor | None) -> Tensor:
        """The first G, at the size of ``stage``."""
        run = self.run
        if run.options.init == "style" and run.seen[1] is not None:
            return canvas.to_tensor(run.seen[1], stage, self.device)  # cropped to the shape of G
        if run.options.init != "instant" or run.content is None or run.style is None:
            return canvas.start(run.options.init, content, style, run.options.seed)
        if run.instant is None:
            run.instant = run.without_colours(start_from(run.content, run.style, run.options.size))
        return canvas.to_tensor(run.instant, stage, self.device)

    def tensors(self, stage: Stage) -> tuple[Tensor | None, Tensor | None]:
        """Content and style as the network sees them at ``stage``."""
        content, style = self.run.seen
        return (
            None if content is None else canvas.to_tensor(content, stage, self.device),
            None if style is None else canvas.style_tensor(style, stage, self.device),
        )

    def _descend(self, descent: Descent, objective: Objective, stage: Stage, every_s: float) -> Iterator[Step]:
        """The iterations that are left at this size."""
        run = self.run
        run.memory = None  # until the next pause: that of a smaller size is of no use
        size = (stage.height, stage.width)
        pending: list[tuple[int, Tensor]] = []
        begun = shown = time.perf_counter()
        counted = 0

        def read_costs() -> tuple[Costs, ...]:  # reading them waits for the device, which makes the time right
            fresh = tuple(objective.read(values, number, size) for number, values in pending)
            pending.clear()
            run.elapsed_s += time.perf_counter() - begun
            run.costs.extend(fresh)
            run.pixels = descent.pixels.cpu().numpy().copy()
            return fresh

        try:
            while run.in_stage < stage.iterations and not run.at_stop():
                with one_thread() if run.done == 0 else contextlib.nullcontext():
                    values = descent.step(objective, stage.share(run.in_stage), self._watch)
                run.in_stage += 1
                counted += 1
                pending.append((run.done, values))
                last = run.in_stage == stage.iterations or run.at_stop()
                if last or run.done == 1 or time.perf_counter() - shown >= every_s:
                    fresh = read_costs()
                    if run.done > 1:
                        self._keep_pace((time.perf_counter() - begun) / counted / stage.pixels)
                    yield self._step(fresh, self._grams(objective, last or run.done == 1))
                    begun = shown = time.perf_counter()
                    counted = 0
        finally:
            if pending:
                read_costs()
            run.memory = descent.memory()

    def _keep_pace(self, latest: float) -> None:
        pace = self.run.pace
        self.run.pace = latest if pace is None else pace + _PACE_SMOOTHING * (latest - pace)

    def _watch(self) -> None:
        self.run.peak_bytes = max(self.run.peak_bytes, _memory_now(self.device))

    def _grams(self, objective: Objective, now: bool) -> Grams:
        """The style matrices, if it is time to show them."""
        if not now and time.monotonic() - self._grams_shown < GRAMS_EVERY_S:
            return {}
        self._grams_shown = time.monotonic()
        return {
            who: {layer: matrix.float().cpu().numpy() for layer, matrix in matrices.items()}
            for who, matrices in objective.grams.items()
        }

    def _step(self, fresh: tuple[Costs, ...], grams: Grams) -> Step:
        run = self.run
        left = sum(stage.iterations * stage.pixels for stage in run.stages[run.stage :])
        left -= run.in_stage * run.stages[run.stage].pixels
        return Step(
            done=run.done,
            total=run.total,
            picture=run.picture,
            costs=fresh,
            grams=grams,
            elapsed_s=run.elapsed_s,
            left_s=None if run.pace is None else left * run.pace,
            peak_bytes=run.peak_bytes,
        )


def _memory_now(device: torch.device) -> int:
    """Bytes: the most that tensors have taken on CUDA, elsewhere what the process holds now."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return int(psutil.Process().memory_info().rss)
