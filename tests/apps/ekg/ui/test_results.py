"""Results are kept under a token, within a limit of bytes."""

from __future__ import annotations

import pytest
import torch

from apps.ekg.answers.classify import classified
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.network.ensemble import Ensemble
from apps.ekg.ui.results import ResultStore, size_of
from shared.errors import RecordError


def test_the_store_forgets_the_oldest() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    store = ResultStore(limit=2 * size_of(found))
    first, second, third = (store.keep(found) for _ in range(3))
    assert store.get(second) is store.get(third) is found
    with pytest.raises(RecordError, match="expired"):
        store.get(first)
    with pytest.raises(RecordError):
        store.get(None)


def test_what_is_looked_at_is_not_the_oldest() -> None:
    torch.manual_seed(0)
    found = classified(synthetic(30, Rhythm()), Ensemble(1).eval())
    store = ResultStore(limit=2 * size_of(found))
    first, second = store.keep(found), store.keep(found)
    store.get(first)
    store.keep(found)
    assert store.get(first) is found
    with pytest.raises(RecordError, match="expired"):
        store.get(second)


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
    assert store.get(store.keep(found)) is found
