"""The stage of GAN Lab: its HTML, style and script, self-contained; the visitor's browser does all the work.

The script lies in ``page/``: ``lab_dice.js`` (random numbers), ``lab_network.js`` (networks), ``lab_game.js`` (the
game): these three are the engine that ``lab/game.py`` is the reference of. ``lab_sheet.js`` draws, ``lab_turns.js`` is
slow motion, ``lab_stage.js`` keeps the state and the clock, ``lab_link.js`` what a link says of it, ``lab_hands.js`` is
the form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from apps.charts import numbers
from apps.gan.choices import LOSSES, SEEDS
from apps.gan.lab.rules import (
    MOST_LAYERS,
    MOST_NEURONS,
    MOST_UPDATES,
    NOISES,
    OPTIMIZERS,
    PRESETS,
    SHAPES,
    WARM_UP,
    Rules,
    for_the_page,
)
from apps.gan.lab.starts import SCALE, read_starts
from apps.links import Choice, Flag, Kind, Number, Several, Whole
from apps.markup import Markup, h, joined, page_file, style

ENGINE = ("lab_dice.js", "lab_network.js", "lab_game.js")  # in this order
SCRIPTS = (*ENGINE, "lab_sheet.js", "lab_turns.js", "lab_stage.js", "lab_link.js", "lab_hands.js")
_DEFAULT = Rules()
_SPEEDS = {
    "5": "5 rounds a second",
    "20": "20 rounds a second",
    "60": "60 rounds a second",
    "240": "240 rounds a second",
    "1000": "as fast as it goes",
}
_STARTS = {"0": "untrained", str(WARM_UP): f"trained for {WARM_UP:,} rounds", "4000": "trained for 4,000 rounds"}
_LAYERS = {
    "field": "D’s opinion",
    "manifold": "G’s manifold",
    "real": "real points",
    "fake": "fakes",
    "pull": "pull on the fakes",
}


def script_of(*names: str) -> str:
    """The scripts ``names``, after the constant LAB with the tables that they read."""
    tables = for_the_page() | {"starts": read_starts(), "scale": SCALE}
    return "\n".join([f"const LAB = {json.dumps(tables)};", *(page_file(__file__, name) for name in names)])


def link_kinds() -> dict[str, Kind]:
    """What a link may say of the game, by the names of the form's fields."""
    kinds: dict[str, Kind] = {
        "preset": Choice(tuple(PRESETS)),
        "shape": Choice(tuple(SHAPES)),
        "noise": Choice(tuple(NOISES)),
        "loss": Choice(tuple(LOSSES)),
        "start": Choice(tuple(_STARTS)),
        "seed": Whole(0, SEEDS),
        "r1": Number(0, 100),
    }
    kinds |= {"speed": Choice(tuple(_SPEEDS)), "shows": Several(tuple(_LAYERS)), "slow": Flag()}
    for player in "dg":
        kinds[f"layers_{player}"] = Whole(0, MOST_LAYERS)
        kinds[f"neurons_{player}"] = Whole(1, MOST_NEURONS)
        kinds[f"optimizer_{player}"] = Choice(tuple(OPTIMIZERS))
        kinds[f"lr_{player}"] = Number(0, 1)
        kinds[f"{player}_updates"] = Whole(0, MOST_UPDATES)
    return kinds


def template() -> Markup:
    """The stage's HTML; no ``${`` and no double braces, which gradio would take for its own."""
    return joined(
        (
            style(__file__, "lab.css"),
            h.div(
                _player(),
                h.p(data_do="words", class_="lab-words", role="status"),
                _overview(),
                h.div(_sheet(), h.div(_curves(), _settings(), class_="lab-side"), class_="lab-both"),
                class_="lab",
                data_plays="[data-sheet=main]",
            ),
        )
    )


def _player() -> Markup:
    return h.div(
        _button("play", "▶ Play", "lab-main"),
        _button("round", "One round"),
        _button("step-d", "One step of D"),
        _button("step-g", "One step of G"),
        h.button("Slow motion", type="button", data_do="slow", aria_pressed="false"),
        h.button("Next step", type="button", data_do="next", disabled=True),
        _button("new", "New game"),
        h.span("Round ", h.b("0", data_do="rounds"), class_="lab-round"),
        class_="lab-bar",
        role="group",
        aria_label="Play the game",
    )


def _overview() -> Markup:
    """Noise to G to fakes, fakes and real points to D, its predictions, the losses, and the gradients back."""
    strip = h.canvas(data_do="strip", class_="lab-strip", role="img", aria_label="D’s predictions, 0 to 1")
    return h.div(
        _box("noise", "Noise z", _thumbnail("noise")),
        _box("g", "Generator G", _thumbnail("g")),
        _box("fakes", "Fakes", _thumbnail("fakes")),
        _box("real", "Real points", _thumbnail("real")),
        _box("d", "Discriminator D", _thumbnail("d")),
        _box("predictions", "Predictions", strip, h.small(data_do="called")),
        _box("loss-d", "D’s loss", h.b("–", data_do="loss-d")),
        _box("loss-g", "G’s loss", h.b("–", data_do="loss-g")),
        _box("grad-d", "◀ gradient of D’s loss, back into D"),
        _box("grad-g", "◀ gradient of G’s loss, back through D and the fakes into G"),
        class_="lab-map",
        role="group",
        aria_label="How the game goes: noise, generator, fakes, real points, discriminator, predictions, losses, "
        "gradients",
    )


def _box(name: str, title: str, *content: Markup) -> Markup:
    return h.div(h.span(title), content, data_box=name, style=f"grid-area:{name}")


def _thumbnail(name: str) -> Markup:
    return h.canvas(data_sheet=name, aria_hidden="true")


def _sheet() -> Markup:
    layers = [
        h.label(h.input(type="checkbox", data_layer=name, checked=name != "manifold"), title, class_=f"lab-{name}")
        for name, title in _LAYERS.items()
    ]
    sheet = h.canvas(data_sheet="main", role="img", tabindex=0, aria_label="Round 0, paused")
    slider = h.input(type="range", min=0, max=100, value=100, data_do="morph", aria_label="From noise to fakes")
    return h.div(
        h.div(sheet, h.i(data_do="cursor", hidden=True), class_="lab-paper"),
        h.div(layers, class_="lab-layers", role="group", aria_label="What is drawn"),
        h.div(
            _button("morph_now", "Morph from noise"), h.label("noise", slider, "fakes", class_="lab-morph"),
            h.button("Clear the drawing", type="button", data_do="clear", class_="lab-only-drawn"), class_="lab-bar"
        ),
        class_="lab-left",
    )  # fmt: skip


def _curves() -> Markup:
    def chart(name: str, label: str, curves: tuple[str, str], *legend: Markup) -> Markup:
        canvas = h.canvas(data_do=name, class_="lab-curve", role="img", aria_label=label)
        below = numbers(("round", *curves), (), f"{label}, at the moment.")
        return h.figure(h.figcaption(legend), canvas, h.div(below, data_numbers=name))

    both = chart(
        "losses",
        "Losses of both players over the game",
        ("D’s loss", "G’s loss"),
        _key("real", "D’s loss"),
        _key("fake", "G’s loss"),
    )
    apart = chart(
        "divergences",
        "Divergences between real points and fakes over the game",
        ("KL", "JS"),
        h.span("KL ", h.b("–", data_do="kl"), class_="lab-key lab-key-ink"),
        h.span("JS ", h.b("–", data_do="js"), class_="lab-key lab-key-pull"),
        h.small("bits; two samples of the real points: ", h.span(data_do="floor")),
    )
    return h.div(both, apart, class_="lab-curves")


def _key(tone: str, text: str) -> Markup:
    return h.span(text, class_=f"lab-key lab-key-{tone}")


def _settings() -> Markup:
    shapes = dict(SHAPES)
    noises = {name: title for name, (title, _) in NOISES.items()}
    losses = {name: title for name, (title, _) in LOSSES.items()}
    return h.div(
        _group(
            "The game",
            _select("preset", "A game worth watching", {name: name for name in PRESETS}),
            _select("shape", "Real points", shapes),
            _select("noise", "Noise", noises),
            _select("loss", "Loss", losses),
            _select("start", "Start", _STARTS),
            h.label("Speed", h.select(_options(_SPEEDS, "60"), data_do="speed")),
            _number("seed", "Seed", 0, SEEDS, 1, _DEFAULT.seed),
        ),
        _group("Discriminator D", *_network("d"), _number("r1", "R1 penalty", 0, 100, 0.01, _DEFAULT.r1)),
        _group("Generator G", *_network("g")),
        class_="lab-settings",
    )


def _network(player: str) -> Iterable[Markup]:
    hidden = getattr(_DEFAULT, f"hidden_{player}")
    yield _number(f"layers_{player}", "Hidden layers", 0, MOST_LAYERS, 1, len(hidden))
    yield _number(f"neurons_{player}", "Neurons in each", 1, MOST_NEURONS, 1, hidden[0])
    yield _select(f"optimizer_{player}", "Optimizer", OPTIMIZERS)
    yield _number(f"lr_{player}", "Learning rate", 0, 1, 0.001, getattr(_DEFAULT, f"lr_{player}"))
    updates = getattr(_DEFAULT, f"{player}_updates")
    yield _number(f"{player}_updates", "Updates in a round", 0, MOST_UPDATES, 1, updates)


def _group(title: str, *fields: Markup) -> Markup:
    return h.fieldset(h.legend(title), fields)


def _select(name: str, label: str, choices: dict[str, str]) -> Markup:
    return h.label(label, h.select(_options(choices), data_rule=name))


def _options(choices: dict[str, str], chosen: str = "") -> Markup:
    return joined(h.option(title, value=name, selected=name == chosen) for name, title in choices.items())


def _number(name: str, label: str, low: int, high: int, step: float, value: float) -> Markup:
    field = h.input(type="number", data_rule=name, min=low, max=high, step=step, value=value)
    return h.label(label, field)


def _button(name: str, text: str, class_: str | None = None) -> Markup:
    return h.button(text, type="button", data_do=name, class_=class_)
