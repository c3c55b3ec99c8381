"""The EKG tab's drawings: foreign text stays text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from apps.ekg.answers.classify import classified
from apps.ekg.answers.rhythm import rhythm_in
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.weights import leased
from apps.ekg.ui import inside
from apps.ekg.ui.drawings import summary_html
from apps.ekg.ui.results import result_store

PAGE: Any = SimpleNamespace(session_hash="page")
HOSTILE = "<img src=x onerror=alert(1)>"


def test_a_hostile_lead_is_shown_as_letters() -> None:
    with leased() as network:
        found = classified(synthetic(60, Rhythm(), lead=HOSTILE), network)
    assert HOSTILE not in summary_html(found, rhythm_in(found), HOSTILE)
    refused, _ = inside.answer_disturbed(result_store().keep(found, "page"), 1.0, 0.0, 0.02, 125, False, PAGE)
    assert "Refused" in refused
    assert "&lt;img src=x" in refused
    assert HOSTILE not in refused
