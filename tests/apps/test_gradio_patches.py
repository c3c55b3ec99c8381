"""What is changed in gradio still takes hold: each test fails when gradio changes under the patch."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import gradio as gr
import pytest
from gradio import blocks, processing_utils, routes
from gradio.data_classes import ImageData
from gradio.route_utils import GradioMultiPartParser
from PIL import Image
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from apps import gradio_patches, ui
from apps.door.middleware import Gate
from shared.images import data_url
from shared.settings import Settings
from tests.conftest import run_alone


def test_a_disguised_file_reaches_the_handler_unopened(tmp_path: Path) -> None:
    disguised = tmp_path / "photo.jpg"
    disguised.write_text("not a picture")
    photo = ui.photo_input("A")
    assert photo.preprocess(ImageData(path=str(disguised), orig_name="photo.jpg")) == str(disguised)
    assert photo.preprocess(None) is None


def test_a_picture_inside_the_call_is_never_opened_by_gradio(tmp_path: Path) -> None:
    """The door has made a file of it; gradio's own way reads any format, Ghostscript's among them."""
    pixel = data_url(Image.new("RGB", (1, 1)), lossless=True)
    with pytest.raises(ValueError, match="without a file"):
        ui.photo_input("A").preprocess(ImageData(url=pixel))


def test_equal_pictures_of_many_are_never_seen_half_written(tmp_path: Path) -> None:
    gradio_patches.write_pictures_whole()
    picture = Image.effect_noise((400, 400), 50)
    first = processing_utils.save_pil_to_cache(picture, str(tmp_path))
    whole = Path(first).read_bytes()
    with Path(first).open("rb") as reader:  # somebody's download, while somebody else's call ends
        assert processing_utils.save_pil_to_cache(picture, str(tmp_path)) == first
        assert (
            os.fstat(reader.fileno()).st_ino != Path(first).stat().st_ino
        )  # the file that is being read is left alone
        assert reader.read() == whole
    assert Path(first).read_bytes() == whole
    assert len(list(Path(first).parent.iterdir())) == 1


def test_a_picture_for_which_there_is_no_room_leaves_no_half_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    gradio_patches.write_pictures_whole()
    with pytest.raises(OSError, match="No space"):
        processing_utils.save_pil_to_cache(Image.new("RGB", (9, 9)), str(tmp_path))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_gradio_writes_the_pictures_of_its_components_that_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gradio_patches.write_pictures_whole()
    moved: list[str] = []
    replace = os.replace

    def seen(source: str, target: Path) -> None:
        moved.append(str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", seen)
    picture = Image.effect_noise((40, 40), 50).convert("RGB")
    image = gr.Image(format="png")
    image.GRADIO_CACHE = str(tmp_path)
    shown = image.postprocess(picture)
    assert shown is not None
    assert moved == [str(Path(str(shown.path)).resolve())]
    gallery = gr.Gallery(format="png")
    gallery.GRADIO_CACHE = str(tmp_path)
    gallery.postprocess([picture.rotate(90)])
    assert len(moved) == 2


def test_a_components_own_way_of_reading_is_used_by_its_events() -> None:
    """gradio asks the component, not its class, when an event comes in."""
    with gr.Blocks() as page:
        box = gr.Textbox()
        gradio_patches.hand_over_as(box, lambda payload: f"read {payload}")
        box.change(lambda text: text, box, box)
    assert page.blocks[box._id].preprocess("this") == "read this"  # type: ignore[attr-defined]


def test_the_queue_can_be_counted() -> None:
    with gr.Blocks() as page:
        gr.Textbox()
    page.queue(max_size=7)
    assert gradio_patches.waiting(page) == 0


def test_agents_see_named_and_limited_tools_from_the_first_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    mcp = pytest.importorskip("gradio.mcp", reason="needs gradio[mcp]")
    monkeypatch.setattr(mcp.GradioMCPServer, "get_tool_to_endpoint", mcp.GradioMCPServer.get_tool_to_endpoint)
    with gr.Blocks() as page:
        button = gr.Button()
        button.click(lambda: None, None, None, api_name="shown")
        button.click(lambda: None, None, None, api_name="hidden")
    assert gradio_patches.tools(page) == ()
    gradio_patches.limit_tools(("/hidden",))
    page.mcp_server_obj = mcp.GradioMCPServer(page)  # as the launch does, before it listens
    assert page.mcp_server_obj.tool_to_endpoint == {"shown": "/shown"}
    assert gradio_patches.tools(page) == ("shown",)


def test_a_session_costs_nothing_until_it_keeps_a_state() -> None:
    """gradio describes every component of the page for every session, and keeps all values ever sent."""
    gradio_patches.share_fairly()
    described: list[int] = []
    with gr.Blocks() as page:
        box, kept = gr.Textbox("as it was"), gr.State(7)
        box.change(lambda text, number: (gr.update(label="new"), number + 1), [box, kept], [box, kept])
    states = gradio_patches.AttendedStates()
    states.set_blocks(page)
    page.default_config.config_for_block = lambda key, *_: described.append(key)  # type: ignore[method-assign,assignment,return-value]
    state = states["somebody"]
    for _ in range(2):
        answer = run_alone(page.process_api(page.fns[0], ["x" * 1000, None], state=state))
    assert state[kept._id] == 9
    assert answer["data"][0]["label"] == "new"
    assert described == []
    assert [one["type"] for one in state.components] == ["state"]


def test_a_page_that_is_laid_out_is_not_served_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    def lay_out() -> gr.Blocks:
        with gr.Blocks() as page:
            gr.Textbox()
        return page

    monkeypatch.setattr(blocks, "App", routes.App)
    assert isinstance(lay_out().app, routes.App)
    gradio_patches.serve_at_launch_alone()
    assert lay_out().app is None


def test_no_session_at_all_is_as_cheap() -> None:
    from gradio import route_utils

    gradio_patches.share_fairly()
    assert vars(route_utils)["SessionState"] is vars(blocks)["SessionState"] is gradio_patches.LeanState


def test_names_of_uploads_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "CustomCORSMiddleware", None)
    monkeypatch.setattr(routes, "file_upload_statuses", None)
    monkeypatch.setattr(GradioMultiPartParser, "parse", GradioMultiPartParser.parse)
    gradio_patches.put_door(Gate(Settings()))
    progress = routes.file_upload_statuses
    monkeypatch.setattr(type(progress), "most", 5)

    async def ask_and_upload() -> None:
        for number in range(20):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(progress.is_tracked(f"never {number}"), 0.001)
        assert not progress._signals
        waiting = asyncio.ensure_future(progress.is_tracked("19"))
        await asyncio.sleep(0)
        for number in range(20):  # nobody asks how far these are
            progress.append(str(number), "a.jpg", b"xx")
        progress.append("19", "a.jpg", b"xx")
        assert await waiting
        assert sorted(progress._statuses) == sorted(progress._signals) == ["15", "16", "17", "18", "19"]
        assert progress.pop("19").chunk_size == 4
        progress.stop_tracking("19")
        assert "19" not in progress._signals

    run_alone(ask_and_upload())


@pytest.mark.parametrize("end", [ClientDisconnect, None])
def test_an_upload_that_is_broken_off_leaves_nothing_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: type[Exception] | None
) -> None:
    monkeypatch.setattr(GradioMultiPartParser, "parse", GradioMultiPartParser.parse)
    monkeypatch.setattr(routes, "CustomCORSMiddleware", None)
    gradio_patches.put_door(Gate(Settings()))

    async def stream() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + b"x" * 5000
        if end is not None:
            raise end
        yield b"\r\n--b--\r\n"

    async def parse() -> None:
        headers = Headers({"content-type": "multipart/form-data; boundary=b"})
        parser = GradioMultiPartParser(headers, stream(), max_files=1, upload_dir=str(tmp_path), max_file_size=10**6)
        with contextlib.nullcontext() if end is None else pytest.raises(end):
            await parser.parse()

    run_alone(parse())
    assert len(list(tmp_path.iterdir())) == (end is None)
