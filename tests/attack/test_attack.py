"""The short part of ``make attack``: every answer is one, or says why not, and nothing is left in the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attack.fuzz import fuzz
from tests.attack.siege import SMALL, besiege


@pytest.fixture
def log(hub_url: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The logs of the hubs that run for these tests."""
    return list(tmp_path_factory.getbasetemp().glob("hub*/hub.log"))


def tracebacks(log: list[Path]) -> int:
    return sum(path.read_text(errors="replace").count("Traceback (most recent") for path in log)


def test_odd_calls_get_answers_or_reasons(hub_url: str, log: list[Path]) -> None:
    before = tracebacks(log)
    report = fuzz(hub_url.rstrip("/"), 100, seed=7, patient=False)
    assert report.faults == []
    assert report.calls == 100
    assert report.answers["refused"] > 25
    assert tracebacks(log) == before


def test_hostile_files_get_a_true_sentence(hub_url: str, log: list[Path]) -> None:
    before = tracebacks(log)
    outcomes = besiege(hub_url.rstrip("/"), only=SMALL)
    answers = {(one.name, event): kind for one in outcomes for event, kind in one.answers.items()}
    assert len(answers) >= 8
    assert {pair: kind for pair, kind in answers.items() if kind not in ("refused", "answered", "goes on")} == {}
    assert tracebacks(log) == before
