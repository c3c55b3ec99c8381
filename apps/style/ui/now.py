"""In one pass: a photo in a style at once, in a mixture of two, or in the style of any picture; a short film, too."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image  # not for type checkers only: gradio reads the endpoint's annotations

from apps.gradio_patches import hand_over_as
from apps.links import Choice
from apps.markup import Content, Markup, message, note, prose
from apps.results import File, as_json
from apps.sharing import share
from apps.style import canvas
from apps.style.samples import SAMPLES, find_sample
from apps.style.ui import film, styles
from apps.style.ui.controls import sample_strip
from apps.style.ui.rooms import now
from apps.style.ui.state import FIRST, Session, session_of
from apps.ui import LIGHT, PRIVATE, QUICK, SENDS, guard, keep_result, photo_input, section
from shared.errors import HubError
from shared.images import as_sent

_TEXT = (
    "Networks that were trained beforehand paint in one forward pass. A style is nothing but the 990 numbers, gamma "
    "and beta, that follow the normalisations; between two styles there is a style everywhere."
)
_WAYS = (
    "Which way gives what: a style by its name is the best in one pass, because the painter was trained on it. Any "
    "picture is read by a second network: colours and grain come through, shapes less; swirls and woodcuts are fair, "
    "mosaics and ink are grainy. Teach a style takes minutes and comes close to the names. The Paint tab is still the "
    "best where a style has large shapes, where one special picture is wanted, or where you want to choose what counts."
)
_SIZE = (64, 1024, 384)  # pixels: smallest, largest, default


def build(tab: gr.Tab, name: gr.Textbox) -> None:
    """Lay out the sub-tab; ``name`` holds the chosen style's, which another sub-tab may change."""
    section("use", "A picture in one pass", _TEXT)
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=330):
            content = photo_input(
                "Your photo",
                height=170,
                elem_id="style-now-content",
                format="png",
                value=str(SAMPLES[FIRST["content"]].path),
            )
            shares = ("content", FIRST["content"], "style-now-content")
            strip = sample_strip("content", "Your photo: samples", "now-samples", shares=shares)
            grid = gr.HTML(
                note("The styles appear here."),
                js_on_load=styles.PICKS,
                apply_default_css=False,
                elem_id="style-now-styles",
                label="Styles",
            )
        with gr.Column(scale=6, min_width=330):
            painted = gr.Image(
                label="In one pass",
                format="png",
                interactive=False,
                height=420,
                buttons=["download", "fullscreen"],
                elem_id="style-now-painted",
                elem_classes=SENDS,
            )
            estimate = gr.HTML(elem_id="style-now-estimate", label="How long it takes")
            with gr.Row():
                second = gr.Dropdown(
                    styles.choices(Session()), value="", label="Blend with", elem_id="style-now-second", min_width=160
                )
                hand_over_as(second, str)  # unchecked: own styles come and go, and our message lists the names
                share_of = gr.Slider(
                    0, 1, value=0.5, step=0.05, label="Share of the second style", elem_id="style-now-share"
                )
            with gr.Row():
                strength = gr.Slider(
                    0, 1, value=1, step=0.05, label="Strength: 0 is the photo", elem_id="style-now-strength"
                )
                size = gr.Slider(*_SIZE[:2], value=_SIZE[2], step=16, label="Size: pixels of the longer side")
            with gr.Row(elem_classes="cs-buttons"):
                keep = gr.Checkbox(False, label="Keep the photo’s colours", elem_id="style-now-keep", min_width=180)
                again = gr.Button("Paint now", variant="primary", elem_id="style-now-paint", min_width=120)
            with gr.Accordion("Any picture as style", open=False, elem_id="style-now-any"):
                picture = photo_input("Style picture", height=170, elem_id="style-now-picture", format="png")
    gr.HTML(note(_WAYS), elem_id="style-now-ways")
    with gr.Accordion("As numbers", open=False):
        numbers = gr.JSON(label="Style, size, seconds")
    mixture = {"style": name, "style_picture": picture, "second": second, "share": share_of}
    look = {"size": size, "strength": strength, "keep_colours": keep}
    named = Choice(tuple(one for _, one in styles.choices(Session())))
    share(second=second, style=(name, named), mix=share_of, strength=strength, size=size, keep=keep)
    film.build(mixture, look)
    asked, outputs = [content, *mixture.values(), *look.values()], [painted, estimate, numbers]
    grid.click(guard(_on_style), None, [name, picture], **LIGHT, **PRIVATE)
    picture.input(guard(_on_picture), None, [name, second], **LIGHT, **PRIVATE)
    # First the event that has the endpoint's name: gradio gives the bare name to the first.
    changes = [one.release for one in (share_of, strength, size)]
    changes += [content.input, name.change, picture.input, second.input, keep.input, again.click]
    gr.on(changes, guard(stylize_now), asked, outputs, trigger_mode="always_last", api_name="stylize_now", **QUICK)
    strip.click(guard(_on_sample), None, content, **LIGHT, **PRIVATE).then(
        guard(stylize_now), asked, outputs, **QUICK, **PRIVATE
    )
    size.change(guard(_estimate), [content, picture, size], estimate, trigger_mode="always_last", **QUICK, **PRIVATE)
    name.change(guard(_styles), [name, second], [grid, second], **LIGHT, **PRIVATE)
    shown = tab.select(guard(_styles), [name, second], [grid, second], **LIGHT, **PRIVATE)
    shown.then(guard(stylize_now), asked, outputs, **QUICK, **PRIVATE)


def chosen_style() -> gr.Textbox:
    """What holds the name of the style that the sub-tab paints in, outside it."""
    return gr.Textbox(styles.FIRST, label="Style", visible="hidden", elem_id="style-now-name")


def stylize_now(
    content: str | None,
    style: str = styles.FIRST,
    style_picture: str | None = None,
    second: str = "",
    share: float = 0.5,
    size: float = 384,
    strength: float = 1.0,
    keep_colours: bool = False,
    request: gr.Request | None = None,
) -> tuple[Image.Image, Markup, dict[str, Any]]:
    """Paint a photo in a style at once: one forward pass of a network that was trained beforehand.

    Args:
        content: the photo.
        style: the style's name, such as starry-blue or woodcut; a wrong one is answered with the list of all names.
        style_picture: any picture, or a style file that a hub saved, instead of a name.
        second: the name of a second style to blend with; empty for none.
        share: of the second style, 0 to 1.
        size: pixels of the longer side, 64 to 1024.
        strength: 0 is the photo, 1 the painting.
        keep_colours: the photo's colours with the painting's light.

    Returns:
        The painting; a sentence about it; its style, painter, size in pixels, and seconds, estimated and taken.
    """
    session = session_of(request)
    answer = now.stylize_now(
        as_sent(content),
        as_sent(style_picture) or styles.find(session, style),
        second=styles.find(session, second) if second else None,
        share=share,
        size=size,  # type: ignore[arg-type]
        strength=strength,
        keep_colours=keep_colours,
    )
    words = f"{answer.style}, {answer.picture.width} × {answer.picture.height} pixels, in {answer.seconds:.2f} s."
    picture, numbers = answer.picture, answer.numbers()
    settings = {
        "second": second,
        "style": style,
        "mix": share,
        "strength": strength,
        "size": size,
        "keep": keep_colours,
    }
    files: dict[str, File] = {
        "painted.png": (picture, "The painting."),
        "numbers.json": (as_json(numbers), "Style, size, seconds."),
    }
    keep_result("style/now", files, settings=settings)
    return picture, note(words), numbers


def _estimate(content: str | None, picture: str | None, size: float) -> Content:
    """How long a picture of ``size`` will take; what is wrong with the photo is said when it is painted."""
    if not content:
        return ""
    try:
        estimate = now.estimate_note(canvas.open_content(content).size, size, any_picture=bool(picture))  # type: ignore[arg-type]
        return note(prose("{} {}", f"{size:.0f} pixels:", estimate))
    except HubError as error:
        return message(str(error), "warn")


def _styles(chosen: str, second: str, request: gr.Request) -> tuple[Markup, Any]:
    session = session_of(request)
    found = styles.choices(session)
    kept = second if second in dict(found).values() else ""
    return styles.thumbnails(session, chosen), gr.update(choices=found, value=kept)


def _on_sample(event: gr.EventData) -> str:
    return str(find_sample(event.sample).path)


def _on_style(event: gr.EventData) -> tuple[str, None]:
    """A name takes the place of the picture."""
    return str(event.style), None


def _on_picture() -> tuple[str, str]:
    """A picture takes the place of the names: only two styles of one painter mix."""
    return "", ""
