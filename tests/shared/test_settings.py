"""Every option as flag and as variable: precedence, refusal, help."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared import settings
from shared.cli import BAD_INPUT
from shared.demos import SLUGS
from shared.errors import OptionError
from shared.settings import OPTIONS, Option, Settings, publish, read_settings

ROOT = Path(__file__).parents[2]
GOOD: dict[str, tuple[str, Any, str, Any]] = {  # name -> a text and its value, another text and its value
    "host": ("0.0.0.0", "0.0.0.0", "localhost", "localhost"),
    "port": ("8000", 8000, "8001", 8001),
    "share": ("on", True, "off", False),
    "auth": ("ann:a:b", ("ann", "a:b"), "bob:x", ("bob", "x")),
    "device": ("cpu", "cpu", "cuda", "cuda"),
    "offline": ("yes", True, "0", False),
    "tabs": ("style, face", ("face", "style"), "conv", ("conv",)),
    "gallery": ("class.sqlite3", Path("class.sqlite3"), "postgresql://u:p@h/d", "postgresql://u:p@h/d"),
    "teacher": ("blackboard", "blackboard", "chalk and sponge", "chalk and sponge"),
    "max-upload-mb": ("12.5", 12.5, "1", 1.0),
    "cache-gb": ("0.5", 0.5, "8", 8.0),
    "secret": ("s" * 24, "s" * 24, "another secret of the hubs", "another secret of the hubs"),
    "engine": ("ray", "ray", "ray://10.0.0.1:6379", "ray://10.0.0.1:6379"),
    "workers": ("2", (2, 2), "1-8", (1, 8)),
    "mcp": ("TRUE", True, "no", False),
    "https": ("TRUE", True, "no", False),
    "allow-host": ("a.example, B.example", ("a.example", "b.example"), "c.example", ("c.example",)),
}
BAD: dict[str, tuple[str, ...]] = {
    "host": (" ", "http://x", "a b"),
    "port": ("0", "65536", "80.5", "abc", "nan", "inf", "1e99"),
    "share": ("perhaps",),
    "auth": ("ann", "ann:", ":secret"),
    "device": ("tpu", "CPU", "cuda:9"),
    "offline": ("2",),
    "tabs": ("faces", ",", "face,dog"),
    "gallery": ("/", "/nowhere/at/all.sqlite3"),
    "teacher": ("short", " blackboard", "blackboard "),
    "max-upload-mb": ("0", "-1", "nan", "5000", "much"),
    "cache-gb": ("0", "inf", "2000"),
    "secret": ("too short a secret",),
    "engine": ("dask", "ray://", "ray://x", "ray:// :1", "RAY"),
    "workers": ("0", "8-1", "a-b", "-3"),
    "mcp": ("2",),
    "https": ("2",),
    "allow-host": (",", "http://x", "x:80", "a b"),
}
by_name = pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)


def flags(option: Option, text: str) -> list[str]:
    return [f"--{option.name}"] if option.metavar is None else [f"--{option.name}={text}"]


def value(option: Option, given: Settings) -> Any:
    return getattr(given, option.field)


def test_every_setting_is_an_option_and_every_option_is_tested() -> None:
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert fields == {option.field for option in OPTIONS}
    assert {option.name for option in OPTIONS} == set(GOOD) == set(BAD)


@pytest.mark.parametrize(
    ("place", "hosts"),
    [
        ("local", ()),
        ("ray", ()),
        ("ray://hub.example:6379", ("hub.example",)),
        ("ray://[::1]:1", ("::1",)),
        ("class.sqlite3", ()),
        ("lists/class@5:3.sqlite3", ()),
        ("postgresql://hub@database/hub", ("database",)),
        ("postgres://hub:p%40ss@10.0.0.7:5432/hub?sslmode=require", ("10.0.0.7",)),
        ("postgresql://hub@one:1,two:2,[fe80::1]:3/hub", ("one", "two", "fe80::1")),
        ("postgresql:///hub?host=three&port=5", ("three",)),
        ("postgresql://[hub", ()),
    ],
)
def test_the_machines_in_a_setting_are_known(place: str, hosts: tuple[str, ...]) -> None:
    assert settings.hosts_in(place) == hosts


def test_all_demos_are_shown_unless_some_are_chosen() -> None:
    assert read_settings([], {}).tabs == SLUGS


def test_the_defaults() -> None:
    assert read_settings([], {}) == Settings()
    assert read_settings([], {option.variable: "" for option in OPTIONS}) == Settings(), "an empty variable is unset"


@by_name
def test_flag_and_variable_and_which_wins(option: Option) -> None:
    text, wanted, other_text, other = GOOD[option.name]
    assert value(option, read_settings(flags(option, text), {})) == wanted
    assert value(option, read_settings([], {option.variable: text})) == wanted
    assert value(option, read_settings([], {option.variable: other_text})) == other
    assert value(option, read_settings(flags(option, text), {option.variable: other_text})) == wanted
    for alias in option.variables:
        assert value(option, read_settings([], {alias: text})) == wanted
        assert value(option, read_settings([], {alias: other_text, option.variable: text})) == wanted


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_wrong_values_are_refused_with_the_allowed_ones(name: str, text: str) -> None:
    option = next(option for option in OPTIONS if option.name == name)
    with pytest.raises(OptionError) as caught:
        read_settings([], {option.variable: text})
    told = str(caught.value)
    assert f"--{name}" in told or name in told
    if name in ("device", "tabs"):
        for allowed in settings.DEVICES if name == "device" else SLUGS:
            assert allowed in told
    if option.metavar is not None:
        with pytest.raises(OptionError):
            read_settings([f"--{name}={text}"], {})


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(OptionError) as caught:
        read_settings(["--auth", ":secret"], {})
    assert "Found: text without both parts" in str(caught.value)


def test_publish_gives_shared_code_what_the_flags_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONVHUB_DEVICE", "CONVHUB_OFFLINE", "CONVHUB_CACHE_GB", "CONVHUB_GALLERY", "HF_HUB_OFFLINE",
                 "GRADIO_ANALYTICS_ENABLED", "CONVHUB_TEACHER", "FORWARDED_ALLOW_IPS"):  # fmt: skip
        monkeypatch.setenv(name, "")  # so that they are put back
    given = read_settings(
        [
            "--device=cpu",
            "--offline",
            "--cache-gb=0.5",
            f"--gallery={tmp_path / 'class.sqlite3'}",
            "--teacher=chalkboard",
        ],
        {},
    )
    publish(given)
    now = settings.current()
    assert (now.device, now.offline, now.cache_gb, now.gallery) == ("cpu", True, 0.5, tmp_path / "class.sqlite3")
    assert now.teacher == "chalkboard"
    assert settings.offline()
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    publish(Settings())
    assert not settings.offline()


def test_help_lists_every_option_with_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        read_settings(["--help"], {})
    assert left.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for option in OPTIONS:
        assert f"--{option.name}" in text
        assert f"[{option.variable}]" in text
        assert option.help in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "tpu"], "auto, cpu, cuda, mps"),
        (["--tabs", "faces"], "face, style, gan, ekg, conv"),
        (["--port", "abc"], "--port, a number from 1 to 65,535"),
        (["--nonsense"], "--nonsense"),
        (["--off"], "--off"),
        (["--port"], "expected one argument"),
        (["stray"], "stray"),
    ],
)
def test_the_launcher_refuses_on_one_line(arguments: list[str], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "app.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (BAD_INPUT, "", 1)
    assert words in done.stderr


def test_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVHUB_CACHE", str(tmp_path))
    assert settings.cache_dir() == tmp_path
    monkeypatch.delenv("CONVHUB_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if os.name == "posix":
        assert settings.cache_dir() == tmp_path / "convhub"
    assert settings.weights_dir() == ROOT / "weights"
    monkeypatch.setenv("CONVHUB_WEIGHTS", str(tmp_path))
    assert settings.weights_dir() == tmp_path
