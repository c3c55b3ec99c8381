"""Files of the kinds that people have, made from one heart: whatever is written around it, its lead and rate are found.

Each is a kind that a program or a recorder writes, under names, separators and languages of our own choice. Right is
the lead's shape (its correlation with the heart), the rate, and the lead that is chosen where there are several.
"""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.recording import Recording
from apps.ekg.formats.synthetic import Rhythm, synthetic
from apps.ekg.formats.text_heading import heading_of
from apps.ekg.formats.wfdb_package import quietly, wfdb_package
from shared.errors import HubError, RecordError
from tests.apps.ekg.recordings import counts_of, write_wfdb

RATE_HZ = 250
_HEART = synthetic(8, Rhythm(bpm=75), seed=9)
_N = 8 * RATE_HZ
_T = np.arange(_N) / RATE_HZ
_MV = np.interp(_T, np.arange(_HEART.n_samples) / _HEART.rate_hz, _HEART.read(0, 0, _HEART.n_samples))
_BREATH = np.sin(2 * np.pi * 0.25 * _T)
_START = datetime(2024, 3, 5, 23, 59, 56)


def _text(head: str, row: Callable[[int], Sequence[object]], separator: str = ",", decimal: str = ".") -> str:
    lines = (
        separator.join(f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in row(n)) for n in range(_N)
    )
    return head + "".join(f"{line.replace('.', ',') if decimal == ',' else line}\n" for line in lines)


def _when(n: int) -> datetime:
    return _START + timedelta(seconds=n / RATE_HZ)


def _second(n: int) -> str:
    return f"{n / RATE_HZ:.3f}"


def _value(n: int, factor: float = 1.0, offset: float = 0.0) -> float:
    return float(factor * _MV[n] + offset)


TIMED = {  # the rate is in the file
    "microseconds": _text("t_us,lead\n", lambda n: (4000 * n, _value(n))),
    "milliseconds, German": _text("Zeit [ms];EKG [µV]\n", lambda n: (4.0 * n, _value(n, 1000)), ";", ","),
    "milliseconds, Russian": _text("Время, мс;ЭКГ (мкВ)\n", lambda n: (4 * n, _value(n, 1000)), ";"),
    "minutes": _text("elapsed (min)\tII (mV)\n", lambda n: (f"{n / RATE_HZ / 60:.9f}", _value(n)), "\t"),
    "epoch in milliseconds": _text("epoch,ecg\n", lambda n: (1_700_000_000_000 + 4 * n, _value(n))),
    "epoch in nanoseconds": _text("ts|v\n", lambda n: (17 * 10**17 + 4_000_000 * n, _value(n)), "|"),
    "the time behind the lead": _text("EKG (mV),Sekunden\n", lambda n: (_value(n), _second(n))),
    "a date across midnight, German": _text(
        "Uhrzeit;EKG (mV)\n", lambda n: (f"{_when(n):%d.%m.%Y %H:%M:%S}.{n * 4 % 1000:03d}", _value(n)), ";", ","
    ).replace("05,03,2024", "05.03.2024").replace("06,03,2024", "06.03.2024"),
    "a clock across noon, AM and PM": _text(
        "time,ecg (mV)\n", lambda n: (f"{_when(n) - timedelta(hours=12):%I:%M:%S.%f %p}", _value(n))
    ),
    "date and time in two columns": _text(
        "Date,Time,ECG (mV)\n", lambda n: (f"{_when(n):%Y-%m-%d}", f"{_when(n):%H:%M:%S.%f}", _value(n))
    ),
    "packets of ten that share a time": _text("stamp_ms,ecg_uV\n", lambda n: (40 * (n // 10), round(_value(n, 1000)))),
    "a counter beside the time": _text("nr;t;EKG\n", lambda n: (n, _second(n), _value(n)), ";"),
    "words before the numbers": _text("state,time,ecg (mV)\n", lambda n: ("ok", _second(n), _value(n))),
    "a word instead of some numbers": _text(
        "time,ecg (mV)\n", lambda n: (_second(n), "off" if n in (7, 8, 900) else _value(n))
    ),
    "what is no voltage": _text(
        "time (s),temp (°C),SpO2 (%),心电 (mV),resp\n",
        lambda n: (_second(n), 36.6, 98, _value(n), float(_BREATH[n])),
    ),
    "thousands, English": _text("time (s);ECG (µV)\n", lambda n: (_second(n), f"{_value(n, 1000, 9000):,.2f}"), ";"),
    "comments in the middle": _text("t,ecg\n", lambda n: (_second(n), _value(n))).replace("\n4.0", "\n# mark\n4.0", 1),
    "numbers, then a summary": _text("t,ecg\n", lambda n: (_second(n), _value(n))) + "\nmean;0.1\nend of file\n",
    "days, as spreadsheets count": _text(
        "Time;EKG\n", lambda n: (f"{45356.5 + n / RATE_HZ / 86400:.10f}", _value(n)), ";"
    ),
    "how many samples": _text("Sampling frequency (Hz): 250\nNumber of samples: 2000\nEKG\n", lambda n: (_value(n),)),
    "kHz": _text("Abtastfrequenz: 0,25 kHz\nEKG (mV)\n", lambda n: (_value(n),)),
    "samples per second": _text("250 samples/s, 16 bit\nmV\n", lambda n: (_value(n),)),
    "fs and its filters": _text("fs=250 Hz; LP 100 Hz; HP 0.05 Hz; notch 50 Hz\nEKG\n", lambda n: (_value(n),)),
    "an interval": _text("Sample interval: 4 ms\nEKG\n", lambda n: (_value(n),)),
    "JSON in a comment": _text(
        '# {"device": "x", "sampling rate": 250, "bits": [4, 10]}\n', lambda n: (n % 16, 0, _value(n, 200, 512)), "\t"
    ),
    "UTF-16 without its mark": _text("Sample Rate,250 hertz\nUnit,µV\n", lambda n: (_value(n, 1000),)),
    "a date in words": _text("time;ecg (mV)\n", lambda n: (f"{_when(n):%d-%b-%Y %H:%M:%S.%f}", _value(n)), ";"),
    "a date in words, American": _text(
        "time|ecg (mV)\n", lambda n: (f"{_when(n):%B %d, %Y %I:%M:%S.%f %p}", _value(n)), "|"
    ),
    "a date in signs": _text(
        "時刻,心電図 (mV)\n", lambda n: (f"{_when(n):%Y年%m月%d日 %H時%M分%S.%f秒}", _value(n))
    ),
    "a clock and its date in brackets": _text(
        "Elapsed\tMLII\n(hh:mm:ss)\t(mV)\n", lambda n: (f"[{_when(n):%H:%M:%S.%f %d/%m/%Y}]", _value(n)), "\t"
    ),
    "a date without signs": _text("t,ecg\n", lambda n: (f"{_when(n):%Y%m%dT%H%M%S.%f}Z", _value(n))),
    "days and a clock": _text("t,ecg\n", lambda n: (f"0 days 00:00:{n / RATE_HZ:09.6f}", _value(n))),
    "a clock whose title names its parts": _text(
        "Time (hh:mm:ss.ms),ecg (mV)\n", lambda n: (f"{_when(n):%H:%M:%S.%f}", _value(n))
    ),
    "the digits of a clock, across midnight": _text(
        "time,ecg\n", lambda n: (f"{_when(n):%H%M%S}.{4 * n % 1000:03d}", _value(n))
    ),
    "the digits of a clock, across a minute": _text(
        "time,ecg\n", lambda n: (f"{_when(n - 15_000):%H%M%S}.{4 * n % 1000:03d}", _value(n))
    ),
    "the digits of a date and a clock": _text(
        "stamp,ecg\n", lambda n: (f"{_when(n):%Y%m%d%H%M%S}{4 * n % 1000:03d}", _value(n))
    ),
    "seconds, and their fractions beside them": _text(
        "secs,nsecs,ecg\n", lambda n: (1_700_000_000 + n // RATE_HZ, 4_000_000 * (n % RATE_HZ), _value(n))
    ),
    "hundreds of nanoseconds": _text("stamp,ecg\n", lambda n: (638_452_475_380_000_000 + 40_000 * n, _value(n))),
    "an arrow behind a clock": _text("", lambda n: (f"{_when(n):%H:%M:%S.%f} ->", round(_value(n, 100, 512))), " "),
    "the heart rate before the EKG": _text(
        "time,ECG_HR,ECG quality,ecg\n",
        lambda n: (_second(n), 75.0 + float(_BREATH[n]), 90 + n % 7, _value(n)),
    ),
    "pressures in millivolts before a lead": _text(
        "time,resp (mV),ART (mV),V5 (mV)\n",
        lambda n: (_second(n), float(_BREATH[n]), 2 + float(_BREATH[n]), _value(n)),
    ),
    "a separator before each line": _text(",time,ecg\n", lambda n: ("", _second(n), _value(n))),
    "a table for a web page": _text("| time | ecg |\n|---|---|\n", lambda n: ("", _second(n), _value(n), ""), "|"),
    "quotes around decimal commas": '"HR","t","ecg"\n'
    + "".join(f'"75,{n % 3}","{_second(n)}","{_value(n):.4f}"\n'.replace(".", ",") for n in range(_N)),
    "marks that are mostly not there": _text(
        "time,ecg,mark\n", lambda n: (_second(n), _value(n), "N" if n % 190 == 5 else "")
    ),
    "thousands, Swiss": _text(
        "t;EKG (µV)\n", lambda n: (_second(n), f"{_value(n, 1000, 9000):,.1f}".replace(",", "'")), ";"
    ),
    "thousands, French": _text(
        "t;EKG (µV)\n",
        lambda n: (_second(n), f"{_value(n, 1000, 9000):,.1f}".replace(",", "\u202f")),
        ";",
        ",",
    ),
    "the sign of a minus": _text("t,ecg\n", lambda n: (_second(n), _value(n))).replace("-", "\u2212"),
    "words in the first lines": _text(
        "time,ecg (mV)\n", lambda n: (_second(n), "lead off" if n < 12 else _value(n))
    ),
    "what is measured beside the rate": _text(
        '# {"sensor": ["ECG", "RESP"], "sampling rate": 250, "bits": 16}\nEKG\n', lambda n: (_value(n),)
    ),
    "a column that holds the rate": _text("fs,gain,ecg\n", lambda n: (250, 200, _value(n))),
    "a column that holds the rate once": _text(
        "Sampling rate (Hz);ecg\n", lambda n: ("250" if n == 0 else "", _value(n)), ";"
    ),
    "two clocks, of which one falls once": _text(
        "t,s,ecg\n", lambda n: (f"{(n ^ (n in (700, 701))) / RATE_HZ:.3f}", _second(n), _value(n))
    ),
    "columns far apart": _text("t ecg\n", lambda n: (f"{_second(n):>40}", f"{_value(n):>40.4f}"), " "),
    "an interval, its unit first": _text("Sampling interval (ms): 4\nEKG\n", lambda n: (_value(n),)),
    "an interval without a unit": _text("dt=0.004\nEKG\n", lambda n: (_value(n),)),
    "rows, with times": "time," + ",".join(map(_second, range(_N))) + "\nlead," + ",".join(map(str, _MV)) + "\n",
    "UTF-32": _text("t,ecg\n", lambda n: (_second(n), _value(n))),
    "rows, not columns": "Samplerate;250 Hz\nEKG II;" + ";".join(map(str, _MV)) + "\n;" + ";".join(map(str, _BREATH)),
    "negative numbers in brackets, as accountants write them": _text(
        "t,ecg\n", lambda n: (_second(n), f"{_MV[n]:.4f}" if _MV[n] >= 0 else f"({-_MV[n]:.4f})")
    ),
    "exponents of Fortran": _text("", lambda n: (f"{n / RATE_HZ:.6E}", f"{_MV[n]:.6E}")).replace("E", "D"),
    "a heading that comes again": (whole := _text("t,ecg\n", lambda n: (_second(n), _value(n)))).replace(
        "\n4.000", "\nt,ecg\n4.000"
    ),
    "pages": whole.replace("\n4.000", "\n\f\n4.000"),
    "lines and zeros behind the numbers": whole + "\n" * 50_000 + "\0" * 99,
    "a note in the first line": _text("t,ecg,note\n", lambda n: (_second(n), _value(n), "start" if n == 0 else "")),
    "events in a few lines, which alone have a third cell": "t,ecg\n"
    + "".join(f"{_second(n)},{_value(n):.4f}{',button' * (n in (9, 700))}\n" for n in range(_N)),
    "a clock that runs past 32 bits": _text("millis,ecg\n", lambda n: ((2**32 - 4000 + 4 * n) % 2**32, _value(n))),
    "the interval of a laboratory": "Delta_X\t0.004\n***End***\nUntitled\n" + "".join(f"{v:.5f}\n" for v in _MV),
    "a list in a cell, its rate behind it": 'a,ecg,sampling_frequency\n0,"[' + ",".join(map(str, _MV)) + ']",250\n',
    "JSON of one list": json.dumps({"fs": 250, "ecg": _MV.round(4).tolist()}),
    "a list in a cell": 'id,ecg\n7,"[' + ", ".join(map(str, _MV)) + ']"\nSampling rate 250 Hz\n',
}  # fmt: skip
UNTIMED = {  # the rate has to be given
    "whole numbers, without a heading": _text("", lambda n: (n % 5, round(_value(n, 400, 2048)))),
    "numbered from 1": _text("lfd. Nr.|Spannung (mV)\n", lambda n: (n + 1, _value(n)), "|"),
    "numbered from 100000, behind": _text("EKG,sample\n", lambda n: (_value(n), 100_000 + n)),
    "a counter of a byte": _text("seq;V5\n", lambda n: (n % 256, _value(n)), ";"),
    "an index without a name": _text("\tECG_raw (counts)\n", lambda n: (n, round(_value(n, 8000, 70_000))), "\t"),
    "the edges of filters alone": _text(
        "Notch 50 Hz\nLow pass 100 Hz\nBand 0.5..150 Hz\nEKG\n", lambda n: (_value(n),)
    ),
    "a column called time that counts": _text("time,ecg\n", lambda n: (n, _value(n))),
    "a column called time that counts, in packets": _text("time,ecg\n", lambda n: (n // 2, _value(n))),
    "a counter in steps of two": _text("n,ecg\n", lambda n: (2 * n, _value(n))),
    "classes that hardly change": _text("", lambda n: (n // 250 * 7 % 6, _value(n))),
    "how many samples there are": _text("Abtastwerte: 2000\nSample ID: 1234\nEKG\n", lambda n: (_value(n),)),
    "how tall a patient is": _text("出生日期,1990年1月1日\n身高,170厘米\nEKG\n", lambda n: (_value(n),)),
    "two samples in each line": "".join(f"{a:.4f} {b:.4f}\n" for a, b in _MV.reshape(-1, 2)),
    "eight samples in each line": "".join(",".join(f"{v:.4f}" for v in row) + "\n" for row in _MV.reshape(-1, 8)),
    "a heart rate": _text("Heart rate: 120\nBaud rate: 9600\nEKG (mV)\n", lambda n: (_value(n),)),
}
WATCHES = {
    "ko": ("이름,시험\n샘플률,250헤르츠\n리드,리드 I\n단위,µV\n\n", "."),
    "ru": ("Имя,А Б\nЧастота выборки,250 герц\nОтведение,Отведение I\nЕдиница измерения,мкВ\n\n", ","),
    "fi": ('Nimi,A\nNäytteenottotaajuus,"250 hertsiä"\nKytkentä,Kytkentä I\nYksikkö,µV\n\n', ","),
    "pl": ("Imię,A\nCzęstotliwość próbkowania,250 herców\nOdprowadzenie,Odprowadzenie I\nJednostka,µV\n\n", ","),
    "ar": ("الاسم,س\nمعدل العينة,٢٥٠ هرتز\nالقطب,القطب I\nالوحدة,µV\n\n", "."),
    "he": ("שם,א\nקצב דגימה,250 הרץ\nליד,ליד I\nיחידה,µV\n\n", "."),
    "th": ("ชื่อ,ก\nอัตราตัวอย่าง,250 เฮิรตซ์\nลีด,ลีด I\nหน่วย,µV\n\n", "."),
    "ja, full width": ("名前,試\nサンプルレート,２５０ヘルツ\nリード,リードI\n単位,µV\n\n", "."),
    "zh, the other way round": ("姓名,甲\n采样率,250 赫兹\n导联,I 导联\n单位,微伏\n\n", "."),
    "vi": ("Tên,A\nTốc độ lấy mẫu,250 héc\nĐạo trình,Đạo trình I\nĐơn vị,µV\n\n", ","),
    "ka": ("სახელი,ა\nსიხშირე,250 ჰერცი\nგანხრა,განხრა I\nერთეული,µV\n\n", "."),
    "bg": ("Име,А\nЧестота,250 херца\nОтвеждане,Отвеждане I\nМерна единица,µV\n\n", ","),
    "el, tabs": ("Όνομα\tΑ\nΡυθμός\t250 χερτζ\nΑπαγωγή\tΑπαγωγή I\nΜονάδα\tµV\n\n", "."),
}


def _open(folder: Path, text: str, *, rate_hz: float | None = None, encoding: str = "utf-8") -> Recording:
    (folder / "x.csv").write_bytes(text.encode(encoding))
    with open_recording([folder / "x.csv"], rate_hz=rate_hz) as recording:
        return recording


def _is_heart(recording: Recording, *, n_samples: int = _N) -> None:
    signal = recording.read(recording.lead_index(), 0, recording.n_samples)
    assert abs(recording.n_samples - n_samples) <= 1
    known = np.isfinite(signal)
    assert known.mean() > 0.99
    both = min(len(signal), len(_MV))
    assert np.corrcoef(signal[:both][known[:both]], _MV[:both][known[:both]])[0, 1] > 0.999


@pytest.mark.parametrize("name", TIMED)
def test_the_lead_and_the_rate_are_found(tmp_path: Path, name: str) -> None:
    encoding = {"UTF-16 without its mark": "utf-16-le", "UTF-32": "utf-32"}.get(name, "utf-8")
    recording = _open(tmp_path, TIMED[name], encoding=encoding)
    assert recording.rate_hz == pytest.approx(RATE_HZ, rel=0.01)
    _is_heart(recording)
    again = _open(tmp_path, TIMED[name], rate_hz=300, encoding=encoding)
    assert again.rate_hz == 300, "a rate that is given wins"
    _is_heart(again)


@pytest.mark.parametrize("name", UNTIMED)
def test_where_the_rate_is_not_said_it_is_asked_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecordError, match="a sampling rate"):
        _open(tmp_path, UNTIMED[name])
    recording = _open(tmp_path, UNTIMED[name], rate_hz=RATE_HZ)
    assert len(recording.leads) == 1
    _is_heart(recording)


@pytest.mark.parametrize("name", WATCHES)
def test_a_watch_in_the_language_of_its_phone(tmp_path: Path, name: str) -> None:
    head, decimal = WATCHES[name]
    values = "".join(f"{1000 * v:.3f}\n".replace(".", decimal) for v in _MV)
    recording = _open(tmp_path, head + values)
    assert (recording.rate_hz, recording.leads, recording.warnings) == (RATE_HZ, ("I",), ())
    np.testing.assert_allclose(recording.read(0, 0, _N), _MV, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (_text("point\n", lambda n: (n,)), "only “point” \\(a time or a counter\\)"),
        (_text("a,b\n", lambda n: (n % 7, -n)), "a counter.*falls"),
        (_text("time (s),ABP (mmHg)\n", lambda n: (_second(n), _value(n))), "in mmHg"),
        ("\n".join(",".join("0.1234" for _ in range(180)) for _ in range(60)), "single beats"),
        (_text("t,ecg\n", lambda n: (f"{n / RATE_HZ % 3:.3f}", _value(n))), "times that fall"),
        (_text("time,ecg\n", lambda n: (5, _value(n))), "stand still"),
        ('{"ecg": [1, 2], "t": 3}\n' * 500, "JSON in every line"),
        ("," * 100_000 + "\n" + _text("", lambda n: (_second(n), _value(n))), "at most 4,000 characters"),
        (_text("", lambda n: (_second(n), "," * 50_000 if n == 999 else _value(n))), "at most 4,000 characters"),
        ("a,b\n" + ",".join("1" for _ in range(3000)) + "\n" + ",".join("2" for _ in range(2999)), "one length"),
    ],
)
def test_what_is_none_is_refused_for_its_own_reason(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        _open(tmp_path, text)


@pytest.mark.parametrize(
    ("head", "encoding", "rate_hz"),
    [
        ("采样率: 250Hz\n滤波: 100Hz\n导联,导联II\n单位,毫伏\n", "gbk", 250),
        ("滤波: 250Hz\n导联II\n", "gbk", None),
        ("サンプルレート,250ヘルツ\nリードI\n", "shift_jis", 250),
        ("샘플링 250헤르츠\n필터 200Hz\n리드 II\n", "euc_kr", 250),
        ("Частота дискретизации: 250 Гц\nФильтр: 200 Гц\nОтведение II (мВ)\n", "cp1251", 250),
        ("Fréquence d'échantillonnage : 250 Hz\nDérivation II\n", "cp1252", 250),
    ],
)
def test_headings_in_the_encoding_of_one_country(
    tmp_path: Path, head: str, encoding: str, rate_hz: float | None
) -> None:
    text = head + _text("", lambda n: (_value(n),))
    if rate_hz is None:
        with pytest.raises(RecordError, match="a sampling rate"):
            _open(tmp_path, text, encoding=encoding)
    else:
        assert _open(tmp_path, text, encoding=encoding).rate_hz == rate_hz


@pytest.mark.parametrize("sign", [-9999.0, -32768.0, 99999.0])
def test_a_number_that_stands_for_none_is_missing(tmp_path: Path, sign: float) -> None:
    recording = _open(tmp_path, _text("time,ecg (mV)\n", lambda n: (_second(n), sign if 500 <= n < 600 else _value(n))))
    signal = recording.read(0, 0, _N)
    assert np.isnan(signal[500:600]).all()
    np.testing.assert_allclose(np.delete(signal, slice(500, 600)), np.delete(_MV, slice(500, 600)), atol=1e-4)
    assert f"100 values of {sign:g} in ecg" in " ".join(recording.warnings)
    clipped = _open(tmp_path, _text("time,ecg (mV)\n", lambda n: (_second(n), max(-0.1, _value(n)))))
    assert np.isfinite(clipped.read(0, 0, _N)).all()


def test_two_leads_are_not_read_from_line_to_line(tmp_path: Path) -> None:
    for second in (_MV, 0.7 * _MV, -_MV, _MV + 0.01 * np.random.default_rng(0).standard_normal(_N)):
        text = "".join(f"{a:.4f} {b:.4f}\n" for a, b in zip(_MV, second, strict=True))
        assert _open(tmp_path, text, rate_hz=RATE_HZ).n_samples == _N


def test_a_line_that_is_not_understood_is_shown_itself(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"Found: “ECG:\d+,HR:72”"):
        _open(tmp_path, _text("a heading\n", lambda n: (f"ECG:{round(_value(n, 100, 512))}", "HR:72")))


@pytest.mark.parametrize(("rate_hz", "taken"), [(79.0, False), (81.0, True), (19_900.0, True), (20_100.0, False)])
def test_a_nameless_column_is_seconds_if_that_makes_a_rate(tmp_path: Path, rate_hz: float, taken: bool) -> None:
    n = np.arange(round(rate_hz * 6))
    lines = np.interp(n / rate_hz % 8, _T, _MV)
    text = "".join(f"{t:.7f};{v:.4f}\n" for t, v in zip(n / rate_hz, lines, strict=True))
    if taken:
        assert _open(tmp_path, text).rate_hz == pytest.approx(rate_hz, rel=1e-3)
    else:
        with pytest.raises(RecordError, match="a sampling rate"):
            _open(tmp_path, text)


@pytest.mark.parametrize(
    ("title", "lead"),
    [
        ("_ecg#", "ecg"),
        ("'ecg'", "ecg"),
        ("ecg (mV)%", "ecg"),
        ("", "column 2"),
        ("EKG_mV", "EKG"),
        ("ECG (.05 - 40 Hz)", "ECG"),
    ],
)
def test_signs_around_a_name_are_not_of_it(tmp_path: Path, title: str, lead: str) -> None:
    assert _open(tmp_path, _text(f"# s;{title}\n", lambda n: (_second(n), _value(n)), ";")).leads == (lead,)


@pytest.mark.parametrize("line", ["# Labels:= V5", "Channel: V5", "%lead = V5", "V5", '"V5"'])
def test_a_line_of_its_own_names_the_only_column(tmp_path: Path, line: str) -> None:
    assert _open(tmp_path, f"{line}\n" + _text("", lambda n: (_value(n),)), rate_hz=RATE_HZ).leads == ("V5",)


@pytest.mark.parametrize(
    ("above", "before", "behind", "lead"),
    [
        ("", "V5;", "", "V5"),
        ("Samplerate;250 Hz\n", "V5;", "", "V5"),
        ("id,ecg\n", '7,"[', ']"', "ecg"),
        ("who,ecg\n", 'Anna,"[', ']"', "ecg"),
        ("id,rate,signal\n", '7,250,"[', ']"', "signal"),
        ("", "", "", "column 1"),
    ],
)
def test_a_lead_in_a_row_has_the_name_before_its_numbers_or_above_them(
    tmp_path: Path, above: str, before: str, behind: str, lead: str
) -> None:
    separator = ";" if ";" in before else ","
    text = above + before + separator.join(f"{v:.5f}" for v in _MV) + behind + "\n"
    found = _open(tmp_path, text, rate_hz=RATE_HZ)
    assert found.leads == (lead,)
    _is_heart(found)


@pytest.mark.parametrize(("lines", "left_out"), [(40, True), (41, False)])
def test_so_many_lines_of_words_may_stand_below_the_numbers(tmp_path: Path, lines: int, left_out: bool) -> None:
    text = _text("t,ecg\n", lambda n: (_second(n), _value(n))) + "a word\n" * lines
    said = " ".join(_open(tmp_path, text).warnings)
    assert (f"Text below the numbers was left out, {lines} lines" in said) == left_out


def test_decimal_commas_among_words(tmp_path: Path) -> None:
    text = _text("t;ecg (mV)\n", lambda n: (_second(n), "off" if n == 900 else _value(n)), ";", ",")
    signal = _open(tmp_path, text).read(0, 0, _N)
    assert np.flatnonzero(np.isnan(signal)).tolist() == [900]
    np.testing.assert_allclose(np.delete(signal, 900), np.delete(_MV, 900), atol=1e-4)


def test_packets_that_are_lost_do_not_slow_the_rate_down(tmp_path: Path) -> None:
    kept = [n for n in range(_N) if n // 50 not in (7, 8, 9, 23)]
    text = "t (s),ecg\n" + "".join(f"{n // 50 / 5:.3f},{_value(n):.4f}\n" for n in kept)
    found = _open(tmp_path, text)
    assert found.rate_hz == pytest.approx(RATE_HZ)
    assert "Between them 0.8 s are missing" in found.warnings[0]


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    said = " ".join(_open(tmp_path, TIMED["what is no voltage"]).warnings)
    assert "Left out: temp (°C) (in °C), SpO2 (%) (in %)." in said
    assert "label (words)" in " ".join(
        _open(tmp_path, _text("ecg,label\n", lambda n: (_value(n), "N")), rate_hz=250).warnings
    )
    assert "The file's times say 250 Hz; 300 Hz" in " ".join(
        _open(tmp_path, TIMED["microseconds"], rate_hz=300).warnings
    )
    off = _text("time,ecg (mV)\n", lambda n: (_second(n), {7: "off", 8: "off", 9: "NULL"}.get(n, _value(n))))
    assert _open(tmp_path, off).warnings == ("2 cells of ecg hold words: taken for samples that are missing.",)
    assert _open(tmp_path, TIMED["a heading that comes again"]).warnings == (
        "Text between the numbers was left out, 1 line.",
    )
    assert "text below the numbers" in " ".join(_open(tmp_path, TIMED["numbers, then a summary"]).warnings).lower()


def test_two_leads_in_whole_numbers_are_no_decimals(tmp_path: Path) -> None:
    text = _text("", lambda n: (round(_value(n, 400, 2048)), round(_value(n, -300, 1800))))
    recording = _open(tmp_path, text, rate_hz=250)
    assert recording.leads == ("column 1", "column 2")
    _is_heart(recording)
    decimals = _text("", lambda n: (_value(n, 1000),), decimal=",")
    _is_heart(_open(tmp_path, decimals, rate_hz=250))


def test_channels_that_are_listed_line_by_line(tmp_path: Path) -> None:
    listed = "demo\n4 msec/sample\n2 channels\nRespiration\nmV\nECG (.05 - 35 Hz)\nmV\nmin,CH1,CH2,\n,2000,2000,\n"
    found = _open(tmp_path, listed + _text("", lambda n: (f"{n / RATE_HZ / 60:.9f}", float(_BREATH[n]), _value(n), "")))
    assert found.leads == ("Respiration", "ECG")
    _is_heart(found)
    keyed = "Interval=\t0.004 s\nChannelTitle=\tPulse\tECG II\nUnitName=\tV\tmV\n"
    _is_heart(_open(tmp_path, keyed + _text("", lambda n: (_second(n), float(_BREATH[n]), _value(n)), "\t")))


@pytest.mark.parametrize(
    ("line", "rate_hz"),
    [
        ("Sampling rate: 1 kHz, filter 0.05 to 150 Hz", 1000),
        ("Frecuencia de muestreo;500,0 Hz", 500),
        ("частота дискретизации 200 Гц", 200),
        ("采样频率：360赫兹", 360),
        ("Taux d'échantillonnage = 128 éch/s", 128),
        ("1,000 Hz", 1000),
        ("200 Hz and 500 Hz", None),
        ("0.5-40 Hz", None),
        ("mains 100 Hz", None),
        ("ФВЧ 0.05 Гц, ФНЧ 100 Гц", None),
        ("Anti-aliasing 200 Hz", None),
        ("25 mm/s 10 mm/mV 150 Hz", None),
        ("Corner frequency: 250 Hz", None),
        ("Muscle 100 Hz", None),
        ("200 Hz Tiefpass", None),
        ("Thông thấp 150 Hz", None),
        ("مرشح 250 Hz", None),
        ("Górnoprzepustowy 0.5 Hz, dolnoprzepustowy 250 Hz", None),
        ("Filter: 0.5 Hz, 250 Hz", None),
        ("100 Hz", None),
        ("128 Hz", 128),
        ("Rate: 100 Hz", 100),
        ("Abtastrate 250/s", 250),
        ("Sample rate 60 Hz", 60),  # said, and refused for what it is
        ("Samples: 7500", None),
        ("Samples per second: 250", 250),
    ],
)
def test_rates_in_words(line: str, rate_hz: float | None) -> None:
    assert heading_of((line,)).rate_hz == rate_hz


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="0123456789.,;:|\t\n -+eEabnN#\"'()VmHz", max_size=200), st.integers(0, 12))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, junk: str, lines: int) -> None:
    folder = tmp_path_factory.mktemp("junk")
    good = TIMED["microseconds"].split("\n")[:1300]
    with contextlib.suppress(HubError):  # anything else would be a bug
        _open(folder, "\n".join([*good[:lines], junk, *good[lines:]]), rate_hz=250)
    with contextlib.suppress(HubError):
        _open(folder, junk)


def test_a_record_of_segments_with_a_gap(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_wfdb(tmp_path, name, leads=("V1", "II") if name == "a" else ("II", "V2"))
    (tmp_path / "whole.hea").write_text("whole/3 2 250 6000\na 2500\n~ 1000\nb 2500\n")
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    with open_recording(files) as recording:
        assert (recording.name, recording.leads, recording.n_samples) == ("whole", ("V1", "II", "V2"), 6000)
        lead = recording.lead_index()
        expected = (counts_of(2500, 2) - 100) / 200
        signal = recording.read(lead, 0, 6000)
        np.testing.assert_allclose(signal[:2500], expected[:, 1], atol=1e-6)
        assert np.isnan(signal[2500:3500]).all()
        np.testing.assert_allclose(signal[3500:], expected[:, 0], atol=1e-6)
        assert np.isnan(recording.read(0, 3400, 6000)).all()
        assert recording.warnings == ()
    (tmp_path / "b.hea").write_text(
        (tmp_path / "b.hea").read_text().replace("/mV 16 0 ", "/NU 16 0 ", 2).replace("/NU", "/mV", 1)
    )
    with open_recording(files) as recording:
        assert recording.warnings == ("Left out: V2 (NU): not a voltage, or another sampling rate.",)
        assert recording.leads == ("V1", "II")
    (tmp_path / "whole.hea").write_text("whole/3 2 250 60000\na 2500\n~ 1000000\nb 2500\n")
    with pytest.raises(RecordError, match="short gaps"), open_recording(files):
        pass


def test_several_samples_a_frame_skew_and_units_that_are_no_voltage(tmp_path: Path) -> None:
    counts = counts_of(4000, 1)[:, 0]
    breath = np.arange(2000) % 50
    frame = np.concatenate([counts.reshape(-1, 2), breath[:, None], breath[:, None]], axis=1)
    (tmp_path / "m.dat").write_bytes(frame.astype("<i2").tobytes())
    plain = [f"m.dat 16{'x2' * (n == 0)} {scale}" for n, scale in enumerate(("200(0)/mV", "1/NU", "10/mV"))]
    (tmp_path / "m.hea").write_text("m 3 125 2000\n" + "\n".join(plain) + "\n")
    with open_recording(tmp_path / "m") as recording:
        assert (recording.rate_hz, recording.n_samples, len(recording.leads)) == (250, 4000, 1)
        np.testing.assert_allclose(recording.read(0, 0, 4000), counts / 200, atol=1e-6)
        np.testing.assert_allclose(recording.read(0, 1001, 2002), counts[1001:2002] / 200, atol=1e-6)
        assert "signal 2 (NU), signal 3 (mV)" in recording.warnings[0]
    (tmp_path / "s.dat").write_bytes(np.stack([counts, counts], 1).astype("<i2").tobytes())
    (tmp_path / "s.hea").write_text("s 2 250 4000\ns.dat 16 200\ns.dat 16:3 200\n")
    with open_recording(tmp_path / "s") as recording:
        np.testing.assert_allclose(recording.read(1, 0, 3997), counts[3:] / 200, atol=1e-6)
        assert np.isnan(recording.read(1, 3997, 4000)).all()


def test_flac_and_a_signal_file_of_any_name(tmp_path: Path) -> None:
    counts = counts_of(4000, 2)
    with quietly():
        wfdb_package().wrsamp(
            "f", 250, ["mV"] * 2, ["II", "V1"], d_signal=counts, fmt=["516"] * 2, adc_gain=[200] * 2,
            baseline=[0] * 2, write_dir=str(tmp_path),
        )  # fmt: skip
    header = (tmp_path / "f.hea").read_text()
    (tmp_path / "f.hea").write_text(header.replace("f.dat", "f.sig"))
    (tmp_path / "f.dat").rename(tmp_path / "f.sig")
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        for name in ("f.hea", "f.sig"):
            archive.write(tmp_path / name, f"folder/{name}")
        archive.writestr("folder/LICENSE.txt", "1 2 3")
    for source in ([tmp_path / "f.zip"], [tmp_path / "f.hea", tmp_path / "f.sig"], tmp_path / "f"):
        with open_recording(source) as recording:
            np.testing.assert_allclose(recording.read(1, 500, 3000), counts[500:3000, 1] / 200, atol=1e-6)
    (tmp_path / "f.sig").write_bytes(b"no flac" * 900)
    with pytest.raises(RecordError, match="a FLAC file"), open_recording(tmp_path / "f"):
        pass


def test_differences_are_summed_from_the_beginning_whatever_part_is_read(tmp_path: Path) -> None:
    """Format 8: each byte is the change since the sample before."""
    changes = np.random.default_rng(0).integers(-90, 91, (3000, 2))
    changes[0] = 0
    counts = changes.cumsum(axis=0) + np.array([40, -7])
    (tmp_path / "d.dat").write_bytes(changes.astype(np.int8).tobytes())
    lines = [f"d.dat 8 200(0)/mV 12 0 {counts[0, n]} {counts[:, n].sum() & 0xFFFF} 0 {('II', 'V1')[n]}" for n in (0, 1)]
    (tmp_path / "d.hea").write_text("\n".join(["d 2 250 3000", *lines, ""]))
    with open_recording(tmp_path / "d") as recording:
        for lead in (1, 0, 1):
            np.testing.assert_allclose(recording.read(lead, 700, 2400), counts[700:2400, lead] / 200, atol=1e-6)


def test_names_in_capitals(tmp_path: Path) -> None:
    write_wfdb(tmp_path, "CARD", file="card.dat")
    (tmp_path / "CARD.dat").rename(tmp_path / "CARD.DAT")
    (tmp_path / "CARD.hea").rename(tmp_path / "CARD.HEA")
    for source in ([tmp_path / "CARD.HEA", tmp_path / "CARD.DAT"], tmp_path / "CARD.HEA"):
        with open_recording(source) as recording:
            assert recording.leads == ("MLII", "V1")
