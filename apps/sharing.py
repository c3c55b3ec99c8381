"""Which controls a link carries, declared next to them: ``share(seed=seed, digit=digit)``.

A link costs a page that was opened without one nothing: no component, no event when it opens, no request. Its values
stand in the description of the part of the page that a browser asks for (``apps/on_demand.py``), in place of those
that the controls begin with; sub-tabs are chosen in the same way. "Copy link" is an event of the browser alone. Which
sub-tab a control belongs to is seen from where it stands; names need to differ only among what is on one screen.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.events import Dependency
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

from apps import results, take_home
from apps.links import (
    Asked,
    Choice,
    Flag,
    Kind,
    Several,
    Text,
    check_name,
    kinds_at,
    number_kind,
    read_link,
    write_link,
)
from apps.markup import Content, Markup, h, joined, message
from apps.ui import LIGHT, PRIVATE, QUICK, guard, session_of
from shared.errors import InputError

Props = dict[str, Any]  # what gradio's page knows of a component
Fit = Callable[[Mapping[str, Any]], Mapping[str, Props]]
# js_on_load of a strip of samples, after apps.ui.CLICKS: a link says which one is in the picture next to it. Its
# ``shares`` are the name in the link, the first sample, the picture's elem_id, and other sub-tabs whose links say it,
# too; or ``None`` where links say nothing.
SAMPLES_JS = """
window.hubLinks?.samples(element, trigger, props.shares, props.asked);
"""
_LONGEST_TEXT = 1000  # characters of a text box that says no limit


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What one ``share`` declares."""

    group: str  # the path of the sub-tab that it stands in: "gan/latent-walk"
    kinds: dict[str, Kind]
    controls: dict[str, Any]  # gradio's components that hold the values
    stage: Any = None  # or the component whose script does
    leader: str = ""
    fit: Fit | None = None
    also: dict[str, Any] = field(default_factory=dict)
    then: tuple[int, ...] = ()


_collecting: contextvars.ContextVar[list[Declared] | None] = contextvars.ContextVar("shared", default=None)


def share(
    *,
    leader: str = "",
    fit: Fit | None = None,
    also: Mapping[str, Any] | None = None,
    then: Sequence[Dependency] = (),
    beside: Block | None = None,
    **controls: Any,
) -> None:
    """Let links carry ``controls``, by these names; called next to them, while their tab is laid out.

    Args:
        leader: the control that sets the others when a visitor chooses it, such as a preset: a link that names it
            names all of them that it has to.
        fit: what else follows from a link's values, such as another control's value or range: properties by name.
        also: components that ``fit`` may name besides ``controls``.
        then: events that happen when the part arrives with a link's values, because only these components change.
        beside: a component in another sub-tab, whose links are to carry them.
        controls: gradio's components; what each may be is read from it. ``(component, kind)`` says it instead.
    """
    collected = _collecting.get()
    if collected is None:
        return  # a tab that is laid out alone, in a test
    kinds, found = {}, {}
    for name, given in controls.items():
        component, kind = given if isinstance(given, tuple) else (given, kind_of(given))
        kinds[check_name(name)], found[name] = kind, component
    group = path_of(beside or next(iter(found.values())))
    numbers = tuple(one["id"] for one in then)
    collected.append(
        Declared(group=group, kinds=kinds, controls=found, leader=leader, fit=fit, also=dict(also or {}), then=numbers)
    )


def share_stage(stage: gr.HTML, *, beside: Sequence[str] = (), **kinds: Kind) -> None:
    """Let links carry what the script of ``stage`` keeps in the browser.

    The script finds what a link asks for, checked, in ``props.asked``, an object by name, and gives what is to be in a
    link by ``hubLinks.tell(element, () => ({name: value}))``: only what is not as the page opens with it. ``beside``:
    other sub-tabs whose links are to carry it; ``tell`` takes them, too.
    """
    collected = _collecting.get()
    if collected is None:
        return
    named = {check_name(name): kind for name, kind in kinds.items()}
    stage.props.setdefault("asked", None)
    for group in (path_of(stage), *beside):
        collected.append(Declared(group=group, kinds=named, controls={}, stage=stage))


def kind_of(component: Any) -> Kind:
    """What ``component`` may hold.

    Raises:
        TypeError: it is none that a link may carry: a photo, a file.
    """
    if isinstance(component, gr.Slider):
        whole = all(float(one).is_integer() for one in (component.minimum, component.step))
        return number_kind(component.minimum, component.maximum, whole=whole)
    if isinstance(component, gr.Number):
        return number_kind(component.minimum, component.maximum, whole=component.precision == 0)
    if isinstance(component, gr.Checkbox):
        return Flag()
    if isinstance(component, gr.Textbox):
        return Text(component.max_length or _LONGEST_TEXT)
    if isinstance(component, gr.Radio | gr.CheckboxGroup | gr.Dropdown):
        values: tuple[Any, ...] = tuple(value for _, value in component.choices)
        many = isinstance(component, gr.CheckboxGroup) or getattr(component, "multiselect", False)
        return Several(values) if many else Choice(values)
    raise TypeError(f"a link carries no {type(component).__name__}")


def path_of(block: Block | None) -> str:
    """The tab and sub-tabs that ``block`` stands in, or is: "gan/latent-walk"."""
    names: list[str] = []
    while block is not None:
        if isinstance(block, gr.Tab):
            names.insert(0, name_of(block))
        block = block.parent
    return "/".join(names)


def name_of(tab: gr.Tab) -> str:
    """The name of a tab in an address: its id, or what is written on it."""
    text = tab.id if isinstance(tab.id, str) else str(tab.label)
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def sharing_of(page: gr.Blocks) -> Sharing:
    """What ``page``, a hub's, shares."""
    found: Sharing = vars(page)["sharing"]
    return found


class Sharing:
    """What a hub's page shares: collected while it is laid out, put into what a browser is sent."""

    def __init__(self) -> None:
        self.declared: list[Declared] = []
        self.groups: dict[str, dict[str, Kind]] = {}
        self._titles: dict[str, gr.HTML] = {}  # by the tab's name
        self._zips: dict[str, gr.File] = {}  # ... what takes the results home
        self._tabs: dict[str, tuple[int, str]] = {}  # path -> the number of its gr.Tabs, and its id there

    @property
    def paths(self) -> tuple[str, ...]:
        """Every tab and sub-tab that has an address."""
        return tuple(self._tabs)

    @contextlib.contextmanager
    def collect(self, page: gr.Blocks) -> Iterator[None]:
        """Inside, ``share`` is heard; afterwards every tab has its address and every title its "Copy link"."""
        vars(page)["sharing"] = self
        before = _collecting.set(self.declared)
        try:
            yield
        finally:
            _collecting.reset(before)
        page.unload(_leave)
        self._name_tabs(page)
        for one in self.declared:
            self._join_group(one)
        self._offer_links()

    def title(self, slug: str, summary: Content) -> None:
        """Lay out the line under a tab's name, with "Copy link"."""
        link = h.span(
            h.button("Copy link", type="button", data_does="link"),
            h.button("Show me the code", type="button", data_does="code"),
            h.button("Take the results home", type="button", data_does="results"),
            h.input(type="text", readonly=True, hidden=True, aria_label="The link"),
            h.small(role="status"),
            class_="ch-link",
        )
        line = h.div(h.p(summary, class_="ch-summary"), link, _code_sheet(), class_="ch-titled-tab")
        self._titles[slug] = gr.HTML(line, server_functions=[guard(self.code)])
        self._zips[slug] = gr.File(label="The results", visible=False)

    def code(self, query: str) -> dict[str, str]:
        """What gives the numbers of a link's sub-tab with its settings: name, script, and notebook as JSON.

        Raises:
            InputError: the link names no tab.
        """
        asked = read_link(query, self.paths, self.groups) if isinstance(query, str) else Asked()
        if not asked.path:
            raise InputError("the address of a tab", "another", "Reload the page and try again.")
        name, code = take_home.code(asked.path, self.values(asked))
        return {"name": f"convhub-{name}", "script": code, "notebook": take_home.notebook(code)}

    def packed(self, request: gr.Request, event: gr.EventData) -> str:
        """What the visitor made in this session, as a zip in gradio's folder, which the janitor keeps.

        Raises:
            InputError: nothing was made yet, or the page sent something else than its stages give.
        """
        base = str(request.request.base_url) if request.request is not None else ""
        given = list(map(self._given, results.gifts(event._data)))
        data = results.zipped(session_of(request), lambda one: self.link_to(one, base), self.code_of, given)
        return str(save_bytes_to_cache(data, results.NAME, get_upload_folder()))

    def _given(self, gift: tuple[str, Mapping[str, bytes]]) -> results.Result:
        """What the stage of a link gives as a result."""
        query, files = gift
        asked = read_link(query, self.paths, self.groups)
        if asked.path not in {one.group for one in self.declared if one.stage is not None}:
            raise InputError("the address of a stage", "another", "Reload the page and try again.")
        copies: dict[str, results.File] = {name: (data, "As the page showed it.") for name, data in files.items()}
        return results.Result(path=asked.path, part="", files=copies, settings=asked.values or {})

    def link_to(self, result: results.Result, base: str = "") -> str:
        """The address that opens the page with the settings of ``result``, as far as a link carries them."""
        kinds = kinds_at(result.path, self.groups)
        values = {name: value for name, value in result.settings.items() if name in kinds}
        try:
            return base + write_link(result.path, values, self.groups)
        except InputError:  # an own style, a place that was typed: none that a link may carry
            return base + write_link(result.path, {}, self.groups)

    def code_of(self, result: results.Result) -> str:
        """The script that gives the numbers of ``result``; empty if there is none."""
        return "" if result.part else take_home.code(result.path, result.settings)[1]

    def values(self, asked: Asked) -> dict[str, Any]:
        """The value of every control on the screen where ``asked`` leads, as far as the server knows it."""
        found: dict[str, Any] = {}
        for one in (one for one in self.declared if asked.among(one.group)):
            given = {name: value for name, value in (asked.values or {}).items() if name in one.kinds}
            fitted = one.fit(given) if one.fit else {}
            found |= {name: component.value for name, component in one.controls.items()}
            found |= {name: props["value"] for name, props in fitted.items() if name in one.kinds and "value" in props}
            found |= given
        return {name: value for name, value in found.items() if value is not None}

    def fill(self, described: Props, query: str) -> None:
        """Put what a link, by its ``query``, asks for into ``described``, the description of a part of the page."""
        if not query:
            return
        asked = read_link(query, self.paths, self.groups)
        changes = self._changes(asked)
        for component in described["components"]:
            component["props"].update(changes.get(component["id"], {}))
        arriving = {number for one in self._named_in(asked) for number in one.then}
        for event in described["dependencies"]:
            if event["id"] in arriving:
                event["targets"] = [*event["targets"], (self._page, "load")]

    def _named_in(self, asked: Asked) -> list[Declared]:
        values = asked.values or {}
        return [one for one in self.declared if asked.among(one.group) and one.kinds.keys() & values.keys()]

    def _changes(self, asked: Asked) -> dict[int, Props]:
        changes: dict[int, Props] = {}
        parts = asked.path.split("/")
        for depth in range(2, len(parts) + 1):
            tabs, tab = self._tabs["/".join(parts[:depth])]
            changes[tabs] = {"selected": tab}
        for one in self._named_in(asked):
            given = {name: value for name, value in (asked.values or {}).items() if name in one.kinds}
            if one.stage is not None:
                changes[one.stage._id] = {"props": {**one.stage.props, "asked": given}}
                continue
            fitted = dict(one.fit(given)) if one.fit else {}
            components = one.controls | one.also
            for name, props in fitted.items():
                changes[components[name]._id] = dict(props)
            for name, value in given.items():
                changes.setdefault(one.controls[name]._id, {})["value"] = value
        if asked.faults:
            for slug, title in self._titles.items():
                if parts[0] in (slug, ""):
                    warned = message(("This link cannot be followed in full. ", joined(asked.faults, " ")), "warn")
                    changes[title._id] = {"value": str(joined((title.value, warned)))}
        return changes

    def _name_tabs(self, page: gr.Blocks) -> None:
        self._page = page._id
        for block in page.blocks.values():
            if isinstance(block, gr.Tab):
                path = path_of(block)
                if path in self._tabs or block.parent is None:
                    raise ValueError(f"two tabs with one address: {path}")
                self._tabs[path] = block.parent._id, block.id if isinstance(block.id, str) else name_of(block)
        for path, (_, tab) in self._tabs.items():
            block = next(one for one in page.blocks.values() if isinstance(one, gr.Tab) and path_of(one) == path)
            block.id, block.elem_id = tab, f"tab-{path.replace('/', '--')}"

    def _join_group(self, one: Declared) -> None:
        for group, kinds in self.groups.items():
            near = Asked(group).among(one.group) or Asked(one.group).among(group)
            if near and (twice := kinds.keys() & one.kinds.keys()):
                raise ValueError(f"two controls of one name in {group} and {one.group}: {', '.join(twice)}")
        self.groups.setdefault(one.group, {}).update(one.kinds)

    def _offer_links(self) -> None:
        for slug, title in self._titles.items():
            groups = [group for group in self.groups if Asked(group).among(slug)]
            title.js_on_load = f"hubLinks.offer(element, trigger, server, {json.dumps(groups)}, 'results');"
            packing = title.results(guard(self.packed), None, self._zips[slug], **QUICK, **PRIVATE)
            packing.success(None, self._zips[slug], None, js="(file) => hubLinks.save(file)", **LIGHT, **PRIVATE)
            for group in groups:
                near = [one for one in self.declared if Asked(group).among(one.group)]
                inputs = [component for one in near for component in one.controls.values()]
                script = f"(...values) => hubLinks.copy({json.dumps(_written(near), ensure_ascii=False)}, values)"
                getattr(title, group)(None, inputs, None, js=script, queue=False, **LIGHT, **PRIVATE)


def _leave(request: gr.Request) -> None:
    results.leave(session_of(request))


def _code_sheet() -> Markup:
    """What "Show me the code" opens."""
    return h.dialog(
        h.form(
            h.b("The same numbers without this page"),
            h.a("Notebook", data_file="ipynb"),
            h.a("Script", data_file="py"),
            h.button("Close", value="close"),
            method="dialog",
        ),
        h.p(
            "Save it in the repository’s folder and run it there, offline, after ",
            h.code("pip install -r requirements.txt"),
            ". The notebook is for Jupyter or an editor. Photos and files of yours are not part of it.",
        ),
        h.pre(h.code(), tabindex=0),
        class_="ch-code",
        aria_label="The code",
    )


def _written(near: Sequence[Declared]) -> list[list[Any]]:
    """For the browser: name and first value of each control, what it follows, and all that a link may say of it."""
    rows = []
    for one in near:
        for name, component in one.controls.items():
            open_ended = getattr(component, "allow_custom_value", False) or isinstance(component, gr.Textbox)
            kind = one.kinds[name]
            only = list(kind.values) if open_ended and isinstance(kind, Choice) else None
            led = one.leader if name != one.leader else ""
            row = [name, component.value, led, only]
            while not row[-1] and len(row) > 2:
                row.pop()
            rows.append(row)
    return rows
