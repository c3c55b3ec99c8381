"""What the lines above the numbers say: the rate, the unit, the lead, in any language and in many programs' words.

An Apple Watch writes ``name,value`` lines in the language of the phone; recorders of laboratories write sentences.
What is the same in all of them is looked for: a number of hertz, a unit, a lead "... I". The edges of a filter are
numbers of hertz, too: a range is never a rate, nor a number after a word like filter, notch or pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from apps.ekg.formats.units import is_voltage

_LOW_HZ, _HIGH_HZ = 80.0, 100_000.0  # of a number that may be a rate; what is accepted is decided in ``recording``
_NUMBER = r"(\d{1,9}(?:[.,٫]\d{1,9})?)"
_HERTZ = (  # after NFKC and in small letters
    r"(?P<kilo>k|к|千|キロ|킬로|كيلو )?\s?"
    r"(?:hz|her[ct]\w*|ヘルツ|赫[兹茲]?|гц|гер[цт]\w*|헤르츠|χερτζ|ερτζ|هرتز|הרץ|เฮิรตซ์|เฮิรตซ|हर्ट्ज़?|হার্টজ|"
    r"sps|sa?/s\b|samples?\s?(?:/|per|a|pro|par)\s?s\w*|\w{3,14}/s(?:ec|ek)?\b)"
)
_QUANTITY = re.compile(_NUMBER + r"\s?" + _HERTZ)
_RANGE = re.compile(
    rf"(?<![\d.,])[\d.,]{{1,12}}\s?(?:k?hz)?\s?(?:-|–|—|~|\.\.+|/|to|bis|à|a|до|至|から)\s?[\d.,]+\s?(?:{_HERTZ})"
)
_SAMPLING = (
    r"sampl|abtast|échant|echant|muestr|campion|amostr|\bfs\b|\bsr\b|\bsf\b|дискр|采样|採樣|取样|サンプル|샘플|표본"
)
_SAMPLING += r"|próbk|vzork|mintav|örnekl|näytt|bemonster|μάτος|frequency$|\bfrequency\W"
_SAYS_RATE = re.compile(_SAMPLING)
_NO_RATE = re.compile(
    r"filt|notch|band|pass|cut|grenz|coupure|corte|taglio|hum|mains|netz|line|brumm|\bac\b|\bdc\b|\b[hl]pf?\b|low|high|"
    r"tief|hoch|фильтр|полос|滤|濾|フィルタ|필터|heart|puls|herzfreq|bpm|cardi|baud|frame|resp|stim|pac|screen|display"
)
_BARE = re.compile(
    rf"(?:{_SAMPLING})[^\d\n]{{0,30}}?\b{_NUMBER}\s?(?P<kilo>k)?(?![\d.,]*\s?(?:/|-|bit|m?s\b|µs|us\b|chan))"
)
_PERIOD = re.compile(
    rf"{_NUMBER}\s?(?P<unit>m|milli|µ|u|micro)?s(?:ec\w*|ekunden?)?\s?(?:/|per|pro)\s?(?:sample|\w*wert)"
)
_INTERVAL = re.compile(rf"(?:interval|period|\bdt\b|\bts\b|abstand)\w*\W{{0,6}}{_NUMBER}\s?(?P<unit>m|µ|u)?s")
_UNIT_FIRST = re.compile(rf"(?:^|[\W_])hz\W{{1,6}}{_NUMBER}(?![\d.,]*\s?{_HERTZ})")  # Rate (Hz): 250
_HOW_MANY = re.compile(r"number|count|total|length|anzahl|nombre|número|numero|liczba|\bno\.|\bn_?samples|число|数")
_SECONDS = {None: 1.0, "m": 1e-3, "milli": 1e-3, "µ": 1e-6, "u": 1e-6, "micro": 1e-6}
_FOREIGN = re.compile(rf"{_NUMBER}\s?[^\x00-\u024f\d\W]{{1,12}}")  # a number and a word of another script than Latin
_LEAD = re.compile(r".*[^A-Za-z0-9](I{1,3})|(I{1,3})[^A-Za-z0-9].*")  # Lead I, Ableitung I, リードI, I 导联
_LONGEST_VALUE = 40  # characters of a value that may name a lead or a unit
_CHANNELS = re.compile(r"(\d{1,2}) channels?")


@dataclass(frozen=True)
class Heading:
    """What the lines above the numbers say; ``None`` or empty where they do not."""

    rate_hz: float | None = None
    unit: str | None = None
    lead: str | None = None
    titles: tuple[str, ...] = ()  # of the last columns, by programs that list the channels line by line


def heading_of(lines: Sequence[str]) -> Heading:
    """The rate, the unit, the lead and the channels in ``lines``; other text files may have such lines, too."""
    values = [re.split(r"[,;\t=]", line, maxsplit=1)[-1].strip(" '\"=:\t,;") for line in lines]
    short = [value for value in values if len(value) <= _LONGEST_VALUE]
    leads = [match[1] or match[2] for value in short if (match := _LEAD.fullmatch(value))]
    units = [value for value in short if is_voltage(value)]
    return Heading(_rate_in(lines), units[-1] if units else None, leads[-1] if leads else None, _titles(lines))


def _rate_in(lines: Sequence[str]) -> float | None:
    """The rate in hertz: where sampling is spoken of, else the only number of hertz that is no filter's."""
    plain = [unicodedata.normalize("NFKC", line).lower().replace("μ", "µ") for line in lines]
    sure: list[float] = []
    likely: list[float] = []
    for line in plain:
        for match in [*_PERIOD.finditer(line), *_INTERVAL.finditer(line)]:
            period_s = _value(match[1]) * _SECONDS[match["unit"]]
            sure += [1 / period_s] if period_s > 0 else []
        rest = _RANGE.sub(" filter ", line)
        last = 0
        for match in _QUANTITY.finditer(rest):
            words = rest[last : match.start()]
            last = match.end()
            said = bool(_SAYS_RATE.search(words))
            if said or not _NO_RATE.search(words):
                (sure if said else likely).append(_value(match[1]) * (1000 if match["kilo"] else 1))
        if _QUANTITY.search(rest) or _HOW_MANY.search(rest):
            continue
        if (bare := _BARE.search(rest)) and not _NO_RATE.search(rest[: bare.end()]):
            sure.append(_value(bare[1]) * (1000 if bare["kilo"] else 1))
        elif (behind := _UNIT_FIRST.search(rest)) and not _NO_RATE.search(rest[: behind.end()]):
            likely.append(_value(behind[1]))
    foreign = [_value(match[1]) for line in plain for match in _FOREIGN.finditer(line) if not _NO_RATE.search(line)]
    for numbers in (sure, likely, foreign):
        usable = {number for number in numbers if _LOW_HZ <= number <= _HIGH_HZ}
        if len(usable) == 1:
            return usable.pop()
        if usable:
            return None  # they contradict one another: the visitor is asked
    return None


def _value(text: str) -> float:
    """``1,000`` is a thousand, ``511,562`` half of that: no rate between 80 and 100,000 Hz is written both ways."""
    plain = text.replace("٫", ".")
    if re.fullmatch(r"\d{1,2},000", plain):
        return float(plain.replace(",", ""))
    return float(plain.replace(",", "."))


def _titles(lines: Sequence[str]) -> tuple[str, ...]:
    """The channels' names with their units, as two programs of teaching laboratories write them."""
    for place, line in enumerate(lines):
        if match := _CHANNELS.fullmatch(line.strip().lower()):  # AcqKnowledge: "2 channels", then name and unit of each
            pairs = lines[place + 1 : place + 1 + 2 * int(match[1])]
            return tuple(f"{name} ({unit})" for name, unit in zip(pairs[::2], pairs[1::2], strict=False))
    keyed = {key: rest.split("\t") for key, sign, rest in (line.partition("=\t") for line in lines) if sign}
    names = keyed.get("ChannelTitle", [])  # LabChart
    units = keyed.get("UnitName", []) + [""] * len(names)
    return tuple(f"{name} ({unit})" if unit else name for name, unit in zip(names, units, strict=False))
