"""Errors on their way to the page, and inputs that hand over files unopened."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from gradio import processing_utils
from gradio.data_classes import ImageData
from PIL import Image

from apps import ui
from shared.errors import OptionError
from shared.images import data_url


def test_a_visitors_mistake_becomes_a_message_with_its_remedy(caplog: pytest.LogCaptureFixture) -> None:
    def handler() -> None:
        raise OptionError("Tau is a number", "“<script>”", "Type a number.")

    with pytest.raises(gr.Error) as caught:
        ui.guard(handler)()
    assert caught.value.message == "Tau is a number.<br>Got “&lt;script&gt;”.<br>Type a number."
    assert not caplog.records


def test_a_bug_is_logged_whole_and_told_in_one_neutral_sentence(caplog: pytest.LogCaptureFixture) -> None:
    def handler() -> None:
        raise KeyError("secret/path")

    with caplog.at_level(logging.ERROR, "convhub"), pytest.raises(gr.Error) as caught:
        ui.guard(handler)()
    assert caught.value.message == ui.NEUTRAL
    assert "secret" not in caught.value.message
    assert "secret/path" in str(caplog.records[0].exc_info)


def test_a_generator_stays_one_and_its_errors_are_translated() -> None:
    def steps() -> Iterator[int]:
        yield 1
        raise OptionError("b", "c")

    guarded = ui.guard(steps)
    assert inspect.isgeneratorfunction(guarded)
    running = guarded()
    assert next(running) == 1
    with pytest.raises(gr.Error, match="b"):
        next(running)


def test_a_closed_tab_runs_the_generators_own_finally() -> None:
    ended = []

    def steps() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            ended.append(True)

    running = ui.guard(steps)()
    next(running)
    running.close()
    assert ended == [True]


def test_the_wrapper_keeps_what_gradio_documents() -> None:
    def handler(photo: str, tau: float) -> dict[str, float]:
        """What it does."""
        return {photo: tau}

    guarded = ui.guard(handler)
    assert guarded.__doc__ == "What it does."
    assert inspect.signature(guarded) == inspect.signature(handler)


def test_a_disguised_file_reaches_the_handler_unopened(tmp_path: Path) -> None:
    disguised = tmp_path / "photo.jpg"
    disguised.write_text("not a picture")
    photo = ui.photo_input("A")
    assert photo.preprocess(ImageData(path=str(disguised), orig_name="photo.jpg")) == str(disguised)
    assert photo.preprocess(None) is None


def test_a_picture_sent_inside_the_request_is_written_to_a_file() -> None:
    pixel = data_url(Image.new("RGB", (1, 1)), lossless=True)
    path = ui.photo_input("A").preprocess(ImageData(url=pixel))
    assert Path(path).is_file()


def test_equal_pictures_of_many_are_never_seen_half_written(tmp_path: Path) -> None:
    ui.write_pictures_whole()
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


def test_gradio_writes_the_pictures_of_its_components_that_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ui.write_pictures_whole()
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
