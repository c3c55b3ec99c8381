"""The sub-tab "Shapes", and the endpoint ``/conv_shapes``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from apps.conv.describe import answer, read_stack
from apps.conv.parse import Defaults
from apps.conv.presets import PRESETS, choices, preset
from apps.conv.shapes import KINDS
from apps.conv.ui.blocks import page
from apps.conv.ui.rooms import check
from apps.links import Text
from apps.markup import Content, Markup, h, joined, style
from apps.results import as_json, table
from apps.sharing import share
from apps.ui import LIGHT, PRIVATE, guard, keep_result, section
from shared.errors import HubError

_FIRST = "2d"
_ADDED = {"conv": "{f},{k}", "transposed": "transposed {f},{k}", "maxpool": "maxpool {f}", "avgpool": "avgpool {f}"}
_LANE: dict[str, Any] = {"concurrency_id": "conv", "concurrency_limit": 1}  # milliseconds: not behind a class of faces


def conv_shapes(
    input: str, layers: str, stride: str = "1", padding: str = "valid", dilation: str = "1"
) -> dict[str, Any]:
    """Shapes, parameters and multiplications of a stack of convolutions in 1, 2 or 3 dimensions, checked against torch.

    Args:
        input: The sizes of the axes and then the channels: "14x14x3" for a picture, "360x1" for a signal,
            "14x14x14x1" for a volume. One to three axes.
        layers: The layers, separated by ";": "5x5x3,16" is 16 filters of 5x5 on 3 channels (which may be left out),
            with options s2 (stride), p1, same or valid (padding), d2 (dilation), g4 (groups), nobias. Also
            "maxpool 2x2", "avgpool 2x2 s2 ceil", "transposed 4x4,64 s2 p1 op1" (output padding), "pad 1"
            (zeros behind), "fc 120". Or a JSON list of objects with the keys kind, filter, filters, stride, padding,
            dilation, groups, bias, ceil, output_padding.
        stride: Stride of the convolutions that do not name one: "2", or "2x1" per axis.
        padding: Their padding: "valid", "same", or a number of zeros on each side.
        dilation: Their dilation.

    Returns:
        A dictionary: input, output (shapes with the axes first and the channels last), note (if the channels seem to
        stand first), parameters, multiplications, agrees (torch computes the same for every layer), and layers, each
        with kind, text, input, output, filter, stride, padding, dilation, output_padding, formula (one line per axis),
        notes, parameters, multiplications, and torch's own output, parameters, multiplications, difference (one
        output value, by hand and by torch) and agrees.
    """
    steps = read_stack(input, layers, Defaults(stride=stride, padding=padding, dilation=dilation))
    return answer(steps, check.verdicts(steps))


def _result(content: Content) -> Markup:
    return joined((style(__file__, "shapes.css"), content))


def _wrong(error: HubError) -> Markup:
    return _result(h.div(h.p(joined(error.sentences(), h.br()), class_="cs-bad", role="alert"), class_="cs"))


def _work_out(shape: str, layers: str) -> Iterator[Markup]:
    """The page at once, then again with torch's verdicts."""
    try:
        steps = read_stack(shape, layers)
        yield _result(page(steps, [None] * len(steps)))
        verdicts = list(check.verdicts(steps))
        _take_home(shape, layers, answer(steps, verdicts))
        yield _result(page(steps, verdicts))
    except HubError as error:
        yield _wrong(error)


def _take_home(shape: str, layers: str, answer: dict[str, Any]) -> None:
    head = "layer", "output", "parameters", "multiplications", "torch agrees"
    rows = [
        (
            one["text"],
            "x".join(map(str, one["output"])),
            one["parameters"],
            one["multiplications"],
            one["torch"]["agrees"],
        )
        for one in answer["layers"]
    ]
    files = {
        "stack.json": (as_json(answer), "As JSON."),
        "layers.csv": (table(head, rows), "In short."),
    }
    keep_result("conv/shapes", files, settings={"input": shape, "layers": layers})


def _load(name: str) -> tuple[str, str, str]:
    """A preset's input, layers and note."""
    chosen = preset(name)
    return chosen.input, chosen.layers.replace("; ", "\n"), chosen.note


def _fit(asked: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a link's preset brings with it."""
    if "preset" not in asked:
        return {}
    return {
        name: {"value": text} for name, text in zip(("input", "layers", "note"), _load(asked["preset"]), strict=True)
    }


def _text(kind: str, size: float, filters: float, stride: float, padding: str, dilation: float) -> str:
    if kind == "fc":
        return f"fc {int(filters)}"
    if kind == "pad":
        return f"pad {int(size)}"
    text = _ADDED[kind].format(f=int(size), k=int(filters)) + f" s{int(stride)}"
    text += f" {padding}" if padding != "valid" else ""
    return text + (f" d{int(dilation)}" if dilation != 1 else "")


def _first_page() -> Markup:
    steps = read_stack(PRESETS[_FIRST].input, PRESETS[_FIRST].layers)
    return _result(page(steps, [None] * len(steps)))


def build(tab: gr.Tab) -> None:
    """Lay out the sub-tab ``tab`` and its events; torch is asked when it is first looked at."""
    section("inside", "The shape after every layer", "What is printed in every paper, worked out and checked by torch.")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            chosen = gr.Dropdown(choices(), value=_FIRST, label="Start from", elem_id="conv-preset")
            shape = gr.Textbox(
                PRESETS[_FIRST].input,
                label="Input: sizes of the axes, then the channels",
                max_lines=1,
                elem_id="conv-input",
            )
            note = gr.Markdown(PRESETS[_FIRST].note, elem_classes="ch-intro", padding=True)
        with gr.Column(scale=6, min_width=300):
            layers = gr.Textbox(
                PRESETS[_FIRST].layers.replace("; ", "\n"),
                label="Layers, one a line: 5x5x3,16 s2 p1 d2 · maxpool 2x2 · fc 10",
                lines=4,
                max_lines=8,
                elem_id="conv-layers",
            )
            with gr.Row():
                go = gr.Button("Work it out", variant="primary", elem_id="conv-go", min_width=120)
                remove = gr.Button("Remove the last layer", min_width=120)
    with gr.Accordion("Add a layer", open=False):
        with gr.Row():
            kind = gr.Dropdown([(t, k) for k, t in KINDS.items()], value="conv", label="Kind", min_width=150)
            size = gr.Number(3, label="Filter size f", precision=0, minimum=1, min_width=90)
            filters = gr.Number(16, label="Number of filters", precision=0, minimum=1, min_width=90)
            stride = gr.Number(1, label="Stride s", precision=0, minimum=1, min_width=80)
            padding = gr.Dropdown(
                ["valid", "same", "p1", "p2", "p3"],
                value="valid",
                label="Padding",
                allow_custom_value=True,
                min_width=90,
            )
            dilation = gr.Number(1, label="Dilation d", precision=0, minimum=1, min_width=80)
        add = gr.Button("Add this layer", size="sm")
    result = gr.HTML(_first_page(), elem_id="conv-result", apply_default_css=False)

    def added(text: str, kind: str, size: float, filters: float, stride: float, padding: str, dilation: float) -> str:
        return f"{text.strip()}\n{_text(kind, size, filters, stride, padding, dilation)}".strip()

    def removed(text: str) -> str:
        return "\n".join(text.strip().splitlines()[:-1])

    share(
        preset=chosen,
        input=(shape, Text(60)),
        layers=(layers, Text(2000)),
        leader="preset",
        fit=_fit,
        also={"note": note},
    )
    work = guard(_work_out)
    events = {"inputs": [shape, layers], "outputs": result, **_LANE, **PRIVATE, "show_progress": "hidden"}
    loaded = chosen.input(guard(_load), chosen, [shape, layers, note], **_LANE, **PRIVATE)
    loaded.success(work, **events)
    go.click(work, **events)
    tab.select(work, **events)
    shape.submit(work, **events)
    add.click(
        guard(added), [layers, kind, size, filters, stride, padding, dilation], layers, **LIGHT, **PRIVATE
    ).success(work, **events)
    remove.click(guard(removed), layers, layers, **LIGHT, **PRIVATE).success(work, **events)
    gr.api(guard(conv_shapes), api_name="conv_shapes", **_LANE)  # type: ignore[attr-defined]
