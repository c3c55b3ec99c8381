"""LFW-style lists of pairs: which two photos, whether they show one person, and the fold that the pair is tested in.

The file begins with ``folds<TAB>pairs``; then each fold has that many lines ``NAME i j`` (one person) and as many lines
``NAME1 i NAME2 j`` (two people), tab separated (Huang et al. 2007). Photos lie at ``DIR/NAME/NAME_0001.jpg`` or
``DIR/NAME_0001.jpg``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import InputError, quoted

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".JPG", ".JPEG", ".PNG")
DEFAULT_FOLDS = 10  # where the file has none of its own
LARGEST_INDEX = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Photo:
    """One photo of a person, as a list of pairs names it."""

    person: str
    number: int  # counted from 1

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return f"{self.person}_{self.number:04d}"


@dataclass(frozen=True, kw_only=True, eq=False)
class PairList:
    """n pairs of the photos, each of which is listed once."""

    photos: tuple[Photo, ...]
    pairs: NDArray[np.int64]  # (n, 2): places in photos
    same: NDArray[np.bool_]  # (n,)
    fold: NDArray[np.int64]  # (n,): from 0 up, at least two folds

    @property
    def folds(self) -> int:
        """How many folds there are."""
        return int(self.fold.max()) + 1

    @property
    def people(self) -> NDArray[np.int64]:
        """(photos,): the number of each photo's person."""
        names = sorted({photo.person for photo in self.photos})
        number = {name: i for i, name in enumerate(names)}
        return np.array([number[photo.person] for photo in self.photos], np.int64)


def read_pairs(path: Path) -> PairList:
    """The list of pairs in the file at ``path``.

    A header of one number n, or of one fold, has no folds to take a threshold from: such pairs are dealt into ten.

    Raises:
        InputError: the file cannot be read, or a line is not a pair; the message names the line.
    """
    try:
        lines = [line.rstrip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"a text file with pairs of photos as {path}", str(error), "Give an LFW pairs file."
        ) from error
    numbered = [(number, _columns(line)) for number, line in enumerate(lines, 1) if line.strip()]
    header = 0
    if numbered and len(numbered[0][1]) <= 2:
        header = _header(path, numbered.pop(0)[1])
    places: dict[Photo, int] = {}
    pairs, same = [], []
    for number, columns in numbered:
        first, second = _pair(path, number, columns)
        pairs.append([places.setdefault(photo, len(places)) for photo in (first, second)])
        same.append(first.person == second.person)
    flags = np.array(same, np.bool_)
    if flags.all() or not flags.any():
        raise InputError(f"genuine and impostor pairs in {path}", f"{len(same)} pairs, all of one kind")
    return PairList(photos=tuple(places), pairs=np.array(pairs), same=flags, fold=_folds(path, flags, header))


def find_photos(folder: Path, photos: tuple[Photo, ...]) -> list[Path]:
    """The files of ``photos`` below ``folder``, in their order.

    Raises:
        InputError: the folder or a file is missing; the message counts them and names the first.
    """
    if not folder.is_dir():
        raise InputError("the folder of the photos", str(folder), "Give the folder with NAME/NAME_0001.jpg.")
    found = [_find(folder, photo) for photo in photos]
    missing = [photo.stem for photo, path in zip(photos, found, strict=True) if path is None]
    if missing:
        raise InputError(
            f"all {len(photos)} photos that the pairs name in {folder}, as NAME/NAME_0001.jpg or NAME_0001.jpg",
            f"{len(missing)} missing, the first is {quoted(missing[0])}",
            "Give the folder that belongs to the pairs file.",
        )
    return [path for path in found if path is not None]


def _find(folder: Path, photo: Photo) -> Path | None:
    for parent in (folder / photo.person, folder):
        for suffix in SUFFIXES:
            path = parent / f"{photo.stem}{suffix}"
            if path.is_file():
                return path
    return None


def _columns(line: str) -> list[str]:
    return [part.strip() for part in (line.split("\t") if "\t" in line else line.split()) if part.strip()]


def _header(path: Path, columns: list[str]) -> int:
    """The number of folds that the header declares; 1 where it declares none."""
    if not all(column.isdigit() and int(column) > 0 for column in columns):
        raise InputError(f"the numbers of folds and pairs in the first line of {path}", quoted(" ".join(columns)))
    return int(columns[0]) if len(columns) == 2 else 1


def _pair(path: Path, number: int, columns: list[str]) -> tuple[Photo, Photo]:
    if len(columns) == 3:
        columns = [columns[0], columns[1], columns[0], columns[2]]
    if len(columns) != 4 or not all(text.isdigit() and int(text) <= LARGEST_INDEX for text in columns[1::2]):
        raise InputError(
            f"NAME i j or NAME1 i NAME2 j in line {number} of {path.name}",
            quoted(" ".join(columns)),
            "Correct the line.",
        )
    if any(set(name) & set("/\\\0") or name.startswith(".") for name in columns[::2]):
        raise InputError(f"a person's name without a path in line {number} of {path.name}", quoted(columns[0]))
    return Photo(person=columns[0], number=int(columns[1])), Photo(person=columns[2], number=int(columns[3]))


def _folds(path: Path, same: NDArray[np.bool_], folds: int) -> NDArray[np.int64]:
    n = len(same)
    if folds > 1:
        if n % folds:
            raise InputError(
                f"{folds} folds of equally many pairs in {path.name}",
                f"{n} pairs",
                "Correct the first line or the list.",
            )
        return np.repeat(np.arange(folds), n // folds)
    # without folds: both kinds of pairs are dealt out in turn, so that each fold has its share of either
    dealt = np.zeros(n, np.int64)
    for kind in (same, ~same):
        dealt[kind] = np.arange(kind.sum()) % min(DEFAULT_FOLDS, int(same.sum()), int((~same).sum()))
    if dealt.max() == 0:
        raise InputError(f"at least two genuine and two impostor pairs in {path.name}", f"{n} pairs")
    return dealt
