"""The face endpoints as clients meet them: real photos over a real port, and everything that can be wrong with them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

SAMPLES = Path(__file__).parents[4] / "apps" / "face" / "samples"
OBAMA, OBAMA_2, BIDEN, COLLINS = (SAMPLES / f"{name}.jpg" for name in ("obama", "obama2", "biden", "collins"))


def client_of(url: str) -> Client:
    return Client(url, verbose=False)


@pytest.fixture(scope="module")
def client(hub_url: str) -> Client:
    return client_of(hub_url)


def send(path: Path) -> Any:
    return handle_file(str(path))


def test_two_photos_of_one_person_are_the_same(client: Client) -> None:
    answer = client.predict(send(OBAMA), send(OBAMA_2), api_name="/verify")
    assert answer["same"] is True
    assert answer["distance"] <= answer["threshold"]
    assert answer["d_squared"] == pytest.approx(answer["distance"] ** 2)
    assert 0.5 <= answer["probability"] <= 1
    assert 0 <= answer["far"] <= 1
    assert answer["far_data"] in answer["statement"]
    for photo, size in ((answer["photo_a"], [512, 640]), (answer["photo_b"], [334, 640])):
        assert photo["size"] == size
        left, top, right, bottom = photo["faces"][0]["box"]
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        assert len(photo["faces"][0]["landmarks"]) == 5
        assert photo["chip"].startswith("data:image/jpeg;base64,")


def test_two_people_are_different_and_order_does_not_count(client: Client) -> None:
    one = client.predict(send(OBAMA), send(BIDEN), api_name="/verify")
    other = client.predict(send(BIDEN), send(OBAMA), api_name="/verify")
    assert one["same"] is False
    assert one["probability"] < 0.5
    assert one["distance"] == pytest.approx(other["distance"], abs=1e-6)


def test_a_photo_unlike_the_person_s_others_is_questioned(hub_url: str) -> None:
    client = client_of(hub_url)
    first = client.predict(send(OBAMA), "Barack", api_name="/enroll")
    assert first["warning"] == ""
    assert "second photo of Barack" in first["advice"]
    assert "1,149 test pairs" in first["advice"]  # what it buys, on how many, with its interval
    assert "(95 %: 99.1% to 99.9%) with two" in first["advice"]
    second = client.predict(send(OBAMA_2), "barack", api_name="/enroll")
    assert (second["warning"], second["advice"]) == ("", "")
    other = client.predict(send(BIDEN), "Barack", api_name="/enroll")
    assert "Is this Barack?" in other["warning"]
    assert other["added"] is True


def test_a_photo_against_itself_has_distance_zero_and_tau_zero_is_a_threshold(client: Client) -> None:
    answer = client.predict(send(COLLINS), send(COLLINS), "0", api_name="/verify")
    assert answer["distance"] < 1e-4  # one chip in two batches of one
    assert answer["threshold"] == 0.0
    strict = client.predict(send(OBAMA), send(OBAMA_2), threshold="0", api_name="/verify")
    assert (strict["same"], strict["threshold"]) == (False, 0.0)
    assert strict["probability"] < 0.5
    assert client.predict(send(OBAMA), send(BIDEN), threshold=5, api_name="/verify")["same"] is True


def test_one_photo_enrols_and_the_gallery_answers_until_it_forgets(hub_url: str) -> None:
    client = client_of(hub_url)
    assert client.predict(send(OBAMA_2), api_name="/identify")["people"] == 0
    first = client.predict(send(OBAMA), "Barack Obama", api_name="/enroll")
    assert (first["name"], first["photos"], first["added"], first["gallery"]) == ("Barack Obama", 1, True, "session")
    client.predict(send(COLLINS), "Eileen Collins", api_name="/enroll")
    answer = client.predict(send(OBAMA_2), api_name="/identify")
    (face,) = answer["faces"]
    assert (face["recognised"], face["name"]) == (True, "Barack Obama")
    assert [one["name"] for one in face["candidates"]] == ["Barack Obama", "Eileen Collins"]
    assert face["candidates"][0]["distance"] <= answer["threshold"] < face["candidates"][1]["distance"]
    assert answer["stranger_chance"] == pytest.approx(1 - (1 - answer["far"]) ** 2)
    stranger = client.predict(send(BIDEN), api_name="/identify")["faces"][0]
    assert (stranger["recognised"], stranger["name"]) == (False, None)
    again = client.predict(send(OBAMA), "barack obama", api_name="/enroll")
    assert (again["added"], again["photos"]) == (False, 1)
    assert client.predict(send(OBAMA_2), "Barack Obama", api_name="/enroll")["photos"] == 2
    assert client.predict("Barack Obama", api_name="/forget")["forgotten"] == 2
    assert client.predict(send(OBAMA_2), api_name="/identify")["faces"][0]["recognised"] is False
    left = client.predict(everybody=True, api_name="/forget")
    assert (left["forgotten"], left["people"]) == (1, [])


def test_galleries_are_private_to_a_session(hub_url: str) -> None:
    mine, yours = client_of(hub_url), client_of(hub_url)
    mine.predict(send(OBAMA), "Mine", api_name="/enroll")
    assert yours.predict(send(OBAMA), api_name="/identify")["people"] == 0
    with pytest.raises(AppError, match="Mine"):
        yours.predict("Mine", api_name="/forget")
    assert mine.predict(send(OBAMA), api_name="/identify")["people"] == 1


def test_a_group_photo_is_answered_face_by_face(hub_url: str, tmp_path: Path) -> None:
    client = client_of(hub_url)
    client.predict(send(OBAMA), "Barack Obama", api_name="/enroll")
    client.predict(send(COLLINS), "Eileen Collins", api_name="/enroll")
    group = Image.new("RGB", (1100, 640), "grey")
    group.paste(Image.open(OBAMA_2), (0, 0))
    group.paste(Image.open(COLLINS), (560, 60))
    path = tmp_path / "group.png"
    group.save(path)
    answer = client.predict(send(path), api_name="/identify")
    found = {face["name"]: face["box"] for face in answer["faces"] if face["recognised"]}
    assert found.keys() == {"Barack Obama", "Eileen Collins"}
    assert found["Barack Obama"][2] < 400 < 560 < found["Eileen Collins"][0]
    one = client.predict(send(path), send(OBAMA), face_a=1, api_name="/verify")
    other = client.predict(send(path), send(OBAMA), face_a=2, api_name="/verify")
    assert {one["same"], other["same"]} == {True, False}
    assert [one["photo_a"]["chosen"], other["photo_a"]["chosen"]] == [1, 2]
    with pytest.raises(AppError, match="number of the face"):
        client.predict(send(path), send(OBAMA), face_a=9, api_name="/verify")


def test_a_triplet_is_the_formula(client: Client) -> None:
    answer = client.predict(send(OBAMA), send(OBAMA_2), send(BIDEN), 0.2, api_name="/triplet")
    assert answer["loss"] == pytest.approx(max(answer["d_ap"] - answer["d_an"] + 0.2, 0))
    assert answer["region"] == "easy"
    swapped = client.predict(send(OBAMA), send(BIDEN), send(OBAMA_2), 0.2, api_name="/triplet")
    assert swapped["region"] == "hard"
    assert swapped["loss"] == pytest.approx(answer["d_an"] - answer["d_ap"] + 0.2)
    with pytest.raises(AppError, match="margin"):
        client.predict(send(OBAMA), send(OBAMA_2), send(BIDEN), -1, api_name="/triplet")


def bomb() -> bytes:
    """A PNG of 20,000 x 20,000 pixels in a few hundred kilobytes."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(20_001 * 100)) for _ in range(200)) + packer.flush()
    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def tiny() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (1, 1)).save(stream, "JPEG")
    return stream.getvalue()


def faceless() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"Dear diary, today I was renamed to .jpg", "of another kind"),
    "empty": (lambda: b"", "of another kind|0 bytes|empty"),
    "tiny": (tiny, "at least"),
    "bomb": (bomb, "megapixels|pixels"),
    "cut": (lambda: OBAMA.read_bytes()[:20_000], "damaged"),
    "faceless": (faceless, "showing a face"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_photo_is_reported_and_the_server_goes_on(client: Client, tmp_path: Path, kind: str) -> None:
    make, message = BAD[kind]
    path = tmp_path / "photo.jpg"
    path.write_bytes(make())
    for call in (
        lambda: client.predict(send(path), send(OBAMA), api_name="/verify"),
        lambda: client.predict(send(path), api_name="/identify"),
        lambda: client.predict(send(path), "Anna", api_name="/enroll"),
    ):
        with pytest.raises(AppError, match=message) as caught:
            call()
        assert "our side" not in str(caught.value)
    assert client.predict(send(OBAMA), send(OBAMA), api_name="/verify")["same"] is True


@pytest.mark.parametrize("threshold", ["nan", "inf", "-0.1", "wide", "1e9"])
def test_an_unusable_threshold_is_reported(client: Client, threshold: str) -> None:
    with pytest.raises(AppError, match="threshold"):
        client.predict(send(OBAMA), send(OBAMA_2), threshold=threshold, api_name="/verify")
    with pytest.raises(AppError, match="threshold"):
        client.predict(send(OBAMA), threshold=threshold, api_name="/identify")


def test_an_unknown_encoder_is_reported_with_the_known_ones(client: Client) -> None:
    for call in (
        lambda: client.predict(send(OBAMA), send(BIDEN), encoder="arcface", api_name="/verify"),
        lambda: client.predict(send(OBAMA), encoder="arcface", api_name="/identify"),
        lambda: client.predict(send(OBAMA), "Anna", encoder="arcface", api_name="/enroll"),
        lambda: client.predict(send(OBAMA), send(OBAMA), send(BIDEN), encoder="", api_name="/triplet"),
    ):
        with pytest.raises(AppError, match="resnet29-128d"):
            call()


def test_a_missing_photo_is_reported(client: Client) -> None:
    with pytest.raises(AppError, match="photo 2"):
        client.predict(send(OBAMA), None, api_name="/verify")


@pytest.mark.parametrize(
    "name", ["🧑🏽‍🚀 Zoë", "../../etc/passwd", "<script>alert(1)</script>", "'; DROP TABLE people; --"]
)
def test_strange_names_are_kept_as_typed(hub_url: str, name: str) -> None:
    client = client_of(hub_url)
    assert client.predict(send(BIDEN), name, api_name="/enroll")["name"] == name
    assert client.predict(send(BIDEN), api_name="/identify")["faces"][0]["name"] == name
    assert client.predict(name, api_name="/forget")["forgotten"] == 1


@pytest.mark.parametrize(
    ("name", "message"), [("x" * 10_000, "10,000 characters"), ("  ", "visible"), ("a\x00", "0000")]
)
def test_unreadable_names_are_refused(client: Client, name: str, message: str) -> None:
    with pytest.raises(AppError, match=message):
        client.predict(send(BIDEN), name, api_name="/enroll")


def test_forget_wants_to_know_what(client: Client) -> None:
    with pytest.raises(AppError, match="what to delete"):
        client.predict(api_name="/forget")


def test_a_class_shares_one_gallery_and_everybody_deletes_their_own(
    start_hub: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "class.db"
    url = start_hub("--tabs", "face", "--gallery", str(path))
    mine, yours = client_of(url), client_of(url)
    done = mine.predict(send(OBAMA), "Barack Obama", key="my secret", api_name="/enroll")
    assert done["gallery"] == "class"
    yours.predict(send(COLLINS), "Eileen Collins", api_name="/enroll")
    seen = yours.predict(send(OBAMA_2), api_name="/identify")
    assert (seen["people"], seen["faces"][0]["name"]) == (2, "Barack Obama")
    for call in (
        lambda: yours.predict("Barack Obama", api_name="/forget"),
        lambda: yours.predict(photo=done["photo"], api_name="/forget"),
        lambda: yours.predict(send(BIDEN), "Barack Obama", api_name="/enroll"),
    ):
        with pytest.raises(AppError, match="Barack Obama"):
            call()
    assert yours.predict(everybody=True, api_name="/forget")["forgotten"] == 1
    again = client_of(url)  # another session with the same secret
    assert again.predict("Barack Obama", key="my secret", api_name="/forget")["forgotten"] == 1
    assert b"my secret" not in path.read_bytes()
