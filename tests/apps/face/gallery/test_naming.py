"""Whose photo is it: the rule by names alone, and the faces that check it."""

from __future__ import annotations

import numpy as np
import pytest

from apps.face.gallery import naming
from apps.face.gallery.naming import BESIDE, FILES, FOLDERS, NOBODYS, STRANGERS, is_name, readings, settle

TAU = 0.4


def people(paths: list[str]) -> list[str]:
    """Who each photo is of by names alone; "?" is nobody."""
    return [one.person or "?" for one in readings(paths)[0]]


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        # the folder, with any folders around it
        (["Ada/1.jpg", "Ada/2.jpg", "Bob/1.jpg"], ["Ada", "Ada", "Bob"]),
        (["Class/Ada/IMG_1.jpg", "Class/Bob/IMG_2.jpg"], ["Ada", "Bob"]),
        (["School/7b/Ada/a.jpg", "School/7b/Bob/b.jpg"], ["Ada", "Bob"]),
        (["School/7a/Ada/a.jpg", "School/7b/Bob/b.jpg"], ["Ada", "Bob"]),
        (["Ada Lovelace/2019/1.jpg", "Bob/2020/2.jpg"], ["Ada Lovelace", "Bob"]),
        (["Ada_Lovelace/1.jpg", "Ada_Lovelace/old/deep/2.jpg", "Bob/3.jpg"], ["Ada Lovelace", "Ada Lovelace", "Bob"]),
        (["Ada/holiday.jpg", "Ada/beach.jpg", "Bob/front.jpg"], ["Ada", "Ada", "Bob"]),
        (["Ada/a.jpg"], ["Ada"]),
        (["王小明/1.jpg", "李/1.jpg"], ["王小明", "李"]),
        (["A/1.jpg", "B/1.jpg"], ["A", "B"]),
        (["S01/1.jpg", "S02/1.jpg"], ["S01", "S02"]),
        (["Person 1/a.jpg", "Person 2/a.jpg"], ["Person 1", "Person 2"]),
        (["Ada/Bob/1.jpg", "Cleo/2.jpg"], ["Ada", "Cleo"]),  # as many at either depth: the folders outside
        (["Ada/Bob/1.jpg", "Ada/Bob/2.jpg", "Cleo/2.jpg"], ["Bob", "Bob", "?"]),
        # loose files next to the folders of people
        (["Class/Ada/a.jpg", "Class/Bob/b.jpg", "cover.jpg"], ["Ada", "Bob", "?"]),
        (["Class/Ada/a.jpg", "Class/Bob/b.jpg", "Class/everybody.jpg"], ["Ada", "Bob", "?"]),
        (["Ada/a.jpg", "Bob/b.jpg", "timetable.png", "logo.gif"], ["Ada", "Bob", "?", "?"]),
        # the file, where all lie together
        (["Ada.jpg", "Bob.png"], ["Ada", "Bob"]),
        (["known_people/Ada Lovelace.jpg", "known_people/Bob.jpg"], ["Ada Lovelace", "Bob"]),
        (["Class/José García.jpg", "Class/Bob.jpg"], ["José García", "Bob"]),
        (["7b/ada.jpg", "7b/bob.jpg", "7b/cleo.jpg"], ["ada", "bob", "cleo"]),
        (["Ada_Lovelace_0001.jpg", "Ada_Lovelace_0002.jpg", "Bob_0003.jpg"], ["Ada Lovelace", "Ada Lovelace", "Bob"]),
        (["王小明.jpg", "李华 (2).jpg"], ["王小明", "李华"]),
        (["Ada.jpg", "IMG_0412.jpg"], ["Ada", "?"]),
        (["ada.jpg", "ada2.jpg", "bob1.jpg", "bob02.jpg"], ["ada", "ada", "bob", "bob"]),
        (["Person 1.jpg", "Person 2.jpg"], ["?", "?"]),
        (["person1.jpg", "person2.jpg", "img3.jpg"], ["?", "?", "?"]),
        # nobody's names
        (["IMG_0412.JPG", "IMG_0413.JPG"], ["?", "?"]),
        (["Class/IMG_0412.JPG", "Class/IMG_0413.JPG"], ["?", "?"]),
        (["DCIM/100APPLE/IMG_0001.JPG"], ["?"]),
    ],
)
def test_people_by_the_names_of_folders_and_files(paths: list[str], wanted: list[str]) -> None:
    assert people(paths) == wanted


@pytest.mark.parametrize(
    "name",
    [
        "IMG_0412",
        "IMG-20260903-WA0007",
        "DSC00017",
        "_DSC1234",
        "DSCN0001",
        "P1010034",
        "PXL_20260903_101900123",
        "20260903_101112",
        "2026-09-03 10.11.12",
        "WhatsApp Image 2026-09-03 at 10.11.12",
        "Screenshot_20260903-101112",
        "Screenshot 2026-09-03 at 10.11.12",
        "signal-2026-09-03-101112",
        "photo",
        "Photo 3",
        "image (2)",
        "unnamed",
        "scan0001",
        "7b",
        "Class 7b",
        "known_people",
        "a",
        "12",
        "FB_IMG_1693741234567",
        "Snapchat-1234567890",
        "SAM_0412",
        "MVIMG_20260903",
        "Resized_20260903_1011",
        "CamScanner 09-03-2026",
        "FullSizeRender",
        "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        "a1b2c3d4e5f67890abcdef1234567890_o",
    ],
)
def test_what_cameras_and_programs_call_a_photo_is_no_name(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Bo",
        "José García",
        "ada lovelace",
        "Ada-2",
        "O'Brien",
        "Pat Image",
        "Sam Will",
        "李",
        "Иван",
        "Dr. No",
        "P. Diddy",
        "Sam",
        "Sam 2",
        "Line",
        "Ada Fade",
    ],
)
def test_names_of_people_are_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    ("text", "stands"),
    [("A", True), ("S01", True), ("S123", True), ("IMG01", True), ("IMG001", False), ("DSC123", False),
     ("100APPLE", False), ("Photo 3", False), ("", False), ("12", False)],
)  # fmt: skip
def test_a_letter_and_a_number_can_stand_for_a_person_but_not_three_digits_of_a_camera(text: str, stands: bool) -> None:
    assert naming.is_label(text) == stands


@pytest.mark.parametrize("part", ["-" * 60_000, "(" * 60_000 + "1)", "a" + " (1)" * 15_000, "7" * 60_000])
def test_no_pattern_sees_an_endless_name(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    read = naming._from_file
    monkeypatch.setattr(naming, "_from_file", lambda name: seen.append(len(name)) or read(name))
    paths = [f"{part}.jpg", f"{part}/1.jpg", "Bob.jpg"]
    assert people(paths)[2] in ("Bob", "?")
    assert max(seen) <= 120


def face(person: int, photo: int = 0) -> np.ndarray:
    """A made-up encoding: two of one person are 0.2 apart at most, of two people 1.4."""
    vector = np.zeros(16, np.float32)
    vector[person] = 1.0
    vector[15] = 0.05 * photo
    return vector


def test_files_that_lie_in_no_folder_are_not_called_folders() -> None:
    paths = ["ada.jpg", "ada2.jpg", "bob.jpg"]
    settled = settle(paths, [face(1), face(1, 1), face(2)], 0.4)
    assert settled.source == naming.FILES
    assert [one.person for one in settled.readings] == ["ada", "ada", "bob"]


def test_faces_that_agree_change_nothing() -> None:
    paths = ["Ada/1.jpg", "Ada/2.jpg", "Bob/1.jpg"]
    found = settle(paths, [face(0), face(0, 1), face(1)], TAU)
    assert [one.person for one in found.readings] == ["Ada", "Ada", "Bob"]
    assert (found.source, found.doubts) == (FOLDERS, ())


def test_one_folder_of_one_face_is_that_person_whatever_the_files_are_called() -> None:
    paths = ["Ada/Paris.jpg", "Ada/Berlin.jpg", "Ada/Rome.jpg"]
    assert people(paths) == ["Paris", "Berlin", "Rome"]
    found = settle(paths, [face(0), face(0, 1), face(0, 2)], TAU)
    assert [one.person for one in found.readings] == ["Ada"] * 3
    assert found.source == FOLDERS
    strangers = settle(paths, [face(0), face(1), face(2)], TAU)
    assert [one.person for one in strangers.readings] == ["Paris", "Berlin", "Rome"]
    assert strangers.source == FILES


def test_folders_of_classes_with_files_named_after_people_are_read_by_file() -> None:
    paths = ["Reds/ada.jpg", "Reds/bob.jpg", "Blues/cleo.jpg", "Blues/dora.jpg"]
    found = settle(paths, [face(i) for i in range(4)], TAU)
    assert [one.person for one in found.readings] == ["ada", "bob", "cleo", "dora"]
    assert found.source == FILES


def test_a_folder_of_strangers_without_names_is_nobody() -> None:
    found = settle(["Friends/IMG_1.jpg", "Friends/IMG_2.jpg", "Friends/IMG_3.jpg"], [face(i) for i in range(3)], TAU)
    assert [(one.person, one.reason) for one in found.readings] == [("", STRANGERS)] * 3


def test_a_photo_unlike_the_person_s_others_is_a_doubt_and_stays() -> None:
    paths = ["Ada/1.jpg", "Ada/2.jpg", "Ada/3.jpg", "Bob/1.jpg", "Bob/2.jpg"]
    found = settle(paths, [face(0), face(5), face(0, 1), face(1), face(2)], TAU)
    assert [one.person for one in found.readings] == ["Ada", "Ada", "Ada", "Bob", "Bob"]
    assert [text.split(" does not")[0] for text in found.doubts] == ["Ada/2.jpg", "Bob/2.jpg"]
    assert "distance 1.41" in found.doubts[0]


@pytest.mark.parametrize(
    ("faces", "alike"),
    [
        ([[0, 0]], True),
        ([[0, 1]], False),
        ([[0, 0, 1, 2]], False),  # half of the photos are not most
        ([[0, 0, 0, 1]], True),
        ([[0, 0], [1, 2]], False),  # half of the people are not most
        ([[0, 0], [1, 1], [2, 3]], True),
        ([[0], [1]], None),  # nobody has two
        ([[0, None], [1]], None),
    ],
)
def test_people_are_alike_if_most_photos_of_most_of_them_are(faces: list[list[int | None]], alike: bool | None) -> None:
    rows = [naming.Reading(f"P{i}") for i, of_one in enumerate(faces) for _ in of_one]
    encodings = [None if one is None else face(one) for of_one in faces for one in of_one]
    assert naming._alike(rows, encodings, TAU) is alike


@pytest.mark.parametrize(
    ("places", "unlike"),
    [
        ([0.0], []),
        ([0.0, 1.0], []),  # as far apart as may be
        ([0.0, 1.25], [(1, 1.25)]),  # of two the later one
        ([0.0, 1.0, 2.0], []),  # each is near one other
        ([0.0, 0.5, 3.0], [(2, 2.5)]),
        ([0.0, 2.0, 4.0], None),  # none is near any
    ],
)
def test_a_photo_is_unlike_the_others_if_none_of_them_is_near(
    places: list[float], unlike: list[tuple[int, float]] | None
) -> None:
    assert naming._unlike([np.array([place], np.float32) for place in places], 1.0) == unlike


def test_photos_without_a_face_say_nothing() -> None:
    paths = ["friends/Ada.jpg", "friends/Bob.jpg", "friends/Cleo.jpg"]
    found = settle(paths, [face(0), None, None], TAU)
    assert [one.person for one in found.readings] == ["Ada", "Bob", "Cleo"]
    assert settle([], [], TAU).readings == ()


def test_the_reasons_say_what_to_do() -> None:
    (loose,) = (one for one in readings(["Ada/1.jpg", "Bob/1.jpg", "x.jpg"])[0] if not one.person)
    assert loose.reason == BESIDE
    assert readings(["IMG_1.jpg"])[0][0].reason == NOBODYS
    long = readings(["x" * 100 + "/1.jpg", "Ada/1.jpg"])[0][0]
    assert "100 characters" in long.reason


def test_a_person_with_thousands_of_photos_is_compared_in_bounded_memory() -> None:
    count = 3 * naming._COMPARED
    found = settle([f"Ada/{i}.jpg" for i in range(count)], [face(0, i % 3) for i in range(count)], TAU)
    assert {one.person for one in found.readings} == {"Ada"}
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("names", "people"),
    [
        (["Anna", "Ben"], True),
        (["Anna"] * 3 + ["Ben"], True),
        (["Anna"] * 7 + ["Ben"], False),
        (["Anna", "Anna"], False),
        (["Anna", "", "Ben"], False),
    ],
)
def test_names_of_files_are_people_if_there_are_several_for_few_files_each(names: list[str], people: bool) -> None:
    assert naming._are_people(names) is people
