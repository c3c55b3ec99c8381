"""The stage on which a filter slides: its HTML, style and script, self-contained; the data come by ``scenes.scene``.

The script lies in ``page/``: ``math.js`` (the convolution), ``paint.js`` and ``views.js`` (the drawing), ``stage.js``
(the state and the clock), ``link.js`` (what a link says of it), ``controls.js`` (hands and form). Everything runs in
the visitor's browser, so that it answers at once.
"""

from __future__ import annotations

from apps.conv.scenes import SCENES
from apps.markup import Markup, h, joined, page_file, style

SCRIPTS = ("math.js", "paint.js", "views.js", "stage.js", "link.js", "controls.js")  # in this order
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


def script() -> str:
    """The script that gradio runs when the stage appears."""
    return "\n".join(page_file(__file__, name) for name in SCRIPTS)


def template() -> Markup:
    """The stage's HTML; no ``${`` and no double braces, which gradio would take for its own."""
    scenes = (
        h.button(
            scene.title, type="button", data_scene_button=name, aria_pressed="true" if name == "signal" else "false"
        )
        for name, scene in SCENES.items()
    )
    return joined(
        (
            style(__file__, "stage.css"),
            h.div(
                h.h2("One filter, five words: input, filter, slide, sum, output", class_="cx-unseen"),
                h.div(
                    h.span("Use it", class_="ch-kind ch-kind-use"),
                    h.div(scenes, class_="cx-scenes", role="group", aria_label="What to slide over"),
                    _settings(),
                    class_="cx-row",
                ),
                h.div(_player(), class_="cx-row cx-player"),
                h.p(
                    joined((h.b("…", data_do="shape"), h.span(data_do="note"), h.span(data_do="formula")), " "),
                    class_="cx-facts",
                ),
                h.div((_panel(place, word) for place, word in enumerate(WORDS, 1)), class_="cx-panels"),
                h.div(class_="cx-unseen", aria_live="polite", data_do="live"),
                class_="cx",
                data_plays="[data-panel=output]",
                data_dims=1,
                data_scene="signal",
            ),
        )
    )


def _settings() -> Markup:
    numbers = {str(n): str(n) for n in (1, 2, 3, 4)}
    private = "It stays in your browser"
    own = h.input(type="file", accept="image/*", data_do="file", aria_label=f"Your own photo. {private}")
    return joined(
        (
            _select("filter", "Filter"),
            _select("photo", "Photo", only_photo=True),
            h.label("Your photo", h.span("Choose…", own, class_="cx-file", title=private), class_="cx-only"),
            _select("size", "Size f"),
            _select("stride", "Stride s", numbers, "1"),
            _select("padding", "Padding p", {"valid": "valid", "same": "same"}, "valid"),
            _select("dilation", "Dilation d", numbers, "1"),
        )
    )


def _player() -> Markup:
    place = h.input(
        type="range", min=0, max=1, step=1, value=0, data_do="position", aria_label="Position of the window"
    )
    return joined(
        (
            _button("play", "▶ Play", "Play or pause", "cx-main"),
            _button("first", "|◀", "To the first position"),
            _button("back", "◀", "One step back"),
            _button("next", "▶", "One step forward"),
            _button("last", "▶|", "To the last position"),
            h.select(_options(SPEEDS, "walk"), data_do="speed", aria_label="Speed"),
            place,
            h.span(class_="cx-where", data_do="where"),
        )
    )


def _panel(place: int, word: str) -> Markup:
    weight = h.input(type="number", data_do="weight", step=0.05, min=-10, max=10, placeholder="–", disabled=True)
    total = h.div(joined((h.b(class_="cx-total", data_do="total"), h.span(data_do="of")), " "))
    return h.section(
        h.h3(
            h.i(place),
            word.capitalize(),
            h.label("weight", weight, class_="cx-edit") if word == "filter" else None,
            h.small(data_note=word),
        ),
        h.canvas(data_panel=word, role="img", aria_label=WORDS[word], tabindex=0 if word in _STEERED else None),
        h.div(h.span(data_do="words"), total, class_="cx-sum") if word == "sum" else None,
        style=f"grid-area:{word};--cx-tone:var(--cx-{word})",
    )


def _select(
    name: str, label: str, choices: dict[str, str] | None = None, chosen: str = "", *, only_photo: bool = False
) -> Markup:
    options = _options(choices or {}, chosen)
    return h.label(label, h.select(options, data_do=name), class_="cx-only" if only_photo else None)


def _options(choices: dict[str, str], chosen: str) -> Markup:
    return joined(h.option(text, value=value, selected=value == chosen) for value, text in choices.items())


def _button(name: str, text: str, label: str, class_: str | None = None) -> Markup:
    return h.button(text, type="button", data_do=name, aria_label=label, title=label, class_=class_)
