"""What an event carries: only the visitor's own files, and a reason for everything that cannot be read."""

from __future__ import annotations

import base64
import errno
import html
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from apps import ui
from apps.door import inputs
from apps.door.bodies import ADDRESS
from apps.door.inputs import guard_inputs
from apps.door.middleware import VISITOR
from apps.door.visitors import FILES
from apps.gradio_patches import hand_over_as, hand_over_unopened
from shared.errors import InputError, quoted
from tests.conftest import run_alone


@pytest.fixture
def seen() -> list[Any]:
    return []


@pytest.fixture
def page(seen: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> gr.Blocks:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))

    def note(*values: Any) -> Any:
        seen.append(values)
        return values[0]

    with gr.Blocks() as page:
        photo, file, number = (
            gr.Image(label="Photo", type="filepath"),
            gr.File(label="File"),
            gr.Number(label="Size", precision=0),
        )
        hand_over_unopened(photo)
        gr.Button().click(note, photo, photo)
        gr.Button().click(note, file, file)
        gr.Button().click(note, [number, number], number)
    guard_inputs(page)
    return page


@pytest.fixture
def upload(tmp_path: Path) -> str:
    path = tmp_path / "ab" / "photo.png"
    path.parent.mkdir()
    path.write_bytes(b"\x89PNG")
    FILES.give("ann", [str(path)])
    return str(path)


def call(page: gr.Blocks, fn: int, *inputs: Any, visitor: str = "ann", event: Any = None) -> Any:
    request = SimpleNamespace(request=SimpleNamespace(scope={VISITOR: visitor, ADDRESS: "x"}))
    data = gr.EventData(None, event)
    return run_alone(page.process_api(page.fns[fn], list(inputs), request=request, event_data=data))


META = {"_type": "gradio.FileData"}


@pytest.mark.parametrize("fn", [0, 1])
@pytest.mark.parametrize("extra", [{}, {"meta": META}, {"url": "http://example.com/"}, {"orig_name": "x.png"}])
def test_a_file_of_another_place_is_refused_in_every_shape(
    page: gr.Blocks, seen: list[Any], tmp_path: Path, upload: str, fn: int, extra: dict[str, Any]
) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    reasons = set()
    for path in (
        str(secret),
        "/etc/passwd",
        "/nowhere/x",
        "/dev/ptmx",
        "..",
        "nul\0",
        f"{upload}/../photo.png",
        "x" * 9999,
    ):
        with pytest.raises(gr.Error) as refused:
            call(page, fn, {"path": path} | extra)
        assert not refused.value.print_exception
        reasons.add(refused.value.message)
    with pytest.raises(gr.Error) as refused:
        call(page, fn, {"path": upload} | extra, visitor="eve")
    reasons.add(refused.value.message)
    Path(upload).unlink()  # as it is two minutes after it was read
    with pytest.raises(gr.Error) as refused:
        call(page, fn, {"path": upload} | extra)
    assert reasons == {refused.value.message}  # nothing can be learned from the answer
    assert "uploaded here" in refused.value.message
    assert seen == []


def test_the_visitors_own_upload_passes_and_no_address_with_it(page: gr.Blocks, seen: list[Any], upload: str) -> None:
    call(page, 0, {"path": upload, "url": "http://example.com/x.png", "meta": META})
    assert seen == [(upload,)]


@pytest.mark.parametrize("fn", [0, 1])
def test_a_file_inside_the_call_becomes_an_upload_that_nobody_has_opened(
    page: gr.Blocks, seen: list[Any], tmp_path: Path, fn: int
) -> None:
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"
    url = "data:image/png;base64," + base64.b64encode(postscript).decode()
    call(page, fn, {"url": url, "orig_name": "../../x.png", "meta": META})
    ((path,),) = seen
    assert Path(path).read_bytes() == postscript
    assert tmp_path in Path(path).parents
    assert FILES.owns("ann", str(path))


def test_a_file_inside_the_call_counts_as_the_visitors(
    page: gr.Blocks, seen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FILES, "left", lambda visitor: 2)
    with pytest.raises(gr.Error, match="reached their limit"):
        call(page, 0, {"url": "data:image/png;base64,QUJD"})
    call(page, 0, {"url": "data:image/png;base64,QUI="})
    assert len(seen) == 1


def test_a_webcams_frame_reaches_its_handler_as_it_was_sent_and_never_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    frames: list[Any] = []
    with gr.Blocks() as page:
        camera = gr.Image(label="Camera", sources=["webcam"], streaming=True)
        hand_over_as(camera, lambda payload: payload.url)
        gr.Button().click(frames.append, camera, None)
    guard_inputs(page)
    call(page, 0, {"url": "data:image/jpeg;base64,QUJD"})
    assert frames == ["data:image/jpeg;base64,QUJD"]
    assert not list(tmp_path.rglob("*.bin"))


@pytest.mark.parametrize(
    "url", ["data:", "data:,x", "data:image/png;base64,", "data:image/png;base64,%%%", "data:image/png,QUJD"]
)
def test_what_is_no_file_in_base64_is_told(page: gr.Blocks, seen: list[Any], url: str) -> None:
    with pytest.raises(gr.Error, match="a file in base64"):
        call(page, 0, {"url": url})
    assert seen == []


@pytest.mark.parametrize("url", ["http://example.com/x.png", "file:///etc/passwd", "/etc/passwd", "ftp://x"])
def test_no_address_is_ever_fetched(page: gr.Blocks, seen: list[Any], url: str) -> None:
    for fn in (0, 1):
        for value in ({"url": url}, {"path": None, "url": url, "meta": META}, {"path": "", "url": url}):
            with pytest.raises(gr.Error, match="uploaded here"):
                call(page, fn, value)
    assert seen == []


def test_a_picture_that_the_page_opens_with_is_everybodys(seen: list[Any], tmp_path: Path) -> None:
    sample = tmp_path / "sample.txt"
    sample.write_text("x")
    with gr.Blocks() as page:
        file = gr.File(str(sample), label="File")
        gr.Button().click(seen.append, file, None)
    guard_inputs(page)
    shown = next(c["props"]["value"] for c in page.config["components"] if c["type"] == "file")
    call(page, 0, {"path": shown["path"], "meta": META})
    assert len(seen) == 1


def test_files_inside_the_events_own_data_are_looked_at_too(page: gr.Blocks, seen: list[Any], upload: str) -> None:
    with pytest.raises(gr.Error, match="uploaded here"):
        call(page, 2, 1, 2, event={"files": [{"name": "x", "path": "/etc/passwd"}]})
    call(page, 2, 1, 2, event={"files": [{"name": "x", "path": upload}]})
    assert len(seen) == 1


@pytest.mark.parametrize("value", ["many", {"a": 1}, [1], "9" * 9999, {"path": 5}])
def test_a_value_of_the_wrong_kind_gets_a_reason_and_no_traceback(page: gr.Blocks, value: Any) -> None:
    with pytest.raises(gr.Error, match="values that fit Size") as refused:
        call(page, 2, value, 1)
    assert f"Found: {quoted(value, 40)}, “1”." in html.unescape(refused.value.message)
    assert not refused.value.print_exception
    assert len(refused.value.message) < 400


@pytest.mark.parametrize("given", [[], [1]])
def test_missing_arguments_are_counted(page: gr.Blocks, given: list[Any]) -> None:
    with pytest.raises(gr.Error, match=f"Found: {len(given)}"):
        call(page, 2, *given)


def test_what_is_handed_out_belongs_to_whoever_asked(page: gr.Blocks, upload: str, seen: list[Any]) -> None:
    answer = call(page, 1, {"path": upload, "meta": META})
    path = answer["data"][0]["path"]
    assert FILES.owns("ann", path)
    assert not FILES.owns("eve", path)


def test_what_the_hub_has_made_belongs_to_whoever_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    made = tmp_path / "made" / "answer.csv"
    made.parent.mkdir()
    made.write_text("1,2")
    with gr.Blocks() as page:
        gr.Button().click(lambda: str(made), None, gr.File())
    guard_inputs(page)
    path = call(page, 0)["data"][0]["path"]
    assert FILES.owns("ann", path)
    assert not FILES.owns("eve", path)


def test_an_event_without_what_the_handler_takes_gets_a_reason(seen: list[Any]) -> None:
    def selected(event: gr.SelectData) -> None:
        seen.append(event.index)

    with gr.Blocks() as page:
        gr.Button().click(selected)
    guard_inputs(page)
    for forged in (None, {}, {"value": 1}, [1], "x", 5):
        with pytest.raises(gr.Error, match="without its data"):
            call(page, 0, event=forged)
    call(page, 0, event={"index": 3, "value": "x"})
    assert seen == [3]


def test_an_answer_that_repeats_a_visitors_path_gives_nothing_away(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    secret.write_bytes(b"secret")
    with gr.Blocks() as page:
        gr.Button().click(lambda text: {"path": text}, gr.Textbox(), gr.JSON())
    guard_inputs(page)
    call(page, 0, str(secret))
    assert not FILES.owns("ann", str(secret))


def test_a_handler_gets_what_its_type_hints_say_and_nothing_else(seen: list[Any]) -> None:
    def scale(size: float, name: str, request: gr.Request, free: float | None, kept: tuple[int, ...]) -> None:
        seen.append((size, name, free, kept))

    with gr.Blocks() as page:
        number, choice, kept = gr.Number(label="Size"), gr.Dropdown(["a"], label="Name"), gr.State((1, 2))
        gr.Button().click(scale, [number, choice, number, kept])
    guard_inputs(page)
    refused = {
        (None, "a", 1): "nothing", (1, None, 1): "nothing", (float("nan"), "a", None): "nan",
        (10**400, "a", None): "1000", (1, "a", float("inf")): "inf",
    }  # fmt: skip
    for values, found in refused.items():
        with pytest.raises(gr.Error, match=rf"Needed: (Size: a number|Name: a text).*Found: .?{found}") as error:
            call(page, 0, *values, None)
        assert not error.value.print_exception
    call(page, 0, 1, "a", None, "not looked at")
    assert seen == [(1, "a", None, (1, 2))]


def test_a_handler_of_gradios_own_that_fails_gets_the_neutral_sentence(caplog: pytest.LogCaptureFixture) -> None:
    with gr.Blocks() as page:
        gr.Button().click(lambda: 1 / 0)
    guard_inputs(page)
    with pytest.raises(gr.Error, match="went wrong on our side") as error:
        call(page, 0)
    assert not error.value.print_exception
    assert "ZeroDivisionError" in caplog.text


def test_a_click_on_a_sample_names_one(seen: list[Any]) -> None:
    with gr.Blocks() as page:
        samples = gr.Dataset(components=["textbox"], samples=[["a"], ["b"]], label="Samples")
        samples.click(seen.append, samples)
    guard_inputs(page)
    with pytest.raises(gr.Error, match=r"Needed: Samples.*Found: nothing"):
        call(page, 0, None)
    call(page, 0, 1)
    assert seen == [["b"]]


def test_a_bug_of_ours_is_an_apology_that_stays_for_a_while() -> None:
    sorry = inputs.apology()
    assert (sorry.title, sorry.duration, sorry.print_exception) == ("Sorry", 12.0, False)
    please = inputs.refusal(InputError("a name", "none", "Write one."))
    assert (please.title, please.duration, please.print_exception) == ("Please check", 12.0, False)
    assert please.message == "Needed: a name.<br>Found: none.<br>Write one."


def test_what_is_no_path_at_all_was_not_written_here() -> None:
    assert not any(map(inputs.written_here, ("nul\0", "x" * 9999, "/etc/passwd")))


def test_an_endless_text_is_refused_wherever_it_stands(page: gr.Blocks, seen: list[Any]) -> None:
    endless = "9" * (inputs.LONGEST_TEXT + 1)
    for values, event in (((endless, 1), None), ((1, [{"a": endless}]), None), ((1, 2), {"name": [endless]})):
        with pytest.raises(gr.Error, match="at most 200,000 characters"):
            call(page, 2, *values, event=event)
    call(page, 2, 1, 2, event={"drawing": "data:image/png;base64," + endless})
    assert len(seen) == 1


@pytest.mark.parametrize("inside", [False, True])
def test_a_full_disk_is_told_in_a_sentence(caplog: pytest.LogCaptureFixture, inside: bool) -> None:
    def full() -> None:
        raise RuntimeError("while writing") from OSError(errno.ENOSPC, "No space left on device")

    with gr.Blocks() as page:
        gr.Button().click(ui.guard(full) if inside else full)
    guard_inputs(page)
    with pytest.raises(gr.Error, match="room on the disk of this hub") as error:
        call(page, 0)
    assert not error.value.print_exception
    assert "the disk is full" in caplog.text
    assert "Traceback" not in caplog.text
