"""The five classes of heartbeat of ANSI/AAMI EC57, and which symbol of the WFDB code belongs to which.

The split of MIT-BIH into training and test patients is de Chazal, O'Dwyer and Reilly 2004 (IEEE TBME 51). Nodal and
atrial escape beats (j, e) count as N, as in AAMI's table; some published code counts them as S, which changes the
figures of S. Records with a pacemaker are left out of both halves, as the standard asks. The networks learn from DS1
and from patients of the QT Database (Laguna et al. 1997), who are none of MIT-BIH's, in folds by patient.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class BeatClass:
    """One class: its letter, its name for people, the WFDB symbols that count as it, and its colour on the paper."""

    letter: str
    name: str
    symbols: str
    colour: str  # on white paper; the letter is always printed as well
    colour_dark: str  # on dark paper


CLASSES = (
    BeatClass("N", "normal, or bundle branch block", "NLRBej", "#1d7a4a", "#4fd08b"),
    BeatClass("S", "supraventricular ectopic (premature atrial or nodal)", "AaJSn", "#a85f00", "#ffb347"),
    BeatClass("V", "ventricular ectopic", "VEr", "#c0271f", "#ff7b72"),
    BeatClass("F", "fusion of ventricular and normal", "F", "#7d3c98", "#d7a3f0"),
    BeatClass("Q", "paced, or not classifiable", "/fQ?", "#5b6472", "#a9b4c2"),
)
LETTERS = "".join(item.letter for item in CLASSES)  # "NSVFQ"
UNCLASSIFIED = LETTERS.index("Q")
UNSURE = (
    0.6  # an answer with less is shown as doubtful: of S, V and F half of those are right, nine in ten of the others
)
CLASS_OF_SYMBOL = {symbol: number for number, item in enumerate(CLASSES) for symbol in item.symbols}


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DS1 = _names("101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230")
DS2 = _names("100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234")
FOLDS = (  # of DS1; the patients with many S beats (209, 201, 207, 118, 220, 223) are in six different ones
    _names("209 114 106 115"),
    _names("201 215 109 112"),
    _names("207 119 101 122"),
    _names("118 208 108"),
    _names("220 203 124 116"),
    _names("223 230 205"),
)
QTDB_FOLDS = (  # the patients of the QT Database that are not in MIT-BIH; those with many S or V apart, too
    _names("sel15814 sel883 sel16265 sel16786 sel307 sele0112 sele0136 sele0405"),
    _names("sel803 sel871 sel16272 sel16795 sel310 sele0121 sele0166 sele0409"),
    _names("sel14172 sel308 sele0411 sel16420 sel17152 sel811 sele0122 sele0170 sele0606"),
    _names("sel821 sel847 sel16483 sel301 sele0104 sele0124 sele0210 sele0609"),
    _names("sel14046 sel873 sele0114 sel16539 sel302 sele0110 sele0129 sele0211 sele0612"),
    _names("sel840 sele0203 sele0509 sel16773 sel306 sele0111 sele0133 sele0303 sele0704"),
)
QTDB = tuple(name for names in QTDB_FOLDS for name in names)
PACED = ("102", "104", "107", "217")
SAME_PERSON = (("201", "202"),)  # one in DS1, one in DS2: never one to train and the other to choose by


def classes_of(symbols: Sequence[str]) -> npt.NDArray[np.int64]:
    """The class number of each symbol; -1 for marks that are no beat (rhythm changes, noise, flutter waves, ...)."""
    return np.array([CLASS_OF_SYMBOL.get(symbol, -1) for symbol in symbols], np.int64)


def person_of(record: str) -> str:
    """Whose recording it is: two records of one person give the same answer.

    The QT Database took its records from other databases and wrote "sel" before their names: sel114 is 114 of MIT-BIH,
    sele0114 is e0114 of the European ST-T Database.
    """
    name = record.removeprefix("sel")
    return next((pair[0] for pair in SAME_PERSON if name in pair), name)


_DATABASES = ("mitdb", "mit-bih", "mitbih", "qtdb", "svdb", "edb", "ltdb", "nsrdb", "stdb", "physionet")
_FOLD_OF = {
    person_of(name): number for folds in (FOLDS, QTDB_FOLDS) for number, names in enumerate(folds) for name in names
}


def fold_of(record: str) -> int | None:
    """The fold that this record's patient is in, whichever of the patient's records it is; None if not trained on.

    Exports add words: in "mitdb_208_MLII" and "sel840 lead 1" the patient is seen, in "room 208" a number is just one.
    """
    plain = record.lower()
    said = any(database in plain for database in _DATABASES)
    words = [word for word in re.split(r"[^a-z0-9]+", plain) if said or not word.isdigit()]
    return next((_FOLD_OF[person] for word in (plain, *words) if (person := person_of(word)) in _FOLD_OF), None)
