"""The bundled run of the DCGAN, measured from its first step to its last. No torch."""

from __future__ import annotations

from apps.charts import Frame, lines
from apps.markup import Markup, h, note, prose
from apps.measured import Chapter, Figures, drawn

GAME = "gan/dcgan-snapshots.json"
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


def _over_steps(points: list[Figures], keys: dict[str, str], title: str) -> Markup:
    series = {name: [point[key] for point in points] for name, key in keys.items()}
    return lines(series, [point["step"] for point in points], title=title, log_x=True, low=None, frame=_FRAME)
