"""Visitors and their files: signed names, ownership, sums, and the files inside a request."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.door import visitors
from apps.door.visitors import Files, UnreadableRequestError, file_objects, new_cookie, visitor_of


def test_a_cookie_of_the_hub_is_a_visitor_and_a_made_up_one_is_not() -> None:
    cookie = new_cookie()
    name, _, signature = cookie.rpartition(".")
    assert visitor_of(cookie, "10.0.0.1") == f"cookie {name}" == visitor_of(cookie, "10.0.0.2")
    assert new_cookie() != cookie
    for forged in (
        None,
        "",
        name,
        f"{name}.",
        f"other.{signature}",
        f"{name}.{signature[:-1]}0x",
        f".{signature}",
        "é.é",
    ):
        assert visitor_of(forged, "10.0.0.1") == "address 10.0.0.1"


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(visitors, "FOLDER", 0)
    made = [tmp_path / name for name in "abc"]
    for size, path in enumerate(made, 1):
        path.write_bytes(b"x" * size)
    return [str(path) for path in made]


def test_files_belong_to_those_they_were_given_to(paths: list[str]) -> None:
    files = Files()
    files.give("ann", paths[:2])
    files.give("bob", paths[1:])
    files.give("ann", ["/nowhere/at/all", "nul\0"])
    assert [files.owns("ann", path) for path in (*paths, "/nowhere/at/all")] == [True, True, False, False]
    assert (files.bytes_of("ann"), files.bytes_of("bob"), files.bytes_of("eve"), files.bytes_of_all()) == (3, 5, 0, 6)
    assert files.drop_visitor("ann") == paths[:1]  # the second is Bob's too
    assert files.owns("bob", paths[1])
    assert not files.owns("ann", paths[1])
    assert files.owners() == {"bob"}


def test_all_files_together_and_those_of_one_visitor_have_limits(paths: list[str]) -> None:
    files = Files()
    assert files.left("ann") > 10**12
    files.allow(32, largest=1)
    files.give("ann", paths[2:])
    assert (files.left("ann"), files.left("bob")) == (1, 4)  # an eighth each
    files.allow(5, largest=10)
    assert (files.left("ann"), files.left("bob")) == (2, 2)  # one of the largest each, and all there is


def test_empty_files_are_no_way_round_the_limit(tmp_path: Path) -> None:
    files = Files()
    files.allow(40_000_000, largest=1)
    for number in range(1000):
        path = tmp_path / f"{number}.txt"
        path.touch()
        files.give("ann", [str(path)])
    assert files.left("ann") < 0 < files.left("bob")


def test_what_is_deleted_counts_no_more(paths: list[str]) -> None:
    files = Files()
    files.give("ann", paths)
    Path(paths[2]).unlink()
    files.forget_gone()
    assert files.bytes_of("ann") == 3
    assert not files.owns("ann", paths[2])
    assert files.owns("ann", paths[1])


def test_what_the_page_shows_is_for_everybody_and_is_never_deleted(paths: list[str]) -> None:
    files = Files()
    files.publish(paths[:1])
    files.give("ann", paths[:1])
    assert files.may_read("bob", paths[0])
    assert not files.owns("bob", paths[0])
    assert files.drop_visitor("ann") == []


def test_old_files_go_unless_they_were_given_out_again(paths: list[str]) -> None:
    now = [0.0]
    files = Files(lambda: now[0])
    files.give("ann", paths[:2])
    now[0] = 50
    files.give("ann", paths[:1])
    now[0] = 100
    assert files.drop_older(100) == paths[1:2]
    assert files.owns("ann", paths[0])


def test_files_are_found_wherever_they_hide_in_a_request() -> None:
    one, two, three = {"path": "/a"}, {"url": "http://x", "meta": {}}, {"path": "/b", "inner": {"path": "/c"}}
    found = file_objects([1, "x", {"k": [[one]], "l": two}, three])
    assert sorted(str(file.get("path", file.get("url"))) for file in found) == ["/a", "/b", "/c", "http://x"]
    assert list(file_objects({"path": 5, "url": None})) == []


def test_absurd_nesting_is_refused() -> None:
    deep: object = {"path": "/a"}
    for _ in range(60):
        deep = [deep]
    with pytest.raises(UnreadableRequestError):
        list(file_objects(deep))
