"""One table of what was measured, for the README and the report's first page, read from ``weights/<demo>/*.json``.

Each row names data set, split and n beside the figure and its 95 % interval. A figure that is in no file has no row.
"""

from __future__ import annotations

from collections.abc import Iterator

from apps.ekg import measured as ekg
from apps.measured import Headline
from apps.report.figures import Figures, percent, plain, read_source, span
from shared.settings import weights_dir

_MNIST = "MNIST, 10,000 test digits"


def headlines() -> tuple[Headline, ...]:
    """Every figure of the table that lies in a file, in the order of the tabs."""
    return (*_faces(), *_style(), *_gans(), *ekg.headlines())


def markdown() -> str:
    """The table as Markdown."""
    rows = ["| demo | measured | figure | 95 % interval | on |", "| --- | --- | ---: | --- | --- |"]
    rows += [f"| {row.demo} | {row.figure} | {row.value} | {row.interval} | {row.data} |" for row in headlines()]
    return "\n".join(rows) + "\n"


def _read(path: str) -> Figures:
    return read_source(path, path, weights_dir() / path).figures or Figures({})


def _row(demo: str, figure: str, value: float | None, text: str, low_high: str, data: str) -> Iterator[Headline]:
    if value is not None:
        yield Headline(demo, figure, text, low_high.removeprefix("95 %: "), data)


def _faces() -> Iterator[Headline]:
    file = _read("face/resnet29-128d.json")
    held = file.below("evaluation") or Figures({})
    n, folds = plain(held.number("n_pairs"), 0), plain(held.number("folds"), 0)
    pairs = f"{n} pairs of development people of LFW, {folds} folds"
    accuracy, tar = held.number("accuracy"), held.number("tar_at_far_1e-3")
    error = f"same or different person (± {percent(held.number('accuracy_std'), 2)} over folds)"
    yield from _row("Faces", error, accuracy, percent(accuracy, 2), span(held.interval("accuracy_interval"), 2), pairs)
    interval = span(held.interval("tar_at_far_1e-3_interval"))
    yield from _row("Faces", "accepted at one false accept in 1,000", tar, percent(tar), interval, pairs)
    ece = file.number("probability", "ece")
    judged = f"{plain(file.number('probability', 'n_judged'), 0)} pairs of people not used for fitting"
    yield from _row("Faces", "calibration error of the probability", ece, plain(ece), "", judged)


def _style() -> Iterator[Headline]:
    file = _read("style/speed.json")
    for size in ("256", "384"):
        for name in ("ours float32", "ours bfloat16"):
            ratio = file.number("sizes", size, name, "times_faster")
            figure = f"times the textbook's speed, {name.removeprefix('ours ')}, {size} px"
            yield from _row("Style transfer", figure, ratio, plain(ratio, 2), "", file.text("device") or "")


def _gans() -> Iterator[Headline]:
    judge = _read("gan/judge-digits.json")
    right = judge.number("test_accuracy")
    interval = span(judge.interval("test_accuracy_interval"), 2)
    yield from _row("GANs", "the judge reads digits", right, percent(right, 2), interval, _MNIST)
    for name, title in (("cgan-digits", "conditional GAN"), ("dcgan-digits", "DCGAN")):
        file = _read(f"gan/{name}.json")
        samples = f"{plain(file.number('n'), 0)} samples, seed {plain(file.number('seed'), 0)}"
        agreed = file.number("agreement") if name == "cgan-digits" else None
        interval = span(file.interval("agreement_interval"), 2)
        yield from _row("GANs", f"{title}: the digit asked for", agreed, percent(agreed, 2), interval, samples)
        distance, floor = file.number("fid"), file.number("fid_floor")
        against = f"{samples}, judge's features; training against test digits: {plain(floor)}"
        yield from _row("GANs", f"{title}: Fréchet distance to test digits", distance, plain(distance), "", against)
    restored = _read("gan/superres-digits.json")
    psnr = restored.number("gan", "psnr_db")
    bicubic = f"{_MNIST}, 7 x 7 to 28 x 28; bicubic: {plain(restored.number('bicubic', 'psnr_db'), 1)} dB"
    yield from _row("GANs", "super-resolution, PSNR", psnr, f"{plain(psnr, 1)} dB", "", bicubic)
