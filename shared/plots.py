"""Charts that look the same in every tab: altair specifications, drawn by the page itself.

altair was chosen because both gradio and streamlit bundle its renderer, so that a chart needs no network, follows the
page's width and dark mode, and costs the server a few milliseconds. Import it through this module, inside handlers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Chart = Any  # an altair chart, alone or in layers; altair's own types are loaded with it

# Okabe-Ito colours: distinguishable for colour-blind people, too, on white and on dark
BLUE, ORANGE, GREEN, VERMILION, SKY, PINK, YELLOW, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#C9B700",
    "#8A8A8A",
)
PALETTE = (BLUE, ORANGE, GREEN, VERMILION, SKY, PINK, YELLOW, GREY)
_HEIGHT = 260  # pixels


def lines(
    series: Mapping[str, Sequence[float]],
    *,
    x: Sequence[float] | None = None,
    x_title: str = "",
    y_title: str = "",
    title: str = "",
    log: bool = False,
    log_x: bool = False,
    height: int = _HEIGHT,
) -> Chart:
    """One line per entry of ``series`` over ``x`` (default: 0, 1, 2, ...); values that are not above 0 leave a gap when
    ``log``."""
    import altair as alt
    import pandas as pd

    rows = [
        (name, float(index if x is None else x[index]), float(value))
        for name, values in series.items()
        for index, value in enumerate(values)
        if not log or value > 0
    ]
    frame = pd.DataFrame(rows, columns=["series", "x", "y"])
    chart = (
        alt.Chart(frame, title=title)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("x:Q", title=x_title, scale=alt.Scale(type="log" if log_x else "linear", nice=False, zero=False)),
            y=alt.Y("y:Q", title=y_title, scale=alt.Scale(type="log" if log else "linear", zero=False)),
            color=_colour("series", list(series)),
            tooltip=["series:N", alt.Tooltip("x:Q", title=x_title or "x"), alt.Tooltip("y:Q", title=y_title or "y")],
        )
    )
    return styled(chart, height=height)


def histogram(
    samples: Mapping[str, Sequence[float] | np.ndarray],
    *,
    bins: int = 40,
    x_title: str = "",
    y_title: str = "share",
    title: str = "",
    rules: Mapping[str, float] | None = None,
    height: int = _HEIGHT,
) -> Chart:
    """Overlaid histograms of ``samples``, shares adding up to 1 each, and a labelled rule per entry of ``rules``.

    Values that are not finite are left out.
    """
    import altair as alt
    import numpy as np
    import pandas as pd

    finite = {name: values[np.isfinite(values)] for name, values in _as_arrays(samples).items()}
    arrays = {name: values for name, values in finite.items() if len(values)}
    merged = np.concatenate(list(arrays.values())) if arrays else np.zeros(1)
    edges = np.histogram_bin_edges(merged, bins)  # of one value only: half a unit to each side
    frames = []
    for name, values in arrays.items():
        share = np.histogram(values, edges)[0] / len(values)
        frames.append(pd.DataFrame({"series": name, "low": edges[:-1], "high": edges[1:], "share": share}))
    frame = pd.concat(frames) if frames else pd.DataFrame(columns=["series", "low", "high", "share"])
    chart = (
        alt.Chart(frame, title=title)
        .mark_bar(opacity=0.6)
        .encode(
            x=alt.X("low:Q", title=x_title, scale=alt.Scale(zero=False)),
            x2="high:Q",
            y=alt.Y("share:Q", title=y_title, stack=None),
            y2=alt.datum(0),  # with a range along x, a bar is a hairline unless its foot is given
            color=_colour("series", list(arrays)),
            tooltip=["series:N", "low:Q", "high:Q", "share:Q"],
        )
    )
    return styled(_with_rules(chart, rules), height=height)


def styled(chart: Any, *, height: int = _HEIGHT) -> Any:
    """``chart`` as wide as its column, ``height`` pixels high, without the frame, readable from the last row.

    It is drawn as SVG on no ground, so that the page's style sheet gives its text the colour of light or dark mode.
    """
    embedding = {"embedOptions": {"renderer": "svg", "actions": False}}
    return (
        chart.properties(width="container", height=height, background="transparent", usermeta=embedding)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, gridOpacity=0.4)
        .configure_legend(labelFontSize=12, title=None, orient="top")
        .configure_title(fontSize=14, anchor="start")
    )


def _as_arrays(samples: Mapping[str, Sequence[float] | np.ndarray]) -> dict[str, np.ndarray]:
    import numpy as np

    return {name: np.asarray(values, dtype=float) for name, values in samples.items()}


def _with_rules(chart: Any, rules: Mapping[str, float] | None) -> Any:
    if not rules:
        return chart
    import altair as alt
    import pandas as pd

    base = alt.Chart(pd.DataFrame({"name": list(rules), "at": list(rules.values())})).encode(x="at:Q")
    return (
        chart
        + base.mark_rule(strokeDash=[6, 3], strokeWidth=2, color=VERMILION)
        + base.mark_text(align="left", dx=5, y=12, fontSize=12, color=VERMILION).encode(text="name:N")
    )


def _colour(field: str, names: Sequence[str]) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(names), range=[PALETTE[index % len(PALETTE)] for index in range(len(names))])
    return alt.Color(f"{field}:N", scale=scale, legend=alt.Legend() if len(names) > 1 else None)
