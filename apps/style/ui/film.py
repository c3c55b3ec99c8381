"""A short film, or a recording of the webcam, painted frame by frame in the style that is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from apps.markup import Markup, figure, h, note, progress_bar
from apps.results import File, later
from apps.style.instant.film import MOST_FRAMES, paint_film
from apps.style.ui import graphics, styles
from apps.style.ui.controls import turn
from apps.style.ui.rooms import now
from apps.style.ui.state import session_of
from apps.ui import HEAVY, LIGHT, PRIVATE, SENDS, guard, keep_result
from shared.errors import InputError
from shared.images import as_sent, jpeg_bytes
from shared.progress import duration
from shared.serving.turns import TURNS

_HINT = (
    "The first 15 seconds, 10 frames a second, without sound, at most 384 pixels. Every frame is painted on its own, "
    "so the strokes shimmer. The film is read here and forgotten with your session."
)
_SIDE = 384  # pixels at most: 150 frames should take a minute or two


def build(mixture: Mapping[str, Any], look: Mapping[str, Any]) -> None:
    """Lay out the fold; ``mixture`` and ``look`` are the components that say how to paint."""
    with gr.Accordion("A short film or the webcam, frame by frame", open=False, elem_id="style-film-fold"), gr.Row():
        with gr.Column(min_width=280):
            source = gr.Video(
                label="Film",
                sources=["upload", "webcam"],
                height=240,
                elem_id="style-film-source",
                webcam_options=gr.WebcamOptions(mirror=False),
            )
            with gr.Row(elem_classes="cs-buttons"):
                start = gr.Button("Paint the film", variant="primary", elem_id="style-film-start", min_width=120)
                stop = gr.Button("Stop", elem_id="style-film-stop", min_width=80)
            gr.HTML(note(_HINT))
        with gr.Column(min_width=280):
            waiting = turn()
            live = gr.HTML(
                graphics.empty("Frames appear here as they are painted."),
                elem_id="style-film-live",
                elem_classes=SENDS,
                apply_default_css=False,
                label="The frame so far",
            )
            made = gr.Video(label="Painted", interactive=False, loop=True, elem_id="style-film-made")
    asked = [source, *mixture.values(), *look.values()]
    start.click(guard(_wanted), None, None, **LIGHT, **PRIVATE).success(
        guard(paint_frames), asked, [live, made], **HEAVY, **PRIVATE, **waiting
    )
    stop.click(guard(stop_frames), None, None, queue=False, **LIGHT, **PRIVATE)


def _wanted(request: gr.Request) -> None:
    """Before the queue, so that Stop reaches a film that waits."""
    session_of(request).stop_film.clear()


def paint_frames(
    source: str | None,
    style: str,
    picture: str | None,
    second: str,
    share: float,
    size: float,
    strength: float,
    keep_colours: bool,
    request: gr.Request,
) -> Iterator[tuple[Any, Any]]:
    """Frame by frame what is painted, then the film.

    Raises:
        InputError, ImageError, OptionError: no film, or no style, that can be used.
    """
    if not source:
        raise InputError("a film", "none", "Record one with the webcam, or choose a file.")
    session = session_of(request)
    if session.stop_film.is_set():
        return
    look = now.look(
        as_sent(picture) or styles.find(session, style), styles.find(session, second) if second else None, share
    )
    side, target = min(_SIDE, int(size)), session.file("painted.mp4")
    paint = partial(now.paint_frame, look=look, size=side, strength=strength, keep_colours=keep_colours)
    frames = paint_film(Path(source), target, paint, size=side)
    try:
        for frame in frames:
            yield _live(frame.picture, frame.number, MOST_FRAMES), gr.skip()
            if session.stop_film.is_set():
                break
    finally:
        frames.close()  # type: ignore[attr-defined]
    settings = {
        "style": style,
        "second": second,
        "mix": share,
        "size": size,
        "strength": strength,
        "keep": keep_colours,
    }
    film: dict[str, File] = {
        "painted.mp4": (later(session, lambda one: one.read(target.name)), "The film, frame by frame.")
    }
    keep_result("style/now", film, part="film", settings=settings)
    yield gr.skip(), str(target)


def _live(picture: Any, number: int, most: int) -> Markup:
    image = h.img(src=graphics.jpeg_url(jpeg_bytes(picture)), alt="The frame that was painted last")
    words = f"Frame {number}, of at most {most}; {duration(number / 10)} of the film."
    return figure((image, progress_bar(number / most)), words, class_="cs-live")


def stop_frames(request: gr.Request) -> None:
    """Stop after the frame that is being painted; what was painted is a film all the same."""
    session_of(request).stop_film.set()
    TURNS.hurry(str(request.session_hash))
