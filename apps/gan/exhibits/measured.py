"""The DCGAN measured while it learns: the bundled run, and what a visitor trains in a minute. No torch."""

from __future__ import annotations

from apps.charts import Frame, lines
from apps.markup import Markup, h, joined, note, prose, table
from apps.measured import Chapter, Figures, drawn

GAME, OWN = "gan/dcgan-snapshots.json", "gan/train-live.json"
_COMMAND = "python -m apps.gan train --model dcgan-digits --data DIR"
_FRAME = Frame(width=560, height=260, left=44, right=128)
_CALLED = {"fakes": "fooled", "real digits": "caught"}
_LOSSES = {"D’s loss": "loss_d", "G’s loss": "loss_g"}


def game() -> Chapter:
    """The chapter of the panel "Two players"."""
    return Chapter(
        title="Fooled about half the time?",
        text="When the game is in balance, D can only guess. Measured at every snapshot on fakes and test digits that "
        "neither player was trained on.",
        body=drawn(GAME, game_figures, _COMMAND),
    )


def game_figures(found: Figures) -> Markup:
    """The curves of what the training wrote."""
    kept = [one for one in found["standings"] if one["step"] > 0]  # step 0 has no place on a logarithmic axis
    first, last = found["standings"][0], found["standings"][-1]
    explained = prose(
        "n = {:,} fakes and as many test digits at each snapshot. At step 0 D calls {:.1%} of the fakes and {:.1%} of "
        "the digits real, after {:,} steps {:.1%} and {:.1%}. The Fréchet distance of the fakes to the test digits, in "
        "the judge’s features, falls from {:.1f} to {:.2f}. Command: {}.",
        last["n"],
        first["fooled"],
        first["caught"],
        last["step"],
        last["fooled"],
        last["caught"],
        first["fid"],
        last["fid"],
        h.code(_COMMAND),
    )
    charts = h.div(
        _over_steps(kept, _CALLED, "Share that D calls real, over steps (logarithmic)"),
        _over_steps(found["curves"], _LOSSES, "Loss, over steps (logarithmic)"),
        class_="gs-both",
    )
    return h.div(charts, note(explained))


def own() -> Chapter:
    """What the visitor's own training comes to."""
    return Chapter(
        title="How far does your training come?",
        text="The Fréchet distance of its digits to test digits, in the judge’s features: lower is better.",
        body=drawn(OWN, own_figures, "python -m benchmarks.gan_live --write"),
    )


def own_figures(found: Figures) -> Markup:
    """The table of what the benchmark wrote."""
    columns = list(zip(*found["fid"], strict=True))
    row = [prose("{:.1f} <small>{:.1f} to {:.1f}</small>", sum(one) / len(one), min(one), max(one)) for one in columns]
    seeds = len(found["fid"])
    explained = prose(
        "Means of {} seeds, in small print the least and the most. n = {:,} samples and as many test digits. In "
        "comparison the bundled run, with 60,000 digits instead of 500 and 64 a step instead of 32, is below. "
        "Command: {}.",
        seeds,
        found["n"],
        h.code(found["command"]),
    )
    head = ("after so many steps", *(f"{steps:,}" for steps in found["steps"]))
    return joined([table(head, [("Fréchet distance", *row)], class_="gan-figures"), note(explained)])


def _over_steps(points: list[Figures], keys: dict[str, str], title: str) -> Markup:
    series = {name: [point[key] for point in points] for name, key in keys.items()}
    return lines(series, [point["step"] for point in points], title=title, log_x=True, low=None, frame=_FRAME)
