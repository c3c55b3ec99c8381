"""Small files that would keep a careless reader busy for hours: each gets its answer, or its reason, at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from apps.ekg.formats.table_files import open_table
from apps.ekg.formats.wfdb_files import open_header
from shared.errors import RecordError

_ROWS = "\n".join(f"{n / 250},0.1" for n in range(2000))
_GOOD = "time,MLII (mV)\n" + _ROWS
SLOW = {  # what a backtracking pattern, or work per column, made of these took minutes to days
    "spaces after a bracket": f"time;({' ' * 19_000}x\n" + _GOOD,
    "spaces in a second heading line": f"time,MLII\n({' ' * 9_000}!,({' ' * 9_000}!\n" + _ROWS,
    "a line of digits": "9" * 19_900 + "\n" + _GOOD,
    "a line of digits and points": "9." * 9_900 + " x\n" + _GOOD,
    "brackets": f"time,{'(' * 19_000}\n" + _ROWS,
    "letters after a bracket": f"a,b\nc,({'m ' * 9_000}!\n" + _ROWS,
    "a thousand columns": ",".join(["1"] * 1000) + "\n",
    "a million commas": "," * 1_000_000 + "\n",
    "a million commas below numbers": "1,2\n" + "," * 1_000_000 + "\n",
    "a million cells below numbers": "1,2\n2,3\n" + "1," * 1_000_000 + "\n",
    "a million tabs": "1\t2\n" + "\t" * 1_000_000,
    "a million spaces": "1 2\n1" + " " * 1_000_000 + "2",
    "one endless line": "1" * 2_000_000,
}
_READ = """
import sys
from pathlib import Path
from apps.ekg.formats.table_files import open_table
from shared.errors import RecordError
for name in sys.argv[1:]:
    try:
        open_table(Path(name), rate_hz=250)
    except RecordError as error:
        assert len(str(error)) < 500, str(error)[:600]
    print(Path(name).stem)
"""


def test_no_text_keeps_the_reader_busy(tmp_path: Path) -> None:
    files = []
    for name, text in SLOW.items():
        files.append(tmp_path / f"{name.replace(' ', '_')}.csv")
        files[-1].write_text(text)
    command = [sys.executable, "-c", _READ, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # days without the bounds
    assert done.stdout.split() == [file.stem for file in files], done.stderr[-2000:]


def test_columns_are_counted_before_anything_is_made_of_them(tmp_path: Path) -> None:
    for columns, fits in ((64, True), (65, False)):
        path = tmp_path / f"{columns}.csv"
        path.write_text("\n".join(",".join(f"{n * n % 7}.{c % 9}" for c in range(columns)) for n in range(1500)))
        if fits:
            assert len(open_table(path, rate_hz=250).leads) == 64
        else:
            with pytest.raises(RecordError, match="at most 64 columns"):
                open_table(path, rate_hz=250)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("x ² 360 1000\nx.dat 212\n", "leads, rate, samples"),
        ("x " + "1" * 5000 + " 360 1000\nx.dat 212\n", "leads, rate, samples"),
        ("x 1 36_0 1000\nx.dat 212\n", "a number for the rate"),
        ("x 1 360 1e300\nx.dat 212\n", "the length"),
        ("x 1 360 " + "1" * 5000 + "\nx.dat 212\n", "the length"),
        ("x 1 nan 1000\nx.dat 212\n", "a number for the rate"),
        ("x 1 360 1000\nx.dat 212+" + "9" * 5000 + "\n", "a sample format"),
        ("x 1 360 1000\u2028x.dat 212\n", "plain lines"),
        ("x 1 360 1000\x85x.dat 212\n", "plain lines"),
    ],
)
def test_headers_that_lie_get_a_short_reason_in_our_words(tmp_path: Path, header: str, reason: str) -> None:
    (tmp_path / "x.hea").write_text(header, encoding="utf-8")
    (tmp_path / "x.dat").write_bytes(b"\0" * 1500)
    with pytest.raises(RecordError, match=reason) as refused:
        open_header(tmp_path / "x.hea")
    assert len(str(refused.value)) < 400
