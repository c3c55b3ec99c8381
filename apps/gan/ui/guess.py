"""Are you better than D? Ten pictures, real or fake: the visitor and the discriminator in the same round."""

from __future__ import annotations

import random
from typing import Any

import gradio as gr

from apps.gan.choices import ROUND
from apps.gan.drawing.tiles import Tile, sheet, tiles
from apps.gan.ui.common import REDRAW, heading
from apps.gan.ui.rooms import requests
from apps.links import Whole
from apps.markup import Markup, note, prose
from apps.results import File, as_json
from apps.sharing import share
from apps.ui import LIGHT, PRIVATE, guard, keep_result
from shared.errors import InputError, check_choice, check_whole

_NAMES = [str(number) for number in range(1, ROUND + 1)]
_ROUNDS = 1_000_000  # there are
_WIDTH_PX = 104  # of a picture
_EXPLAINED = (
    "D has seen 60,000 real digits and every mistake of G; you have seen handwriting all your life. If G is good, both "
    "of you are right about half the time: that is the balance that the game aims for. D still finds traces that you "
    "cannot see, and you find broken strokes that D forgives."
)


def panel() -> None:
    """Lay out the panel."""
    seen = heading(
        "use", "Real or fake?", "Ten pictures. Tick those that the generator drew; D answers about the same ten."
    )
    seed, tally = gr.State(0), gr.State((0, 0, 0))
    pictures = gr.HTML(note("Dealing ten pictures."), label="The round")
    ticked = gr.CheckboxGroup(_NAMES, label="The generator drew numbers", interactive=True)
    with gr.Row():
        check = gr.Button("Check my answers", variant="primary")
        new = gr.Button("Deal ten pictures")
    result = gr.HTML(label="The result")
    with gr.Accordion("As numbers", open=False):
        numbers = gr.JSON(label="Round")
        at = gr.Number(0, label="Round (seed)", precision=0)
    share(round=(at, Whole(0, _ROUNDS - 1)), fake=ticked)
    dealt = [seed, at, pictures, ticked, result]
    new.click(guard(_deal), None, dealt, **REDRAW, **PRIVATE)
    seen.expand(guard(_deal), [at, ticked], dealt, **REDRAW, **PRIVATE)
    checked = check.click(guard(discriminate), [at, ticked], [numbers, pictures], api_name="discriminate", **REDRAW)
    checked.success(guard(_count), [numbers, seed, tally], [result, tally, seed], **LIGHT, **PRIVATE)


def discriminate(seed: int = 0, called_fake: list[str] | None = None) -> tuple[dict[str, Any], Markup]:
    """Play a round against the discriminator: ten pictures, which of them did the generator draw?

    Args:
        seed: the round; the same seed deals the same ten pictures.
        called_fake: the numbers, "1" to "10", of the pictures that you take for fakes.

    Returns:
        Per picture the truth, your answer and the discriminator's with its probability, and both scores; the pictures.
    """
    called = {check_choice(str(name), _NAMES, "A picture's number") for name in called_fake or []}
    found = requests.deal_round(seed)
    rows, captions = [], []
    for name, is_real, p_real in zip(_NAMES, found.real, found.p_real, strict=True):
        truth, yours, its = _word(is_real), _word(name not in called), _word(p_real > 0.5)
        rows.append(
            {"number": int(name), "truth": truth, "you": yours, "d": its, "chance_real": round(float(p_real), 4)}
        )
        marks = (truth, "right" if yours == truth else "wrong")
        captions.append(Tile(f"{name} is {truth}", f"you: {yours} · D: {its} ({p_real:.0%} real)", marks))
    scores = {who: sum(row[who] == row["truth"] for row in rows) for who in ("you", "d")}
    answer = {"round": rows, "score": scores, "of": ROUND}
    files: dict[str, File] = {
        "round.json": (as_json(answer), "What they are, what you said and what D said."),
        "round.png": (sheet(found.pictures, ROUND // 2), "The ten pictures, row by row."),
    }
    keep_result("gan/are-you-better-than-d", files, settings={"round": seed, "fake": sorted(called, key=int)})
    return answer, tiles(found.pictures, captions, width_px=_WIDTH_PX)


def _deal(seed: float | None = None, ticked: list[str] | None = None) -> tuple[int, int, Markup, list[str], Markup]:
    """The round that a link names, with what it ticks, or any; before the first there stands 0, with no ticks."""
    named = bool(seed or ticked)
    kept = (ticked or []) if named else []
    seed = check_whole(seed or 0, "The round", low=0, high=_ROUNDS - 1) if named else random.randrange(1, _ROUNDS)
    captions = [Tile(name, alt=f"picture {name}") for name in _NAMES]
    pictures = tiles(requests.deal_round(seed).pictures, captions, width_px=_WIDTH_PX)
    return seed, seed, pictures, kept, note("Tick the fakes, then check your answers.")


def _count(
    answers: dict[str, Any], seed: int | None, tally: tuple[int, int, int]
) -> tuple[Markup, tuple[int, int, int], None]:
    score = answers.get("score") if isinstance(answers, dict) else None
    if not isinstance(score, dict) or not all(isinstance(score.get(who), int) for who in ("you", "d")):
        raise InputError("", "No answers have been checked yet", "Press Check my answers first.")
    you, d = score["you"], score["d"]
    if seed is not None:  # a round counts once
        tally = (tally[0] + 1, tally[1] + you, tally[2] + d)
    rounds, yours, its = tally
    seen = rounds * ROUND or 1
    winner = "A draw." if you == d else "You win this round." if you > d else "D wins this round."
    so_far = f"So far, in {rounds} round{'s' if rounds != 1 else ''}: you {yours / seen:.0%}, D {its / seen:.0%}."
    text = prose("<b>You {}, D {} of {}.</b> {} {}<br>{}", you, d, ROUND, winner, so_far, _EXPLAINED)
    return note(text), tally, None


def _word(real: bool) -> str:
    return "real" if real else "fake"
