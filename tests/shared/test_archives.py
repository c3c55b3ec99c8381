"""Zips that somebody sent: every way to hurt the reader is refused, by its name, before anything is unpacked."""

from __future__ import annotations

import io
import os
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import archives
from shared.archives import Limits, list_members, path_fault
from shared.errors import InputError, ResourceError

LIMITS = Limits(endings=(".txt", ".dat"), members=10, member_bytes=10_000, total_bytes=40_000)
DIRECTORY, LOCAL = b"PK\x01\x02", b"PK\x03\x04"  # what begins an entry of the list, and a file


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            archive.writestr(entry, data)
    return stream.getvalue()


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "sent.zip"
    path.write_bytes(data)
    return path


def patched(data: bytes, at: Mapping[tuple[bytes, int], bytes]) -> bytes:
    """``data`` with bytes replaced at an offset behind the first place of a mark."""
    changed = bytearray(data)
    for (mark, offset), new in at.items():
        place = data.index(mark) + offset
        changed[place : place + len(new)] = new
    return bytes(changed)


def declared(data: bytes, size: int) -> bytes:
    """``data`` whose first file claims to have ``size`` bytes, in both places."""
    claim = size.to_bytes(4, "little")
    return patched(data, {(DIRECTORY, 24): claim, (LOCAL, 22): claim})


def fault_of(folder: Path, data: bytes, limits: Limits = LIMITS) -> str:
    return list_members(saved(folder, data), limits)[0].fault


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_file_is_listed_in_its_order_and_gives_its_bytes(tmp_path: Path, method: int) -> None:
    files = {"b/2.txt": b"two", "a.DAT": bytes(range(256)) * 30, "empty.txt": b"", "b/": b"", "photo.jpg": b"no"}
    members = list_members(saved(tmp_path, packed(files, method)), LIMITS)
    assert [one.path for one in members] == ["b/2.txt", "a.DAT", "empty.txt", "photo.jpg"]
    assert [one.size for one in members] == [3, 7680, 0, 2]
    assert [one.read() for one in members[:3]] == [b"two", files["a.DAT"], b""]
    assert [one.fault for one in members] == ["", "", "", archives.ENDING]
    assert list(tmp_path.iterdir()) == [tmp_path / "sent.zip"]  # nothing was unpacked


def test_a_large_file_comes_in_pieces_that_fit_into_memory(tmp_path: Path) -> None:
    data = os.urandom(1000) * 2500
    member, *_ = list_members(
        saved(tmp_path, packed({"a.dat": data})), replace(LIMITS, member_bytes=3 * 2**20, total_bytes=3 * 2**20)
    )
    pieces = list(member.chunks())
    assert [len(piece) for piece in pieces] == [2**20, 2**20, 2_500_000 - 2 * 2**20]
    assert b"".join(pieces) == data


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("../x.txt", archives.LEAVES),
        ("a/../../x.txt", archives.LEAVES),
        ("/etc/x.txt", archives.LEAVES),
        ("//server/x.txt", archives.LEAVES),
        ("C:/x.txt", archives.LEAVES),
        ("C:x.txt", archives.LEAVES),
        ("\\x.txt", archives.LEAVES),
        ("a\\..\\..\\x.txt", archives.LEAVES),
        ("__MACOSX/a/._x.txt", archives.SYSTEM),
        ("a/.hidden.txt", archives.SYSTEM),
        (".git/x.txt", archives.SYSTEM),
        ("a/Thumbs.db", archives.SYSTEM),
        ("a/desktop.ini", archives.SYSTEM),
        ("a..b/x...txt", ""),
        ("./a/x.txt", ""),
        ("a/b:c.txt", ""),
        ("", ""),
    ],
)
def test_what_a_path_says(tmp_path: Path, path: str, fault: str) -> None:
    assert path_fault(path) == fault
    if path and fault != archives.SYSTEM:
        assert fault_of(tmp_path, packed({path: b"x"})) == fault


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_not_read(tmp_path: Path, mode: int) -> None:
    entry = zipfile.ZipInfo("x.txt")
    entry.external_attr = (mode | 0o777) << 16
    path = tmp_path / "sent.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    member, *_ = list_members(path, LIMITS)
    assert member.fault == archives.LINK
    with pytest.raises(InputError, match="link"):
        member.read()


def test_an_encrypted_file_and_one_packed_in_an_unusual_way(tmp_path: Path) -> None:
    plain = packed({"x.txt": b"x"})
    assert fault_of(tmp_path, patched(plain, {(DIRECTORY, 8): b"\x01"})) == archives.ENCRYPTED
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert fault_of(tmp_path, packed({"x.txt": b"x"}, method)) == archives.METHOD
    assert fault_of(tmp_path, patched(plain, {(DIRECTORY, 10): b"\x63"})) == archives.METHOD


def test_a_zip_in_a_zip_is_not_looked_into(tmp_path: Path) -> None:
    member, *_ = list_members(saved(tmp_path, packed({"in.zip": packed({"x.txt": b"x"})})), LIMITS)
    assert member.fault == archives.ENDING
    with pytest.raises(InputError, match="another kind of file"):
        member.read()


def test_the_limits_are_the_last_sizes_that_pass(tmp_path: Path) -> None:
    fits, more = bytes(10_000), bytes(10_001)
    assert fault_of(tmp_path, packed({"a.txt": fits})) == ""
    assert fault_of(tmp_path, packed({"a.txt": more})) == archives.LARGE
    four = {f"{i}.txt": fits for i in range(4)}
    assert len(list_members(saved(tmp_path, packed(four)), LIMITS)) == 4
    with pytest.raises(ResourceError, match="at most 0 MB"):
        list_members(saved(tmp_path, packed(four | {"5.txt": b"x"})), LIMITS)
    ten = {f"{i}.txt": b"" for i in range(10)}
    assert len(list_members(saved(tmp_path, packed(ten)), LIMITS)) == 10
    with pytest.raises(ResourceError, match="at most 10 files"):
        list_members(saved(tmp_path, packed(ten | {"more.txt": b""})), LIMITS)


def test_only_the_wanted_files_count(tmp_path: Path) -> None:
    files = {f"{i}.mp4": bytes(9000) for i in range(30)} | {"a.txt": b"x", "b.txt": bytes(10_001)}
    members = list_members(saved(tmp_path, packed(files)), LIMITS)
    assert [one.path for one in members if not one.fault] == ["a.txt"]


def test_what_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    roomy = Limits(endings=(".dat",), members=10, member_bytes=2**30, total_bytes=2**30)
    path = saved(tmp_path, packed({"a.dat": bytes(1_000_000)}))
    ratio = 1_000_000 / path.stat().st_size
    assert ratio > 200
    with pytest.raises(ResourceError, match="200 times its size"):
        list_members(path, roomy)
    list_members(path, replace(roomy, ratio=int(ratio) + 1))
    with pytest.raises(ResourceError, match=f"{int(ratio)} times its size"):
        list_members(path, replace(roomy, ratio=int(ratio)))


def test_a_list_of_files_that_would_fill_the_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {f"{i:04}.txt": b"" for i in range(10)}
    data = packed(names)
    size = struct.unpack("<L", data[data.index(b"PK\x05\x06") + 12 :][:4])[0]  # of the list, as the zip's end says
    monkeypatch.setattr(archives, "LARGEST_DIRECTORY", size)
    assert len(list_members(saved(tmp_path, data), LIMITS)) == 10
    monkeypatch.setattr(archives, "LARGEST_DIRECTORY", size - 1)
    with pytest.raises(ResourceError, match="list of files"):
        list_members(saved(tmp_path, data), LIMITS)


def test_a_file_never_gives_more_than_it_declares(tmp_path: Path) -> None:
    """A size that lies downwards would pass every limit: the file ends there, and its checksum does not fit."""
    data = declared(packed({"a.txt": bytes(9000)}), 50)
    member, *_ = list_members(saved(tmp_path, data), LIMITS)
    assert (member.size, member.fault) == (50, "")
    with pytest.raises(InputError, match="damaged"):
        member.read()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_file_costs_only_itself(tmp_path: Path, method: int) -> None:
    data = packed({"a.txt": b"first file", "b.txt": b"second file"}, method)
    start = data.index(LOCAL) + 30 + len("a.txt")
    data = data[: start + 2] + bytes([data[start + 2] ^ 0xFF]) + data[start + 3 :]
    first, second = list_members(saved(tmp_path, data), LIMITS)
    with pytest.raises(InputError, match=r"a\.txt.* damaged"):
        first.read()
    assert second.read() == b"second file"


def test_a_place_beyond_every_file_is_damage(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("a.txt")
    entry.extra = struct.pack("<HHQ", 0x9999, 8, 2**64 - 1)  # becomes the mark of a file's place beyond 4 GB
    path = tmp_path / "sent.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, b"x")
    data = patched(path.read_bytes(), {(DIRECTORY, 42): b"\xff" * 4})
    at = data.rindex(b"\x99\x99")
    path.write_bytes(data[:at] + b"\x01\x00" + data[at + 2 :])
    member, *_ = list_members(path, LIMITS)
    with pytest.raises(InputError, match="damaged"):
        member.read()


@pytest.mark.parametrize("data", [b"", b"not a zip", LOCAL + bytes(50)])
def test_what_is_no_zip_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InputError, match=r"a zip file.*sent\.zip") as caught:
        list_members(saved(tmp_path, data), LIMITS)
    assert str(tmp_path) not in str(caught.value)
    with pytest.raises(InputError, match=r"No such file") as caught:
        list_members(tmp_path / "nowhere.zip", LIMITS)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("name", ["Zoë Müller.txt", "李娜.txt", "├╝.txt"])
def test_names_from_a_mac_that_do_not_say_they_are_utf8(tmp_path: Path, name: str) -> None:
    data = packed({name: b"x"})
    marked = data.replace(LOCAL + data[4:6] + b"\x00\x08", LOCAL + data[4:6] + b"\x00\x00")
    at = marked.index(DIRECTORY) + 8
    unmarked = marked[:at] + b"\x00\x00" + marked[at + 2 :]
    for version in (data, unmarked):
        member, *_ = list_members(saved(tmp_path, version), LIMITS)
        assert (member.path, member.read()) == (name, b"x")


def test_a_file_without_a_name_is_another_kind_of_file(tmp_path: Path) -> None:
    data = packed({"a.txt": b"x"}).replace(b"a.txt", b"\x00.txt")
    assert [(one.path, one.fault) for one in list_members(saved(tmp_path, data), LIMITS)] == [("", archives.ENDING)]


def test_a_name_in_the_old_encoding_stays(tmp_path: Path) -> None:
    data = packed({"X.txt": b"x"}).replace(b"X.txt", "Ä.txt".encode("cp437"))
    assert list_members(saved(tmp_path, data), LIMITS)[0].path == "Ä.txt"


def raw_zip(names: Sequence[tuple[bytes, int, bytes]]) -> bytes:
    """A zip of stored one-byte files with (name, flags, extra field) exactly as given: zipfile would set the flags."""
    body = central = b""
    for name, flags, extra in names:
        sizes = struct.pack("<IIIHH", zlib.crc32(b"x"), 1, 1, len(name), len(extra))
        head = struct.pack("<HHHHH", 20, flags, 0, 0, 0x5821) + sizes
        central += DIRECTORY + struct.pack("<BB", 20, 0) + head + struct.pack("<HHHII", 0, 0, 0, 0, len(body))
        central += name + extra
        body += LOCAL + head + name + extra + b"x"
    end = struct.pack("<HHHHIIH", 0, 0, len(names), len(names), len(central), len(body), 0)
    return body + central + b"PK\x05\x06" + end


def test_only_the_flag_of_utf8_is_taken_from_a_name_that_is_none() -> None:
    names = ("Zoë.csv".encode("cp437"), b"plain.csv", "Zoë.csv".encode())
    entries = [
        struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0x0808, 8, 1, 2, 3, 4, 5, len(name), 1, 2, 0, 0, 6, 7)
        + name
        + b"xcc"
        for name in names
    ]
    honest = archives._without_lies(b"".join(entries) + b"PK\5\6 and so on")
    assert honest == entries[0][:9] + b"\0" + b"".join((entries[0][10:], *entries[1:], b"PK\5\6 and so on"))


@pytest.mark.parametrize(
    ("page", "people"),
    [
        ("cp850", ["João Müller", "Ángel Núñez", "Bjørn Åse"]),
        ("cp866", ["Иван Петров", "Ольга"]),
        ("gbk", ["王小明", "李华"]),
        ("latin-1", ["José", "Ångström"]),
    ],
)
@pytest.mark.parametrize("flags", [0, 0x800])  # a zip may even say that it is UTF-8
def test_names_in_a_code_page_are_guessed_from_all_of_them(
    tmp_path: Path, page: str, people: list[str], flags: int
) -> None:
    names = [f"{person}/1.txt" for person in people] + ["Bob/1.txt"]
    found = list_members(saved(tmp_path, raw_zip([(name.encode(page), flags, b"") for name in names])), LIMITS)
    assert [one.path for one in found] == names
    assert [bool(one.guessed) for one in found] == [True] * len(people) + [False]
    assert [one.read() for one in found] == [b"x"] * len(names)


def test_info_zip_s_unicode_names_count_where_they_are_of_this_name(tmp_path: Path) -> None:
    def field(raw: bytes, name: str) -> bytes:
        body = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + name.encode()
        other = struct.pack("<HHI", 0x5455, 4, 7)  # a time stamp before it
        return other + struct.pack("<HH", 0x7075, len(body)) + body

    names = [
        (b"Zo_ _apek/1.txt", 0, field(b"Zo_ _apek/1.txt", "Zoë Čapek/1.txt")),
        (b"Bob/1.txt", 0, field(b"another name", "Eve/1.txt")),
    ]
    found = list_members(saved(tmp_path, raw_zip(names)), LIMITS)
    assert [(one.path, one.guessed) for one in found] == [("Zoë Čapek/1.txt", ""), ("Bob/1.txt", "")]
    assert [one.read() for one in found] == [b"x"] * 2


def test_what_was_checked_is_what_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path, packed({"a.txt": b"checked"}))
    member, *_ = list_members(path, LIMITS)
    other = tmp_path / "other.zip"
    other.write_bytes(packed({"a.txt": b"swapped"}))
    other.replace(path)
    assert member.read() == b"checked"


def test_the_file_is_closed_with_the_last_member(tmp_path: Path) -> None:
    def still_open() -> bool:
        return any(fd.resolve() == path.resolve() for fd in open_files.iterdir())

    open_files = Path("/proc/self/fd")
    if not open_files.is_dir():
        pytest.skip("this system does not list open files")
    path = saved(tmp_path, packed({"a.txt": b"x", "b.txt": b"y"}))
    members = list(list_members(path, LIMITS))
    assert still_open()
    del members[0]
    assert members[0].read() == b"y"
    members.clear()
    assert not still_open()
    with pytest.raises(InputError):
        list_members(saved(tmp_path, b"not a zip"), LIMITS)
    assert not still_open()


def test_members_are_read_from_many_threads(tmp_path: Path) -> None:
    files = {f"{i}.dat": bytes([i]) * 9000 for i in range(4)}
    members = list_members(saved(tmp_path, packed(files)), LIMITS)
    found: list[bytes] = [b""] * 4

    def read(place: int) -> None:
        for _ in range(20):
            found[place] = members[place].read()

    threads = [threading.Thread(target=read, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == list(files.values())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_changed_in_a_zip_ends_in_bytes_or_in_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    good = bytearray(packed({"a.txt": b"abc" * 50, "d/b.dat": bytes(range(40))}))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(good) - 1))
        good[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(good)))
    path = tmp_path_factory.getbasetemp() / "fuzzed.zip"
    path.write_bytes(good if cut % 5 else good[:cut])
    try:
        for member in list_members(path, LIMITS):
            assert len(member.read()) <= member.size
    except (InputError, ResourceError):
        pass


def test_a_zip_may_unpack_to_so_many_times_its_size_and_no_more() -> None:
    limits = Limits(members=2, member_bytes=10**6, total_bytes=10**6, ratio=100, endings=frozenset({".csv"}))
    members: Any = [SimpleNamespace(fault="", size=400), SimpleNamespace(fault="", size=600)]
    left_out: Any = [SimpleNamespace(fault="no", size=10**9)]
    archives._check((*members, *left_out), limits, packed=10)
    with pytest.raises(ResourceError, match="100 times"):
        archives._check(tuple(members), limits, packed=9)
    with pytest.raises(ResourceError, match="at most 2 files"):
        archives._check((*members, members[0]), limits, packed=10**6)
