"""Lists of pairs, good and bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.face.evaluation.pairs import find_photos, read_pairs
from shared.errors import InputError

GOOD = "2\t1\nAda\t1\t2\nAda\t1\tBob\t1\nBob\t2\t10\nBob\t1\tCara Li\t3\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "pairs.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_folds_pairs_and_people(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, GOOD))
    assert [photo.stem for photo in pairs.photos] == [
        "Ada_0001",
        "Ada_0002",
        "Bob_0001",
        "Bob_0002",
        "Bob_0010",
        "Cara Li_0003",
    ]
    assert pairs.same.tolist() == [True, False, True, False]
    assert pairs.fold.tolist() == [0, 0, 1, 1]
    assert pairs.people.tolist() == [0, 0, 1, 1, 1, 2]
    assert pairs.pairs.tolist() == [[0, 1], [0, 2], [3, 4], [2, 5]]


@pytest.mark.parametrize("header", ["4\n", "1\t4\n", ""])
def test_pairs_without_folds_are_dealt_out(tmp_path: Path, header: str) -> None:
    lines = [f"P{i}\t1\t2" for i in range(4)] + [f"P{i}\t1\tQ{i}\t1" for i in range(4)]
    pairs = read_pairs(written(tmp_path, header + "\n".join(lines)))
    assert pairs.folds == 4
    for fold in range(4):
        assert sorted(pairs.same[pairs.fold == fold].tolist()) == [False, True]


def test_spaces_windows_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeff" + GOOD.replace("Cara Li", "Cara").replace("\t", " ").replace("\n", "\r\n") + "\r\n"
    assert len(read_pairs(written(tmp_path, text)).pairs) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "one kind|pairs"),
        ("2\t1\nAda\t1\t2\nAda\t1\tBob\tx\n", "line 3"),
        ("2\t1\nAda\t1\t2\tBob\t3\n", "line 2"),
        ("3\t1\n" + GOOD.partition("\n")[2], "3 folds"),
        ("ten\tpairs\nAda\t1\t2\n", "in the first line of"),
        ("1\t1\nAda\t1\t2\nBob\t1\t2\n", "one kind"),
        ("2\t1\n../etc\t1\t2\nAda\t1\tBob\t1\n", "path"),
    ],
)
def test_bad_lists_are_refused_with_their_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_pairs(written(tmp_path, text))


def test_a_binary_or_missing_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00\x81")
    for path in (tmp_path / "x", tmp_path / "none", tmp_path):
        with pytest.raises(InputError, match="text file"):
            read_pairs(path)


def test_photos_are_found_in_both_layouts(tmp_path: Path) -> None:
    pairs = read_pairs(written(tmp_path, GOOD))
    (tmp_path / "Ada").mkdir()
    for name in ("Ada/Ada_0001.jpg", "Ada_0002.png", "Bob_0001.jpg", "Bob_0002.JPG", "Bob_0010.jpeg"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"1 missing, the first is “Cara Li_0003”"):
        find_photos(tmp_path, pairs.photos)
    (tmp_path / "Cara Li_0003.jpg").touch()
    assert find_photos(tmp_path, pairs.photos)[0] == tmp_path / "Ada" / "Ada_0001.jpg"
    with pytest.raises(InputError, match="folder"):
        find_photos(tmp_path / "nowhere", pairs.photos)
