"""What deep networks learn: the nine patches that excite a unit most, and the picture that it wants to see."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from markupsafe import escape

from apps.style.ui.controls import turn
from apps.style.ui.state import painter
from apps.style.vgg.backbones import BACKBONES, DEFAULT_BACKBONE, choices
from apps.style.vgg.layers import VGG16
from apps.ui import HEAVY, PRIVATE, QUICK, guard, heavy, photo_input, section

if TYPE_CHECKING:
    from apps.style.units.patches import Index, Indexed, Patch

_OVERVIEW = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")  # a layer of each block
_UNITS_EACH = 4
_WAIT = '<p class="cs-note">The sample pictures go through the network once; that takes some seconds.</p>'
_DREAM_EMPTY = '<div class="cs-empty">The picture that this unit wants to see appears here.</div>'
_TEXT = (
    "A unit is one channel of a layer. Shown are the nine places in the sample pictures, and in yours, that excite it "
    "most; each patch is the unit’s receptive field, everything it can see. Shallow units respond to a colour or an "
    "edge, deeper ones to textures and parts of things."
)
_RELUS = [layer.name for layer in VGG16 if layer.kind == "relu"]


def build(tab: gr.Tab) -> None:
    """Lay out the sub-tab."""
    section("inside", "What deep layers learn", _TEXT)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=260):
            layer = gr.Dropdown(_RELUS, value="relu3_3", label="Layer", elem_id="style-unit-layer")
            unit = gr.Number(245, precision=0, label="Unit (channel)", elem_id="style-unit")
            with gr.Row(elem_classes="cs-buttons"):
                show = gr.Button("Show", variant="primary", min_width=80, elem_id="style-unit-show")
                other = gr.Button("Another unit", min_width=110, elem_id="style-unit-other")
                dream = gr.Button("What it wants to see", min_width=150, elem_id="style-unit-dream")
            with gr.Accordion("Your own picture, another network", open=False):
                own = photo_input("A picture of yours", height=170, elem_id="style-unit-own")
                network = gr.Dropdown(choices(), value=DEFAULT_BACKBONE, label="Network")
            waiting = turn()
            wanted = gr.HTML(_DREAM_EMPTY, elem_id="style-dream", apply_default_css=False)
        with gr.Column(scale=7, min_width=330):
            found = gr.HTML(_WAIT, elem_id="style-patches", label="The nine patches", apply_default_css=False)
    with gr.Accordion("The same as numbers", open=False):
        numbers = gr.JSON(label="The nine places")
    section("inside", "Layer 1 to 5 side by side", "Four units of each block, chosen because pictures divide on them.")
    overview = gr.HTML(_WAIT, elem_id="style-overview", apply_default_css=False)
    asked, outputs = [layer, unit, own, network], [found, numbers]
    events = [show.click, unit.submit, own.input]
    gr.on(events, guard(unit_patches), asked, outputs, api_name="unit_patches", **QUICK)
    layer.input(guard(_other_layer), asked, [unit, *outputs], **QUICK, **PRIVATE)
    other.click(guard(_other), [layer, own, network], [unit, *outputs], **QUICK, **PRIVATE)
    dream.click(heavy(_dream), [layer, unit, network], wanted, **HEAVY, **PRIVATE, **waiting)
    tab.select(guard(unit_patches), asked, outputs, **QUICK, **PRIVATE).then(
        guard(_overview), network, overview, **QUICK, **PRIVATE
    )


def unit_patches(
    layer: str = "relu3_3",
    unit: float = 0,
    own: str | None = None,
    backbone: str = DEFAULT_BACKBONE,
    request: gr.Request | None = None,
) -> tuple[str, dict[str, Any]]:
    """The nine patches of the sample pictures, and of yours, that excite one unit of the network most.

    Args:
        layer: a layer with a ReLU, relu1_1 to relu5_3.
        unit: the channel, from 0.
        own: a picture of yours that is searched too; optional.
        backbone: vgg16-hed (bundled) or vgg19-imagenet (downloaded).

    Returns:
        The patches with their pictures as HTML; per patch its picture, activation, position and receptive field.
    """
    from apps.style.units import patches
    from apps.style.vgg.backbones import find_backbone

    network = find_backbone(backbone)
    index = patches.sample_index(network.name)
    if own:
        index = index.with_picture(_own_index(network.name, own, request))
    found = index.patches(layer, int(unit))
    shape = patches.unit_layer(network, layer)
    numbers = {
        "layer": layer,
        "unit": int(unit),
        "units": shape.channels,
        "receptive_field": shape.field,
        "patches": [
            {
                "picture": patch.picture,
                "activation": round(patch.activation, 4),
                "row": patch.row,
                "column": patch.column,
                "window": [round(edge, 1) for edge in patch.window],
            }
            for patch in found
        ],
    }
    head = (
        f'<p class="cs-note"><b>{escape(layer)}, unit {int(unit)}</b> of {shape.channels}: receptive field '
        f"{shape.field} × {shape.field} pixels, a unit every {shape.jump} pixels.</p>"
    )
    if own and all(patch.picture != patches.OWN for patch in found):
        strongest = float(index.pictures[patches.OWN].values[layer][int(unit), 0])
        head += (
            f'<p class="cs-note">None of the nine is in your picture: its strongest activation is {strongest:.3g}.</p>'
        )
    if not found:
        return head + '<p class="cs-note">This unit is silent on all pictures. Try another.</p>', numbers
    return head + f'<div class="cs-patches">{"".join(_card(index, patch) for patch in found)}</div>', numbers


def _own_index(backbone: str, path: str, request: gr.Request | None) -> Indexed:
    """The visitor's own picture, indexed when it is new, so that the next click is as quick as without it."""
    from apps.style.canvas import open_content
    from apps.style.units.patches import index_own

    who = painter(request)
    if who.own is None or who.own[0] != (backbone, path):
        who.own = (backbone, path), index_own(backbone, open_content(path))
    return who.own[1]


def _card(index: Index, patch: Patch) -> str:
    """A patch, and beside it the picture with the receptive field drawn in."""
    from apps.style.units.patches import cut
    from shared.images import data_url

    whole = index.pictures[patch.picture].picture
    top, left, bottom, right = patch.window
    small = cut(whole, patch.window).resize((120, 120))
    box = f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"/>'
    words = f"{escape(patch.picture)}, activation {patch.activation:.3g}"
    return (
        f'<figure class="cs-patch"><img src="{data_url(small)}" alt="patch of {words}"><svg viewBox="0 0 {whole.width} '
        f'{whole.height}" role="img" aria-label="where it is"><image href="{data_url(whole)}" width="{whole.width}" '
        f'height="{whole.height}"/>{box}</svg><figcaption>{words}<br>row {patch.row}, column {patch.column}'
        "</figcaption></figure>"
    )


def _other(layer: str, own: str | None, backbone: str, request: gr.Request) -> tuple[int, str, dict[str, Any]]:
    """A unit that pictures divide on, not always the same, and its patches."""
    from apps.style.units.patches import sample_index

    unit = random.choice(sample_index(backbone).telling_units(layer, 40))
    return unit, *unit_patches(layer, unit, own, backbone, request)


def _other_layer(
    layer: str, unit: float, own: str | None, backbone: str, request: gr.Request
) -> tuple[int, str, dict[str, Any]]:
    """The same unit of another layer; where that has not so many, one that pictures divide on."""
    from apps.style.units.patches import sample_index, unit_layer
    from apps.style.vgg.backbones import find_backbone

    if not 0 <= int(unit or 0) < unit_layer(find_backbone(backbone), layer).channels:
        unit = sample_index(backbone).telling_units(layer, 1)[0]
    return int(unit or 0), *unit_patches(layer, unit, own, backbone, request)


def _overview(backbone: str) -> str:
    from apps.style.units.patches import sample_index

    index = sample_index(backbone)
    columns = "".join(_column(index, layer) for layer in _OVERVIEW)
    return f'<div class="cs-overview">{columns}</div>'


def _column(index: Index, layer: str) -> str:
    from PIL import Image

    from apps.style.units.patches import cut, unit_layer
    from shared.images import data_url

    mosaics = []
    for unit in index.telling_units(layer, _UNITS_EACH):
        mosaic = Image.new("RGB", (152, 152), (128, 128, 128))
        for number, patch in enumerate(index.patches(layer, unit)):
            picture = cut(index.pictures[patch.picture].picture, patch.window).resize((50, 50))
            mosaic.paste(picture, (number % 3 * 51, number // 3 * 51))
        mosaics.append(
            f'<figure><img src="{data_url(mosaic)}" alt="nine patches of unit {unit}, {layer}">'
            f"<figcaption>unit {unit}</figcaption></figure>"
        )
    field = unit_layer(index.backbone, layer).field
    return f"<div><b>{layer}</b><small>sees {field} × {field} pixels</small>{''.join(mosaics)}</div>"


def _dream(layer: str, unit: float, backbone: str, request: gr.Request) -> Iterator[str]:
    """Activation maximisation, live; Stop in the tab Paint ends it too."""
    from apps.style.ui import graphics
    from apps.style.units.dream import maximise
    from apps.style.units.patches import unit_layer
    from shared.images import data_url

    unit_layer(BACKBONES[backbone], layer)
    who = painter(request)
    who.wish.clear()
    for step in maximise(backbone, layer, int(unit)):
        text = (
            f"{layer}, unit {int(unit)}: mean activation {step.activation:.3g}, iteration {step.done} of {step.total}"
        )
        yield graphics.framed(data_url(step.picture), text, step.done / step.total)
        if who.wish.is_set():
            break
