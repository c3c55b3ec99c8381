"""The stage on which a filter slides: its HTML, style and script, self-contained; the data come by ``scenes.scene``.

The script lies in ``page/``: ``math.js`` (the convolution), ``paint.js`` and ``views.js`` (the drawing), ``stage.js``
(the state, the controls and the clock). Everything runs in the visitor's browser, so that it answers at once.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from apps.conv.scenes import SCENES

SCRIPTS = ("math.js", "paint.js", "views.js", "stage.js")  # in this order
# The five words, and what each says to someone who cannot see its panel.
WORDS: dict[str, str] = {
    "input": "Input with the window; arrow keys move it, page keys change the slice",
    "filter": "Filter weights; left and right choose one, up and down change it",
    "slide": "The numbers under the window, and their products with the filter",
    "sum": "The running sum of the products",
    "output": "Output, one value per place of the window; arrow keys move the place",
}
SPEEDS: dict[str, str] = {
    "product": "product by product",
    "slow": "1 place a second",
    "walk": "10 places a second",
    "run": "60 places a second",
    "line": "a row or a slice at a time",
    "sweep": "sweep over all",
}
_STEERED = ("input", "filter", "output")  # panels that take the keyboard


def _page(name: str) -> str:
    return (Path(__file__).parent / "page" / name).read_text(encoding="utf-8")


def script() -> str:
    """The script that gradio runs when the stage appears."""
    return "\n".join(_page(name) for name in SCRIPTS)


def style(name: str) -> str:
    """The style sheet ``name`` of ``page/`` as an element."""
    return f"<style>{_page(name)}</style>"


def _options(choices: dict[str, str], chosen: str) -> str:
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in choices.items()
    )


def _select(
    name: str, label: str, choices: dict[str, str] | None = None, chosen: str = "", *, only: bool = False
) -> str:
    css = ' class="cx-only"' if only else ""
    return f'<label{css}>{label}<select data-do="{name}">{_options(choices or {}, chosen)}</select></label>'


def _button(name: str, text: str, label: str, css: str = "") -> str:
    return f'<button type="button" data-do="{name}" aria-label="{label}" title="{label}" class="{css}">{text}</button>'


def _panel(number: int, word: str) -> str:
    focus = ' tabindex="0"' if word in _STEERED else ""
    beside = (
        '<label class="cx-edit">weight<input type="number" data-do="weight" step="0.05" min="-10" max="10" '
        'placeholder="–" disabled></label>'
    )
    below = (
        '<div class="cx-sum"><span data-do="words"></span><div><b class="cx-total" data-do="total"></b> '
        '<span data-do="of"></span></div></div>'
    )
    return (
        f'<section style="grid-area:{word};--cx-tone:var(--cx-{word})"><h3><i>{number}</i>{word.capitalize()}'
        f'{beside if word == "filter" else ""}<small data-note="{word}"></small></h3>'
        f'<canvas data-panel="{word}" role="img" aria-label="{escape(WORDS[word])}"{focus}></canvas>'
        f"{below if word == 'sum' else ''}</section>"
    )


def template() -> str:
    """The stage's HTML; no ``${`` and no double braces, which gradio would take for its own."""
    scenes = "".join(
        f'<button type="button" data-scene-button="{name}" aria-pressed="{str(name == "signal").lower()}">'
        f"{escape(scene.title)}</button>"
        for name, scene in SCENES.items()
    )
    numbers = {str(n): str(n) for n in (1, 2, 3, 4)}
    settings = (
        _select("filter", "Filter")
        + _select("photo", "Photo", only=True)
        + '<label class="cx-only">Your photo<span class="cx-file" title="It stays in your browser">Choose…'
        '<input type="file" accept="image/*" data-do="file" aria-label="Your own photo; it stays in your browser">'
        "</span></label>"
        + _select("size", "Size f")
        + _select("stride", "Stride s", numbers, "1")
        + _select("padding", "Padding p", {"valid": "valid", "same": "same"}, "valid")
        + _select("dilation", "Dilation d", numbers, "1")
    )
    player = (
        _button("play", "▶ Play", "Play or pause", "cx-main")
        + _button("first", "|◀", "To the first place")
        + _button("back", "◀", "One step back")
        + _button("next", "▶", "One step on")
        + _button("last", "▶|", "To the last place")
        + f'<select data-do="speed" aria-label="Speed">{_options(SPEEDS, "walk")}</select>'
        + '<input type="range" min="0" max="1" step="1" value="0" data-do="position" aria-label="Place of the window">'
        + '<span class="cx-where" data-do="where"></span>'
    )
    panels = "".join(_panel(number, word) for number, word in enumerate(WORDS, 1))
    return "".join(
        (
            f'{style("stage.css")}<div class="cx" data-dims="1" data-scene="signal">',
            '<h2 class="cx-unseen">One filter, five words: input, filter, slide, sum, output</h2>',
            '<div class="cx-row"><span class="ch-kind ch-kind-use">Use it</span>',
            f'<div class="cx-scenes" role="group" aria-label="What to slide over">{scenes}</div>',
            f'{settings}</div><div class="cx-row cx-player">{player}</div>',
            '<p class="cx-facts"><b data-do="shape">…</b> <span data-do="note"></span> ',
            '<span data-do="formula"></span></p>',
            f'<div class="cx-panels">{panels}</div>',
            '<div class="cx-unseen" aria-live="polite" data-do="live"></div></div>',
        )
    )
