"""Bulk enrolment: names from paths, hostile zips, progress, and a reason for everything skipped."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from apps.face.gallery import bulk
from apps.face.gallery.gallery import Limits, MemoryGallery
from shared.errors import ImageError, InputError, ResourceError

ENCODER = "face/a@1"
ALL = 1e9  # a threshold within which all faces are one: the names decide


def encode(data: bytes) -> tuple[np.ndarray, bytes]:
    """A stand-in for the network: every photo's bytes are its encoding; "no face" has none."""
    if b"no face" in data:
        raise ImageError("The photo with a face", "none")
    return np.frombuffer(data.ljust(16, b"\x01")[:16], np.uint8).astype(np.float32), b"t"


def run(listing: bulk.Listing, gallery: MemoryGallery | None = None) -> tuple[list[bulk.Step], bulk.Report]:
    *steps, report = bulk.enroll_all(listing, gallery or MemoryGallery(), encode, encoder=ENCODER, owner="me", tau=ALL)
    assert isinstance(report, bulk.Report)
    return [step for step in steps if isinstance(step, bulk.Step)], report


def make_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def make_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


FILES = {
    "Ada_Lovelace/1.jpg": b"ada 1",
    "Ada_Lovelace/2.JPEG": b"ada 2",
    "Grace Hopper/x.png": b"grace",
    "Grace Hopper/notes.txt": b"hello",
    "Grace Hopper/blur.jpg": b"no face here",
    "Grace Hopper/again.jpg": b"grace",
    "everybody.jpg": b"alan",
    "__MACOSX/Ada_Lovelace/._1.jpg": b"junk",
    ".DS_Store": b"junk",
    "Ada_Lovelace/old/deep/1.jpg": b"deep",
}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_people_are_enrolled_and_the_rest_is_explained(tmp_path: Path, kind: str) -> None:
    if kind == "zip":
        listing = bulk.list_zip(make_zip(tmp_path / "class.zip", FILES))
    else:
        listing = bulk.list_folder(make_folder(tmp_path / "class", FILES))
    gallery = MemoryGallery()
    steps, report = run(listing, gallery)
    assert [step.done for step in steps] == list(range(1, 8))
    assert {step.total for step in steps} == {7}
    assert set(report.people) == {"Ada Lovelace", "Grace Hopper"}
    assert report.added == 4
    reasons = {one.path: one.reason for one in report.skipped}
    assert len(reasons) == len(FILES) - 4
    assert reasons["Grace Hopper/notes.txt"] == "not a picture"
    assert "with a face" in reasons["Grace Hopper/blur.jpg"]
    assert "already" in (reasons.get("Grace Hopper/again.jpg", "") + reasons.get("Grace Hopper/x.png", ""))
    assert "whose photo" in reasons["everybody.jpg"]
    assert "Ada_Lovelace/old/deep/1.jpg" not in reasons  # what lies deeper is hers, too
    assert gallery.index(ENCODER).people == 2


def test_one_folder_around_everything_is_looked_through(tmp_path: Path) -> None:
    files = {"class/Ada/1.jpg": b"a", "class/Ben/1.jpg": b"b"}
    listing = bulk.list_zip(make_zip(tmp_path / "c.zip", files))
    assert [source.person for source in listing.sources] == ["Ada", "Ben"]
    alone = bulk.list_zip(make_zip(tmp_path / "a.zip", {"Ada/1.jpg": b"a", "Ada/2.jpg": b"b"}))
    assert {source.person for source in alone.sources} == {"Ada"}


def test_paths_that_leave_the_folder_and_links_are_left_out(tmp_path: Path) -> None:
    path = make_zip(
        tmp_path / "evil.zip",
        {"../../etc/x.jpg": b"1", "/abs/x.jpg": b"2", "C:/x/y.jpg": b"3", "a\\..\\..\\b.jpg": b"4", "Ok/1.jpg": b"5"},
    )
    link = zipfile.ZipInfo("Ok/link.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    listing = bulk.list_zip(path)
    assert [source.path for source in listing.sources] == ["Ok/1.jpg"]
    assert {one.reason for one in listing.skipped} == {"a path that leaves the folder", "a link"}


def test_a_locked_photo_is_left_out(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"A/1.jpg": b"a", "B/1.jpg": b"b"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the directory says that the first one is encrypted
    path.write_bytes(data)
    assert [one.reason for one in bulk.list_zip(path).skipped] == ["encrypted"]


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "class", {"Ada/1.jpg": b"a"})
    secret = make_folder(tmp_path / "secret", {"x.jpg": b"s"})
    try:
        (folder / "Ada" / "2.jpg").symlink_to(secret / "x.jpg")
        (folder / "Ben").symlink_to(secret)
        (folder / "loop").symlink_to(folder)
    except OSError:
        pytest.skip("this system does not let us make links")
    listing = bulk.list_folder(folder)
    assert [source.path for source in listing.sources] == ["Ada/1.jpg"]
    assert [one.reason for one in listing.skipped] == ["a link"]


def test_bombs_are_refused_before_they_go_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "LARGEST_FILE", 1000)
    monkeypatch.setattr(bulk, "LARGEST_TOTAL", 5000)
    one = bulk.list_zip(make_zip(tmp_path / "one.zip", {"A/big.jpg": bytes(1001), "A/ok.jpg": b"a"}))
    assert "larger than" in one.skipped[0].reason
    with pytest.raises(ResourceError, match="unpacks to at most"):
        bulk.list_zip(make_zip(tmp_path / "all.zip", {f"A/{i}.jpg": bytes(900) for i in range(6)}))
    monkeypatch.setattr(bulk, "MOST_FILES", 3)
    with pytest.raises(ResourceError, match="at most 3 files"):
        bulk.list_zip(make_zip(tmp_path / "many.zip", {f"A/{i}.jpg": b"" for i in range(4)}))
    with pytest.raises(ResourceError, match="at most 3 files"):
        bulk.list_folder(make_folder(tmp_path / "many", {f"A/{i}.jpg": b"" for i in range(4)}))


def test_a_zip_that_lies_about_sizes_is_stopped_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_zip(tmp_path / "liar.zip", {"A/1.jpg": bytes(5000), "A/2.jpg": b"fine"})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):  # the declared size, in both places
        at = data.index(mark) + offset
        data[at : at + 4] = (50).to_bytes(4, "little")
    path.write_bytes(data)
    monkeypatch.setattr(bulk, "LARGEST_FILE", 1000)
    steps, report = run(bulk.list_zip(path))
    assert [step.added for step in steps] == [False, True]
    assert "damaged" in report.skipped[0].reason


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04" + bytes(50)])
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(InputError, match="zip"):
        bulk.list_zip(path)


def test_what_holds_no_photo_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a picture"):
        bulk.list_zip(make_zip(tmp_path / "x.zip", {"a.txt": b"x"}))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file at all"):
        bulk.list_folder(tmp_path / "empty")
    with pytest.raises(InputError, match="folder"):
        bulk.list_folder(tmp_path / "nowhere")


def test_a_damaged_member_costs_only_itself(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("A/1.jpg", b"first photo")
        archive.writestr("B/1.jpg", b"second photo")
    path = tmp_path / "x.zip"
    path.write_bytes(stream.getvalue().replace(b"first", b"fIrst"))  # the checksum no longer fits
    steps, report = run(bulk.list_zip(path))
    assert [step.added for step in steps] == [False, True]
    assert "damaged" in report.skipped[0].reason


def test_what_the_browser_could_not_send_is_reported_and_never_read(tmp_path: Path) -> None:
    place = make_folder(tmp_path, {"Ann/1.jpg": b"ann"}) / "Ann/1.jpg"
    listing = bulk.list_files([("class/Ann/1.jpg", place)], lost=["class/Bob/1.jpg", str(place)], count=3)
    assert [source.person for source in listing.sources] == ["Ann"]
    assert [one.path for one in listing.skipped] == ["class/Bob/1.jpg", str(place)]
    assert all(one.reason.startswith("not sent") for one in listing.skipped)


def test_a_folder_of_too_many_files_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="at most 5,000 files"):
        bulk.list_files([], count=bulk.MOST_FILES + 1)


def test_names_nobody_can_read_are_skipped(tmp_path: Path) -> None:
    listing = bulk.list_zip(make_zip(tmp_path / "x.zip", {"x" * 100 + "/1.jpg": b"a", "Ada/1.jpg": b"b"}))
    assert [source.person for source in listing.sources] == ["Ada"]
    assert "100 characters" in listing.skipped[0].reason


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(photos=2, photos_per_owner=9), "The gallery is full: it holds 2 photos"),
        (Limits(photos=9, photos_per_owner=2), "Your share of the gallery is full: 2 photos"),
    ],
)
def test_a_full_gallery_keeps_what_it_has(tmp_path: Path, limits: Limits, words: str) -> None:
    gallery, encoded = MemoryGallery(limits), []

    def counted(data: bytes) -> tuple[np.ndarray, bytes]:
        encoded.append(data)
        return encode(data)

    listing = bulk.list_zip(make_zip(tmp_path / "x.zip", {f"P{i}/1.jpg": bytes([i]) * 16 for i in range(5)}))
    *steps, report = bulk.enroll_all(listing, gallery, counted, encoder=ENCODER, owner="me", tau=ALL)
    assert len(steps) == 5
    assert isinstance(report, bulk.Report)
    assert report.added == 2
    first, *rest = (one.reason for one in report.skipped)
    assert words in first
    assert rest == ["not enrolled: the gallery is full"] * 2
    assert len(encoded) == 5
    assert len(gallery.photos("me")) == 2


def test_a_person_with_too_many_photos_does_not_keep_others_out(tmp_path: Path) -> None:
    gallery = MemoryGallery(Limits(photos=9, photos_per_owner=9, photos_per_person=1))
    files = {"Ada/1.jpg": b"a", "Ada/2.jpg": b"b", "Ben/1.jpg": b"c"}
    steps, report = run(bulk.list_zip(make_zip(tmp_path / "x.zip", files)), gallery)
    assert len(steps) == 3
    assert report.people == ("Ada", "Ben")
    assert "already has 1 photos" in report.skipped[0].reason


def test_nobody_is_enrolled_before_all_is_read(tmp_path: Path) -> None:
    gallery = MemoryGallery()
    listing = bulk.list_zip(make_zip(tmp_path / "x.zip", {f"P{i}/1.jpg": bytes([i]) * 16 for i in range(5)}))
    steps = bulk.enroll_all(listing, gallery, encode, encoder=ENCODER, owner="me", tau=ALL)
    next(steps)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert gallery.photos("me") == ()


def test_what_is_prepared_is_shown_and_then_enrolled(tmp_path: Path) -> None:
    gallery = MemoryGallery()
    files = {"Ada/1.jpg": b"a", "Ada/2.jpg": b"no face", "Ben/1.jpg": b"z" * 16, "cover.jpg": b"c"}
    *_, prepared = bulk.prepare(bulk.list_zip(make_zip(tmp_path / "x.zip", files)), encode, tau=ALL)
    assert isinstance(prepared, bulk.Prepared)
    assert {name: [one.path for one in own] for name, own in prepared.people.items()} == {
        "Ada": ["Ada/1.jpg"],
        "Ben": ["Ben/1.jpg"],
    }
    assert {one.path for one in prepared.skipped} == {"Ada/2.jpg", "cover.jpg"}
    assert gallery.photos("me") == ()
    report = bulk.enroll_prepared(prepared, gallery, encoder=ENCODER, owner="me")
    assert (report.added, report.people, report.skipped) == (2, ("Ada", "Ben"), prepared.skipped)


def test_photos_with_nobody_s_names_are_refused_before_any_is_read(tmp_path: Path) -> None:
    for folder in ("", "Class/", "DCIM/100APPLE/"):
        with pytest.raises(InputError, match="nobody’s"):
            bulk.list_zip(make_zip(tmp_path / "x.zip", {f"{folder}IMG_041{i}.JPG": b"a" for i in range(3)}))


def test_page_and_command_read_one_folder_alike(tmp_path: Path) -> None:
    """A browser's paths begin with the folder that was chosen."""
    folder = make_folder(tmp_path / "known_people", {"Ada.jpg": b"a", "Bob.jpg": b"b"})
    names = {source.person for source in bulk.list_folder(folder).sources}
    sent = [(f"known_people/{one}.jpg", folder / f"{one}.jpg") for one in ("Ada", "Bob")]
    assert names == {source.person for source in bulk.list_files(sent).sources} == {"Ada", "Bob"}


def test_files_that_a_browser_sent_are_read_where_they_lie_now(tmp_path: Path) -> None:
    sent = make_folder(tmp_path, {"1/x": b"ada", "2/y": b"bob"})
    listing = bulk.list_files([("Ada/1.jpg", sent / "1" / "x"), ("Bob/1.jpg", sent / "2" / "y")])
    assert [(source.person, source.read()) for source in listing.sources] == [("Ada", b"ada"), ("Bob", b"bob")]
    assert listing.guessed == ""
    (sent / "1" / "x").unlink()
    with pytest.raises(InputError, match="a file that can be read"):
        listing.sources[0].read()


def test_what_holds_no_photo_is_named(tmp_path: Path) -> None:
    files = {"Ada/notes.txt": b"x"}
    archive, folder = make_zip(tmp_path / "our class.zip", files), make_folder(tmp_path / "your class", files)
    with pytest.raises(InputError, match=r"in our class\.zip.*not a picture"):
        bulk.list_zip(archive)
    with pytest.raises(InputError, match=r"in .*your class.*not a picture"):
        bulk.list_folder(folder)


def test_names_in_plain_letters_are_not_guessed(tmp_path: Path) -> None:
    files = {"Ada/1.jpg": b"a", "Bob/1.jpg": b"b"}
    assert bulk.list_zip(make_zip(tmp_path / "c.zip", files)).guessed == ""
    assert bulk.list_folder(make_folder(tmp_path / "c", files)).guessed == ""


def test_a_folder_s_name_that_is_no_utf_8_is_read(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"Jos\xe9 M\xfcller")).mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    (tmp_path / os.fsdecode(b"Jos\xe9 M\xfcller") / "1.jpg").write_bytes(b"a")
    (tmp_path / "Bob").mkdir()
    (tmp_path / "Bob" / "1.jpg").write_bytes(b"b")
    listing = bulk.list_folder(tmp_path)
    assert {source.person: source.read() for source in listing.sources} == {"José Müller": b"a", "Bob": b"b"}
    assert listing.guessed
