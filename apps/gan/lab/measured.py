"""GAN Lab in the visitor's browser: frames a second on this machine and on one slowed down as a phone is. No torch."""

from __future__ import annotations

from apps.markup import Markup, h, joined, note, prose, table
from apps.measured import Chapter, Figures, drawn

LAB = "gan/lab.json"
_COMMAND = "python -m benchmarks.gan_lab --write"
_WAYS = ("full speed", "four times slower")  # as the benchmark names them


def lab_chapter() -> Chapter:
    """The chapter."""
    return Chapter(
        title="GAN Lab, frame by frame",
        text="The game is computed and drawn in the visitor's browser; the hub answers nobody while it is played.",
        body=drawn(LAB, lab_figures, _COMMAND),
    )


def lab_figures(found: Figures) -> Markup:
    """The table of what the benchmark wrote."""
    rows = [
        (name, *(f"{figures[way][key]:.{digits}f}" for way in _WAYS for key, digits in _COLUMNS.items()))
        for name, figures in found["presets"].items()
    ]
    heads = [f"{what}, {way}" for way in ("laptop", "phone") for what in ("frames a second", "script, ms a frame")]
    explained = prose(
        "{} at its full speed, and with its processor slowed down four times as the developers' tools do for a phone; "
        "{:g} s a game, the canvas drawn without a graphics card. Calls to the hub while they were played: {:,}. "
        "The same seed gives the points of the torch version to 1e-4 over the first 50 rounds (tested). Command: {}.",
        found["browser"],
        found["seconds"],
        found["calls_while_playing"],
        h.code(_COMMAND),
    )
    return joined([table(("", *heads), rows, class_="gan-figures"), note(explained)])


_COLUMNS = {"frames_per_second": 0, "script_ms_per_frame": 1}  # key: digits shown
