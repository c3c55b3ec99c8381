"""The answers of the exercises about EKGs, counted again from annotations, tables and drawn lines."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_score, recall_score

from apps.ekg import exercises
from apps.ekg.answers.classify import classified
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import Ensemble
from shared.exercises import Exercise

SEEDS = range(12)
LETTERS = "NSVFQ"


@pytest.fixture(scope="module")
def recording() -> object:
    """Two minutes with premature beats, each annotated by the generator."""
    return synthetic(120, Rhythm(bpm=68, s_share=0.06, v_share=0.06), seed=7)


@pytest.fixture(autouse=True)
def _sample(monkeypatch: pytest.MonkeyPatch, recording: object) -> None:
    found = classified(recording, Ensemble(1).eval())  # type: ignore[arg-type]
    monkeypatch.setattr(exercises, "_premature", lambda: found)


def cells(one: Exercise) -> list[list[str]]:
    """The rows of the table that is shown, without markup."""
    rows = re.findall(r"<tr>(.*?)</tr>", one.shown.rpartition("<table>")[2])
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows][1:]


def test_the_beat_is_the_one_that_was_annotated_so(recording: object) -> None:
    marks = recording.annotations  # type: ignore[attr-defined]
    gaps = np.diff(marks.times_s, prepend=marks.times_s[0])
    for seed in SEEDS:
        one = exercises.ask("which", seed)
        shown = [float(row[1].removesuffix(" s")) for row in cells(one)]
        (place,) = [
            n for n in range(len(gaps) - len(shown) + 1) if np.allclose(gaps[n:][: len(shown)], shown, atol=0.0051)
        ]
        letters = dict(zip("ABCDEFGHIJKL", marks.symbols[place : place + len(shown)], strict=False))
        wanted = re.findall(r"beats is (S|V):", one.question)[0]
        assert [name for name, letter in letters.items() if letter == wanted] == [one.answer]
        assert {str(slip.answer): slip.why[5] for slip in one.slips} == {
            name: letter for name, letter in letters.items() if name != one.answer
        }


def test_the_rate_is_a_minute_over_the_interval() -> None:
    for seed in SEEDS:
        one = exercises.ask("rate", seed)
        mm = float(re.findall(r"([\d.]+) mm apart", one.question)[0])
        assert one.answer == pytest.approx(60 / (mm / 25), rel=1e-6)
        slip = one.slip_of(60 / (mm / 50))
        assert slip
        assert "50 mm/s" in slip.why


def test_classes_are_those_of_the_standard() -> None:
    groups = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}  # de Chazal et al. 2004, table 1; e, j: AAMI
    for seed in range(40):
        one = exercises.ask("aami", seed)
        symbol = one.question.split("“")[1][0]
        assert symbol in groups[str(one.answer)[0]]
        assert len(one.choices) == 5


def beats_of(one: Exercise) -> tuple[list[str], list[str]]:
    """Of each beat in the confusion matrix: what it is, and what it is called."""
    truth, said = [], []
    for letter, *row in cells(one):
        for called, text in zip(LETTERS, row, strict=True):
            number = int(text.replace(",", ""))
            truth += [letter] * number
            said += [called] * number
    return truth, said


def test_figures_are_those_of_an_independent_implementation() -> None:
    for seed in range(6):
        one = exercises.ask("figures", seed)
        letter = one.question.rstrip("?")[-1]
        truth, said = beats_of(one)
        both = {"sensitivity": recall_score, "positive predictive value": precision_score}
        values = {name: 100 * score(truth, said, labels=[letter], average="macro") for name, score in both.items()}
        asked = next(name for name in both if name in one.question)
        (other,) = both.keys() - {asked}
        assert one.answer == pytest.approx(values[asked])
        slip = one.slip_of(values[other])
        assert slip
        assert other in slip.why
        assert "accuracy over all" in str(one.slip_of(100 * accuracy_score(truth, said)))


def test_always_n_is_right_as_often_as_there_is_an_n() -> None:
    for seed in SEEDS:
        one = exercises.ask("always", seed)
        counts = [int(row[1].replace(",", "")) for row in cells(one)]
        assert one.answer == pytest.approx(100 * counts[0] / sum(counts))


def lines(one: Exercise) -> list[np.ndarray]:
    """The heights of the drawn lines, upwards."""
    drawn = re.findall(r'points="([^"]+)"', one.shown)
    return [-np.array([float(place.split(",")[1]) for place in each.split()]) for each in drawn]


def test_what_is_broken_can_be_seen() -> None:
    seen = set()
    for seed in range(16):
        one = exercises.ask("broken", seed)
        before, after = lines(one)
        if np.ptp(after) < 0.3 * np.ptp(before):
            found = "a tenth of the gain"
        elif np.corrcoef(before, after)[0, 1] < -0.9:
            found = "electrodes the wrong way round"
        elif np.abs(np.diff(after - before)).mean() > 1.5:
            found = "muscle noise"
        else:
            found = "a drifting baseline"
        assert found == one.answer
        seen.add(found)
    assert len(seen) == 4
