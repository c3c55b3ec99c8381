"""The gallery's rules, the same for the one in memory and the one in a file."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from apps.face.gallery import gallery as gallery_module
from apps.face.gallery.gallery import (
    CLASS_LIMITS,
    SAMPLES,
    TEACHER,
    THUMBNAIL_SIDE,
    Enrolled,
    Gallery,
    GalleryFullError,
    Limits,
    MemoryGallery,
    Photo,
    check_encoding,
    check_room,
    not_yours,
    taken,
    thumbnail,
    unknown_person,
    unknown_photo,
)
from apps.face.gallery.index import Index
from apps.face.gallery.names import LONGEST_NAME, check_name, look_key, name_key
from apps.face.gallery.store import SqliteGallery
from shared.errors import InputError, ResourceError
from tests.locks import LONG_S, WatchedLock, waits

SMALL = b"a picture"
A, B = "face/a@1", "face/b@1"
TIGHT = Limits(photos=6, photos_per_owner=4, photos_per_person=2)


KINDS = ["memory", "file", pytest.param("database", marks=pytest.mark.cluster)]


def made(kind: str, request: pytest.FixtureRequest, limits: Limits) -> Gallery:
    if kind == "memory":
        return MemoryGallery(limits)
    if kind == "file":
        return SqliteGallery(request.getfixturevalue("tmp_path") / "class.db", limits)
    opened: Gallery = request.getfixturevalue("open_database")(limits=limits)
    return opened


@pytest.fixture(params=KINDS)
def gallery(request: pytest.FixtureRequest) -> Gallery:
    return made(request.param, request, CLASS_LIMITS)


def vector(seed: int, dimension: int = 128) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=dimension).astype(np.float32)


def enroll(
    gallery: Gallery, name: str, seed: int, *, encoder: str = A, owner: str = "me", dimension: int = 128
) -> Enrolled:
    return gallery.enroll(name, vector(seed, dimension), encoder=encoder, thumbnail=SMALL, owner=owner)


def test_one_photo_is_enough_and_more_are_kept_and_used(gallery: Gallery) -> None:
    first = enroll(gallery, "Anna", 1)
    assert (first.person, first.photos, first.added) == ("Anna", 1, True)
    assert gallery.index(A).rank(vector(1), 1)[0].person == "Anna"
    assert enroll(gallery, "Anna", 2).photos == 2
    enroll(gallery, "Ben", 3)
    best = gallery.index(A).rank(vector(2), 5)
    assert [(one.person, one.photos) for one in best] == [("Anna", 2), ("Ben", 1)]
    assert best[0].distance == 0
    assert [photo.person for photo in gallery.photos("me")] == ["Anna", "Anna", "Ben"]
    assert all(photo.thumbnail == SMALL and photo.mine for photo in gallery.photos("me"))


def test_what_is_left_of_a_photo_is_said_as_it_was_enrolled(gallery: Gallery) -> None:
    photo = enroll(gallery, "Ada", 1, encoder=B).photo
    for owner, mine in (("me", True), ("you", False)):
        assert gallery.photos(owner) == (Photo(id=photo, person="Ada", encoder=B, thumbnail=SMALL, mine=mine),)


def test_photos_are_numbered_upwards_and_no_number_comes_twice(gallery: Gallery) -> None:
    first, second = (enroll(gallery, "Ada", value).photo for value in (1, 2))
    gallery.forget_photo(second, owner="me")
    third = enroll(gallery, "Ben", 3).photo
    assert 0 < first < second < third


def test_the_same_picture_twice_is_one_photo(gallery: Gallery) -> None:
    first = enroll(gallery, "Anna", 1)
    again = enroll(gallery, "anna", 1)
    assert (again.added, again.photo, again.photos, again.person) == (False, first.photo, 1, "Anna")
    assert len(gallery.photos("me")) == 1


def test_encodings_of_different_encoders_never_mix(gallery: Gallery) -> None:
    enroll(gallery, "Anna", 1, encoder=A, dimension=128)
    enroll(gallery, "Anna", 1, encoder=B, dimension=512)
    enroll(gallery, "Ben", 2, encoder=B, dimension=512)
    assert gallery.index(A).names == ("Anna",)
    assert gallery.index(A).rows.shape == (1, 128)
    assert gallery.index(B).names == ("Anna", "Ben")
    assert gallery.index("face/c@1").people == 0
    assert gallery.forget("Anna", owner="me") == 2


def test_an_index_is_made_again_only_after_a_change(gallery: Gallery) -> None:
    enroll(gallery, "Anna", 1)
    first = gallery.index(A)
    assert gallery.index(A) is first
    enroll(gallery, "Ben", 2)
    assert gallery.index(A).people == 2
    gallery.forget("Ben", owner="me")
    assert gallery.index(A).names == ("Anna",)


def test_everybody_deletes_their_own_and_nobody_elses(gallery: Gallery) -> None:
    anna = enroll(gallery, "Anna", 1, owner="me")
    ben = enroll(gallery, "Ben", 2, owner="you")
    for act in (
        lambda: gallery.forget("Ben", owner="me"),
        lambda: gallery.forget_photo(ben.photo, owner="me"),
        lambda: enroll(gallery, "BEN", 3, owner="me"),  # this face under Ben's name
    ):
        with pytest.raises(InputError):
            act()
    assert [(photo.person, photo.mine) for photo in gallery.photos("me")] == [("Anna", True), ("Ben", False)]
    assert gallery.clear(owner="me") == 1
    assert [photo.person for photo in gallery.photos("you")] == ["Ben"]
    with pytest.raises(InputError, match="Anna"):
        gallery.forget("Anna", owner="me")
    with pytest.raises(InputError, match=str(anna.photo)):
        gallery.forget_photo(anna.photo, owner="me")
    assert gallery.forget_photo(ben.photo, owner="you") == "Ben"
    assert gallery.photos("you") == ()
    assert enroll(gallery, "Ben", 4, owner="me").added  # the name is free again


def test_forgetting_one_photo_keeps_the_others(gallery: Gallery) -> None:
    first, second = enroll(gallery, "Anna", 1), enroll(gallery, "Anna", 2)
    assert gallery.forget_photo(first.photo, owner="me") == "Anna"
    assert gallery.index(A).rank(vector(1), 1)[0].photo == second.photo


@pytest.mark.parametrize("kind", KINDS)
def test_limits_refuse_with_a_reason_and_lose_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    gallery = made(kind, request, TIGHT)
    for seed, name in enumerate(["a", "a", "b", "b"]):
        enroll(gallery, name, seed)
    with pytest.raises(ResourceError, match="already has 2 photos"):
        enroll(gallery, "a", 10)
    with pytest.raises(ResourceError, match="Your share"):
        enroll(gallery, "c", 11)
    enroll(gallery, "d", 12, owner="you")
    enroll(gallery, "e", 13, owner="you")
    with pytest.raises(GalleryFullError, match="gallery is full: it holds 6 photos"):
        enroll(gallery, "f", 14, owner="you")
    assert len(gallery.photos("me")) == 6


@pytest.mark.parametrize("error", [taken("Ada"), not_yours("Ada"), unknown_person("Ada"), unknown_photo(7)])
def test_who_is_refused_reads_why_and_what_to_do(error: InputError) -> None:
    *reasons, remedy = error.sentences()
    assert remedy == error.remedy
    assert any("Ada" in reason or "7" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("photos", "owned", "of_person", "reason"),
    [
        (8, 5, 2, None),
        (9, 5, 2, "The gallery is full: it holds 9 photos"),
        (8, 6, 2, "Your share of the gallery is full: 6 photos"),
        (8, 5, 3, "already has 3 photos"),
        (9, 6, 3, "already has 3 photos"),
    ],
)
def test_room_is_there_up_to_each_limit(photos: int, owned: int, of_person: int, reason: str | None) -> None:
    limits = Limits(photos=9, photos_per_owner=6, photos_per_person=3)
    if reason is None:
        check_room(limits, photos=photos, owned=owned, of_person=of_person)
        return
    with pytest.raises(ResourceError, match=reason) as refused:
        check_room(limits, photos=photos, owned=owned, of_person=of_person)
    assert refused.value.remedy.startswith("Delete some")
    assert isinstance(refused.value, GalleryFullError) == (of_person < 3)


def test_encodings_are_kept_as_float32_whatever_they_come_as() -> None:
    for given in ([1, 2], np.array([1.0, 2.0]), np.array([1, 2], np.uint8)):
        kept = check_encoding(given)
        assert (kept.dtype, kept.tolist()) == (np.float32, [1, 2])


def test_unusable_encodings_are_refused(gallery: Gallery) -> None:
    for bad in (np.full(128, np.nan), np.zeros((2, 128)), np.zeros(0)):
        with pytest.raises(InputError, match="encoding"):
            gallery.enroll("Anna", bad, encoder=A, thumbnail=SMALL, owner="me")
    assert gallery.photos("me") == ()


NAMES = [
    "🧑🏽‍🚀 Zoë",
    "../../etc/passwd",
    "C:\\CON",
    "<script>alert(1)</script>",
    "'; DROP TABLE people; --",
    "%s {0} ${x} {{y}}",
    "محمد",
    "山田 太郎",
    "NULL",
    "0",
]


def test_names_are_kept_as_typed_whatever_they_look_like(gallery: Gallery) -> None:
    for seed, name in enumerate(NAMES):
        assert enroll(gallery, name, seed).person == name
    assert [photo.person for photo in gallery.photos("me")] == NAMES
    assert gallery.index(A).rank(vector(3), 1)[0].person == NAMES[3]
    for name in NAMES:
        assert gallery.forget(name, owner="me") == 1
    assert gallery.photos("me") == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "1 to 60"),
        (" \t\n", "1 to 60"),
        ("x" * 10_000, "10,000 characters"),
        ("a\x00b", r"U\+0000"),
        ("\u202egnp.exe", r"U\+202E"),
        ("\ud800", r"U\+D800"),
        ("\u200d\ufe0f", "invisible"),
        ("\ufe00\U000e01ef\u180b", "invisible"),
        ("Ada\U0001d159", r"U\+1D159"),  # a note without a head
        ("\U00016fe4", r"U\+16FE4"),
        (None, "Type a name"),
        (7, "Type a name"),
    ],
)
def test_names_that_nobody_can_read_are_refused(name: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        check_name(name)
    assert len(str(caught.value)) < 200
    str(caught.value).encode("utf-8")  # can be sent to the page


def test_equal_names_are_one_name() -> None:
    assert check_name("  Zoe\u0308 \n Müller ") == "Zoë Müller"
    assert len({name_key(name) for name in ("Zoë", "ZOË", "Zoe\u0308", "Ｚｏë", "Zoë\u200d")}) == 1
    assert name_key("Straße") == name_key("STRASSE")
    assert name_key("Ann") != name_key("Anna")
    assert check_name("葛\U000e0100城") == "葛\U000e0100城"  # a form that this family writes itself with
    assert name_key("葛\U000e0100城") == name_key("葛城")
    assert check_name("x" * LONGEST_NAME)


def test_an_endless_name_is_never_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks in an unusual order take the square of their number: half a minute for 200,000, while everybody waits."""
    endless = "a" + "\u0301\u0323" * 600
    seen: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr("unicodedata.normalize", lambda form, text: seen.append(len(text)) or text)
        with pytest.raises(InputError, match="1,201 characters"):
            check_name(endless)
        assert name_key(endless) == look_key(endless) == endless
    assert seen == []


def test_what_ten_threads_enrol_is_all_there(gallery: Gallery) -> None:
    def work(worker: int) -> None:
        for i in range(5):
            enroll(gallery, f"p{worker}", 100 * worker + i, owner=f"owner {worker}")
            gallery.index(A).rank(vector(0), 3)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(10)))
    index = gallery.index(A)
    assert (index.people, len(index.rows)) == (10, 50)


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> list[WatchedLock]:
    """The locks of the galleries that a test makes, in the order of their making: of the indices, of the rows."""
    made: list[WatchedLock] = []

    def make() -> WatchedLock:
        made.append(WatchedLock())
        return made[-1]

    monkeypatch.setattr(gallery_module, "threading", SimpleNamespace(Lock=make, RLock=make))
    return made


CALLS: dict[str, Callable[[Gallery], object]] = {
    "enroll": lambda gallery: enroll(gallery, "Ben", 2),
    "photos": lambda gallery: gallery.photos("me"),
    "forget": lambda gallery: gallery.forget("Anna", owner="me"),
    "forget_photo": lambda gallery: gallery.forget_photo(1, owner="me"),
    "clear": lambda gallery: gallery.clear(owner="me"),
    "version": lambda gallery: gallery.version(),
    "load": lambda gallery: gallery.load(A),
}


@pytest.mark.parametrize("call", CALLS)
def test_nobody_sees_or_changes_a_gallery_in_the_middle_of_an_enrolment(
    call: str, locks: list[WatchedLock], monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = MemoryGallery()
    enroll(gallery, "Anna", 1)
    inside, leave = threading.Event(), threading.Event()
    check = gallery_module.check_room

    def held(*limits: Any, **counts: int) -> None:
        check(*limits, **counts)  # there is room
        if not inside.is_set():
            inside.set()
            leave.wait(LONG_S)

    monkeypatch.setattr(gallery_module, "check_room", held)
    first, second = (lambda: enroll(gallery, "Cleo", 3)), (lambda: CALLS[call](gallery))
    assert waits(locks[1], inside, leave, first, second)


def test_two_who_search_at_once_share_one_index(locks: list[WatchedLock]) -> None:
    inside, leave = threading.Event(), threading.Event()
    loads = []

    class Slow(MemoryGallery):
        def load(self, encoder: str) -> Index:
            loads.append(encoder)
            if not inside.is_set():
                inside.set()
                leave.wait(LONG_S)
            return super().load(encoder)

    gallery = Slow()
    enroll(gallery, "Anna", 1)
    assert waits(locks[0], inside, leave, lambda: gallery.index(A), lambda: gallery.index(A))
    assert loads == [A]


def test_a_thumbnail_is_small() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3), np.uint8)
    small = thumbnail(Image.fromarray(noise))
    assert len(small) < 12_000
    assert Image.open(io.BytesIO(small)).size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE)


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("Аda", "Ada"),  # Cyrillic A
        ("АDА", "Ada"),
        ("Αda", "ada"),  # Greek Alpha
        ("Bаrаck Оbаmа", "Barack Obama"),
        ("Joe Вiden", "Joe Biden"),
        ("AIice", "Alice"),
        ("A1ice", "Alice"),
        ("Ｊoe", "Joe"),
        ("J0e", "Joe"),
        ("Ꭺda", "Ada"),  # Cherokee
        ("ꓮꓓꓮ", "Ada"),  # Lisu
        ("ᴀᴅᴀ", "Ada"),
        ("Ⲧoⲙ", "Tom"),  # Coptic
        ("ꓡea", "Lea"),
        ("ᗅᗪᗅ", "Ada"),  # Canadian syllables
        ("𐊠da", "Ada"),  # Carian
        ("Ԍreg", "Greg"),  # Cyrillic Komi Sje
        ("Տam", "Sam"),  # Armenian
        ("Ϝinn", "Finn"),  # Greek digamma
        ("Ada\ufe00", "Ada"),  # marks that choose a form of the letter before, where it has several
        ("A\U000e0101da", "Ada"),
        ("Ad\u180ba", "Ada"),
        ("O’Brien", "O'Brien"),
        ("Ann‐Lee", "Ann-Lee"),
    ],
)
def test_a_name_that_looks_like_anothers_is_refused(gallery: Gallery, name: str, like: str) -> None:
    enroll(gallery, like, 1, owner="ann")
    with pytest.raises(InputError, match=r"looks like|somebody else"):
        enroll(gallery, name, 2, owner="eve")
    assert [photo.person for photo in gallery.photos("ann")] == [like]


@pytest.mark.parametrize(
    "names", [("José", "Jose"), ("Ada", "Ida"), ("王小明", "王小红"), ("Анна", "Инна"), ("Tim", "Tom")]
)
def test_names_that_look_different_live_together(gallery: Gallery, names: tuple[str, str]) -> None:
    for seed, name in enumerate(names):
        enroll(gallery, name, seed, owner=f"owner {seed}")
    assert len(gallery.photos("x")) == 2
    assert look_key(names[0]) != look_key(names[1])


@pytest.mark.parametrize("name", ["Ada\u3164", "Ada\u034f", "Ada\u2800", "\u2800", "\u115f\u1160", "\uffa0 x"])
def test_what_nobody_can_see_is_no_part_of_a_name(gallery: Gallery, name: str) -> None:
    with pytest.raises(InputError, match="nobody can see"):
        enroll(gallery, name, 1)


def test_the_teacher_sees_and_deletes_everything(gallery: Gallery) -> None:
    for seed, name in enumerate(("Ann", "Bob", "Cy")):
        enroll(gallery, name, seed, owner=name)
    assert all(photo.mine for photo in gallery.photos(TEACHER))
    assert not any(photo.mine for photo in gallery.photos("teacher"))
    assert gallery.forget("Ann", owner=TEACHER) == 1
    gallery.forget_photo(gallery.photos(TEACHER)[0].id, owner=TEACHER)
    assert enroll(gallery, "Cy", 9, owner=TEACHER).photos == 2
    assert gallery.forget("Cy", owner="Cy") == 2  # still Cy's own
    enroll(gallery, "Dee", 4, owner="Dee")
    assert gallery.clear(owner="Eve") == 0
    assert gallery.clear(owner=TEACHER) == 1
    assert gallery.photos(TEACHER) == ()


def test_the_samples_are_everybodys(gallery: Gallery) -> None:
    enroll(gallery, "Barack Obama", 1, owner=SAMPLES)
    assert not enroll(gallery, "Barack Obama", 1, owner=SAMPLES).added
    assert gallery.photos("ann")[0].mine
    assert enroll(gallery, "Barack Obama", 2, owner="ann").photos == 2
    assert gallery.clear(owner="ann") == 0
    assert gallery.forget("Barack Obama", owner="bob") == 2
