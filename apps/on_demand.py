"""Parts of the page that a browser hears of only when they come on its screen.

gradio describes all components of all tabs to every browser before it shows the first one: 700 components and 1.5 MB
that a phone reads for the 60 it looks at. Here a part is left out of that description, and follows in the answer to
the event of a placeholder that stands in for it, in the message that ``gr.render`` uses. For the server nothing
changes: components and events are made once, and clients (``/config``, ``/info``) know every endpoint from the start.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import gradio as gr
from gradio import processing_utils, utils
from gradio.block_function import BlockFunction

from apps.markup import h, page_file
from apps.ui import LIGHT, PRIVATE
from shared.errors import HubError

Description = dict[str, Any]  # what gradio's page is told: components, dependencies, layout
Chain = tuple[int, ...]  # the parts that a component stands in, from the outermost, which is the page itself

FIRST = -1  # the part that every browser is told at once


class Place(NamedTuple):
    """Where a part stands, in numbers of components."""

    container: int
    placeholder: int  # stands in the container until the part comes


class UnreachableError(HubError):
    """An event would ask a browser for components that it may not have heard of."""


_building: contextvars.ContextVar[dict[int, Place] | None] = contextvars.ContextVar("building", default=None)


@contextlib.contextmanager
def part() -> Iterator[None]:
    """What is laid out inside comes when it is first on the screen.

    On a page that is not laid out within ``on_demand``, as in a test of one tab, it is there from the start.
    """
    places = _building.get()
    if places is None:
        yield
        return
    with gr.Column(elem_classes="ch-part") as container:
        placeholder = gr.HTML(h.p("Opening…", class_="ch-note"), js_on_load=page_file(__file__, "opening.js"))
        yield
    opened = placeholder.expand(_nothing, None, None, queue=False, **LIGHT, **PRIVATE)
    places[opened["id"]] = Place(container._id, placeholder._id)


@contextlib.contextmanager
def on_demand(page: gr.Blocks) -> Iterator[None]:
    """Inside, ``page`` is laid out; afterwards its parts are left out of what a browser is told at first.

    Raises:
        UnreachableError: an event links components of two parts that come one without the other.
    """
    places: dict[int, Place] = {}
    before = _building.set(places)
    try:
        with page:
            yield
    finally:
        _building.reset(before)
    _leave_out(page, places)


def _leave_out(page: gr.Blocks, places: dict[int, Place]) -> None:
    whole, process = page.get_config_file, page.process_api
    parts: dict[int, Description] = {}

    def get_config_file() -> Description:
        config: Description = dict(whole())
        parts.update(split(config, places))
        told = parts.pop(FIRST)
        numbers = {kind: [one["id"] for one in told[kind]] for kind in ("components", "dependencies")}
        config["page"] = {"": numbers | {"layout": told["layout"]}}
        return config

    async def process_api(block_fn: BlockFunction | int, *args: Any, **rest: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await process(block_fn, *args, **rest)
        number = block_fn if isinstance(block_fn, int) else block_fn._id
        if number in parts:
            told = utils.safe_deepcopy(parts[number]) | {"render_id": number}
            root = rest.get("root_path")
            answer["render_config"] = processing_utils.add_root_url(told, root, None) if root else told
        return answer

    vars(page).update({"get_config_file": get_config_file, "process_api": process_api})
    page.config = page.get_config_file()


def split(config: Description, places: dict[int, Place]) -> dict[int, Description]:
    """What a browser is told at first (key ``FIRST``) and of each part, by its key in ``places``.

    Args:
        config: gradio's description of the whole page: components with ``id``, dependencies, layout as a tree.
        places: where the parts stand; one may stand in another.

    Returns:
        Components, dependencies and layout each; a part's container is described with the part again.

    Raises:
        UnreachableError: an event links components of two parts, neither of which stands in the other; it follows an
            event of another part, which gradio's page would not find; or it has a trigger in common with an event of
            another part, which gradio's page would forget when the later one of the two arrives.
    """
    containers = {place.container: key for key, place in places.items()}
    placeholders = {place.placeholder for place in places.values()}
    chains: dict[int, Chain] = {}
    layouts: dict[int, Description] = {}

    def cut(tree: Description, chain: Chain) -> Description:
        chains[tree["id"]] = chain
        if (key := containers.get(tree["id"])) is None:
            return (
                tree | {"children": [cut(child, chain) for child in tree["children"]]} if "children" in tree else tree
            )
        stays = [child for child in tree["children"] if child["id"] in placeholders]
        comes = [cut(child, (*chain, key)) for child in tree["children"] if child not in stays]
        layouts[key] = tree | {"children": comes}
        return tree | {"children": [cut(child, chain) for child in stays]}

    layouts[FIRST] = cut(config["layout"], (FIRST,))
    told: dict[int, Description] = {
        key: {"components": [], "dependencies": [], "layout": layout} for key, layout in layouts.items()
    }
    for component in config["components"]:
        told[chains[component["id"]][-1]]["components"].append(component)
    belongs: dict[int, Chain] = {}
    triggered: dict[tuple[int, str], Chain] = {}
    for dependency in config["dependencies"]:
        chain = belongs[dependency["id"]] = _chain(dependency, chains, belongs)
        for target, event in dependency["targets"]:
            if target in chains and event != "load" and triggered.setdefault((target, event), chain) != chain:
                raise _unreachable("triggers of one part", dependency)
        told[chain[-1]]["dependencies"].append(_with_opening(dependency, chain, chains, config["layout"]["id"]))
    used = {kind: {number for event in config["dependencies"] for number in event[kind]} for kind in _ENDS}
    known = {component["id"]: component for component in config["components"]}
    for key, place in places.items():
        inside = [known[place.container], *told[key]["components"]]
        told[key]["components"] = [_with_interactive(component, **used) for component in inside]
    return told


_ENDS = ("inputs", "outputs")


def _chain(dependency: Description, chains: dict[int, Chain], belongs: dict[int, Chain]) -> Chain:
    linked: Iterable[Any] = (*(target for target, _ in dependency["targets"]), *dependency["inputs"])
    stand = {chains[number] for number in (*linked, *dependency["outputs"]) if number in chains} | {(FIRST,)}
    deepest = max(stand, key=len)
    if any(chain != deepest[: len(chain)] for chain in stand):
        raise _unreachable("components of one part", dependency)
    if (after := dependency["trigger_after"]) is not None:
        if deepest not in ((FIRST,), belongs[after]):
            raise _unreachable("an event of its own part before it", dependency)
        return belongs[after]
    return deepest


def _unreachable(needed: str, event: Description) -> UnreachableError:
    return UnreachableError(f"{needed} of the page", f"the event {event['api_name']}", "Lay them out in one.")


def _with_opening(dependency: Description, chain: Chain, chains: dict[int, Chain], page: int) -> Description:
    """``dependency``, with the arrival of its part as a trigger too if the opening of what the part stands in is one.

    A tab in which a part stands was opened before its browser knew what to do then.
    """
    opens = [what for what, event in dependency["targets"] if event in ("select", "expand") and what in chains]
    if not any(len(chains[what]) < len(chain) for what in opens):
        return dependency
    return dependency | {"targets": [*dependency["targets"], (page, "load")]}


def _with_interactive(component: Description, inputs: set[int], outputs: set[int]) -> Description:
    """``component`` with the choice that gradio's page makes from the events that it is told at first."""
    props = component["props"]
    if isinstance(props.get("interactive"), bool):
        return component
    number, empty = component["id"], not props.get("value")
    return component | {"props": props | {"interactive": number in inputs or (number not in outputs and empty)}}


def _nothing() -> None:
    """On the server, opening a part is nothing but its description."""
