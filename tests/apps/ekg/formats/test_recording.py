"""Which lead a recording is judged by."""

from __future__ import annotations

import pytest

from apps.ekg.formats.recording import closest_to_mlii, is_mlii


@pytest.mark.parametrize("name", ["MLII", " mlii ", "II", "ii", "Lead II", "DII", "ECG lead II", "II-raw", "ML2"])
def test_the_second_limb_lead_is_known_by_many_names(name: str) -> None:
    assert is_mlii(name)


@pytest.mark.parametrize("name", ["I", "III", "V2", "aVF", "", "VII", "IIx", "signal 2"])
def test_other_leads_are_not_taken_for_it(name: str) -> None:
    assert not is_mlii(name)


@pytest.mark.parametrize(
    ("leads", "place"),
    [
        (("V1", "MLII"), 1),
        (("ECG lead II", "ii"), 1),  # the exact name first
        (("V1", "ECG lead II", "V5"), 1),
        (("SpO2", "ekg (chest)"), 1),
        (("V1", "V5"), 0),
    ],
)
def test_the_lead_closest_to_it_is_taken(leads: tuple[str, ...], place: int) -> None:
    assert closest_to_mlii(leads) == place
