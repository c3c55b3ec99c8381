"""File names as bytes, read as the text that was meant: UTF-8 where they are, else the code page that fits them best.

Zip programs write names in the code page of their system and mostly do not say which; a folder that was unpacked on
another system keeps such bytes. Which code page it was can only be guessed, and is, from all names together: a person's
name is made of letters of one script, in one word of one case or with a capital first, seldom of accented letters only,
never of box-drawing characters. Of Chinese, Japanese and Korean, the characters that are in daily use count, and the
commonest family names. Libraries that detect encodings want longer texts, and leave out the code pages of DOS.

Left out: names in several code pages within one zip.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# Of equal fits the earlier one is taken: DOS' code pages in zips, Windows' in folders
DOS = ("cp437", "cp850", "cp852", "cp866", "gbk", "cp932", "cp949", "big5", "cp857", "cp737", "cp862", "cp874")
WINDOWS = ("cp1252", "cp1250", "cp1251", "cp1254", "cp1253", "cp1255", "cp1256", "koi8_r")
_WORD = re.compile(r"(?:[^\W\d_]|[^\x00-\x7f])+")
_ASIAN = {  # lead bytes of the characters in daily use, and of kana and hangul
    "gbk": frozenset(range(0xB0, 0xD8)),
    "big5": frozenset(range(0xA4, 0xC7)),
    "cp932": frozenset((0x82, 0x83, *range(0x88, 0x99))),
    "cp949": frozenset(range(0xB0, 0xC9)),
}
_FAMILIES = {
    "gbk": "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢",
    "big5": "王李張劉陳楊黃趙吳周徐孫馬朱胡郭何林高羅鄭梁謝宋唐許韓馮鄧曹彭曾蕭田董袁潘于蔣蔡余杜葉程蘇魏呂丁任沈姚盧",
    "cp949": "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민",
}
# accented letters that the languages of a code page use; the others it has are rare in names
_USUAL = {
    "cp437": "áéíóúàèìòùâêîôûäëïöüåæçñÄÅÆÇÉÑÖÜß",
    "cp850": "áéíóúàèìòùâêîôûãõäëïöüåæøçñÁÉÍÓÚÀÈÌÒÙÂÊÎÔÛÃÕÄËÏÖÜÅÆØÇÑß",
    "cp852": "áéíóúýąćęłńśźżčďěňřšťůžőűăâîşţäëöüçđôÁÉÍÓÚÝĄĆĘŁŃŚŹŻČĎĚŇŘŠŤŮŽŐŰĂÂÎŞŢÄËÖÜÇĐÔß",
    "cp857": "çğıöşüâîûÇĞİÖŞÜ",
}
_USUAL |= {"cp1252": _USUAL["cp850"] + "œŒšŠžŽÿŸ", "cp1250": _USUAL["cp852"], "cp1254": _USUAL["cp857"]}
_JOINERS = "’‘·・ー–々〇"  # within names, and of no script
_LETTERS, _MARKS = frozenset(("Lu", "Ll", "Lo", "Mn", "Mc")), ("Mn", "Mc")  # Unicode categories
_JAPANESE = ("CJK", "HIRAGANA", "KATAKANA")


@dataclass(frozen=True)
class Text:
    """A name, and the code page that it was guessed to be in; empty where nothing was guessed."""

    text: str
    guessed: str = ""


def read_names(names: Sequence[bytes], pages: Sequence[str] = (*DOS, *WINDOWS)) -> list[Text]:
    """``names`` as text: UTF-8 where one is, the others all in the one of ``pages`` that fits them best."""
    unknown = [name for name in names if not is_utf8(name)]
    page = _best(list(dict.fromkeys(unknown))[:_LOOKED_AT], pages) if unknown else ""
    return [Text(name.decode("utf-8")) if is_utf8(name) else Text(name.decode(page, "replace"), page) for name in names]


_LOOKED_AT = 2_000  # names behind a guess


def is_utf8(name: bytes) -> bool:
    """Whether ``name`` is text in UTF-8."""
    try:
        name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _best(names: Sequence[bytes], pages: Sequence[str]) -> str:
    scores = {page: _fit(names, page) for page in pages}
    return max(pages, key=lambda page: scores[page])  # the first of equals


def _fit(names: Sequence[bytes], page: str) -> float:
    """How well ``page`` fits: points per byte of the characters that are not ASCII."""
    total = 0.0
    for name in names:
        try:
            text = name.decode(page)
        except UnicodeDecodeError:
            total -= 10.0 * len(name)
            continue
        for word in _WORD.findall(text):
            if not word.isascii():
                total += _points(word, page)
    return total


def _points(word: str, page: str) -> float:
    foreign = [c for c in word if not c.isascii() and c not in _JOINERS]
    width = 2 if page in _ASIAN else 1
    kinds = [unicodedata.category(c) for c in foreign]
    if (
        not set(kinds) <= _LETTERS
        or set(foreign) & set("µªº")
        or (kinds and word[0] == foreign[0] and kinds[0] in _MARKS)
    ):
        return -5.0 * width * len(foreign)
    scripts = {unicodedata.name(c, "?").split()[0] for c in word if c not in _JOINERS}
    if len(scripts) > 1 and not (scripts <= set(_JAPANESE) and page == "cp932"):
        return -3.0 * width * len(foreign)
    points = sum(width * _daily(c, page) for c in foreign)
    if scripts == {"LATIN"} and len(word) >= 3 and len(foreign) > 0.6 * len(word):
        points -= 3.0 * len(foreign)
    if word not in (word.lower(), word.upper(), word[:1].upper() + word[1:].lower()):
        points -= 3.0 * len(foreign)
    elif word.lower() != word.upper() and len(word) > 1:  # a capital first is likeliest
        points -= {word.upper(): 1.0, word.lower(): 0.5}.get(word, 0.0) * len(foreign)
    return points + (4.0 if word[:1] in _FAMILIES.get(page, "") else 0.0)


def _daily(letter: str, page: str) -> float:
    """2 for a character in daily use, else less."""
    if page in _ASIAN:
        return 2.0 if letter.encode(page)[0] in _ASIAN[page] else -0.5
    return 2.0 if page not in _USUAL or letter in _USUAL[page] else 0.5
