"""Results are kept under a token, within a limit of bytes."""

from __future__ import annotations

import pytest
import torch

from apps.ekg.answers.classify import classified
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import Ensemble
from apps.ekg.ui import results
from apps.ekg.ui.results import ResultStore, size_of
from shared.errors import RecordError
from shared.serving.later import Later
from shared.sessions import forget_everybody


def test_the_store_forgets_the_oldest() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    store = ResultStore(limit=2 * size_of(found))
    first, second, third = (store.keep(found, whose) for whose in "abc")
    assert store.get(second) is store.get(third) is found
    with pytest.raises(RecordError, match="expired"):
        store.get(first)
    with pytest.raises(RecordError):
        store.get(None)


def test_what_is_looked_at_is_not_the_oldest() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    store = ResultStore(limit=2 * size_of(found))
    first, second = store.keep(found, "a"), store.keep(found, "b")
    store.get(first)
    store.keep(found, "c")
    assert store.get(first) is found
    with pytest.raises(RecordError, match="expired"):
        store.get(second)


def test_a_page_that_classifies_again_and_again_takes_no_more_room_and_nobody_elses() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    store = ResultStore()
    others, looked_at = store.keep(found, "other"), store.keep(found, "mine")
    for _ in range(10):
        store.get(looked_at)
        latest = store.keep(found, "mine")
    assert len(store) == 4
    assert store.get(others) is store.get(looked_at) is store.get(latest) is found
    store.drop("mine")
    assert len(store) == 1
    with pytest.raises(RecordError, match="expired"):
        store.get(latest)
    forget_everybody()
    assert len(store) == 0


def test_the_results_of_a_page_that_was_closed_are_dropped_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    later = Later(lambda: now, in_thread=False)
    monkeypatch.setattr(results, "LATER", later)
    torch.manual_seed(0)
    token = results.result_store().keep(classified(synthetic(30, Rhythm()), Ensemble(1).eval()), "closed")
    now = 0.0
    results.leave("closed")
    later.do_due()
    assert results.result_store().get(token)
    now = results._GRACE_S
    later.do_due()
    with pytest.raises(RecordError, match="expired"):
        results.result_store().get(token)


def test_the_size_is_that_of_the_arrays() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    samples, beats = len(found.prepared.plain_mv), len(found.times_s)
    assert size_of(found) > samples * (4 + 4 + 1) + beats * 144 * 4  # two signals, their mask, and the windows
    assert size_of(found) < 2 * (samples * (4 + 4 + 1) + beats * 144 * 4)


def test_one_result_is_kept_whatever_its_size() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    store = ResultStore(limit=1)
    assert store.get(store.keep(found, "a")) is found
