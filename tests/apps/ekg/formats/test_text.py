"""Text files at their edges: units by size, times that are none, names, columns, and how large a file may be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from apps.ekg.formats import table_files
from apps.ekg.formats.opening import open_recording
from apps.ekg.formats.recording import Recording
from apps.ekg.formats.table_times import MOVES, WRAPS, from_digits, kind_of
from apps.ekg.formats.text_table import Table, read_table
from apps.ekg.formats.units import guess_unit, is_voltage, millivolts_per
from shared.errors import OptionError, RecordError

_MV = np.sin(np.arange(2000) / 7)


def _open(folder: Path, text: str, **options: float) -> Recording:
    (folder / "a.csv").write_text(text)
    with open_recording(folder / "a.csv", **options) as recording:
        return recording


def _values(table: Table) -> npt.NDArray[np.float64]:
    return np.stack([column.values for column in table.columns if column.values is not None], axis=1)


def _titles(table: Table) -> tuple[str, ...]:
    return tuple(column.title for column in table.columns)


def _rows(*columns: npt.ArrayLike, separator: str = ",") -> str:
    return "".join(separator.join(f"{value:.6g}" for value in row) + "\n" for row in zip(*columns, strict=True))


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("V", 1e3),
        ("volts", 1e3),
        ("mV", 1.0),
        ("Millivolt", 1.0),
        ("uV", 1e-3),
        ("µV", 1e-3),
        ("μV", 1e-3),
        ("nV", 1e-6),
    ],
)
def test_units(unit: str, factor: float) -> None:
    assert millivolts_per(f" {unit} ") == factor
    assert is_voltage(unit)


def test_an_unknown_unit_is_repeated_in_part() -> None:
    assert not is_voltage("mmHg")
    with pytest.raises(RecordError, match=f"“{'x' * 19}…”"):
        millivolts_per("x" * 50)


def _spread(size: float, offset: float = 0.0) -> npt.NDArray[np.float64]:
    """Values from ``offset`` on whose 0.5th and 99.5th percentiles are ``size`` apart; a spike at either end."""
    values = offset + np.linspace(-size / 198, size * 199 / 198, 201)
    values[[0, -1]] = offset - 1e9, offset + 1e9
    return values


@pytest.mark.parametrize("offset", [0.0, 5.0, -3.0])
@pytest.mark.parametrize(
    ("size", "factor", "says"),
    [
        (1.1e-4, 1e3, "volts"),
        (0.0199, 1e3, "volts"),
        (0.0201, 1.0, ""),
        (59.9, 1.0, ""),
        (60.1, 1e-3, "microvolts"),
        (39_990.0, 1e-3, "microvolts"),
    ],
)
def test_a_unit_is_guessed_from_the_spread(size: float, factor: float, says: str, offset: float) -> None:
    found, warning = guess_unit(_spread(size, offset), "lead")
    assert found == factor
    assert says in warning
    assert bool(warning) == bool(says)


def test_no_unit_makes_this_an_ekg() -> None:
    with pytest.raises(RecordError, match="spread over"):
        guess_unit(_spread(9e-5), "lead")
    factor, warning = guess_unit(_spread(40_010.0), "lead")  # more than any heart has in microvolts
    assert factor == pytest.approx(1.5 / 40_010)
    assert "in counts" in warning


def test_a_constant_line_is_millivolts_and_nothing_finite_is_refused() -> None:
    assert guess_unit(np.full(9, 700.0), "lead") == (1.0, "")
    assert guess_unit(np.array([np.nan, 1, 2, np.inf]), "lead") == (1.0, "")
    with pytest.raises(RecordError, match="no finite value"):
        guess_unit(np.full(9, np.nan), "lead")


def test_a_first_column_without_a_name_is_time_if_it_rises_and_counts_no_samples(tmp_path: Path) -> None:
    even = 0.004 * np.arange(2000)
    assert _open(tmp_path, _rows(even, _MV)).leads == ("column 2",)
    assert _open(tmp_path, _rows(even, _MV)).rate_hz == pytest.approx(250)
    counted = _rows(np.arange(2000), _MV)
    assert _open(tmp_path, counted, rate_hz=250).leads == ("column 2",)  # samples counted, not timed
    with pytest.raises(RecordError, match="a sampling rate"):
        _open(tmp_path, counted)
    falling = even.copy()
    falling[7] = 0.0
    with pytest.raises(RecordError, match="times that fall, in line 8 first"):
        _open(tmp_path, _rows(falling, _MV))
    assert _open(tmp_path, _rows(falling, _MV), rate_hz=250).leads == ("column 2",)


@pytest.mark.parametrize(("longest", "warned"), [(2.4, False), (2.6, True), (4.9, True)])
def test_uneven_times_are_warned_of(tmp_path: Path, longest: float, warned: bool) -> None:
    times = 0.004 * np.arange(2000)
    times[1000:] += 0.004 * (longest - 1)
    recording = _open(tmp_path, "time,MLII (mV)\n" + _rows(times, _MV))
    assert bool(recording.warnings) is warned


def test_a_gap_is_missing_and_a_long_one_refused(tmp_path: Path) -> None:
    times = 0.004 * np.arange(2000)
    times[1000:] += 0.004 * 5
    recording = _open(tmp_path, "time,MLII (mV)\n" + _rows(times, _MV))
    assert (recording.n_samples, recording.rate_hz) == (2005, pytest.approx(250))
    assert np.isnan(recording.read(0, 1000, 1005)).all()
    np.testing.assert_allclose(recording.read(0, 1005, 2005), _MV[1000:], atol=1e-5)
    assert "missing for 0.02" in recording.warnings[0]
    times[1000:] += 60
    with pytest.raises(RecordError, match="a gap of 60 s"):
        _open(tmp_path, "time,MLII (mV)\n" + _rows(times, _MV))


def test_columns_are_named_skipped_and_told_apart_by_number(tmp_path: Path) -> None:
    head = "sample #,ms,MLII (mV),MLII (mV),\n"
    text = head + _rows(np.arange(2000), 4 * np.arange(2000), _MV, -_MV).replace("\n", ",\n")
    recording = _open(tmp_path, text)
    assert recording.leads == ("MLII", "MLII (4)")
    assert recording.rate_hz == pytest.approx(250)
    np.testing.assert_allclose(recording.read(1, 0, 2000), -_MV, atol=1e-5)
    with pytest.raises(RecordError, match="only “time”"):
        _open(tmp_path, "time\n" + _rows(0.004 * np.arange(2000)))


def test_a_heading_speaks_of_the_only_lead(tmp_path: Path) -> None:
    head = "Unit,V\nLead,Lead III\nRate,250 Hz\n"
    alone = _open(tmp_path, head + _rows(_MV / 1000))
    assert (alone.leads, alone.rate_hz) == (("III",), 250)
    np.testing.assert_allclose(alone.read(0, 0, 2000), _MV, atol=1e-5)
    two = _open(tmp_path, head + "a (mV);b (mV)\n" + _rows(_MV, _MV, separator=";"))
    assert two.leads == ("a", "b")
    np.testing.assert_allclose(two.read(0, 0, 2000), _MV, atol=1e-5)


def test_a_text_file_may_be_so_large_and_no_larger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "time,MLII (mV)\n" + _rows(0.004 * np.arange(2000), _MV)
    monkeypatch.setattr(table_files, "MAX_TEXT_BYTES", len(text))
    assert _open(tmp_path, text).n_samples == 2000
    monkeypatch.setattr(table_files, "MAX_TEXT_BYTES", len(text) - 1)
    with pytest.raises(RecordError, match="a text file of at most 0 MB"):
        _open(tmp_path, text)


@pytest.mark.parametrize("rate_hz", [0.5, 100_001, float("nan")])
def test_a_rate_is_a_sensible_number(tmp_path: Path, rate_hz: float) -> None:
    with pytest.raises(OptionError, match="rate in Hz"):
        _open(tmp_path, _rows(_MV), rate_hz=rate_hz)


def test_words_between_numbers_are_missing_and_columns_of_words_stay_words() -> None:
    table = read_table(b"1;2;a\n3;x;b\n5;6;c\n7;-;d\n8;9;5\n6;5;f\n")
    assert [column.values is None for column in table.columns] == [False, False, True]
    np.testing.assert_array_equal(_values(table)[:, 1], [2, np.nan, 6, np.nan, 9, 5])


def test_names_and_what_is_above_the_numbers() -> None:
    table = read_table(b"made by x\n\ntime;lead II\n(s);(mV)\n0;1\n1;2\n")
    assert _titles(table) == ("time (s)", "lead II (mV)")
    assert table.above == ("made by x", "time;lead II", "(s);(mV)")
    assert _titles(read_table(b"a;b\nc;d\n0;1\n1;2\n")) == ("c", "d")  # the second line holds no units
    assert _titles(read_table(b"one name\n1\n2\n")) == ("one name",)
    assert _titles(read_table(b"1;2\n3;4\n")) == ("", "")
    assert len(read_table(b"x\n" * 160 + b"1\n2\n" * 200).above) == 80
    spaces = read_table(b"t v\n0.0 1.5\n0.1  2.5\n")
    assert (_titles(spaces), _values(spaces).tolist()) == (("t", "v"), [[0, 1.5], [0.1, 2.5]])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0,1\n1,2\n2,3\n", [[0, 1], [1, 2], [2, 3]]),  # the first column rises: two columns
        ("0,1\n0,2\n-1,3\n", [[0.1], [0.2], [-1.3]]),  # it does not: decimal commas
        ("0,5;1,5\n1,5;2,5\n", [[0.5, 1.5], [1.5, 2.5]]),
        ('"0,5","1,5"\n"1,5","2,5"\n', [[0.5, 1.5], [1.5, 2.5]]),
        ("0.5,1\n1.5,2\n", [[0.5, 1], [1.5, 2]]),
        ("1,2,3\n4,5,6\n", [[1, 2, 3], [4, 5, 6]]),
        ("10:00:01.5,1\n10:00:02.5,2\n", [[36001.5, 1], [36002.5, 2]]),
        ("1:01.5;1\n1:02.5;2\n", [[61.5, 1], [62.5, 2]]),
        ("0.5;1.5\n1.5;2.5\n2.5;3,5\n3.5;4.5\n", [[0.5, 1.5], [1.5, 2.5], [2.5, np.nan], [3.5, 4.5]]),
        (
            "1\n2 x\n3\n4 x\n5\n6 x\n7\n",
            [[1], [np.nan], [3], [np.nan], [5], [np.nan], [7]],
        ),  # blanks in most lines would separate
    ],
)
def test_separators_and_decimal_marks(text: str, values: list[list[float]]) -> None:
    np.testing.assert_allclose(_values(read_table(text.encode())), values)


def test_lines_of_different_lengths_are_refused() -> None:
    with pytest.raises(RecordError, match="the same number of columns"):
        read_table(b"1,2\n3,4\n5,6,7\n")


def test_the_digits_of_a_clock_are_read_at_every_time_of_a_day() -> None:
    seconds = np.arange(0, 86_400, 7.0)
    clock = [f"{int(at) // 3600:02d}{int(at) // 60 % 60:02d}{int(at) % 60:02d}" for at in seconds]
    np.testing.assert_array_equal(from_digits(np.array(clock, np.float64)), seconds)
    dated = np.array([f"20240305{at}000" for at in clock], np.float64)  # a float holds them to 4 ms
    np.testing.assert_allclose(from_digits(dated), seconds, atol=0.005)
    for none in (240_000.0, 106_000.0, 100_060.0):  # hours, minutes and seconds that a clock has not
        np.testing.assert_array_equal(from_digits(np.array([95_959.0, none])), [95_959.0, none])


def test_a_number_above_0_stands_for_no_missing_sample(tmp_path: Path) -> None:
    """As 0 and below do, which recorders write where they have none."""
    values = np.where(np.arange(1000) % 100 < 3, 5.0, 900 + np.sin(np.arange(1000)))
    assert np.isfinite(_open(tmp_path, _rows(values), rate_hz=200).read(0, 0, 1000)).all()
    recording = _open(tmp_path, _rows(values - 5), rate_hz=200)
    np.testing.assert_array_equal(np.isnan(recording.read(0, 0, 1000)), values == 5)


def test_a_microsecond_a_sample_is_what_the_title_says(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"1e\+06 Hz"):
        _open(tmp_path, "time (µs),ecg (mV)\n" + _rows(np.arange(1000), np.sin(np.arange(1000) / 9)))


def test_of_rows_of_different_lengths_the_first_five_are_named(tmp_path: Path) -> None:
    rows = [",".join(map(str, np.arange(4000 + n) / 7)) for n in range(7)]
    with pytest.raises(RecordError, match=r"Found: “?4,000, 4,001, 4,002, 4,003, 4,004”?\."):
        _open(tmp_path, "\n".join(rows), rate_hz=250)


def test_smooth_whole_numbers_are_two_columns_if_20_rows_say_so() -> None:
    """Fewer may be one column with decimal commas; the second half of the rows is asked."""
    rows = [f"{300 - 5 * n},{100 + 7 * n}" for n in range(39)]
    assert _values(read_table("\n".join(rows).encode()))[-1].tolist() == [110, 366]
    assert _values(read_table("\n".join(rows[:38]).encode()))[-1].tolist() == [115.359]


def test_a_line_is_no_longer_than_those_that_patterns_may_see() -> None:
    rows = ["1;2"] * 300
    whole = ["0;" + "2".rjust(3998), *rows, "3;" + "4".rjust(3998), *rows]
    assert _values(read_table("\n".join(whole).encode())).shape == (602, 2)
    whole[301] += " "
    with pytest.raises(RecordError, match="lines of at most 4,000 characters"):
        read_table("\n".join(whole).encode())


@pytest.mark.parametrize("size", [1e-5, 1.0, 1e5])
def test_a_counter_falls_back_by_one_and_the_same_step(size: float) -> None:
    counter = np.tile(np.arange(10.0) ** 1.3, 20)
    assert kind_of(size * counter) == WRAPS
    uneven = counter + np.repeat(np.arange(20) % 3, 10)  # it falls by 16, 16 and 19
    assert kind_of(size * uneven) == MOVES
