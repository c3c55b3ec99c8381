"""The page as a whole: its endpoints, its tools for agents, and what happens when one demo is broken."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client

from apps import DEMOS, hub
from apps.door.inputs import PUT_IN
from apps.door.janitor import Janitor
from apps.door.type_hints import hints_of
from apps.door.visitors import Files
from apps.links import read_link, write_link
from apps.sharing import sharing_of
from shared.settings import Settings
from tests.shared_links import LINKS

ENDPOINTS = {  # what outside users rely on
    "face": {"/verify", "/identify", "/enroll", "/forget", "/triplet"},
    "style": {"/stylize", "/stylize_now", "/unit_patches"},
    "gan": {
        "/sample_gan",
        "/sample_digits",
        "/interpolate",
        "/discriminate",
        "/endless_art",
        "/endless_film",
        "/gan_lab",
        "/nearest_patches",
        "/night_of_place",
        "/night_stages",
        "/players_at_step",
        "/restore_photo",
        "/same_person",
        "/train_gan",
        "/translate",
        "/upscale",
    },
    "ekg": {"/classify_ekg"},
    "conv": {"/conv_shapes"},
}


@pytest.fixture(scope="module")
def page(whole_page: gr.Blocks) -> gr.Blocks:
    return whole_page


def public_endpoints(page: gr.Blocks) -> set[str]:
    return set(page.get_api_info()["named_endpoints"])


def test_what_a_visitor_chose_last_is_asked_for(page: gr.Blocks) -> None:
    """Told to the browser: the beat that was clicked while the one before was answered, the encoder, the preset."""
    modes = {one["id"]: one["trigger_mode"] for one in page.config["dependencies"]}
    for elem_id, event, mode in (
        ("ekg-viewer", "select", "multiple"),
        ("face-encoder", "select", "always_last"),
        ("style-preset", "input", "always_last"),
        ("conv-preset", "input", "always_last"),
    ):
        number = next(one["id"] for one in page.config["components"] if one["props"].get("elem_id") == elem_id)
        events = [fn for fn in page.fns.values() if (number, event) in fn.targets and fn.fn is not None]
        assert events, elem_id
        assert all(modes[fn._id] == mode for fn in events), elem_id


def test_the_endpoints_are_exactly_the_promised_ones(page: gr.Blocks) -> None:
    promised = set().union(*(ENDPOINTS[demo.slug] for demo in DEMOS)) | {"/status"}
    assert public_endpoints(page) == promised


def test_every_control_that_links_carry_has_a_link_that_says_something_else(page: gr.Blocks) -> None:
    sharing = sharing_of(page)
    links = [read_link(link, sharing.paths, sharing.groups) for link in LINKS]
    assert [asked.faults for asked in links if asked.faults] == []
    assert [write_link(asked.path, asked.values or {}, sharing.groups) for asked in links] == list(LINKS)
    for one in sharing.declared:
        for name in one.kinds:
            first = one.controls[name].value if name in one.controls else None
            said = [(asked.values or {}).get(name, first) for asked in links if asked.among(one.group)]
            assert any(value != first for value in said), f"no link says something else of {name} in {one.group}"


_ADDED = "what is added is in the stack"
_STAYS = {  # what no link carries, by its label, and why
    "Name": "a person's",
    "Name of the style": "of a style of one's own, which is a file",
    "Recipe": "a file's text; once it is painted again, its choices are in the link of Paint",
    "Frame": "of a run that was painted here and goes with the session",
    "Lead": "of a file of one's own; a sample has one",
    "Rate in Hz": "of a file of one's own",
    "Or a place by name": "its latitude and longitude are there",
    "Kind": _ADDED,
    "Filter size f": _ADDED,
    "Number of filters": _ADDED,
    "Stride s": _ADDED,
    "Padding": _ADDED,
    "Dilation d": _ADDED,
}


def test_what_can_be_set_is_in_links_or_stays_for_a_reason(page: gr.Blocks) -> None:
    kinds = (gr.Slider, gr.Number, gr.Checkbox, gr.Textbox, gr.Radio, gr.CheckboxGroup, gr.Dropdown)
    carried = {one._id for declared in sharing_of(page).declared for one in declared.controls.values()}
    left = {
        str(block.label)
        for block in page.blocks.values()
        if isinstance(block, kinds) and block._id not in carried and is_seen(block)
    }
    assert left == _STAYS.keys()


def is_seen(block: Any) -> bool:
    """Whether visitors see ``block``, once their tab is open."""
    return block is None or (getattr(block, "visible", True) is True and is_seen(block.parent))


def test_every_endpoint_is_described(page: gr.Blocks) -> None:
    bare = [name for name, info in page.get_api_info()["named_endpoints"].items() if not info.get("description")]
    assert bare == []


def test_every_answer_of_an_endpoint_has_a_name(page: gr.Blocks) -> None:
    named = page.get_api_info()["named_endpoints"]
    bare = [
        (name, one["label"])
        for name, info in named.items()
        for one in (*info["parameters"], *info["returns"])
        if one["label"].startswith("value_")
    ]
    assert bare == []


def test_every_event_says_what_it_takes(page: gr.Blocks) -> None:
    """What the hints say is all that the door lets through; the few without leave the check to options of their own."""
    checked_by_options = {"_both", "_estimate", "_play", "_new", "_new_unless_drawn", "_change", "step"}
    loose = {
        fn.fn.__name__
        for fn in page.fns.values()
        if fn.fn is not None and fn.fn.__module__.startswith("apps.") and fn.fn.__name__ != "<lambda>"
        for block, hint in zip(fn.inputs, hints_of(fn.fn, len(fn.inputs), PUT_IN), strict=True)
        if hint is Any and not block.stateful
    }
    assert loose <= checked_by_options


def test_what_plays_for_minutes_or_takes_milliseconds_has_a_lane_of_its_own(page: gr.Blocks) -> None:
    lanes = {fn.fn.__name__: fn.concurrency_id for fn in page.fns.values() if fn.fn is not None}
    assert lanes["play_live"] == "ekg-monitor"
    assert lanes["conv_shapes"] == "conv"
    assert lanes["verify"] == lanes["sample_digits"] == lanes["classify_ekg"] == "quick"


def test_only_the_asked_tabs_are_built() -> None:
    assert public_endpoints(hub.build(Settings(tabs=("conv",)))) == ENDPOINTS["conv"] | {"/status"}


def test_a_broken_demo_takes_nothing_else_down(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ModuleType("apps.gan.ui.tab")

    def build() -> None:
        gr.Textbox()
        raise ImportError("no such wheel")

    broken.build = build  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, broken.__name__, broken)
    page = hub.build(Settings())
    assert public_endpoints(page) >= ENDPOINTS["conv"]
    notes = [block.value for block in page.blocks.values() if isinstance(block, gr.Markdown)]
    assert sum("could not be opened" in note for note in notes) == 1


def test_status_tells_device_cache_memory_and_queue(hub_url: str) -> None:
    status = Client(hub_url, verbose=False).predict(api_name="/status")
    assert status["memory_total"] > status["memory_free"] > 0
    assert status["cache_budget"] == 4_000_000_000
    assert {"device", "models", "hits", "misses", "waiting"} <= status.keys()


def test_agents_get_every_endpoint_but_the_faces(start_hub: Callable[..., str]) -> None:
    pytest.importorskip("mcp", reason="needs gradio[mcp]")
    with ThreadPoolExecutor(1) as own_thread:  # playwright leaves a running event loop in the tests' own
        tools = own_thread.submit(asyncio.run, _tools(start_hub("--mcp"))).result()
    wanted = set().union(*(ENDPOINTS[demo.slug] for demo in DEMOS if demo.slug != "face")) | {"/status"}
    assert {f"/{name}" for name in tools} == wanted


async def _tools(url: str) -> dict[str, Any]:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async with (
        streamable_http_client(f"{url}gradio_api/mcp/") as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        return {tool.name: tool for tool in (await session.list_tools()).tools}


def test_slow_libraries_of_the_chosen_tabs_are_imported_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    monkeypatch.setattr(hub, "importlib", SimpleNamespace(import_module=imported.append))
    hub.warm_up(Settings(tabs=("conv", "ekg", "face", "style"))).join()
    assert imported == ["facenet_pytorch.models.mtcnn", "wfdb.processing"]
    assert all(find_spec(name.partition(".")[0]) for demo in DEMOS for name in demo.libraries)


def test_models_are_placed_at_start_on_zero_gpu_only(monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[str] = []

    class Recorder:
        def preload(self, records: Any) -> None:
            placed.extend(record.name for record in records)

    monkeypatch.setattr(hub, "model_cache", Recorder)
    hub.place_models(Settings())
    assert placed == []
    monkeypatch.setenv("SPACES_ZERO_GPU", "1")
    hub.place_models(Settings(tabs=("face",)))
    assert placed
    assert all(name.startswith("face/") for name in placed)
    assert "face/facenet-vggface2" not in placed  # it would be a download


def test_a_reset_wipes_files_sessions_and_the_class_gallery(tmp_path: Path) -> None:
    from apps.face.gallery.opening import open_gallery
    from apps.face.ui import state as face
    from apps.style.ui import state as style

    path, files = tmp_path / "class.sqlite3", Files()
    photo = tmp_path / "uploads" / "photo.jpg"
    photo.parent.mkdir()
    photo.write_bytes(b"x")
    files.give("cookie ann", [str(photo)])
    stores = face.VISITORS, style.SESSIONS
    before = [store.get("ann") for store in stores]
    gallery = open_gallery(path)
    gallery.enroll("Ann", np.ones(128), encoder="one", thumbnail=b"", owner="ann")
    hub.wipe_class(Settings(gallery=path), Janitor(tmp_path, files))
    assert not photo.exists()
    assert gallery.photos("ann") == ()
    assert [store.find("ann") for store in stores] == [None, None]
    assert before
    hub.wipe_class(Settings(tabs=("conv",), gallery=path), Janitor(tmp_path, files))  # a hub without faces


def test_a_hub_that_was_killed_a_moment_ago_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later: dict[str, Callable[[], object]] = {}
    monkeypatch.setattr(hub, "LATER", SimpleNamespace(do=lambda key, _, action: later.update({key: action})))
    for place, name in ((hub.gradio_patches, "put_door"), (hub, "hang_up_on_idlers"), (Janitor, "start")):
        monkeypatch.setattr(place, name, lambda *_: None)
    monkeypatch.setattr(hub.FILES, "allow", lambda *_, **__: None)
    monkeypatch.setattr(hub.DOWNLOADS, "on", False)
    mine, dead = tmp_path / "mine", tmp_path / f"convhub-{os.getpid()}-1000-abc"
    (mine / "uploads").mkdir(parents=True)
    hub.put_door(Settings(), mine)
    dead.mkdir()
    later["dead hubs"]()
    assert (mine.is_dir(), dead.is_dir()) == (True, False)


def test_a_link_that_is_copied_on_the_hubs_machine_leads_there_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "local_addresses", lambda: ["192.168.7.7"])
    assert hub._lan_host(Settings(host="0.0.0.0")) == "192.168.7.7"
    assert hub._lan_host(Settings()) is None  # nobody else reaches it
    assert hub._lan_host(Settings(host="0.0.0.0", allow_host=("hub.school.example",))) is None
    page = hub.build(Settings(host="0.0.0.0", tabs=("conv",)))
    title = next(block for block in page.blocks.values() if block.elem_id == "hub-title")
    assert 'data-host="192.168.7.7"' in title.value
