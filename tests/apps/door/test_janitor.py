"""What is deleted from the disk, and when."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from apps.door import janitor
from apps.door.janitor import Janitor
from apps.door.visitors import FOLDER, Files
from shared.serving.attendance import Attendance


class House:
    """A folder of uploads, its visitors, and time that the test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 0.0
        self.files = Files(lambda: self.now)
        self.present = Attendance()
        self.janitor = Janitor(folder, self.files, self.present, lambda: self.now)

    def upload(self, visitor: str, name: str = "photo.jpg") -> Path:
        path = self.folder / visitor / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
        self.files.give(visitor, [str(path)])
        return path

    def after(self, seconds: float) -> None:
        self.now += seconds
        self.janitor.come_round()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_files_go_two_minutes_after_their_owner_has_left(house: House) -> None:
    photo = house.upload("ann")
    with house.present.stream("ann", "ann"):
        house.after(1000)
        assert photo.exists()
    house.after(1)
    house.after(janitor.GONE_S - 1)
    assert photo.exists()
    house.after(1)
    assert not photo.exists()
    assert not photo.parent.exists()
    assert not house.files.owns("ann", str(photo))


def test_what_was_deleted_by_others_takes_no_room(house: House) -> None:
    house.upload("ann").unlink()
    assert house.files.bytes_of("ann") == 1 + FOLDER
    house.after(1)
    assert house.files.bytes_of("ann") == 0


def test_who_comes_back_in_time_keeps_them(house: House) -> None:
    photo = house.upload("ann")
    house.after(1)
    house.after(janitor.GONE_S - 1)
    with house.present.stream("ann", "ann"):
        house.after(10)
    house.after(1)
    house.after(janitor.GONE_S - 1)
    assert photo.exists()


def test_no_file_stays_longer_than_an_hour(house: House) -> None:
    with house.present.stream("ann", "ann"):
        photo = house.upload("ann")
        house.after(janitor.OLDEST_S - 1)
        fresh = house.upload("ann", "second.jpg")
        house.after(1)
    assert not photo.exists()
    assert fresh.exists()


def test_a_file_of_two_stays_for_the_other(house: House) -> None:
    photo = house.upload("ann")
    house.files.give("bob", [str(photo)])
    with house.present.stream("bob", "bob"):
        house.after(1)
        house.after(janitor.GONE_S)
        assert photo.exists()


def test_uploads_that_were_broken_off_go_and_those_under_way_stay(house: House) -> None:
    old, new, other = (house.folder / name for name in ("tmpabc", "tmpdef", "kept"))
    for path in (old, new, other):
        path.write_bytes(b"x")
    for path in (old, other):
        os.utime(path, (time.time() - janitor.BROKEN_OFF_S - 5,) * 2)
    house.after(1)
    assert [path.exists() for path in (old, new, other)] == [False, True, True]


def test_the_janitor_comes_round_and_memory_is_given_back_for_as_long_as_the_hub_runs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: dict[str, tuple[float, object]] = {}
    every = SimpleNamespace(every=lambda name, seconds, what: rounds.update({name: (seconds, what)}))
    monkeypatch.setattr(janitor, "LATER", every)
    house.janitor.start()
    assert list(rounds.values()) == [(20.0, house.janitor.come_round), (60.0, janitor.give_back)]
    assert all(isinstance(name, str) for name in rounds)


def test_at_a_reset_the_files_of_those_who_are_there_go_too(house: House) -> None:
    with house.present.stream("ann", "ann"):
        photo, other = house.upload("ann"), house.upload("bob", "second.jpg")
        house.files.give("bob", [str(photo)])
        house.janitor.clear_out()
    assert not photo.exists()
    assert not other.exists()
    assert house.files.bytes_of_all() == 0


def test_an_upload_is_broken_off_once_it_is_older_than_ten_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, kept = tmp_path / "tmp1", tmp_path / "photo.jpg"
    for path in (upload, kept):
        path.write_bytes(b"x")
        os.utime(path, (1000, 1000))
    for now, there in ((1600.0, True), (1601.0, False)):
        monkeypatch.setattr(janitor, "time", SimpleNamespace(time=lambda now=now: now, monotonic=lambda: 0.0))
        janitor.Janitor(tmp_path, Files()).come_round()
        assert upload.exists() is there
    assert kept.exists()
