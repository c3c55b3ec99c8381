"""What all tabs share on the gradio side: errors made readable, lanes for heavy and light work, inputs, headings.

A handler is written as if nothing could go wrong and wrapped in ``guard``: a ``HubError`` becomes a message with
what is needed, what was found and the remedy; anything else one neutral sentence on the page, a traceback in the log.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar, cast

import gradio as gr
from gradio.context import LocalContext

from apps import gradio_patches, results
from apps.door.inputs import GONE, as_gradio_error, refusal, written_here
from apps.door.lanes import asked_by
from apps.markup import Content, h
from apps.measured import Chapter
from shared.device import HEAVY_LANE, QUICK_LANE
from shared.errors import HubError, InputError
from shared.serving.turns import take_threads

log = logging.getLogger("convhub")

_Handler = TypeVar("_Handler", bound=Callable[..., Any])
Kind = Literal["use", "inside", "measure"]

# Keyword arguments of an event: how its calls share the machine, see apps/door/lanes.py. A heavy handler yields often.
HEAVY: dict[str, Any] = {"concurrency_id": HEAVY_LANE, "concurrency_limit": 40}  # runs of many seconds: a class at once
QUICK: dict[str, Any] = {"concurrency_id": QUICK_LANE, "concurrency_limit": 4}  # a second or less of a network
LIGHT: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden"}  # no network: sliders, plots, choices
PRIVATE: dict[str, Any] = {"api_visibility": "private"}  # events of the page that no client calls

# elem_classes of a component with a picture that a visitor may send to the class's board (apps/classroom/page/board.js)
SENDS = "ch-sends"

# js_on_load of a gr.HTML: "expand" once, when it is first on the screen ("load" would come for every panel as soon as
# the page opens), unless what it asks for is there by then (data-shown).
FIRST_SIGHT = """
new IntersectionObserver((entries, observer) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  setTimeout(() => { // the page may be about to go to another tab
    if (!element.getClientRects().length) return;
    observer.disconnect();
    if (!('shown' in element.dataset)) trigger('expand');
  }, 30);
}, { rootMargin: '300px' }).observe(element);
"""

# js_on_load of a gr.HTML: a click, or the keyboard on a button, that carries data-act triggers the component's "click"
# event with all its data-* attributes.
CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) trigger('click', {...button.dataset});
});
"""

_NO_STEP = object()
_KINDS: dict[Kind, str] = {"use": "Use it", "inside": "Look inside", "measure": "Measure it"}


def guard(handler: _Handler) -> _Handler:
    """``handler``, function or generator, with its errors translated for the page.

    The wrapper keeps name, docstring and annotations, which gradio shows as the endpoint's documentation.
    """
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def guarded_steps(*args: Any, **kwargs: Any) -> Iterator[Any]:
            source = handler(*args, **kwargs)
            try:
                while True:
                    take_threads()  # whichever thread of gradio's takes this step
                    step = next(source, _NO_STEP)
                    if step is _NO_STEP:
                        return
                    yield step
            except Exception as error:  # noqa: BLE001 - the boundary between our code and the page
                raise _for_the_page(error, handler) from None
            finally:
                source.close()

        return cast("_Handler", guarded_steps)

    @functools.wraps(handler)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        take_threads()
        try:
            return handler(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the boundary between our code and the page
            raise _for_the_page(error, handler) from None

    return cast("_Handler", guarded)


def _for_the_page(error: Exception, handler: Callable[..., Any]) -> gr.Error:
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, AttributeError) and isinstance(error.obj, gr.EventData):  # a client can send any event
        error = InputError("", f"This event came without its {error.name}", "Reload the page and try again.")
    if isinstance(error, FileNotFoundError) and written_here(str(error.filename)):  # while it waited for its turn
        error = GONE
    if isinstance(error, HubError):
        return refusal(error)
    return as_gradio_error(error, str(getattr(handler, "__qualname__", handler)))


def tell_visitor(sentence: str) -> None:
    """Show ``sentence`` on the page of whose call this is."""
    gr.Info(sentence)


def session_of(request: Any) -> str:
    """Whose results a request makes or takes home: the browser session's, and the visitor's whose it is."""
    name = getattr(request, "session_hash", None)
    return f"{asked_by(request.request)[0]} {name}" if name else ""


def keep_result(
    path: str,
    files: Mapping[str, results.File],
    *,
    part: str = "",
    made_of: str = "",
    settings: Mapping[str, Any] | None = None,
    holds: int = 0,
) -> None:
    """From a handler: keep what was made for "Take the results home", in the place of the last of its kind.

    A call from outside of the page keeps nothing.

    Args:
        path: the sub-tab, as an address names it: "gan/sample".
        files: by their names, what is in each (or a function that gives it) and what it is, in a sentence.
        part: which of the sub-tab's results, where it has several.
        made_of: the path of the result that it was made of, whose settings are part of its own.
        settings: what it was made with, by the names of the controls that links carry.
        holds: bytes of memory that functions among ``files`` keep.
    """
    if owner := _asking():
        given = dict(settings or {})
        result = results.Result(path=path, part=part, files=dict(files), settings=given, holds=holds)
        results.keep(owner, result, made_of=made_of)


def keep_row(
    path: str, name: str, head: Sequence[str], row: Sequence[Any], *, about: str, settings: Mapping[str, Any]
) -> None:
    """As ``keep_result``, a table with the columns ``head`` that gets one more ``row`` each time."""
    if owner := _asking():
        result = results.Result(path=path, part="", files={name: ("", about)}, settings=dict(settings))
        text = results.with_row(results.RESULTS.get(owner).text(result.folder, name), head, row)
        results.keep(owner, replace(result, files={name: (text, about)}))


def _asking() -> str:
    """Whose call from the page this is; empty for one from outside of it."""
    return session_of(LocalContext.request.get(None))


def photo_input(label: str, **options: Any) -> gr.Image:
    """A picture input that hands its handler the path of the file as it was sent: ``shared.images`` opens it."""
    settings: dict[str, Any] = {
        "type": "filepath",
        "sources": ["upload", "webcam", "clipboard"],
        "height": 260,
        "buttons": [],
    }
    image = gr.Image(label=label, **(settings | options))
    gradio_patches.hand_over_unopened(image)
    return image


def intro(text: str) -> gr.Markdown:
    """The sentence or two under a tab's title."""
    return gr.Markdown(text, elem_classes="ch-intro")


def section(kind: Kind, title: Content, text: Content = "") -> gr.HTML:
    """A heading with its tag: use it, look inside, measure it."""
    tag = h.span(_KINDS[kind], class_=f"ch-kind ch-kind-{kind}")
    return gr.HTML(h.div(tag, h.h2(title), h.p(text) if text else None, class_="ch-section"))


def measurements(chapters: Iterable[Chapter]) -> None:
    """The chapters of measured figures, one under the other."""
    for chapter in chapters:
        section("measure", chapter.title, chapter.text)
        gr.HTML(chapter.body, elem_id=chapter.id)
