"""The board: pixels and nothing else, few, small, and gone when they are to be."""

from __future__ import annotations

import ast
import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from apps.classroom import board
from apps.classroom.board import KINDS, Board
from shared.errors import ImageError, InputError, OptionError

ANN, BOB, HOME = "cookie ann", "cookie bob", "10.0.0.1"


def sent(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


TEAL = sent(Image.new("RGB", (60, 40), "teal"))


def only(pinned: Board) -> bytes:
    (one,) = pinned.listed(ANN)
    found = pinned.picture(one["name"])
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_only_the_pixels_stay(kind: str) -> None:
    noted = PngInfo()
    noted.add_text("Author", "a secret name")
    exif = Image.Exif()
    exif[0x010E] = "a secret name"
    image = Image.new("RGB", (60, 40), (0, 128, 128))
    options: dict[str, object] = {"exif": exif.tobytes()} | ({"pnginfo": noted} if kind == "PNG" else {})
    pinned = Board()
    pinned.send(ANN, HOME, sent(image, kind, **options), "gan")
    assert b"secret" in sent(image, kind, **options)
    assert b"secret" not in only(pinned)
    shown = Image.open(io.BytesIO(only(pinned)))
    assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (60, 40), {})
    assert np.abs(np.asarray(shown, int) - (0, 128, 128)).max() < 6


def test_even_noise_becomes_small() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), dtype=np.uint8)
    pinned = Board()
    pinned.send(ANN, HOME, sent(Image.fromarray(noise)), "style")
    assert max(Image.open(io.BytesIO(only(pinned))).size) == 640
    assert len(only(pinned)) <= board._LARGEST


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        TEAL[:50],
        TEAL[:-30],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        sent(Image.new("RGB", (9, 9)), "TIFF"),
        sent(Image.new("L", (4001, 1000))),
        sent(Image.new("RGB", (600, 1))),
    ],
    ids=["nothing", "gif", "cut", "end-cut", "svg", "tiff", "large", "thin"],
)
def test_what_is_no_picture_of_a_page_is_refused(data: bytes) -> None:
    pinned = Board()
    with pytest.raises(ImageError):
        pinned.send(ANN, HOME, data, "gan")
    assert pinned.state() == {"pictures": 0, "version": 0}


def test_places_are_counted_for_a_visitor_an_address_and_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MOST", 4)
    monkeypatch.setattr(board, "MOST_OF_VISITOR", 2)
    monkeypatch.setattr(board, "MOST_OF_ADDRESS", 3)
    pinned = Board()
    for _ in range(2):
        pinned.send(ANN, HOME, TEAL, "gan")
    pinned.remove(pinned.listed(ANN)[0]["name"], ANN, teaches=False)
    with pytest.raises(InputError, match="2 pictures already"):  # what was removed counts: it was work, too
        pinned.send(ANN, HOME, TEAL, "gan")
    pinned.send(BOB, HOME, TEAL, "gan")
    with pytest.raises(InputError, match="already"):
        pinned.send(BOB, HOME, TEAL, "gan")
    for number in range(2):
        pinned.send(f"cookie {number}", "10.0.0.2", TEAL, "gan")
    with pytest.raises(InputError, match="board is full"):
        pinned.send("cookie zoe", "10.0.0.3", b"looked at by nobody", "gan")
    pinned.clear()
    pinned.send(ANN, HOME, TEAL, "gan")
    assert pinned.state()["pictures"] == 1


def test_pictures_that_arrive_together_do_not_overfill_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "MOST", 1)
    both = threading.Barrier(2)
    small = board._small

    def together(data: bytes) -> bytes:
        both.wait(30)
        return small(data)

    monkeypatch.setattr(board, "_small", together)
    pinned, refused = Board(), []

    def send(visitor: str) -> None:
        try:
            pinned.send(visitor, HOME, TEAL, "gan")
        except InputError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=send, args=(visitor,)) for visitor in (ANN, BOB)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (pinned.state()["pictures"], len(refused)) == (1, 1)


def test_who_has_no_cookie_and_what_is_of_no_tab_is_refused() -> None:
    pinned = Board()
    with pytest.raises(InputError, match="cookie"):
        pinned.send("address 10.0.0.1", HOME, TEAL, "gan")
    for kind in ("face", "", None, ["gan"]):
        with pytest.raises(OptionError):
            pinned.send(ANN, HOME, TEAL, kind)
    assert pinned.state()["pictures"] == 0


_PAINTS = {"animated", "data_url", "jpeg_url", "png_url", "tiles"}  # functions that make a picture for the page
_NOT_SENT = {  # modules whose pictures are no results, and pictures that another one shows as well
    "gan/ui/guess.py": "the round is a riddle",
    "style/ui/graphics.py": "lays nothing out",
    "style/ui/styles.py": "the choice of styles",
    "style/ui/controls.py": "the choice of samples",
    "style/ui/paint.py: G": "the live picture above it",
}


def test_whatever_draws_a_picture_offers_to_send_it() -> None:
    apps = Path(__file__).parents[3] / "apps"
    missing = []
    for path in (path for slug in KINDS for path in (apps / slug / "ui").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        called = {node.func: node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)}
        names = {ast.unparse(func).rpartition(".")[2] for func in called}
        place = f"{path.parent.parent.name}/ui/{path.name}"
        if names & _PAINTS and "HTML" in names and "SENDS" not in text and place not in _NOT_SENT:
            missing.append(place)
        for func, node in called.items():
            given = {one.arg: ast.unparse(one.value) for one in node.keywords}
            shown = ast.unparse(func) == "gr.Image" and given.get("interactive") == "False"
            if shown and "SENDS" not in given.get("elem_classes", ""):
                missing.append(f"{place}: {ast.literal_eval(given['label'])}")
    assert [one for one in missing if one not in _NOT_SENT] == []
