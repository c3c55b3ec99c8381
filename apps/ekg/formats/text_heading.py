"""What the lines above the numbers say: the rate, the unit, the lead, in any language and in many programs' words.

An Apple Watch writes ``name,value`` lines in the language of the phone; recorders of laboratories write sentences.
What is the same in all of them is looked for: a number of hertz, a unit, a lead "... I". The edges of a filter are
numbers of hertz, too: a range is never a rate, nor a number after a word like filter, notch or pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.ekg.formats.units import is_voltage

_LOW_HZ, _HIGH_HZ = 80.0, 100_000.0  # of a number that may be a rate; what is accepted is decided in ``recording``
_NUMBER = r"(\d{1,9}(?:[.,٫]\d{1,9})?)"
_HERTZ_ABROAD = (
    r"ヘルツ|赫[兹茲]?|гц|[гх]ер[цт]\w*|헤르츠|χερτζ|ερτζ|[هہ]ر[تٹ]ز|הרץ|เฮิรตซ์|เฮิรตซ|हर्ट्ज़?|हर्ट्झ|হার্টজ|হার্জ|હર્ટ્ઝ|ਹਰਟਜ਼|"
    r"ஹெர்ட்ஸ்|హెర్ట్జ్|ಹರ್ಟ್ಜ್|ഹെർട്സ്|හර්ට්ස්|ჰერცი?|հերց|ຮຽກ|ហឺត|ဟတ်ဇ်|ኸርዝ|ເຮີດສ?"
)
_HERTZ = (  # after NFKC and in small letters
    r"(?P<kilo>k|к|千|キロ|킬로|كيلو )?\s?"
    rf"(?:hz|her[ct]\w*|héc\b|{_HERTZ_ABROAD}|"
    r"sps|sa?/s\b|samples?\s?(?:/|per|a|pro|par)\s?s\w*|\w{3,14}/s(?:ec|ek)?\b|/\s?s(?:ec|ek)?\b)"
)
_QUANTITY = re.compile(_NUMBER + r"\s?" + _HERTZ)
_RANGE = re.compile(
    rf"(?<![\d.,])[\d.,]{{1,12}}\s?(?:k?hz)?\s?(?:-|–|—|~|\.\.+|/|to|bis|à|a|до|至|から)\s?[\d.,]+\s?(?:{_HERTZ})"
)
_SAMPLING_ABROAD = (
    r"дискр|выборк|вибірк|семпл|采样|採樣|取样|取樣|サンプル|サンプリング|標本化|"
    r"샘플|표본|δειγμ|μάτος|דגימ|عين|نمون|ตัวอย่าง|नमून|নমুন"
)
_SAMPLING = (
    r"sampl|abtast|échant|echant|muestr|campion|amostr|eșant|esant|mostr|\bfs\b|\bsr\b|\bsf\b|próbk|vzork|uzork|mintav|"
    rf"örnek|näyte|näytt|bemonster|lấy mẫu|sampel|{_SAMPLING_ABROAD}"
)
_SAYS_RATE = re.compile(_SAMPLING)
_SAYS_SOME_RATE = re.compile(
    r"\b(?:data|adc)?rate\b|\btau[xs]\b|\bta[sx]a\b|\btasso\b|\bfrequency\b|\bfréquence\b|\bfrequen[zc]\w*\b|\bfs\b|\bhz$"
)
_FILTER_ABROAD = (
    r"фильтр|філ[ьт]+р|полос|фвч|фнч|низк|верхн|пропус|срез|помех|режект|чсс|滤|濾|フィルタ|필터|低通|高通|带宽|頻寬|帯域|工频|截止|最[高低]|遮断|"
    r"ローパス|ハイパス|저역|고역|대역|차단|통과|περατ|φίλτρ|φιλτρ|מסנן|סינון|مرشح|فلتر|ترشيح|تمرير|กรอง"
)
_NO_RATE = re.compile(
    r"filt|notch|band|pass|cut|grenz|coupure|corte|taglio|hum|mains|netz|line|brumm|\bac\b|\bdc\b|\bv?[hlt]pf?\b|low|high|"
    r"tief|hoch|heart|puls|herzfreq|bpm|cardi|baud|frame|resp|stim|pac|screen|display|alias|\bdb\b|mus[ck]|múscul|\bemg\b|"
    r"drift|wander|corner|edge|upper|lower|max|\bmin\b|butter|bessel|cheby|\b[fi]ir\b|dämpf|atten|\bmode\b|diagnos|\bdft\b|"
    r"mm/|przepust|prop|prepust|áteresz|päästö|geçiren|pass|doorlaat|secteur|\bred\b|geräusch|rausch|noise|lọc|thông|"
    rf"bandwidth|response|range|{_FILTER_ABROAD}"
)
_CLAUSE = re.compile(r"[,;|{\[]")
_EDGES_HZ = (80.0, 100.0, 150.0)  # of filters; a number alone in its line is one of these or a rate
_HIGHEST_EDGE_HZ = 150.0  # of the usual filters: below it a number of hertz among unknown words is no rate
_NEAR = 25  # characters behind a number that may say what it is
_BARE = re.compile(  # without hertz behind the number: "sample" alone may be anything, as in "Sample ID: 1234"
    rf"(?:sampl\w*[\W_]{{0,3}}(?:rate|freq\w*|per[\W_]?s\w*|speed|hz)|sampling|frequency\b|{_SAMPLING.removeprefix('sampl|')})"
    rf"[^\d\n]{{0,30}}?\b{_NUMBER}\s?(?P<kilo>k)?(?![\d.,]*\s?(?:/|-|bit|m?s\b|µs|us\b|chan))"
)
_PERIOD = re.compile(
    rf"{_NUMBER}\s?(?P<unit>m|milli|µ|u|micro)?s(?:ec\w*|ekunden?)?\s?(?:/|per|pro)\s?(?:sample|\w*wert)"
)
_INTERVAL = re.compile(
    rf"(?:interval|period|sample time|\bdt\b|\bts\b|abstand)\w*\W{{0,6}}{_NUMBER}\s?(?P<unit>m|µ|u)?s"
)
_INTERVAL_UNIT_FIRST = re.compile(rf"(?:interval|period)\w*\s?[(\[](?P<unit>m|µ|u)?s[)\]]\W{{1,4}}{_NUMBER}")
_UNIT_FIRST = re.compile(rf"(?:^|[\W_])hz\W{{1,6}}{_NUMBER}(?![\d.,]*\s?{_HERTZ})")  # Rate (Hz): 250
_HOW_MANY = re.compile(
    r"number|count|total|length|anzahl|nombre|número|numero|liczba|\bno\.|\bn_?samples|число|数|\bsamples\s?[:=]|abtastwerte|"
    r"échantillons|muestras|campioni|amostras|vzork[ůy]\b|próbek|minták|отсч"
)
_DT = re.compile(r"\b(?:dt|ts|delta_x)\s?[:=\t]\s?(0?\.\d{2,7})(?![\d\s]*[a-zµ])")
_SECONDS = {None: 1.0, "m": 1e-3, "milli": 1e-3, "µ": 1e-6, "u": 1e-6, "micro": 1e-6}
_LEAD = re.compile(r".*[^A-Za-z0-9](I{1,3})|(I{1,3})[^A-Za-z0-9].*")  # Lead I, Ableitung I, リードI, I 导联
_ABROAD = re.compile(
    rf"{_HERTZ_ABROAD}|{_SAMPLING_ABROAD}|{_FILTER_ABROAD}|отвед|відвед|导联|導聯|導程|リード|誘導|리드|유도|м[кв]|毫伏|微伏|伏特|心[电電]|экг"
)
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


def speaks_of_recording(text: str) -> bool:
    """Whether ``text`` holds a word of another script than Latin for a rate, hertz, a filter, a lead or a volt."""
    return bool(_ABROAD.search(unicodedata.normalize("NFKC", text).lower()))


def _rate_in(lines: Sequence[str]) -> float | None:
    """The rate in hertz: where sampling is spoken of, else the only number of hertz that is no filter's."""
    plain = [unicodedata.normalize("NFKC", line).lower().replace("μ", "µ") for line in lines]
    sure: list[float] = []
    likely: list[float] = []
    for line in plain:
        for match in [*_PERIOD.finditer(line), *_INTERVAL.finditer(line)]:
            period_s = _value(match[1]) * _SECONDS[match["unit"]]
            sure += [1 / period_s] if period_s > 0 else []
        for match in _INTERVAL_UNIT_FIRST.finditer(line):
            period_s = _value(match[2]) * _SECONDS[match["unit"]]
            sure += [1 / period_s] if period_s > 0 else []
        sure += [1 / float(match[1]) for match in _DT.finditer(line) if float(match[1]) > 0]
        rest = _RANGE.sub(" filter ", line)
        for said, number in _quantities(rest):
            (sure if said else likely).append(number)
        if _QUANTITY.search(rest) or _HOW_MANY.search(rest):
            continue
        bare = _BARE.search(rest)
        if bare and not _NO_RATE.search(_CLAUSE.split(rest[: bare.start()])[-1] + bare[0]):
            sure.append(_value(bare[1]) * (1000 if bare["kilo"] else 1))
        elif (behind := _UNIT_FIRST.search(rest)) and not _NO_RATE.search(rest[: behind.end()]):
            likely += [number] if (number := _value(behind[1])) > _HIGHEST_EDGE_HZ else []
    for numbers in (sure, likely):
        usable = {number for number in numbers if _LOW_HZ <= number <= _HIGH_HZ}
        if len(usable) == 1:
            return usable.pop()
        if usable:
            return None  # they contradict one another: the visitor is asked
    slow = {
        number for line in plain for said, number in _quantities(_RANGE.sub(" ", line)) if said and 0 < number < _LOW_HZ
    }
    return slow.pop() if len(slow) == 1 else None  # it will be refused, and said


def _quantities(line: str) -> Iterator[tuple[bool, float]]:
    """(whether sampling is spoken of, hertz) of each number in ``line`` that may be a rate."""
    last = 0
    for match in _QUANTITY.finditer(line):
        before, behind = line[last : match.start()], re.split(r"[,;|\t]", line[match.end() : match.end() + _NEAR])[0]
        clause = re.split(r"[;|]", line[: match.start()])[-1]
        number = _value(match[1]) * (1000 if match["kilo"] else 1)
        last = match.end()
        if _SAYS_RATE.search(before):
            yield True, number
        elif not _NO_RATE.search(clause) and not _NO_RATE.search(behind):
            alone = not re.search(r"[^\W\d_]", line[: match.start()] + line[match.end() :])
            some = _SAYS_SOME_RATE.search(before) or match[0].rstrip().endswith(("sps", "/s"))
            if some or number > _HIGHEST_EDGE_HZ or (alone and number not in _EDGES_HZ):
                yield False, number


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
