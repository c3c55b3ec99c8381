"""J(G) for one pair of pictures at one size: what the optimizer descends, and the exact costs.

Bare costs of different layers differ by many powers of ten and grow with the picture. So that one alpha, beta and set
of lambdas serves every picture, a lambda is by default counted in units of its targets::

    N_c = J_content of a G whose activations are all zero      = 1/2 ||a(C)||^2
    N_l = J_style[l] of such a G                               = sum G(S)^2 / (2 nH nW nC)^2
    lambda'_l = lambda_l N_c / N_l
    J = alpha J_content + beta sum_l lambda'_l J_style[l]      with J_content and J_style[l] exactly as the paper's

so that J / N_c = alpha J_content / N_c + beta sum_l lambda_l J_style[l] / N_l: at lambda = 1 a style layer weighs as
much as the content when both are equally far from their targets. With units "written", lambda' is lambda. The optimizer
gets J divided by its value for zero activations, a constant, plus the smoothness term; gradients are then of one size
for any weights.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from apps.style.descent import losses
from apps.style.descent.costs import Costs
from apps.style.options import Options
from apps.style.vgg.features import Extractor
from apps.style.vgg.network import VGG


@dataclass(frozen=True, eq=False, kw_only=True)
class _Seen:
    """What one style picture is to one network: its style matrices, and over how many positions they were summed."""

    network: VGG  # kept, so that no other one gets its id meanwhile
    grams: Mapping[str, Tensor]
    positions: Mapping[str, int]


# A class often paints in the same few styles: runs under way share what they descend to. Nothing outlasts its runs.
_STYLES: WeakValueDictionary[tuple[object, ...], _Seen] = WeakValueDictionary()
_NOTHING = 1e-12  # of the content's target: a smaller style target counts as zero, and its lambda stays as written


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The constants of J at one size."""

    alpha: float
    beta: float
    lambdas: Mapping[str, float]  # lambda' by style layer
    content_size: float  # N_c
    style_sizes: Mapping[str, float]  # N_l by style layer

    @property
    def of_zero(self) -> float:
        """J of a picture whose activations are all zero: what J is divided by for the optimizer."""
        style = math.fsum(self.lambdas[name] * size for name, size in self.style_sizes.items())
        return self.alpha * self.content_size + self.beta * style


class Objective:
    """``objective(G)`` is the number to descend and the costs, on the device; ``grams`` are the style matrices."""

    def __init__(
        self,
        network: VGG,
        options: Options,
        content: Tensor | None,
        style: Tensor | None,
        *,
        dtype: torch.dtype,
        edge_goes_on: bool = False,
    ) -> None:
        """``content`` (1, 3, H, W) and ``style`` (1, 3, h, w); one that J does not use may be missing.

        A style of another size than G's has its style matrices multiplied by nH nW of G over its own: they are sums
        over all positions, and are compared as if the style had as many. ``edge_goes_on``: as of ``Extractor``.
        """
        self._content_layers = options.content_layers if options.alpha > 0 and content is not None else ()
        self._style_layers = options.style_layers if options.beta > 0 and style is not None else ()
        names = {*self._content_layers, *self._style_layers}
        self._extractor = Extractor(network, names, pooling=options.pooling, dtype=dtype, edge_goes_on=edge_goes_on)
        self._way = id(network), frozenset(names), self._style_layers, options.pooling, dtype, edge_goes_on
        self._network = network
        self._smoothness = options.smoothness
        self.grams: dict[str, dict[str, Tensor]] = {"C": {}, "S": {}, "G": {}}  # by picture, then by style layer
        self._content: dict[str, Tensor] = {}
        self._positions: dict[str, int] = {}  # nH nW of G by style layer
        with torch.no_grad():
            if content is not None:
                self._see_content(content)
            if style is not None and self._style_layers:
                self._see_style(style)
        self.weights = self._weigh(options)

    def __call__(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """For G (1, 3, H, W): the scalar to descend, and (2 + layers,) J_content, variation, J_style[l]."""
        weights = self.weights
        content = picture.new_zeros(())
        layers: dict[str, Tensor] = {}
        for name, activation in self._extractor.layers(picture):
            if name in self._content:
                content = content + losses.content_cost(self._content[name], activation)
            if name in self._positions:
                matrix = losses.gram(activation)
                self.grams["G"][name] = matrix.detach()
                layers[name] = losses.style_cost(self.grams["S"][name], matrix, self._positions[name])
        variation = losses.total_variation(picture)
        total = weights.alpha / weights.of_zero * content + self._smoothness * variation
        for name, cost in layers.items():
            total = total + weights.beta * weights.lambdas[name] / weights.of_zero * cost
        return total, torch.stack([content, variation, *(layers[name] for name in self._style_layers)]).detach()

    def read(self, costs: Tensor, iteration: int, size: tuple[int, int]) -> Costs:
        """The second result of a call as plain numbers; waits for the device."""
        content, variation, *values = costs.double().tolist()
        layers = dict(zip(self._style_layers, values, strict=True))
        style = math.fsum(self.weights.lambdas[name] * value for name, value in layers.items())
        J = self.weights.alpha * content + self.weights.beta * style
        return Costs(
            iteration=iteration, size=size, J=J, content=content, style=style, layers=layers, variation=variation
        )

    def _see_content(self, content: Tensor) -> None:
        for name, activation in self._extractor.layers(content):
            if name in self._content_layers:
                self._content[name] = activation.clone()
            if name in self._style_layers:
                self.grams["C"][name] = losses.gram(activation)
                self._positions[name] = activation.shape[2] * activation.shape[3]

    def _see_style(self, style: Tensor) -> None:
        pixels = hashlib.blake2b(style.cpu().numpy().tobytes()).digest()
        key = (*self._way, style.device, tuple(style.shape), pixels)
        self._style = _STYLES.get(key) or self._look_at(style)
        _STYLES[key] = self._style
        for name in self._style_layers:
            own = self._style.positions[name]
            positions = self._positions.setdefault(name, own)  # of G, which has the content's size if there is one
            self.grams["S"][name] = self._style.grams[name] * (positions / own)

    def _look_at(self, style: Tensor) -> _Seen:
        grams, positions = {}, {}
        for name, activation in self._extractor.layers(style):
            if name in self._style_layers:
                grams[name] = losses.gram(activation)
                positions[name] = activation.shape[2] * activation.shape[3]
        return _Seen(network=self._network, grams=grams, positions=positions)

    def _weigh(self, options: Options) -> Weights:
        sizes = {name: losses.style_size(self.grams["S"][name], self._positions[name]) for name in self._style_layers}
        content_size = math.fsum(losses.content_size(target) for target in self._content.values())
        unit = content_size or max(sizes.values(), default=1.0)
        scaled = {
            name: unit / sizes[name] if options.units == "target" and sizes[name] > _NOTHING * unit else 1.0
            for name in self._style_layers
        }
        return Weights(
            alpha=options.alpha if self._content_layers else 0.0,
            beta=options.beta if self._style_layers else 0.0,
            lambdas={name: options.weights[name] * scaled[name] for name in self._style_layers},
            content_size=content_size,
            style_sizes=sizes,
        )
