"""Links: what is written is read again; what is not ours is left out, and told, whatever it is."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.links import (
    LONGEST,
    MOST,
    Choice,
    Flag,
    Kind,
    Number,
    Numbers,
    Several,
    Text,
    Whole,
    check_name,
    read_link,
    write_link,
)
from shared.errors import HubError

DIGITS = tuple("0123456789")
GROUPS: dict[str, dict[str, Kind]] = {
    "gan": {"model": Choice(("cgan", "dcgan"))},
    "gan/walk": {
        "seed": Whole(0, 2**31 - 1),
        "at": Number(-3, 3),
        "keep": Flag(),
        "digit": Choice((*DIGITS, 16)),
        "layers": Several(("relu1_1", "relu2_1", "relu3_1")),
        "weights": Numbers(-10, 10, most=9),
        "text": Text(200),
    },
    "gan/walk/deep": {"depth": Whole(1, 9)},
    "conv": {"seed": Whole(0, 9)},
}
PATHS = ("face", *GROUPS, "gan/plain")
READABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp")) | st.just("\n"), max_size=200
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "model": st.sampled_from(("cgan", "dcgan")),
    "seed": st.integers(0, 2**31 - 1),
    "at": st.floats(-3, 3, width=32).map(lambda x: float(f"{x:.12g}")),
    "keep": st.booleans(),
    "digit": st.sampled_from((*DIGITS, 16)),
    "layers": st.permutations(("relu1_1", "relu2_1", "relu3_1")).flatmap(
        lambda p: st.integers(0, 3).map(lambda n: p[:n])
    ),
    "weights": st.lists(st.integers(-1000, 1000).map(lambda n: n / 100), min_size=1, max_size=9),
    "text": READABLE,
}


@settings(max_examples=40)
@given(st.fixed_dictionaries({}, optional=VALUES))
def test_what_is_written_is_read_again(values: dict[str, Any]) -> None:
    asked = read_link(write_link("gan/walk", values, GROUPS), PATHS, GROUPS)
    assert (asked.path, asked.values, asked.faults) == ("gan/walk", values, ())


@given(st.text(max_size=300) | st.text("tab=gan/wlk&%0123456789abcdefv;#+", max_size=300))
def test_anything_is_read_without_a_fault_of_ours(query: str) -> None:
    asked = read_link(query, PATHS, GROUPS)
    for name, value in (asked.values or {}).items():
        kinds = {name: kind for group in GROUPS.values() for name, kind in group.items()}
        kinds[name].read(kinds[name].write(value))
    assert sum(map(len, asked.faults)) < 1000


def test_a_link_is_short_and_can_be_read() -> None:
    values = {"seed": 4, "digit": "7", "at": 0.25, "layers": ["relu1_1", "relu3_1"], "text": "5x5x3,16 s2\nfc 10"}
    assert (
        write_link("gan/walk", values, GROUPS)
        == "?tab=gan/walk&v=1&seed=4&digit=7&at=0.25&layers=relu1_1,relu3_1&text=5x5x3,16+s2%0Afc+10"
    )
    assert write_link("gan/plain", {}, GROUPS) == "?tab=gan/plain"


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("seed=-1", "“seed” has to be a whole number from 0 to 2147483647, not “-1”."),
        ("seed=1e9999", "whole number"),
        ("seed=", "whole number"),
        ("seed=" + "9" * 400, "whole number"),
        ("seed=٣", "whole number"),
        ("at=nan", "a number from -3 to 3"),
        ("at=1e400", "a number from -3 to 3"),
        ("at=3.0001", "a number from -3 to 3"),
        ("keep=yes", "1 or 0"),
        ("digit=11", "one of 0, 1, 2, 3, 4, 5 ..."),
        ("layers=relu1_1,relu1_1", "each choice once"),
        ("layers=relu9_9", "one of relu1_1"),
        ("weights=" + ",".join("1" * 10), "at most 9 numbers"),
        ("weights=", "a number"),
        ("text=" + "a" * 201, "at most 200 characters"),
        ("text=a%00b", "a control character"),
        ("text=a%E2%80%AEb", "a control character"),
        ("photo=/etc/passwd", "There is no control “photo” here."),
        ("depth=3", "There is no control “depth” here."),
    ],
)
def test_what_cannot_be_used_is_left_out_and_told(query: str, fault: str) -> None:
    asked = read_link(f"?tab=gan/walk&v=1&model=cgan&{query.replace('٣', '%D9%A3')}", PATHS, GROUPS)
    assert (asked.path, asked.values) == ("gan/walk", {"model": "cgan"})
    assert len(asked.faults) == 1
    assert fault in asked.faults[0]


@pytest.mark.parametrize(
    "query",
    [
        "?tab=gan/walk&text=%ff",
        "?tab=gan/walk&text=%ED%A0%80",
        "?tab=gan/\n",
        "?tab=gän",
        "?" + "&".join(["seed=1"] * (MOST + 1)),
    ],
)
def test_a_damaged_link_asks_for_nothing(query: str) -> None:
    asked = read_link(query, PATHS, GROUPS)
    assert (asked.path, asked.values, asked.faults) == ("", None, ("It is damaged.",))


def test_a_link_without_end_is_not_taken_apart() -> None:
    asked = read_link("?tab=gan&text=" + "a" * LONGEST, PATHS, GROUPS)
    assert asked.values is None
    assert "at most 8,000 characters" in asked.faults[0]


def test_a_tab_that_is_not_there_is_told_and_the_nearest_opened() -> None:
    asked = read_link("?tab=gan/walk/other&seed=3", PATHS, GROUPS)
    assert (asked.path, asked.values, asked.faults) == (
        "gan/walk",
        {"seed": 3},
        ("There is no tab “gan/walk/other” here.",),
    )
    assert read_link("?tab=nonsense", PATHS, GROUPS).path == ""


def test_another_version_opens_the_tab_only() -> None:
    asked = read_link("?tab=gan/walk&v=2&seed=3", PATHS, GROUPS)
    assert (asked.path, asked.values) == ("gan/walk", {})
    assert "version “2”" in asked.faults[0]
    assert read_link("?tab=gan/walk&v=2", PATHS, GROUPS).faults == ()


def test_many_faults_are_counted() -> None:
    asked = read_link("?tab=gan&" + "&".join(f"no{at}=1" for at in range(9)), PATHS, GROUPS)
    assert len(asked.faults) == 4
    assert asked.faults[-1] == "And 6 more."


def test_what_others_put_into_an_address_is_no_fault() -> None:
    asked = read_link("?tab=gan&embed=1&__theme=dark&view=api&deep_link=x", PATHS, GROUPS)
    assert (asked.path, asked.values, asked.faults) == ("gan", {}, ())


def test_a_link_of_ours_that_could_not_be_read_is_refused_when_it_is_written() -> None:
    with pytest.raises(HubError):
        write_link("gan/walk", {"at": math.inf}, GROUPS)
    with pytest.raises(KeyError):
        write_link("gan", {"seed": 1}, GROUPS)


@pytest.mark.parametrize("name", ["tab", "v", "embed", "view", "__theme", "Seed", "a b", "", "a" * 41])
def test_names_that_no_control_can_have(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        check_name(name)
