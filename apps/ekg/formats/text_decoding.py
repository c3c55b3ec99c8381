"""The text in the bytes of a file: its encoding, and numbers as other programs and countries write them."""

from __future__ import annotations

import re

from apps.ekg.formats.text_heading import speaks_of_recording

_HEAD = 100_000  # bytes that decide in which encoding of one country a text is
_PLAIN = {ord(first) + n: str(n) for first in "٠۰०０" for n in range(10)} | {
    ord("−"): "-",
    ord("－"): "-",
    ord("٫"): ".",
}
_THOUSANDS = re.compile(r"(?<=\d)['’\u00a0\u202f٬](?=\d{3}(?!\d))")  # marks that cannot be decimals nor separators
_LEGACY = ("gb18030", "shift_jis", "euc_kr", "big5", "cp1251")  # of what programs for one country write
_FORTRAN = re.compile(r"(\d\.\d{0,20})[dD]([+-]\d{2,3}\b)")
_IN_BRACKETS = re.compile(r"(^|[,;\t|] ?)\((\d[\d.,]{0,20})\)(?= ?(?:[,;\t|\r]|$))", re.MULTILINE)  # below zero
_SOME = 20  # brackets: a heading has fewer
_TAIL, _BLANK = 100, "\0 \r\n"  # characters; what a file may be filled up with


def decoded(data: bytes) -> str:
    """``data`` as text: UTF-8, UTF-16 or 32 (by their marks or zeros), else what programs of one country write."""
    zeros = data[:2000:2].count(0), data[1:2000:2].count(0)
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        text = data.decode("utf-32", "replace")
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif max(zeros) > len(data[:2000]) // 4:
        text = data.decode("utf-16-be" if zeros[0] > zeros[1] else "utf-16-le", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode(_legacy(data[:_HEAD]), "replace")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    if not text[-_TAIL:].strip(_BLANK):
        text = text.rstrip(_BLANK) + "\n"
    text = text.replace("\f", "")
    text = text if text.isascii() else text.translate(_PLAIN)
    if re.search(r"\dD[+-]\d", text[:_HEAD]):
        text = _FORTRAN.sub(r"\1E\2", text)
    if text.count("(") > _SOME:
        text = _IN_BRACKETS.sub(r"\1-\2", text)
    return _THOUSANDS.sub("", text) if re.search("['’\u00a0\u202f٬]", text) else text


def _legacy(head: bytes) -> str:
    """The encoding in which ``head``, which is no UTF-8, says something of a recording; else Western Europe's."""
    for encoding in _LEGACY:
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:  # not just cut in the middle of a letter
                continue
            text = head[: error.start].decode(encoding)
        if speaks_of_recording(text):
            return encoding
    return "cp1252"
