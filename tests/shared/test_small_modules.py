"""Errors, command lines, progress, devices."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from shared import cli, device, errors, progress
from shared.errors import HubError, OptionError, check_choice, check_number, check_whole, quoted

ROOT = Path(__file__).parents[2]


def test_an_error_is_one_line_of_sentences() -> None:
    error = HubError("a photo\nof a face", "none\t at all", "Choose another!")
    assert str(error) == "Needed: a photo of a face. Found: none at all. Choose another!"
    assert str(HubError("", "nothing is painted yet", "Press Paint")) == "Nothing is painted yet. Press Paint."
    assert str(HubError("a photo")) == "Needed: a photo."


def test_the_tree_of_errors_is_the_documented_one() -> None:
    documented = errors.__doc__ or ""
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, HubError)]
    assert len(classes) >= 11
    for one in classes:
        assert one.__name__ in documented


@pytest.mark.parametrize("value", ["x" * 10_000, "<b>\n\0🙂</b>" * 90, None, 3])
def test_what_a_visitor_wrote_is_cut_and_kept_on_one_line(value: object) -> None:
    assert len(quoted(value)) <= 82
    assert "\n" not in quoted(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "nan", "a", None, [], 1.5, "1e400", 10**400])
def test_numbers_out_of_range_are_refused(value: object) -> None:
    with pytest.raises(OptionError, match="tau, a number from 0 to 1"):
        check_number(value, "tau", low=0, high=1)
    with pytest.raises(OptionError):
        check_whole(value, "count", low=0, high=1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_range_is_no_leave_to_be_infinite(value: float) -> None:
    with pytest.raises(OptionError):
        check_number(value, "tau")


def test_numbers_in_range_pass() -> None:
    assert check_number("0.5", "tau", low=0, high=1) == 0.5
    assert check_number(0, "tau", low=0, high=1) == 0.0
    with pytest.raises(OptionError, match="from 0 to 2,147,483,647"):
        check_whole(-1, "seed", low=0, high=2**31 - 1)
    assert check_whole(3.0, "count", low=1, high=3) == 3
    with pytest.raises(OptionError, match="whole number"):
        check_whole(2.5, "count", low=1, high=3)


@pytest.mark.parametrize("value", ["lbfgs ", "LBFGS", "", None, 3, ["lbfgs"], math.nan])
def test_a_choice_outside_its_table_is_refused(value: object) -> None:
    with pytest.raises(OptionError, match="one of lbfgs, adam"):
        check_choice(value, ("lbfgs", "adam"), "The optimizer")


def leave(main: Any, capsys: pytest.CaptureFixture[str]) -> tuple[int | str | None, str, str]:
    with pytest.raises(SystemExit) as left:
        cli.run(main, [])
    captured = capsys.readouterr()
    return left.value.code, captured.out, captured.err


def test_a_path_that_no_disk_takes_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    status, said, reason = leave(lambda _: Path("x" * 300).is_file(), capsys)
    assert (status, said) == (2, "")
    assert reason.startswith("Needed: a shorter path. Found: “xxx")
    assert reason.count("\n") == 1
    with pytest.raises(PermissionError):
        leave(denied, capsys)


def denied(_: Sequence[str]) -> None:
    raise PermissionError(errno.EACCES, "no", "x")


def test_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    def wrong(_: Sequence[str]) -> None:
        raise OptionError("a\nnumber", "x")

    def interrupted(_: Sequence[str]) -> None:
        raise KeyboardInterrupt

    def bug(_: Sequence[str]) -> None:
        raise ZeroDivisionError

    assert leave(lambda _: cli.write_json({"ok": "ü"}), capsys) == (0, '{"ok": "ü"}\n', "")
    assert leave(wrong, capsys) == (2, "", "Needed: a number. Found: x.\n")
    assert leave(interrupted, capsys)[0] == 130
    with pytest.raises(ZeroDivisionError):
        cli.run(bug, [])
    with pytest.raises(ValueError, match=r"NaN|nan|JSON"):
        cli.write_json({"a": math.nan})


def test_a_reader_who_goes_away_is_no_error() -> None:
    program = "from shared.cli import run\nrun(lambda _: [print('line') for _ in range(100_000)] and None)"
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0


@pytest.mark.parametrize("encoding", ["cp1252", "ascii:strict", "utf-8:strict", "utf-16"])
def test_streams_are_utf_8_whatever_the_system_s_code_page(encoding: str) -> None:
    """A name in another script, and one that is in no script: a folder's name in latin-1, as Python reads it."""
    program = """
from shared.cli import run, say, write_json
name = "José 王小明 " + b"Jos\\xe9".decode("utf-8", "surrogateescape")
run(lambda _: [print(name), say(name), write_json({"name": name})] and None)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    text, answer = done.stdout.decode("utf-8").splitlines()
    assert text == done.stderr.decode("utf-8").strip() == "José 王小明 Jos\\udce9"
    assert json.loads(answer)["name"] == "José 王小明 Jos\udce9"


def test_a_parser_says_its_errors_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.Parser(prog="python -m x").parse_args(["--what\never"])
    assert left.value.code == 2
    assert capsys.readouterr().err == "python -m x: unrecognized arguments: --what ever (see --help)\n"


class Steps:
    """A generator of numbers that knows whether it was closed; each takes ``step_s`` of its own clock."""

    def __init__(self, count: int, step_s: float) -> None:
        self.now = 0.0
        self.closed = False
        self.count, self.step_s = count, step_s

    def __iter__(self) -> Iterator[int]:
        try:
            for index in range(self.count):
                self.now += self.step_s
                yield index
        finally:
            self.closed = True


@pytest.mark.parametrize(
    ("count", "step_s", "shown"),
    [(0, 1.0, []), (1, 1.0, [0]), (5, 1.0, [0, 1, 2, 3, 4]), (10, 0.1, [0, 3, 6, 9]), (9, 0.1, [0, 3, 6, 8])],
)
def test_paced_shows_the_first_the_last_and_some_between(count: int, step_s: float, shown: list[int]) -> None:
    steps = Steps(count, step_s)
    assert list(progress.paced(steps, every_s=0.25, clock=lambda: steps.now)) == shown
    assert steps.closed


def test_closing_a_paced_stream_closes_the_work() -> None:
    steps = Steps(100, 1.0)
    work = iter(steps)  # held, so that only closing it ends it
    stream = progress.paced(work, clock=lambda: steps.now)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert steps.closed
    assert list(progress.paced([1, 2])) == [1, 2], "what cannot be closed is fine too"


@pytest.mark.parametrize("count", [0, 1, 299, 300, 301, 12_345])
def test_thinned(count: int) -> None:
    values = list(range(count))
    few = progress.thinned(values)
    assert len(few) == min(count, 300)
    assert few == sorted(set(few))
    assert few[:1] == values[:1]
    assert few[-1:] == values[-1:]
    assert len(progress.thinned(values, most=2)) <= 2


def test_progress_figures() -> None:
    half = progress.Progress(done=5, total=10, elapsed_s=3.0)
    assert (half.fraction, half.left_s) == (0.5, 3.0)
    assert progress.Progress(done=0, total=0).fraction == 0.0
    assert progress.Progress(done=0, total=9).left_s is None
    assert progress.Progress(done=12, total=10).fraction == 1.0


@pytest.mark.parametrize(("seconds", "text"), [
    (0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (12.4, "12 s"), (59.4, "59 s"), (59.7, "1 min"),
    (200, "3 min 20 s"), (180, "3 min"), (3600, "60 min"),
])  # fmt: skip
def test_durations_for_people(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text


def test_the_device_is_picked_and_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_known", {})
    assert device.described() == "chosen at first use"
    monkeypatch.setenv("CONVHUB_DEVICE", "cpu")
    assert device.described() == "cpu"
    picked = device.pick_device()
    assert picked.type == "cpu"
    assert device.described().startswith("CPU, ")
    assert device.pick_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(OptionError, match="auto, cpu, cuda, mps"):
        device.pick_device("tpu")
    memory = device.memory(picked)
    assert 0 < memory.free <= memory.total
    assert isinstance(device.bf16_is_fast(picked), bool)


def test_a_device_that_this_machine_lacks_is_told() -> None:
    import torch

    lacking = [name for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()))
               if not there]  # fmt: skip
    for name in lacking:
        with pytest.raises(OptionError, match=rf"Found: {name}, which torch cannot see\. Use --device auto"):
            device.pick_device(name)
