"""Are you better than D? Ten pictures, real or fake: the visitor and the discriminator in the same round."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.gan.choices import ROUND
from apps.gan.drawing.tiles import Tile, note, tiles
from apps.gan.ui.common import QUICK, heading
from apps.ui import LIGHT, PRIVATE, guard

_NAMES = [str(number) for number in range(1, ROUND + 1)]
_EXPLAINED = (
    "D has seen 60,000 real digits and every mistake of G; you have seen handwriting all your life. Both hover "
    "near half right when G is good: that is the balance the game is played for. D still finds traces that you cannot "
    "see, and you find broken strokes that it forgives."
)


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use", "Real or fake?", "Ten pictures. Tick those that you think the generator drew; D answers the same ten."
    )
    seed, tally = gr.State(0), gr.State((0, 0, 0))
    table = gr.HTML(note("Dealing."), label="The round")
    marked = gr.CheckboxGroup(_NAMES, label="Drawn by the generator are numbers", interactive=True)
    with gr.Row():
        check = gr.Button("Check my answers", variant="primary")
        new = gr.Button("Deal ten pictures")
    told = gr.HTML(label="The result")
    with gr.Accordion("The same as numbers", open=False):
        numbers = gr.JSON(label="Round")
        at = gr.Number(0, label="Round (seed)", precision=0)
    gr.on([new.click, seen.expand], guard(_deal), None, [seed, at, table, marked, told], **QUICK, **PRIVATE)
    checked = check.click(guard(discriminate), [at, marked], [numbers, table], api_name="discriminate", **QUICK)
    checked.success(guard(_count), [numbers, seed, tally], [told, tally, seed], **LIGHT, **PRIVATE)


def discriminate(seed: int = 0, called_fake: list[str] | None = None) -> tuple[dict[str, Any], str]:
    """Play a round against the discriminator: ten pictures, which of them did the generator draw?

    Args:
        seed: the round; the same seed deals the same ten pictures.
        called_fake: the numbers, "1" to "10", of the pictures that you take for fakes.

    Returns:
        Per picture the truth, your answer and the discriminator's with its probability, and both scores; the pictures.
    """
    from apps.gan.exhibits.scenes import deal
    from shared.errors import check_choice

    called = {check_choice(str(name), _NAMES, "A picture's number") for name in called_fake or []}
    found = deal(seed)
    rows, captions = [], []
    for name, is_real, chance in zip(_NAMES, found.real, found.chances, strict=True):
        truth, yours, its = _word(is_real), _word(name not in called), _word(chance > 0.5)
        rows.append(
            {"number": int(name), "truth": truth, "you": yours, "d": its, "chance_real": round(float(chance), 4)}
        )
        marks = (truth, "right" if yours == truth else "wrong")
        captions.append(Tile(f"{name} is {truth}", f"you: {yours} · D: {its} ({chance:.0%} real)", marks))
    scores = {who: sum(row[who] == row["truth"] for row in rows) for who in ("you", "d")}
    return {"round": rows, "score": scores, "of": ROUND}, tiles(found.pictures, captions, width_px=104)


def _deal() -> tuple[int, int, str, list[str], str]:
    import random

    from apps.gan.exhibits.scenes import deal

    seed = random.randrange(1_000_000)
    found = deal(seed)
    captions = [Tile(name, alt=f"picture {name}") for name in _NAMES]
    table = tiles(found.pictures, captions, width_px=104)
    return seed, seed, table, [], note("Tick the fakes, then check.")


def _count(
    result: dict[str, Any], seed: int | None, tally: tuple[int, int, int]
) -> tuple[str, tuple[int, int, int], None]:
    score = result["score"]
    if seed is not None:  # a round counts once
        tally = (tally[0] + 1, tally[1] + score["you"], tally[2] + score["d"])
    rounds, yours, its = tally
    seen = rounds * ROUND or 1
    better = "You win this round." if score["you"] > score["d"] else "D wins this round."
    if score["you"] == score["d"]:
        better = "A draw."
    text = (
        f"<b>You {score['you']}, D {score['d']} of {ROUND}.</b> {better} So far, in {rounds} "
        f"round{'s' if rounds != 1 else ''}: you {yours / seen:.0%}, D {its / seen:.0%}.<br>{_EXPLAINED}"
    )
    return note(text), tally, None


def _word(real: bool) -> str:
    return "real" if real else "fake"
