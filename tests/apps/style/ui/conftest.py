"""Visitors and their sessions, in a store of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import gradio as gr
import pytest

from apps.style.ui import state
from apps.style.ui.state import Session
from shared.sessions import Sessions


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], gr.Request]:
    """A function that makes the request of a visitor."""
    monkeypatch.setattr(state, "SESSIONS", Sessions(Session))
    return lambda name: cast("gr.Request", SimpleNamespace(session_hash=name))
