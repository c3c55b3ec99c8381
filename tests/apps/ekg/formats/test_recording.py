"""Which lead a recording is judged by."""

from __future__ import annotations

import numpy as np
import pytest

from apps.ekg.formats.recording import called_otherwise, closest_to_mlii, in_memory, is_mlii
from shared.errors import OptionError


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
        (("RESP", "PAP", "aVF"), 2),
        (("ECG HR", "ECG quality", "ECG"), 2),
        (("EMG Chin", "Channel 3"), 1),
        (("EEG Fpz", "EEG EKG-Ref"), 1),
    ],
)
def test_the_lead_closest_to_it_is_taken(leads: tuple[str, ...], place: int) -> None:
    assert closest_to_mlii(leads) == place


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("EEG Fpz-Cz", "EEG"),
        ("Fp1", "FP1"),
        ("C3-A2", "C3-A2"),
        ("ecg_hr", "ecg_hr"),
        ("Thorax", "THORAX"),
        ("C3", ""),  # a lead on the chest, in German
        ("ECG", ""),
        ("hr", ""),  # a column of a watch, of whatever
        ("x", ""),
        ("Channel 1", ""),
    ],
)
def test_what_a_channel_is_by_its_name(name: str, what: str) -> None:
    assert called_otherwise(name) == what


def test_a_recording_in_memory_is_as_small_as_one_on_disk() -> None:
    found = in_memory("x", np.arange(2000.0).reshape(2, 1000), 125, ("I", "II"))
    assert found.read(1, 0, 10).dtype == np.float32
    assert [block.tolist()[0] for block in found.blocks(1, 400)] == [1000, 1400, 1800]
    assert [len(block) for block in found.blocks(0, 400)] == [400, 400, 200]


def test_a_lead_is_found_in_capitals_or_small_letters_if_one_is_meant() -> None:
    found = in_memory("x", np.zeros((3, 1000)), 125, ("V1", "avf", "AVF"))
    assert [found.lead_index(name) for name in ("V1", " v1 ", "avf", "AVF")] == [0, 0, 1, 2]
    for name in ("aVF", "V2", ""):
        with pytest.raises(OptionError, match="the lead, one of"):
            found.lead_index(name)
