"""Parts of the page that a browser hears of only when their tab is opened.

gradio describes all components of all tabs to every browser before it shows the first one: 700 components and 1.5 MB
that a phone reads for the 60 it looks at. Here what stands in a tab is left out of that description, but for the tab
that the address asks for, and follows in the answer to the tab's event "select", in the message that ``gr.render``
uses. For the server nothing changes: components and events are made once, and clients (``/config``, ``/info``) know
every endpoint from the start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, cast

import gradio as gr
from gradio import processing_utils, utils
from gradio.block_function import BlockFunction
from gradio.blocks_events import BlocksMeta
from gradio.context import get_render_context
from gradio.data_classes import BlocksConfigDict

from apps.door.pages import ASKED, LATER
from apps.ui import LIGHT, PRIVATE
from shared.errors import HubError

Description = dict[str, Any]  # what gradio's page is sent: components, dependencies, layout
Fill = Callable[[Description, str], None]  # puts what an address, by its query, asks for into a part's description
Chain = tuple[int, ...]  # the parts that a component stands in, from the outermost, which is the page itself

FIRST = -1  # the part that every browser gets at once


class UnreachableError(HubError):
    """An event would ask a browser for components that it may not have heard of."""


@contextlib.contextmanager
def part(when: Callable[..., Any] | None = None) -> Iterator[None]:
    """What is laid out inside comes when the tab around it is first opened, or at another event: ``run.then``.

    On a page that is no ``Page``, as in a test of one tab, it is there from the start.
    """
    tab = get_render_context()
    yield
    page = gr.context.Context.root_block
    if isinstance(page, Page) and isinstance(tab, gr.Tab):
        opens = when or tab.select
        opened = opens(_nothing, None, None, queue=False, trigger_mode="once", **LIGHT, **PRIVATE)
        page.parts[opened["id"]] = tab._id


class _Plain(BlocksMeta):
    """Makes a class; gradio's own way writes a stub file for each."""

    def __new__(cls, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> type:
        made: type = type.__new__(cls, name, bases, attributes)
        return made


class Page(gr.Blocks, metaclass=_Plain):
    """A page of which a browser gets the frame with the tab that its address asks for, and the other parts later.

    Raises:
        UnreachableError: once it is laid out, if an event links components of two parts that come one without the
            other.
    """

    def __init__(self, **options: Any) -> None:
        self.parts: dict[int, int] = {}  # by the event that opens it: the tab that it stands in
        self.fill: Fill | None = None  # called with each part before a browser gets it
        self._described: dict[int, Description] = {}
        self._opened: dict[str, Description] = {}  # the description of the page by its open tab's name
        super().__init__(**options)

    @property
    def config(self) -> BlocksConfigDict:
        """The description of all components and events, and which of them a browser gets at first (key "page")."""
        opened = self._opened.get(ASKED.get()) or next(iter(self._opened.values()))
        return cast(BlocksConfigDict, opened)

    @config.setter
    def config(self, config: BlocksConfigDict) -> None:
        """Take in how gradio describes the page: each time when it has changed."""
        self._described = split(dict(config), self.parts)
        self._opened = dict(_openings(dict(config), self._described, self.parts))

    async def process_api(self, block_fn: BlockFunction | int, *args: Any, **rest: Any) -> dict[str, Any]:
        """gradio's answer to an event; that of opening a tab brings along what stands in it."""
        answer: dict[str, Any] = await super().process_api(block_fn, *args, **rest)
        number = block_fn if isinstance(block_fn, int) else block_fn._id
        if number in self.parts:
            described = utils.safe_deepcopy(self._described[number]) | {"render_id": number}
            asking = getattr(rest.get("request"), "request", None)  # gradio's page asks with the query of its address
            if self.fill is not None and asking is not None:
                self.fill(described, asking.url.query)
            root = rest.get("root_path")
            answer["render_config"] = processing_utils.add_root_url(described, root, None) if root else described
        return answer


def split(config: Description, parts: dict[int, int]) -> dict[int, Description]:
    """What a browser gets at first (key ``FIRST``) and of each part, by its key in ``parts``.

    Args:
        config: gradio's description of the whole page: components with ``id``, dependencies, layout as a tree.
        parts: by the event that opens it, the tab that a part stands in; one may stand in another.

    Returns:
        Components, dependencies and layout each; a part's tab is described with the part again, and so is the event
        that opens it, which then does nothing: gradio's page forgets the one before.

    Raises:
        UnreachableError: an event links components of two parts, neither of which stands in the other; it follows an
            event of another part, which gradio's page would not find; or it has a trigger in common with an event of
            another part, which gradio's page would forget when the later one of the two arrives.
    """
    tabs = {tab: key for key, tab in parts.items()}
    chains: dict[int, Chain] = {}
    layouts: dict[int, Description] = {}

    def cut(tree: Description, chain: Chain) -> Description:
        chains[tree["id"]] = chain
        if (key := tabs.get(tree["id"])) is not None:
            layouts[key] = tree | {"children": [cut(child, (*chain, key)) for child in tree["children"]]}
            return tree | {"children": []}
        return tree | {"children": [cut(child, chain) for child in tree["children"]]} if "children" in tree else tree

    layouts[FIRST] = cut(config["layout"], (FIRST,))
    described: dict[int, Description] = {
        key: {"components": [], "dependencies": [], "layout": layout} for key, layout in layouts.items()
    }
    for component in config["components"]:
        described[chains[component["id"]][-1]]["components"].append(component)
    belongs: dict[int, Chain] = {}
    triggered: dict[tuple[int, str], Chain] = {}
    for dependency in config["dependencies"]:
        chain = belongs[dependency["id"]] = _chain(dependency, chains, belongs)
        for target, event in dependency["targets"] if dependency["id"] not in parts else ():
            if target in chains and event != "load" and triggered.setdefault((target, event), chain) != chain:
                raise _unreachable("triggers of one part", dependency)
        described[chain[-1]]["dependencies"].append(
            _with_opening(dependency, chain, chains, tabs, config["layout"]["id"])
        )
    used = {kind: {number for event in config["dependencies"] for number in event[kind]} for kind in _ENDS}
    known = {component["id"]: component for component in config["components"]}
    events = {dependency["id"]: dependency for dependency in config["dependencies"]}
    for key, tab in parts.items():
        inside = [known[tab], *described[key]["components"]]
        described[key]["components"] = [_with_interactive(component, **used) for component in inside]
        described[key]["dependencies"].append(events[key] | {"backend_fn": False})
    return described


def _openings(
    config: Description, described: dict[int, Description], parts: dict[int, int]
) -> Iterator[tuple[str, Description]]:
    """``config`` for each tab of the frame, by its name, with the tab open; without a name if there are none.

    By its name with ``LATER`` only the frame, with the tab chosen: it comes with what the address says of its controls.
    """
    frame = described[FIRST]
    known = {component["id"]: component for component in config["components"]}
    at_first = {kind: [one["id"] for one in frame[kind]] for kind in ("components", "dependencies")}
    outer = [(key, tab) for key, tab in parts.items() if any(one["id"] == tab for one in frame["components"])]
    if not outer:
        yield "", config | {"page": {"": at_first | {"layout": frame["layout"]}}}
    for key, tab in outer:
        part = described[key]
        bar, layout = _filled(frame["layout"], part["layout"])
        name = known[tab]["props"]["id"]
        better = {one["id"]: one for one in part["components"]}
        better[bar] = known[bar] | {"props": known[bar]["props"] | {"selected": name}}
        numbers = {
            "components": [*at_first["components"], *(one["id"] for one in part["components"][1:])],
            "dependencies": [*at_first["dependencies"], *(one["id"] for one in part["dependencies"])],
        }
        numbers["dependencies"] = [number for number in numbers["dependencies"] if number != key]
        components = [better.get(one["id"], one) for one in config["components"]]
        yield name, config | {"components": components, "page": {"": numbers | {"layout": layout}}}
        chosen = [better[bar] if one["id"] == bar else one for one in config["components"]]
        yield name + LATER, config | {"components": chosen, "page": {"": at_first | {"layout": frame["layout"]}}}


def _filled(frame: Description, tab: Description) -> tuple[int, Description]:
    """``frame`` with the children of ``tab``, and the number of what stands around the tab."""
    around = frame["id"]

    def fill(tree: Description) -> Description:
        nonlocal around
        if tree["id"] == tab["id"]:
            return tab
        children = tree.get("children", ())
        if any(child["id"] == tab["id"] for child in children):
            around = tree["id"]
        return tree | {"children": [fill(child) for child in children]} if "children" in tree else tree

    filled = fill(frame)
    return around, filled


_ENDS = ("inputs", "outputs")


def _chain(dependency: Description, chains: dict[int, Chain], belongs: dict[int, Chain]) -> Chain:
    linked: Iterable[Any] = (*(target for target, _ in dependency["targets"]), *dependency["inputs"])
    stand = {chains[number] for number in (*linked, *dependency["outputs"]) if number in chains} | {(FIRST,)}
    deepest = max(stand)  # of chains that begin alike it is the longest
    if any(chain != deepest[: len(chain)] for chain in stand):
        raise _unreachable("components of one part", dependency)
    if (after := dependency["trigger_after"]) is not None:
        if deepest not in ((FIRST,), belongs[after]):
            raise _unreachable("an event of its own part before it", dependency)
        return belongs[after]
    return deepest


def _unreachable(needed: str, event: Description) -> UnreachableError:
    return UnreachableError(f"{needed} of the page", f"the event {event['api_name']}", "Lay them out in one.")


def _with_opening(
    dependency: Description, chain: Chain, chains: dict[int, Chain], tabs: Collection[int], page: int
) -> Description:
    """``dependency``, with the arrival of its part as a trigger too if the opening of what the part stands in is one.

    A tab in which a part stands was opened before its browser knew what to do then.
    """
    opens = [what for what, event in dependency["targets"] if event == "select" and what in tabs]
    if not any(len(chains[what]) < len(chain) for what in opens):
        return dependency
    return dependency | {"targets": [*dependency["targets"], (page, "load")]}


def _with_interactive(component: Description, inputs: set[int], outputs: set[int]) -> Description:
    """``component`` with the choice that gradio's page makes from the events that it gets at first."""
    props = component["props"]
    if isinstance(props.get("interactive"), bool):
        return component
    number, empty = component["id"], not props.get("value")
    return component | {"props": props | {"interactive": number in inputs or (number not in outputs and empty)}}


def _nothing() -> None:
    """On the server, opening a part is nothing but its description."""
