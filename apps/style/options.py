"""What a visitor can choose for a style transfer, checked once, and the tables behind the drop-downs.

An ``Options`` is the whole recipe apart from the two pictures: the same recipe and pictures give the same picture on
the same machine. Does not import torch.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.style.vgg.backbones import BACKBONES, DEFAULT_BACKBONE, find_backbone
from apps.style.vgg.layers import find_layer
from shared.errors import OptionError, check_choice, check_number, check_whole, quoted

SMALLEST, LARGEST = 48, 1024  # pixels of the longer side
MOST_ITERATIONS = 5000
LONGEST_RECIPE = 100_000  # characters; ours have some 2,000
_MOST = 1e9  # for alpha, beta and every lambda

OPTIMIZERS = {
    "lbfgs": "L-BFGS: the paper's; smoother, in fewer steps",
    "adam": "Adam: steady; livelier, with a finer grain",
}
INITS = {
    "content": "the content picture",
    "noise": "noise",
    "style": "the style picture",
    "blend": "half content, half noise",
    "instant": "the picture in one pass",
}
POOLINGS = {"average": "average (smoother, the paper's)", "max": "max (as the network was trained)"}
UNITS = {
    "target": "relative: λ = 1 gives a style layer the same weight as the content, both relative to their targets",
    "written": "as written: λ multiplies the bare J_style[l]",
}
PRECISIONS = {
    "auto": "bfloat16 if this machine computes fast in it",
    "float32": "float32",
    "bfloat16": "bfloat16",
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """A recipe. Only what ``checked`` has returned is used."""

    backbone: str = DEFAULT_BACKBONE
    content_layers: tuple[str, ...] = ("relu4_2",)
    style_layers: tuple[str, ...] = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    lambdas: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)  # one per style layer, in its order
    units: str = "target"  # of the lambdas, a key of UNITS
    alpha: float = 1.0
    beta: float = 1.0
    smoothness: float = 0.3  # weight of the total variation, compared with J relative to its targets
    pooling: str = "average"
    init: str = "content"
    optimizer: str = "lbfgs"
    rate: float = 0.03  # Adam's step, in units of the range from black to white
    coarse_to_fine: bool = True
    size: int = 384  # pixels of the longer side
    iterations: int = 200  # over all sizes
    extra: int = 0  # further ones at the full size, from "Continue"
    stop_at: int = 0  # the iteration after which a replayed run stops, as the original did; 0: the last
    keep_colours: bool = False
    seed: int = 0
    precision: str = "auto"

    def to_json(self) -> dict[str, Any]:
        """The recipe as plain values."""
        return dataclasses.asdict(self)

    @property
    def weights(self) -> dict[str, float]:
        """lambda by style layer."""
        return dict(zip(self.style_layers, self.lambdas, strict=True))


FIELDS = tuple(field.name for field in dataclasses.fields(Options))


def from_json(recipe: str | Mapping[str, Any]) -> Options:
    """The options in a recipe, checked; entries that are no options (pictures, results) are ignored.

    Raises:
        OptionError: not a recipe, or an option outside its range.
    """
    if isinstance(recipe, str):
        if len(recipe) > LONGEST_RECIPE:
            raise OptionError(f"a recipe of at most {LONGEST_RECIPE:,} characters", "more", "Paste a saved one.")
        try:
            recipe = json.loads(recipe)
        except (ValueError, RecursionError) as error:
            raise OptionError(
                "a recipe as a JSON object", f"text that is not JSON ({error})", "Paste a saved one."
            ) from error
    if not isinstance(recipe, Mapping):
        raise OptionError("a recipe as a JSON object", quoted(recipe), "Paste a saved one.")
    inner = recipe.get("options", recipe)
    if not isinstance(inner, Mapping):
        raise OptionError("a recipe with its options as a JSON object", quoted(inner), "Paste a saved one.")
    given = {name: _frozen(inner[name]) for name in FIELDS if name in inner}
    return checked(Options(**given))


def checked(options: Options) -> Options:
    """``options`` with every field in its range and of its type.

    Raises:
        OptionError: the first field that is not.
    """
    backbone = find_backbone(options.backbone)
    content = tuple(
        find_layer(backbone.layers, name, "A content layer").name for name in _names(options.content_layers)
    )
    style = tuple(find_layer(backbone.layers, name, "A style layer").name for name in _names(options.style_layers))
    alpha = check_number(options.alpha, "alpha", low=0, high=_MOST)
    beta = check_number(options.beta, "beta", low=0, high=_MOST)
    lambdas = _check_lambdas(style, options.lambdas)
    _check_something_left(alpha, beta, content, style, lambdas)
    return dataclasses.replace(
        options,
        backbone=backbone.name,
        content_layers=content,
        style_layers=style,
        lambdas=lambdas,
        units=check_choice(options.units, UNITS, "The units of lambda"),
        alpha=alpha,
        beta=beta,
        smoothness=check_number(options.smoothness, "The smoothness", low=0, high=1000),
        pooling=check_choice(options.pooling, POOLINGS, "The pooling"),
        init=check_choice(options.init, INITS, "The start"),
        optimizer=check_choice(options.optimizer, OPTIMIZERS, "The optimizer"),
        rate=check_number(options.rate, "The learning rate", low=1e-4, high=1.0),
        coarse_to_fine=bool(options.coarse_to_fine),
        size=check_whole(options.size, "The size in pixels", low=SMALLEST, high=LARGEST),
        iterations=check_whole(options.iterations, "The number of iterations", low=1, high=MOST_ITERATIONS),
        extra=check_whole(options.extra, "The number of further iterations", low=0, high=MOST_ITERATIONS),
        stop_at=check_whole(options.stop_at, "The iteration to stop at", low=0, high=2 * MOST_ITERATIONS),
        keep_colours=bool(options.keep_colours),
        seed=check_whole(options.seed, "The seed", low=0, high=2**31 - 1),
        precision=check_choice(options.precision, PRECISIONS, "The precision"),
    )


def parse_lambdas(text: str, layers: Sequence[str] | None = None) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Style layers and their lambdas from "relu1_1=1, relu2_1=0.5"; a name without a number gets 1.

    ``layers``, if given, are the style layers: one that the text omits gets 1, one that the text adds is an error.

    Raises:
        OptionError: not a number, a layer named twice, or a lambda for a layer that is not chosen.
    """
    found: dict[str, float] = {}
    for part in (part.strip() for part in text.replace("\n", ",").split(",")):
        if not part:
            continue
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if name in found:
            raise OptionError("one lambda per style layer", f"two for {quoted(name)}", "Keep one of them.")
        found[name] = check_number(number if equals else 1.0, f"The lambda of {quoted(name)}", low=0, high=_MOST)
    if layers is None:
        return tuple(found), tuple(found.values())
    if stray := [name for name in found if name not in layers]:
        raise OptionError(
            f"lambdas of chosen style layers only ({', '.join(layers) or 'none is chosen'})",
            f"one for {quoted(stray[0])}",
            "Choose that layer too, or remove its lambda.",
        )
    return tuple(layers), tuple(found.get(name, 1.0) for name in layers)


def write_lambdas(layers: Sequence[str], lambdas: Sequence[float]) -> str:
    """The text that ``parse_lambdas`` reads."""
    return ", ".join(f"{name}={value:g}" for name, value in zip(layers, lambdas, strict=True))


def layer_names(backbone: str) -> list[str]:
    """The names of the layers of ``backbone`` that may be chosen, in order."""
    return [layer.name for layer in BACKBONES[backbone].layers]


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise OptionError("a list of layer names", quoted(value), "Write for example relu4_2.")
    names = tuple(str(name) for name in value)
    if len(set(names)) < len(names):
        raise OptionError("each layer once", quoted(", ".join(names)), "Remove the duplicate.")
    return names


def _check_lambdas(style: Sequence[str], lambdas: object) -> tuple[float, ...]:
    values = list(lambdas) if isinstance(lambdas, list | tuple) else [lambdas]
    if len(values) != len(style):
        raise OptionError(
            f"one lambda per style layer, {len(style)} in all", f"{len(values)}", "Give each layer its lambda."
        )
    return tuple(
        check_number(value, f"The lambda of {name}", low=0, high=_MOST)
        for name, value in zip(style, values, strict=True)
    )


def _check_something_left(
    alpha: float, beta: float, content: Sequence[str], style: Sequence[str], lambdas: Sequence[float]
) -> None:
    """Make sure that a weight above 0 has a layer to weigh: nothing that was asked for is dropped silently."""
    if alpha == 0.0 and beta == 0.0:
        raise OptionError("a cost to reduce", "alpha = 0 and beta = 0", "Raise alpha or beta.")
    if alpha > 0.0 and not content:
        raise OptionError(
            f"at least one content layer, because alpha is {alpha:g}",
            "none",
            "Choose a content layer, or set alpha to 0 for the style alone.",
        )
    if beta > 0.0 and not any(lambdas):
        raise OptionError(
            f"at least one style layer with a lambda above 0, because beta is {beta:g}",
            f"lambda = 0 for {', '.join(style)}" if style else "no style layer",
            "Raise a lambda or choose a layer, or set beta to 0 for the content alone.",
        )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
