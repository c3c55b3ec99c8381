"""Names in the code pages that zip programs and old disks use, read back without being told which."""

from __future__ import annotations

import pytest

from shared import filenames
from shared.filenames import WINDOWS, read_names

# page -> names that are told apart from every other page, each list as one zip
NAMES = {
    "cp437": ["José Müller", "Zoë Peña"],
    "cp850": ["João Müller", "Ángel Núñez", "Bjørn Åse"],
    "cp852": ["Zoë Čapek", "Jiří Dvořák", "Łukasz Wójcik"],
    "cp857": ["Ayşegül Yıldız", "Doğan Işık"],
    "cp866": ["Иван Петров", "Ольга", "Мария-Анна"],
    "cp737": ["Μαρία Παπαδοπούλου", "Νίκος"],
    "cp862": ["דוד כהן", "שרה"],
    "cp874": ["สมชาย ใจดี"],
    "gbk": ["王小明", "李华", "陈美玲"],
    "big5": ["王小明", "陳美玲", "林志豪"],
    "cp932": ["山田太郎", "さくら", "鈴木 一郎"],
    "cp949": ["김민수", "이영희", "박서준"],
    "cp1252": ["José", "Müller", "Åse Çelik", "Renée O’Brien"],
    "cp1251": ["Иван Петров", "Ольга"],
    "cp1253": ["Μαρία", "Νίκος"],
    "cp1255": ["דוד כהן", "שרה"],
    "cp1256": ["محمد علي"],
    "koi8_r": ["Иван Петров"],
}


@pytest.mark.parametrize("page", NAMES)
def test_all_names_of_a_zip_are_read_in_their_code_page(page: str) -> None:
    found = read_names([f"7b/{name}/IMG_0001.JPG".encode(page) for name in NAMES[page]])
    assert [one.text for one in found] == [f"7b/{name}/IMG_0001.JPG" for name in NAMES[page]]
    assert all(one.guessed for one in found)


@pytest.mark.parametrize(
    ("page", "name"),
    [(page, name) for page in ("cp437", "cp850", "cp866", "gbk", "cp932", "cp949", "cp1252") for name in NAMES[page]],
)
def test_one_name_alone_is_read_as_well(page: str, name: str) -> None:
    assert read_names([f"{name}/photo.jpg".encode(page)])[0].text == f"{name}/photo.jpg"


def test_utf_8_is_no_guess_and_what_stands_beside_it_is_read_by_itself() -> None:
    found = read_names(["Zoë Čapek/a.jpg".encode(), b"Bob/b.jpg", "Bjørn/c.jpg".encode("cp850"), b""])
    assert [one.text for one in found] == ["Zoë Čapek/a.jpg", "Bob/b.jpg", "Bjørn/c.jpg", ""]
    assert [bool(one.guessed) for one in found] == [False, False, True, False]


def test_a_folder_s_names_are_read_in_windows_pages_first() -> None:
    assert read_names([b"Jos\xe9 M\xfcller"], WINDOWS)[0].text == "José Müller"


def test_bytes_that_are_no_text_become_some_text() -> None:
    for raw in (b"\xff\xfe\xfd", bytes(range(128, 256)), b"\x80" * 500):
        assert read_names([raw])[0].text


def test_a_character_of_daily_use_counts_more_than_one_of_the_box() -> None:
    for page, usual in filenames._USUAL.items():
        assert {filenames._daily(letter, page) for letter in usual} == {2.0}
        assert filenames._daily("Ÿ" if page == "cp857" else "╬", page) == 0.5
    assert filenames._daily("ж", "cp866") == 2.0


@pytest.mark.parametrize(
    ("page", "word", "points"),
    [
        ("cp1252", "Mölle", 2.0),  # one letter in daily use
        ("cp1252", "Äöüle", 6.0),  # three of five
        ("cp1252", "Äöüée", 4 * 2.0 - 3 * 4),  # no name is written in so many
        ("cp1252", "mölle", 1.5),
        ("cp1252", "MÖLLE", 1.0),
        ("cp1252", "MöLle", 2.0 - 3),
        ("cp1252", "aµµ", -10.0),  # signs, not letters
        ("cp1251", "Лиza", -6.0),  # two scripts in one word
        ("gbk", "王小", 8.0 + 4),  # twice as wide, and a family's name
        ("gbk", "囧", -1.0),  # a rare character
    ],
)
def test_a_word_has_points_for_letters_of_names(page: str, word: str, points: float) -> None:
    assert filenames._points(word, page) == points


@pytest.mark.parametrize("page", filenames._ASIAN)
def test_rare_characters_of_two_bytes_speak_against_a_page(page: str) -> None:
    both = set()
    for code in range(0x4E00, 0x9FA6):
        try:
            lead = chr(code).encode(page)[0]
        except UnicodeEncodeError:
            continue
        points = filenames._daily(chr(code), page)
        assert points == (2.0 if lead in filenames._ASIAN[page] else -0.5)
        both.add(points)
    assert both == {2.0, -0.5} or page == "cp949"  # its Chinese characters are all rare


def test_a_name_may_hold_characters_that_have_no_name() -> None:
    assert filenames._points("\x01é", "cp850") < 10
