"""Charts in the page's own colours: lines, bars, reliability diagrams, confusion matrices. No gradio, no torch.

They are drawn here and not by a library of the browser's: they are redrawn several times a second, a dozen stand side
by side, and a page must show them before any script runs; an SVG of some kilobytes swaps without a flicker. Colours are
CSS variables, so that dark mode works; every line also has its own dash and its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.markup import Content, Markup, cell, details, figure, h, joined, note, number, svg, table

COLOURS = ("--ch-ink", "--ch-blue", "--ch-orange", "--ch-green", "--ch-red", "--ch-pink", "--ch-sky", "--ch-grey")
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "1 3", "12 4", "3 6")
_LOWEST = 1e-7  # of the largest value: the least that a logarithmic axis shows
_ROWS = 20  # of the numbers below a chart
_POINTS = 240  # of a line: more cannot be distinguished

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The size of a chart and the room around its lines, in SVG units."""

    width: float = 430
    height: float = 220
    left: float = 50
    right: float = 108
    top: float = 12
    bottom: float = 28

    @property
    def floor(self) -> float:
        """The y of the lowest value."""
        return self.height - self.bottom

    @property
    def end(self) -> float:
        """The x of the last value."""
        return self.width - self.right


# a line in a row of small ones: no axis, only a caption above and a margin for the pen
SMALL = Frame(width=420, height=78, left=2, right=2, top=14, bottom=2)


def short(value: float) -> str:
    """A number for people: three digits, with a power of ten where it is very large or small."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "∞" if value > 0 else "–"
    if 100 <= abs(value) < 10_000:
        return f"{value:.0f}"
    if 0.01 <= abs(value) < 100:
        return f"{value:.3g}"
    mantissa, _, power = f"{value:.1e}".partition("e")
    return f"{mantissa}e{int(power)}"


def points(x: Iterable[float], y: Iterable[float]) -> str:
    """Places as the ``points`` of a polyline."""
    return " ".join(f"{number(a)},{number(b)}" for a, b in zip(x, y, strict=True))


def numbers(head: Sequence[Content], rows: Iterable[Sequence[Content]], summary: str) -> Markup:
    """What a chart shows, folded behind one line: a sentence, and at most ``_ROWS`` evenly chosen rows of a table."""
    every = list(rows)
    picked = [every[place] for place in _chosen(len(every), _ROWS)]
    fewer = note(f"{len(picked)} of {len(every):,} rows.") if len(picked) < len(every) else None
    return details("Numbers", h.p(summary), table(head, picked, stacks=False), fewer, class_="ch-numbers")


def chart(
    *parts: Content,
    size: tuple[float, float],
    summary: str,
    head: Sequence[Content],
    rows: Iterable[Sequence[Content]],
    caption: Content = None,
    class_: str = "",
) -> Markup:
    """A chart: a drawing with its numbers. There is none without.

    Args:
        parts: SVG.
        size: width and height in its units.
        summary: what it shows, in a sentence with the numbers that matter: for those who do not see it.
        head: titles of the columns of its numbers.
        rows: its numbers, in any number.
        caption: below the drawing.
        class_: of the drawing.
    """
    drawing = svg(*parts, size=size, label=summary, class_=f"ch-lines {class_}".strip())
    words = h.figcaption(caption) if caption else None
    return h.figure(drawing, words, numbers(head, rows, summary), class_="ch-figure ch-chart")


def _chosen(count: int, most: int) -> list[int]:
    """Places among ``count``, the first and the last among them, evenly apart."""
    return [int(at) for at in np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))] if count else []


def lines(
    series: Mapping[str, Sequence[float]],
    x: Sequence[float] | None = None,
    *,
    title: str,
    log: bool = False,
    log_x: bool = False,
    low: float | None = 0.0,
    marks: Sequence[float] = (),
    frame: Frame | None = None,
    show: Callable[[float], str] = short,
    ends: bool = True,
) -> Markup:
    """Lines over one axis, each with its name and its last value at its end.

    Args:
        series: values by name; one that is not finite, or not above 0 on a logarithmic axis, leaves a gap.
        x: where the values stand; by default 0, 1, 2, ...
        title: the caption, and the description for those who do not see the drawing.
        log: a logarithmic axis of values.
        log_x: a logarithmic axis along x.
        low: where a linear axis begins; ``None``: at the lowest value.
        marks: places on x with a dashed vertical line.
        frame: size and margins.
        show: how a value is written.
        ends: whether the last values are what matters; else it is the largest.
    """
    frame = frame or Frame()
    kept = {name: np.asarray(values, float) for name, values in series.items() if len(values)}
    if not kept:
        return figure(svg(size=(frame.width, frame.height), label=title), title, class_="ch-chart")
    count = max(len(values) for values in kept.values())
    given = np.asarray(range(count) if x is None else x, float)
    across = np.log10(given) if log_x else given
    first, last = float(across[0]), float(across[-1])
    floor, ceiling = _reach(list(kept.values()), log, low)

    def px(value: float) -> float:
        return frame.left + (frame.end - frame.left) * (value - first) / max(1e-9, last - first)

    def py(value: float) -> float:
        height = math.log10(value) if log else value
        return frame.top + (frame.floor - frame.top) * (ceiling - height) / (ceiling - floor)

    parts = [
        _grid(floor, ceiling, log, py, frame, show),
        [h.line(x1=px(at), x2=px(at), y1=frame.top, y2=frame.floor, class_="ch-mark") for at in marks],
    ]
    taken: list[float] = []
    for index, (name, values) in enumerate(kept.items()):
        parts.append(_line(name, values, across, px, py, log, index))
        last_value = f" {show(float(values[-1]))}" if ends else ""
        parts.append(_label(name + last_value, values, py, log, index, taken, frame))
    parts.append(h.text(f"{given[0]:.6g}", x=frame.left, y=frame.height - 8))
    parts.append(h.text(f"{given[-1]:.6g}", x=frame.end, y=frame.height - 8, text_anchor="end"))
    mark = {name: -1 if ends else int(np.argmax(values)) for name, values in kept.items()}
    values_said = [
        f"{name} {show(float(kept[name][at]))}" + ("" if ends else f" at {given[at]:.6g}") for name, at in mark.items()
    ]
    return chart(
        parts,
        size=(frame.width, frame.height),
        summary=f"{title}; {'at the end' if ends else 'at most'}: {', '.join(values_said)}",
        head=("", *kept),
        rows=[
            (f"{at:.6g}", *(show(float(of[place])) if place < len(of) else "" for of in kept.values()))
            for place, at in enumerate(given.tolist())
        ],
        caption=title,
    )


def _shown(values: Array, log: bool) -> npt.NDArray[np.bool_]:
    """Which values have a place on the axis."""
    finite = np.isfinite(values)
    top = float(values[finite].max(initial=0.0))
    return finite & (values > top * _LOWEST) & (values > 0) if log else finite


def _reach(values: Sequence[Array], log: bool, low: float | None) -> tuple[float, float]:
    """The lowest and the highest place on the axis, as logarithms where it is logarithmic."""
    every = np.concatenate([one[_shown(one, log)] for one in values])
    if not len(every):
        return 0.0, 1.0
    top, bottom = float(every.max()), float(every.min())
    floor, ceiling = (math.log10(bottom), math.log10(top)) if log else (bottom if low is None else low, top)
    return (floor, ceiling) if ceiling > floor else (ceiling - 0.5, ceiling + 0.5)


def round_ticks(low: float, high: float) -> list[float]:
    """Three to seven round numbers from ``low`` to ``high``: multiples of 1, 2, 2.5 or 5 times a power of ten."""
    least = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= least * (1 - 1e-9))
    within = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [float(f"{step * number:.12g}") for number in within]


def _grid(
    floor: float, ceiling: float, log: bool, py: Callable[[float], float], frame: Frame, show: Callable[[float], str]
) -> Markup:
    if log:
        step = max(1, math.ceil((ceiling - floor) / 5))
        ticks = [10.0**p for p in range(math.ceil(floor), math.floor(ceiling) + 1, step)] or [10**floor, 10**ceiling]
    else:
        ticks = round_ticks(floor, ceiling)
    return joined(
        (
            h.line(x1=frame.left, x2=frame.end, y1=py(tick), y2=py(tick), class_="ch-grid"),
            h.text(show(tick), x=frame.left - 5, y=py(tick) + 4, text_anchor="end"),
        )
        for tick in ticks
    )


def _line(
    name: str,
    values: Array,
    across: Array,
    px: Callable[[float], float],
    py: Callable[[float], float],
    log: bool,
    index: int,
) -> Markup:
    at = np.flatnonzero(_shown(values, log))
    if not len(at):
        return Markup()
    pick = at[np.unique(np.linspace(0, len(at) - 1, min(len(at), _POINTS)).astype(int))]
    places = points((px(across[i]) for i in pick), (py(float(values[i])) for i in pick))
    colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
    return h.polyline(h.title(name), points=places, style=f"stroke:var({colour})", stroke_dasharray=dash or None)


def _label(
    name: str,
    values: Array,
    py: Callable[[float], float],
    log: bool,
    index: int,
    taken: list[float],
    frame: Frame,
) -> Markup:
    at = np.flatnonzero(_shown(values, log))
    if not len(at):
        return Markup()
    y = _free(py(float(values[at[-1]])) + 4, taken, frame)
    colour = COLOURS[index % len(COLOURS)]
    return h.text(name, x=frame.end + 6, y=y, style=_readable(colour))


def _readable(colour: str) -> str:
    """The style of words in a line's colour, dark or light enough to be read."""
    return f"fill:color-mix(in srgb,var({colour}) 55%,var(--ch-ink))"


def _free(y: float, taken: list[float], frame: Frame) -> float:
    """``y`` moved away from the labels that are there."""
    y = min(frame.floor, max(frame.top + 8, y))
    for shift in (0, 13, -13, 26, -26, 39, -39, 52, -52, 65):
        if all(abs(y + shift - other) >= 12 for other in taken) and frame.top <= y + shift <= frame.height - 2:
            y += shift
            break
    taken.append(y)
    return y


def spark(y: Sequence[float], label: str) -> Markup:
    """A small curve over its own index, from 0 to its largest value, which is written next to it."""
    values = np.asarray(y, float)
    top = max(float(values.max(initial=0.0)), 1e-9)
    pick = np.unique(np.linspace(0, len(values) - 1, min(len(values), _POINTS)).astype(int))
    across = max(len(values) - 1, 1)
    height = SMALL.floor - SMALL.top
    places = points(
        (SMALL.left + (SMALL.end - SMALL.left) * i / across for i in pick),
        (SMALL.floor - height * float(values[i]) / top for i in pick),
    )
    axis = h.line(x1=0, x2=SMALL.width, y1=SMALL.floor, y2=SMALL.floor, class_="ch-grid")
    words = f"{label}: from {values[0]:,.4g} to {values[-1]:,.4g}" if len(values) else label
    return chart(
        axis,
        h.polyline(points=places, style=f"stroke:var({COLOURS[1]})"),
        h.text(f"{top:,.4g}", x=SMALL.left, y=11),
        size=(SMALL.width, SMALL.height),
        summary=words,
        head=("", label),
        rows=enumerate(short(float(value)) for value in values),
        class_="ch-spark",
    )


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence."""

    predicted: float  # their mean probability, 0..1
    observed: float  # the share of them that was right, 0..1
    n: int  # how many


def reliability(models: Mapping[str, Sequence[Bin]], *, unit: str) -> Markup:
    """How often answers were right, over how sure they were; on the diagonal the two agree.

    ``models``: bins by the name of what gave the probabilities; ``unit``: what is counted, in the plural.
    """
    frame = Frame(width=560, height=330, left=66, right=24, top=20, bottom=34)

    def px(share: float) -> float:
        return frame.left + share * (frame.end - frame.left)

    def py(share: float) -> float:
        return frame.floor - share * (frame.floor - frame.top)

    parts = [h.line(x1=px(0), y1=py(0), x2=px(1), y2=py(1), class_="ch-mark")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        anchor = {0.0: "start", 1.0: "end"}.get(share, "middle")
        parts.append(h.text(f"{share:.0%}", x=px(share), y=frame.height - 18, text_anchor=anchor))
        parts.append(h.text(f"{share:.0%}", x=frame.left - 6, y=py(share) + 4, text_anchor="end"))
    for index, (name, bins) in enumerate(models.items(), 1):
        colour = f"var({COLOURS[index % len(COLOURS)]})"
        places = points((px(one.predicted) for one in bins), (py(one.observed) for one in bins))
        parts.append(h.polyline(points=places, style=f"stroke:{colour}", stroke_dasharray=DASHES[index - 1] or None))
        parts += [
            h.circle(
                h.title(f"{name}: predicted {one.predicted:.3f}, observed {one.observed:.3f}, {one.n:,} {unit}"),
                cx=px(one.predicted),
                cy=py(one.observed),
                r=3 + 1.4 * math.log10(max(one.n, 1)) / 2,
                style=f"fill:{colour}",
            )
            for one in bins
        ]
    parts.append(h.text("predicted", x=frame.width - 8, y=frame.height - 4, text_anchor="end"))
    parts.append(h.text("observed", x=frame.left + 10, y=frame.top + 14))
    return chart(
        parts,
        size=(frame.width, frame.height),
        summary="Reliability of the probabilities: where predicted and observed shares agree, they can be trusted",
        head=("", "predicted", "observed", unit),
        rows=[
            (name, f"{one.predicted:.3f}", f"{one.observed:.3f}", f"{one.n:,}")
            for name, bins in models.items()
            for one in bins
        ],
        caption=legend(list(models), first=1),
    )


def legend(names: Sequence[str], *, first: int = 0) -> Markup:
    """Names in the colours of their lines, the first of them in colour number ``first``."""
    return joined(
        (
            h.span(h.span("● ", style=f"color:var({COLOURS[index % len(COLOURS)]})", aria_hidden="true"), name)
            for index, name in enumerate(names, first)
        ),
        "  ",
    )


@dataclass(frozen=True)
class Bar:
    """One bar with its name and its value in words."""

    name: Content
    share: float  # of the longest, 0..1
    value: Content
    colour: str = "--ch-blue"


def bars(rows: Iterable[Bar], *, class_: str = "") -> Markup:
    """Bars one under the other, their names before them and their values behind them."""
    made = (
        h.div(
            h.span(row.name),
            h.i(style=f"width:{number(100 * min(1.0, max(0.0, row.share)))}%;background:var({row.colour})"),
            h.em(row.value),
            class_="ch-bar-row",
        )
        for row in rows
    )
    return h.div(*made, class_=f"ch-bars {class_}".strip())


def confusion(
    counts: Sequence[Sequence[int]], names: Sequence[Content], *, corner: Content, title: Content = None
) -> Markup:
    """A confusion matrix with each count's share of its row behind it; ``corner`` says what rows and columns are."""
    rows = (
        (name, *(cell(f"{n:,}", class_="ch-share", style=f"--share:{100 * n / max(1, sum(row)):.1f}%") for n in row))
        for name, row in zip(names, counts, strict=True)
    )
    return table((corner, *names), rows, title=title, class_="ch-confusion", stacks=False)
