"""What deep networks learn: the nine patches that excite a unit most, and the picture that it wants to see."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import gradio as gr
from PIL import Image

from apps.links import Whole
from apps.markup import Content, Markup, figure, h, joined, note, prose, svg
from apps.results import File, as_json
from apps.sharing import share
from apps.style.canvas import open_content
from apps.style.ui import graphics
from apps.style.ui.controls import turn
from apps.style.ui.rooms import dreams, patches
from apps.style.ui.state import session_of
from apps.style.units.answers import OWN, Dream, Index, Indexed, Patch, cut, unit_layer
from apps.style.vgg.backbones import BACKBONES, DEFAULT_BACKBONE, choices, find_backbone
from apps.style.vgg.layers import VGG16
from apps.ui import HEAVY, PRIVATE, QUICK, SENDS, guard, keep_result, photo_input, section
from shared.errors import check_whole
from shared.images import data_url

_OVERVIEW = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")  # a layer of each block
_UNITS_EACH = 4
_WAIT = "The sample pictures go through the network once; that takes some seconds."
_DREAM_EMPTY = "The picture that this unit wants to see appears here."
_TEXT = (
    "A unit is one channel of a layer. Shown are the nine places in the sample pictures, and in yours, that excite it "
    "most; each patch is the unit’s receptive field, everything it can see. Shallow units respond to a colour or an "
    "edge, deeper ones to textures and parts of objects."
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
            wanted = gr.HTML(
                graphics.empty(_DREAM_EMPTY), elem_id="style-dream", elem_classes=SENDS, apply_default_css=False
            )
        with gr.Column(scale=7, min_width=330):
            found = gr.HTML(
                note(_WAIT),
                elem_id="style-patches",
                label="The nine patches",
                elem_classes=SENDS,
                apply_default_css=False,
            )
    with gr.Accordion("As numbers", open=False):
        numbers = gr.JSON(label="The nine places")
    section(
        "inside",
        "Blocks 1 to 5 side by side",
        "Four units per block, those that respond most differently to different pictures.",
    )
    overview = gr.HTML(note(_WAIT), elem_id="style-overview", apply_default_css=False)
    share(layer=layer, unit=(unit, Whole(0, 4095)), network=network)
    asked, outputs = [layer, unit, own, network], [found, numbers]
    events = [show.click, unit.submit, own.input]
    gr.on(events, guard(unit_patches), asked, outputs, api_name="unit_patches", **QUICK)
    layer.input(guard(_other_layer), asked, [unit, *outputs], **QUICK, **PRIVATE)
    other.click(guard(_other), [layer, own, network], [unit, *outputs], **QUICK, **PRIVATE)
    dream.click(guard(_dream), [layer, unit, network], wanted, **HEAVY, **PRIVATE, **waiting)
    tab.select(guard(unit_patches), asked, outputs, **QUICK, **PRIVATE).then(
        guard(_overview), network, overview, **QUICK, **PRIVATE
    )


def unit_patches(
    layer: str = "relu3_3",
    unit: float = 0,
    own: str | None = None,
    backbone: str = DEFAULT_BACKBONE,
    request: gr.Request | None = None,
) -> tuple[Markup, dict[str, Any]]:
    """The nine patches of the sample pictures, and of yours, that excite one unit of the network most.

    Args:
        layer: a layer with a ReLU, relu1_1 to relu5_3.
        unit: the channel, from 0.
        own: a picture of yours that is searched too; optional.
        backbone: vgg16-hed (bundled) or vgg19-imagenet (downloaded).

    Returns:
        The patches with their pictures as HTML; per patch its picture, activation, position and receptive field.
    """
    network = find_backbone(backbone)
    shape = unit_layer(network, layer)
    number = check_whole(unit, f"The unit of {layer}", low=0, high=shape.channels - 1)
    index = _samples(network.name)
    if own:
        index = index.with_picture(_own_index(network.name, own, request))
    found = index.patches(layer, number)
    numbers = {
        "layer": layer,
        "unit": number,
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
    shown: list[Content] = [
        note(
            prose("<b>{}, unit {}</b> of {}: receptive field ", layer, number, shape.channels),
            f"{shape.field} × {shape.field} pixels, a unit every {shape.jump} pixels.",
        )
    ]
    if own and all(patch.picture != OWN for patch in found):
        strongest = float(index.pictures[OWN].values[layer][number, 0])
        shown.append(note(f"None of the nine is in your picture: its strongest activation is {strongest:.3g}."))
    if found:
        shown.append(h.div((_card(index, patch) for patch in found), class_="cs-patches"))
    else:
        shown.append(note("This unit is silent on all pictures. Try another."))
    settings = {"layer": layer, "unit": number, "network": backbone}
    keep_result("style/units", {"patches.json": (as_json(numbers), "The nine places.")}, settings=settings)
    return joined(shown), numbers


@lru_cache(maxsize=len(BACKBONES))
def _samples(backbone: str) -> Index:
    """The sample pictures as a network sees them, the same for everybody."""
    return patches.sample_index(backbone)


def _own_index(backbone: str, path: str, request: gr.Request | None) -> Indexed:
    """The visitor's own picture, indexed when it is new, so that the next click is as quick as without it."""
    session = session_of(request)
    if session.own is None or session.own[0] != (backbone, path):
        session.own = (backbone, path), patches.index_own(backbone, open_content(path))
    return session.own[1]


def _card(index: Index, patch: Patch) -> Markup:
    """A patch, and next to it the full picture with the receptive field drawn in."""
    picture = index.pictures[patch.picture].picture
    top, left, bottom, right = patch.window
    words = f"{patch.picture}, activation {patch.activation:.3g}"
    small = h.img(src=data_url(cut(picture, patch.window).resize((120, 120))), alt=f"patch of {words}")
    full = h.image(href=data_url(picture), width=picture.width, height=picture.height)
    box = h.rect(x=left, y=top, width=right - left, height=bottom - top)
    place = f"row {patch.row}, column {patch.column}"
    return figure(
        (small, svg(full, box, size=picture.size, label=f"its place in the picture: {place}")),
        (words, h.br(), place),
        class_="cs-patch",
    )


def _other(layer: str, own: str | None, backbone: str, request: gr.Request) -> tuple[int, Markup, dict[str, Any]]:
    """One of the distinctive units, chosen at random, and its patches."""
    unit = random.choice(_samples(find_backbone(backbone).name).distinctive_units(layer, 40))
    return unit, *unit_patches(layer, unit, own, backbone, request)


def _other_layer(
    layer: str, unit: float, own: str | None, backbone: str, request: gr.Request
) -> tuple[int, Markup, dict[str, Any]]:
    """The same unit of another layer; a distinctive one if that layer has fewer units."""
    number = int(unit or 0)
    if not 0 <= number < unit_layer(find_backbone(backbone), layer).channels:
        number = _samples(find_backbone(backbone).name).distinctive_units(layer, 1)[0]
    return number, *unit_patches(layer, number, own, backbone, request)


def _overview(backbone: str) -> Markup:
    index = _samples(find_backbone(backbone).name)
    return h.div((_column(index, layer) for layer in _OVERVIEW), class_="cs-overview")


def _column(index: Index, layer: str) -> Markup:
    mosaics = []
    for unit in index.distinctive_units(layer, _UNITS_EACH):
        mosaic = Image.new("RGB", (152, 152), (128, 128, 128))
        for number, patch in enumerate(index.patches(layer, unit)):
            picture = cut(index.pictures[patch.picture].picture, patch.window).resize((50, 50))
            mosaic.paste(picture, (number % 3 * 51, number // 3 * 51))
        image = h.img(src=data_url(mosaic), alt=f"nine patches of unit {unit}, {layer}")
        mosaics.append(figure(image, f"unit {unit}"))
    field = unit_layer(index.backbone, layer).field
    return h.div(h.b(layer), h.small(f"sees {field} × {field} pixels"), mosaics)


def _dream(layer: str, unit: float, backbone: str, request: gr.Request) -> Iterator[Markup]:
    """Activation maximisation, live; Stop on the Paint tab ends it too."""
    shape = unit_layer(find_backbone(backbone), layer)
    number = check_whole(unit, f"The unit of {layer}", low=0, high=shape.channels - 1)
    session = session_of(request)
    session.stop_requested.clear()
    step: Dream | None = None
    for step in dreams.maximise(backbone, layer, number):
        text = f"{layer}, unit {number}: mean activation {step.activation:.3g}, iteration {step.done} of {step.total}"
        yield graphics.framed(data_url(step.picture), text, step.done / step.total)
        if session.stop_requested.is_set():
            break
    if step is not None:
        files: dict[str, File] = {
            "dream.png": (step.picture, f"What this unit wants to see, after {step.done} iterations.")
        }
        settings = {"layer": layer, "unit": number, "network": backbone}
        keep_result("style/units", files, part="dream", settings=settings)
