"""What all tabs share on the gradio side: errors made readable, lanes for heavy and light work, inputs, headings.

A handler is written as if nothing could go wrong and wrapped in ``guard``: a ``HubError`` becomes a message with the
expected, the got and the remedy, anything else one neutral sentence on the page and a traceback in the log.
"""

from __future__ import annotations

import functools
import html
import inspect
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import gradio as gr
from gradio import processing_utils
from gradio.data_classes import ImageData

from shared.device import HEAVY_LANE, gpu_task
from shared.errors import HubError

if TYPE_CHECKING:
    from PIL import Image

log = logging.getLogger("convhub")

_Handler = TypeVar("_Handler", bound=Callable[..., Any])
Kind = Literal["use", "inside", "measure"]

# Keyword arguments of an event: how its calls share the machine. Minutes of work must not hold up seconds of work.
HEAVY: dict[str, Any] = {"concurrency_id": HEAVY_LANE, "concurrency_limit": 1}  # runs of many seconds: one at a time
QUICK: dict[str, Any] = {"concurrency_id": "quick", "concurrency_limit": 2}  # a second or less of a network
LIGHT: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden"}  # no network: sliders, plots, choices
PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # events of the page that no client calls

# js_on_load of a gr.HTML: "expand" once, when it is first on the screen ("load" would come for every panel as soon as
# the page opens), unless what it asks for is there by then (data-shown).
FIRST_SIGHT = """
new IntersectionObserver((entries, observer) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  setTimeout(() => { // the page may be about to go to the tab that its address asks for
    if (!element.getClientRects().length) return;
    observer.disconnect();
    if (!('shown' in element.dataset)) trigger('expand');
  }, 250);
}, { rootMargin: '300px' }).observe(element);
"""

NEUTRAL = "Something went wrong on our side. It was written to the log; your inputs are still here. Please try again."
_ERROR_S = 12.0  # s that a message stays
_KINDS: dict[Kind, str] = {"use": "Use it", "inside": "Look inside", "measure": "Measure it"}


def guard(handler: _Handler) -> _Handler:
    """``handler``, function or generator, with its errors translated for the page.

    The wrapper keeps name, docstring and annotations, which gradio shows as the endpoint's documentation.
    """
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def guarded_steps(*args: Any, **kwargs: Any) -> Iterator[Any]:
            try:
                yield from handler(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the boundary between our code and the page
                raise _for_the_page(error, handler) from None

        return cast("_Handler", guarded_steps)

    @functools.wraps(handler)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return handler(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the boundary between our code and the page
            raise _for_the_page(error, handler) from None

    return cast("_Handler", guarded)


def heavy(handler: _Handler) -> _Handler:
    """``guard`` for the entry point of heavy work, which on ZeroGPU hardware also asks for the GPU."""
    return guard(gpu_task(handler))


def _for_the_page(error: Exception, handler: Callable[..., Any]) -> gr.Error:
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, HubError):
        return gr.Error(
            "<br>".join(html.escape(sentence) for sentence in error.sentences()),
            title="Please check",
            duration=_ERROR_S,
            print_exception=False,
        )
    log.error("%s failed", getattr(handler, "__qualname__", handler), exc_info=error)
    return gr.Error(NEUTRAL, title="Sorry", duration=_ERROR_S, print_exception=False)


def escape(text: object) -> str:
    """``text`` safe inside HTML, in an element or a quoted attribute."""
    return html.escape(str(text), quote=True)


def photo_input(label: str, **options: Any) -> gr.Image:
    """A picture input that hands its handler the path of the file as it was sent, unopened.

    ``shared.images.open_image`` then reads it, so that a damaged or disguised file gets our message, and a phone's
    HEIC works; ``gr.Image`` itself opens the file before the handler runs, and fails without a message.
    """
    settings: dict[str, Any] = {
        "type": "filepath",
        "sources": ["upload", "webcam", "clipboard"],
        "height": 260,
        "buttons": [],
    }
    image = gr.Image(label=label, **(settings | options))
    opening = image.preprocess

    def unopened(payload: ImageData | None) -> str | None:
        if payload is None or payload.path is None:
            return cast("str | None", opening(payload))  # nothing, or a data: URL that gradio writes to its cache
        return payload.path

    # a subclass would do, but gradio writes a .pyi file beside every module that subclasses a component
    vars(image)["preprocess"] = unopened
    return image


def write_pictures_whole() -> None:
    """Make gradio write a picture of its cache beside its place and then move it there.

    Equal pictures share one file, and gradio writes it anew for each of them: when a class presses the same button,
    one student's browser read the file in the moment that another's call had emptied it.
    """
    vars(processing_utils)["save_pil_to_cache"] = _save_whole


def _save_whole(img: Image.Image, cache_dir: str, name: str = "image", format: str = "webp") -> str:
    """gradio's ``save_pil_to_cache``: the path of ``img``, in a folder named after its bytes."""
    data = processing_utils.encode_pil_to_bytes(img, format)  # type: ignore[no-untyped-call]
    folder = Path(cache_dir) / processing_utils.hash_bytes(data)
    folder.mkdir(exist_ok=True, parents=True)
    path = (folder / f"{name}.{format}").resolve()
    handle, beside = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    try:
        os.replace(beside, path)  # noqa: PTH105 - a string, as mkstemp gives it
    except PermissionError:  # Windows, while somebody reads it: what is there has the same bytes
        Path(beside).unlink(missing_ok=True)
    return str(path)


def intro(text: str) -> gr.Markdown:
    """The sentence or two under a tab's title."""
    return gr.Markdown(text, elem_classes="ch-intro")


def section(kind: Kind, title: str, text: str = "") -> gr.HTML:
    """A heading with its tag: use it, look inside, measure it. ``title`` and ``text`` are ours, not a visitor's."""
    body = f"<p>{text}</p>" if text else ""
    tag = f'<span class="ch-kind ch-kind-{kind}">{_KINDS[kind]}</span>'
    return gr.HTML(f'<div class="ch-section">{tag}<h2>{title}</h2>{body}</div>')
