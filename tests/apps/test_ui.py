"""Errors on their way to the page, and inputs that hand over files unopened."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from apps import ui
from apps.door import inputs
from shared.errors import OptionError


def test_a_visitors_mistake_becomes_a_message_with_its_remedy(caplog: pytest.LogCaptureFixture) -> None:
    def handler() -> None:
        raise OptionError("tau, a number", "“<script>”", "Type a number.")

    with pytest.raises(gr.Error) as caught:
        ui.guard(handler)()
    assert caught.value.message == "Needed: tau, a number.<br>Found: “&lt;script&gt;”.<br>Type a number."
    assert not caplog.records


def test_a_bug_is_logged_whole_and_told_in_one_neutral_sentence(caplog: pytest.LogCaptureFixture) -> None:
    def handler() -> None:
        raise KeyError("secret/path")

    with caplog.at_level(logging.ERROR, "convhub"), pytest.raises(gr.Error) as caught:
        ui.guard(handler)()
    assert caught.value.message == inputs.NEUTRAL
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


@pytest.mark.parametrize("forged", [{}, {"other": 1}])
def test_an_event_that_a_client_made_up_gets_a_reason(forged: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: gr.EventData) -> Any:
        return event.sample

    with pytest.raises(gr.Error, match="This event came without its sample") as refused:
        ui.guard(handler)(gr.EventData(None, forged))
    assert not refused.value.print_exception
    assert caplog.text == ""


def test_a_missing_attribute_of_anything_else_is_a_bug_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(gr.Error, match="went wrong on our side"):
        ui.guard(lambda: object().sample)()  # type: ignore[attr-defined]
    assert "Traceback" in caplog.text


def test_a_file_that_goes_while_its_call_waits_gets_a_reason_and_any_other_is_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))

    @ui.guard
    def handler(path: Path) -> int:
        return path.stat().st_size

    with pytest.raises(gr.Error, match="gone by now") as refused:
        handler(tmp_path / "uploads" / "photo.jpg")
    assert "Choose the file on the page again." in str(refused.value)
    assert not caplog.records
    with pytest.raises(gr.Error, match="Something went wrong"):
        handler(tmp_path.parent / "weights.bin")
    assert len(caplog.records) == 1
