"""How many iterations is one pass worth? J of the instant picture, and J per iteration from it and from the content.

As Johnson, Alahi & Fei-Fei 2016 (arXiv 1603.08155, figure 5) compare a network that paints in one pass with the
optimizer, on the optimizer's own objective. Every sample content with every sample style, at one size, by the default
recipe. A curve is J over the iterations, divided by J of the content picture, where the optimizer starts by default;
its entry i is J after i iterations. ``worth`` is the first i at which the run from the content has come down to the J
of the instant picture; null where it had not within the run. The instant picture is that of the style which was learned
from the sample; that of the painter of any style is measured, too. How fast or busy the machine is does not matter.

``python -m benchmarks.style_one_pass [--size 256] [--iterations 40] [--kept FILE] [--out weights/style/one-pass.json]``
measures what FILE, a pair per line, does not have yet: a long measurement may be interrupted, or shared by processes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch

from apps.style import canvas
from apps.style.descent.objective import Objective
from apps.style.instant.paint import paint_now
from apps.style.instant.style import style_of_picture
from apps.style.options import Options
from apps.style.run.transfer import Run
from apps.style.samples import Sample, find_sample, of_role
from apps.style.vgg.backbones import BACKBONES
from apps.style.vgg.network import VGG
from shared.device import describe, pick_device
from shared.model_cache import model_cache


def curve(content: Sample, style: Sample, options: Options) -> list[float]:
    """J after 0, 1, 2 ... iterations."""
    run = Run(canvas.open_content(content.path), canvas.open_style(style.path), options)
    for _ in run.steps(every_s=60.0):
        pass
    return [cost.J for cost in run.costs]


def by_any_style(content: Sample, style: Sample, options: Options) -> float:
    """J of the picture by the painter of any style."""
    pictures = canvas.open_content(content.path), canvas.open_style(style.path)
    painted = paint_now(pictures[0], style_of_picture(pictures[1]), size=options.size)
    (stage,) = canvas.plan(pictures[0].size, options)
    device = pick_device()
    c, s, g = (canvas.to_tensor(picture, stage, device) for picture in (*pictures, painted))
    record = BACKBONES[options.backbone].record
    with model_cache().lease(record, device) as network, torch.no_grad():
        exact = Objective(cast("VGG", network), options, c, s, dtype=torch.float32)
        return exact.read(exact(g)[1], 0, (stage.height, stage.width)).J


def measured(content: Sample, style: Sample, options: Options) -> dict[str, Any]:
    """The figures of one pair; every J divided by that of the content picture."""
    plain = curve(content, style, options)
    begun = curve(content, style, dataclasses.replace(options, init="instant"))
    worth = next((index for index, J in enumerate(plain) if begun[0] >= J), None)
    return {
        "content": content.name,
        "style": style.name,
        "worth": worth,
        "instant": begun[0] / plain[0],
        "any_style": by_any_style(content, style, options) / plain[0],
        "from_content": [J / plain[0] for J in plain],
        "from_instant": [J / plain[0] for J in begun],
    }


def summary(pairs: Sequence[dict[str, Any]], iterations: int) -> dict[str, Any]:
    """Medians and quartiles over the pairs; a pair that was never reached counts as one iteration more than the run."""
    worth = [iterations if pair["worth"] is None else pair["worth"] for pair in pairs]
    row: dict[str, Any] = {"worth": spread(worth), "not_reached": sum(pair["worth"] is None for pair in pairs)}
    row |= {name: spread([pair[name] for pair in pairs]) for name in ("instant", "any_style")}
    for name in ("from_content", "from_instant"):
        row[name] = [spread(values) for values in zip(*(pair[name] for pair in pairs), strict=True)]
    return row


def spread(values: Sequence[float]) -> list[float]:
    """Lower quartile, median, upper quartile."""
    return [float(f"{value:.4g}") for value in statistics.quantiles(values, n=4, method="inclusive")]


def read_kept(path: Path | None) -> dict[tuple[str, str], dict[str, Any]]:
    """The pairs that an earlier run has measured, by content and style."""
    if path is None or not path.is_file():
        return {}
    pairs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(pair["content"], pair["style"]): pair for pair in pairs}


def main() -> None:
    """Measure, print, and keep the figures where the page reads them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--contents", default=",".join(sample.name for sample in of_role("content")))
    parser.add_argument("--styles", default=",".join(sample.name for sample in of_role("style")))
    parser.add_argument("--kept", type=Path, help="keep each pair here as soon as it is measured")
    parser.add_argument("--out", type=Path, help="write the figures as JSON, for example weights/style/one-pass.json")
    chosen = parser.parse_args()
    options = Options(size=chosen.size, iterations=chosen.iterations, coarse_to_fine=False)
    kept = read_kept(chosen.kept)
    pairs = []
    for style in map(find_sample, chosen.styles.split(",")):
        for content in map(find_sample, chosen.contents.split(",")):
            pair = kept.get((content.name, style.name)) or measured(content, style, options)
            pairs.append(pair)
            print(json.dumps({key: value for key, value in pair.items() if not key.startswith("from_")}), flush=True)
            if chosen.kept is not None and (content.name, style.name) not in kept:
                with chosen.kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(pair) + "\n")
    figures = {
        "command": _command(sys.argv[1:]),
        "device": describe(pick_device()),
        "torch": torch.__version__,
        "measure": "J divided by that of the content picture; [lower quartile, median, upper quartile] over the pairs",
        "size": chosen.size,
        "iterations": chosen.iterations,
        "pairs": [{key: value for key, value in pair.items() if not key.startswith("from_")} for pair in pairs],
        "summary": summary(pairs, chosen.iterations),
    }
    print({key: value for key, value in figures["summary"].items() if not key.startswith("from_")})
    if chosen.out is not None:
        chosen.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


def _command(arguments: list[str]) -> str:
    """The command as it was given, without the folders of this machine."""
    places = {at + step for at, word in enumerate(arguments) if word in ("--kept", "--out") for step in (0, 1)}
    kept = [word for at, word in enumerate(arguments) if at not in places]
    return " ".join([f"python -m benchmarks.{Path(__file__).stem}", *kept])


if __name__ == "__main__":
    main()
