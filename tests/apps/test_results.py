"""Results to take home: what the handlers returned is what is in the zip, the visitor's own alone, in bounds."""

from __future__ import annotations

import csv
import gc
import io
import json
import weakref
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio.context import LocalContext
from PIL import Image

from apps import results
from apps.links import kinds_at, read_link
from apps.sharing import Sharing, sharing_of
from apps.ui import keep_result, session_of
from shared.errors import InputError
from shared.sessions import Sessions, forget_everybody
from tests.shared.engine.fake_spaces import lend

Taken = dict[str, bytes]
_NO_CODE = {
    "gan-from-a-picture-drawing",
    "style-units-dream",
    "style-now-film",
    "gan-latent-walk-moved",
    "gan-latent-walk-sum",
}  # results that no script gives
_UNLINKED = {"gan/from-a-picture": {"place"}}  # a folder's settings that no link carries


@pytest.fixture(scope="module")
def sharing(whole_page: gr.Blocks) -> Sharing:
    return sharing_of(whole_page)


def asking(name: str) -> gr.Request:
    request = gr.Request(session_hash=name)
    LocalContext.request.set(request)
    return request


@pytest.fixture
def request_(monkeypatch: pytest.MonkeyPatch) -> Iterator[gr.Request]:
    yield asking("hers")
    LocalContext.request.set(None)
    forget_everybody()


@pytest.fixture
def taken(sharing: Sharing, request_: gr.Request) -> Callable[[], Taken]:
    """What "Take the results home" gives to the visitor who asks, after every link and script was looked at."""

    def take() -> Taken:
        for one in results.RESULTS.get(session_of(request_)).all():
            assert one.path in sharing.paths
            link = sharing.link_to(one)
            asked = read_link(link, sharing.paths, sharing.groups)
            assert (asked.path, asked.faults) == (one.path, ())
            known = kinds_at(one.path, sharing.groups)
            assert one.settings.keys() <= known.keys() | _UNLINKED.get(one.path, set()), one
            assert {name: value for name, value in one.settings.items() if name in known} == dict(asked.values or {})
            compile(sharing.code_of(one), one.folder, "exec")
            assert bool(sharing.code_of(one)) == (one.folder not in _NO_CODE), one.folder
        return pack(sharing, request_)

    return take


def pack(sharing: Sharing, request: gr.Request, *given: Any) -> Taken:
    sent = gr.EventData(None, {"given": list(given)})
    return unpacked(Path(sharing.packed(request, sent)).read_bytes())


def unpacked(data: bytes) -> Taken:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def picture(data: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(data)))


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


@pytest.mark.slow
def test_digits_are_those_of_the_endpoints(taken: Callable[[], Taken]) -> None:
    from apps.gan.drawing.tiles import png_url
    from apps.gan.ui.digits import sample_digits
    from apps.gan.ui.restore import _from_drawing, _from_real
    from apps.gan.ui.sampling import sample_gan
    from apps.gan.ui.walk import _moved, _sum, interpolate

    sheet, verdicts, _ = sample_gan("dcgan-digits", 6, 5, 1.5, 2)
    number, reading = sample_digits("3.14", 8, 4.0)
    walk, _, _ = interpolate(1, 2, "3", "8", "linear", 3)
    _moved(4, "6", 1.5, 0, 0, 0)
    summed = _sum(5, 6, 7, "2")
    _from_real(3)
    _from_drawing("[[[0.5, 0.2], [0.5, 0.8]]]")
    found = taken()
    for name, shown in (
        ("gan-sample/digits", sheet),
        ("gan-digits-on-demand/number", number),
        ("gan-latent-walk/walk", walk),
    ):
        assert (picture(found[f"{name}.png"]) == np.asarray(shown)).all()
    assert json.loads(found["gan-sample/verdicts.json"]) == verdicts
    assert f"<b>{found['gan-digits-on-demand/read.txt'].decode().strip()}</b>" in reading
    assert Image.open(io.BytesIO(found["gan-latent-walk/walk.webp"])).n_frames == 4  # type: ignore[attr-defined]
    assert (
        picture(found["gan-latent-walk-moved/moved.png"]).shape[1]
        > picture(found["gan-latent-walk-sum/sum.png"]).shape[1]
    )
    sums = picture(found["gan-latent-walk-sum/sum.png"])[6::6, 6::6][:28]
    assert all(png_url(sums[:, 29 * at : 29 * at + 28]) in summed for at in range(4))
    assert [one[0] for one in rows(found["gan-from-a-picture/figures.csv"])][1:] == ["original", "bicubic", "GAN"]
    told = found[results.README].decode()
    assert "?tab=gan/sample&v=1&model=dcgan-digits&count=6&seed=5&truncation=1.5&real=2" in told
    assert "  digits.png: The pictures, row by row." in told
    assert "seed = 5" in found["gan-sample/code.py"].decode()
    assert "place = 3" in found["gan-from-a-picture/code.py"].decode()
    assert "gan-from-a-picture-drawing/code.py" not in found  # none would give these numbers


def test_a_stack_is_that_of_the_endpoint(taken: Callable[[], Taken]) -> None:
    from apps.conv.ui.shapes import _work_out, conv_shapes

    list(_work_out("14x14x3", "5x5x3,16\nmaxpool 2x2"))
    found = taken()
    told = conv_shapes("14x14x3", "5x5x3,16; maxpool 2x2")
    assert json.loads(found["conv-shapes/stack.json"]) == json.loads(json.dumps(told))
    assert [one[1] for one in rows(found["conv-shapes/layers.csv"])[1:]] == ["10x10x16", "5x5x16"]


@pytest.mark.slow
def test_beats_are_those_of_the_endpoint(taken: Callable[[], Taken], request_: gr.Request) -> None:
    from apps.ekg.answers.export import answer_of
    from apps.ekg.ui.answer import classify_choice
    from apps.ekg.ui.inside import _choose, answer_disturbed
    from apps.ekg.ui.results import result_store

    *_, last = classify_choice("fibrillation", None, None, None, True, request_)
    told = answer_of(result_store().get(last[2]))
    _choose(last[2], 1, 1, 26, SimpleNamespace(index=4))  # type: ignore[arg-type]
    answer_disturbed(last[2], 0.1, 0, 1, 125, False, request_)
    found = taken()
    assert json.loads(found["ekg/report.json"]) == json.loads(json.dumps(told))
    report = found["ekg/report.txt"].decode()
    assert f"V {told['rhythm']['counts']['V']:,}" in report
    assert "Not a medical device." in report
    beats = rows(found["ekg/beats.csv"])[1:]
    assert [one[2] for one in beats] == [one["class"] for one in told["beats"]]
    assert len(rows(found["ekg-break-it/beats.csv"])) > 1
    assert "?tab=ekg/one-beat&v=1&sample=fibrillation&annotated=1&beat=5" in found[results.README].decode()
    result_store().clear()
    gone = taken()
    assert "ekg/beats.csv" not in gone
    assert "beats.csv: left out. This result has expired" in gone[results.README].decode()


@pytest.mark.slow
def test_a_painting_is_the_one_on_the_page(taken: Callable[[], Taken], request_: gr.Request) -> None:
    from apps.style.samples import SAMPLES
    from apps.style.ui.now import stylize_now
    from apps.style.ui.paint import stylize
    from apps.style.ui.result import _film
    from apps.style.ui.state import SESSIONS
    from apps.style.ui.state import session_of as session_

    pictures = [str(SAMPLES[name].path) for name in ("cat", "woodcut")]
    *_, last = stylize(
        *pictures, size=48, iterations=2, content_layers=["relu2_1"], style_layers=["relu1_1"], request=request_
    )
    painted, _, numbers = stylize_now(pictures[0], "woodcut", size=64, request=request_)
    video, _ = _film(request_)
    found = taken()
    assert (picture(found["style-paint/style-transfer.png"]) == np.asarray(last[4])).all()
    assert json.loads(found["style-paint/recipe.json"]) == json.loads(json.dumps(last[3]["recipe"]))
    costs = [one.J for one in session_(request_).current().costs]
    assert [float(one[3]) for one in rows(found["style-paint/costs.csv"])[1:]] == pytest.approx(costs)
    assert found["style-paint/style-transfer.gif"].startswith(b"GIF89a")
    assert (picture(found["style-now/painted.png"]) == np.asarray(painted)).all()
    assert json.loads(found["style-now/numbers.json"]) == numbers
    assert found["style-after/style-transfer.mp4"] == Path(video).read_bytes()
    assert "size = 48" in found["style-after/code.py"].decode()
    run = weakref.ref(session_(request_).current())
    SESSIONS.clear()
    gc.collect()
    assert run() is None  # 35 MB each, which nobody else counts
    assert not [name for name in taken() if name.endswith((".mp4", ".gif"))]


def shot(seed: int) -> Any:
    from apps.face.photo.pipeline import Face
    from apps.face.ui.state import Shot

    chip = np.full((150, 150, 3), seed, np.uint8)
    face = Face(box=(0, 0, 80, 80), landmarks=np.ones((5, 2)), confidence=0.99, chip=chip, crop=chip)
    made = Shot(size=(100, 100), preview="", faces=(face,), detect_s=0.1)
    code = np.random.default_rng(seed).normal(0, 0.05, 128).astype(np.float32)
    made._encodings["resnet29-128d", 0] = code
    return made


def test_a_verdict_is_that_of_the_panel_until_a_photo_is_taken_away(
    taken: Callable[[], Taken], request_: gr.Request
) -> None:
    from apps.face.ui import recognise, verify
    from apps.face.ui.state import VISITORS, visitor

    who = visitor(request_)
    who.shots |= {"a": shot(1), "b": shot(2), "probe": shot(3)}
    shown = verify._answered(who, "resnet29-128d", 0.6)
    recognise.redraw("resnet29-128d", 0.6, request_)
    found = taken()
    told = json.loads(found["face-verify/verdict.json"])
    assert f"{told['distance']:.4f}" in shown
    assert "data:" not in found["face-verify/verdict.json"].decode()
    first, second = (
        np.array([float(one[at]) for one in rows(found["face-verify/encodings.csv"])[1:]]) for at in (1, 2)
    )
    assert np.linalg.norm(first - second) == pytest.approx(told["distance"], rel=1e-5)
    assert (picture(found["face-verify/face-2.png"]) == 2).all()
    assert json.loads(found["face-recognise/faces.json"])["faces"][0]["name"] is None
    photo = weakref.ref(who.shots["a"])
    del who.shots["b"], who.shots["probe"]
    gone = taken()
    assert {name for name in gone if name.startswith("face")} == {
        "face-verify/code.py", "face-verify/pairs.csv", "face-recognise/code.py"
    }  # fmt: skip
    del who
    VISITORS.clear()
    gc.collect()
    assert photo() is None
    assert "face-verify/pairs.csv" not in taken()


def test_nobody_elses_name_goes_along() -> None:
    from apps.face.ui.answers import with_names_of

    one = {"name": "Ada", "candidates": [{"name": "Ada"}, {"name": "Grace"}]}
    answer = {"faces": [one, {"name": None, "candidates": []}], "repeated": []}
    assert "Grace" not in json.dumps(with_names_of({"Ada"}, answer))
    assert with_names_of({"Ada"}, answer)["faces"][0]["name"] == "Ada"
    hidden = with_names_of((), answer | {"repeated": ["Ada stands there twice."]})
    assert "Ada" not in json.dumps(hidden)


def test_everybody_gets_their_own_and_nothing_is_said_clearly(sharing: Sharing, request_: gr.Request) -> None:
    keep_result("gan/sample", {"a.txt": ("hers", "A.")})
    other = asking("his")
    with pytest.raises(InputError, match="no results of yours yet"):
        pack(sharing, other)
    keep_result("gan/sample", {"a.txt": ("his", "A.")})
    assert pack(sharing, other)["gan-sample/a.txt"] == b"his"
    assert pack(sharing, request_)["gan-sample/a.txt"] == b"hers"
    LocalContext.request.set(None)
    keep_result("gan/sample", {"a.txt": ("nobody's", "A.")})
    assert len(results.RESULTS) == 2
    forget_everybody()
    with pytest.raises(InputError):
        pack(sharing, request_)


def test_what_is_kept_and_packed_is_bounded(monkeypatch: pytest.MonkeyPatch, taken: Callable[[], Taken]) -> None:
    monkeypatch.setattr(results, "_EACH", 1000)
    monkeypatch.setattr(results, "_LARGEST", 60_000)
    keep_result("conv/shapes", {"old.txt": ("x" * 600, "Old.")})
    keep_result("gan/sample", {"one.txt": ("x" * 600, "The first.")})
    keep_result("gan/sample", {"two.txt": ("x" * 600, "The next one of its kind.")})
    keep_result(
        "gan/anatomy", {"large.bin": (lambda: b"x" * 50_000, "Late."), "more.bin": (lambda: b"x" * 50_000, "Late.")}
    )
    found = taken()
    assert {name for name in found if "code" not in name} == {
        "gan-sample/two.txt",
        "gan-anatomy/large.bin",
        results.README,
    }
    assert "more.bin: left out, because" in found[results.README].decode()


def test_what_is_large_waits_on_the_disk_and_goes_with_its_owner(
    monkeypatch: pytest.MonkeyPatch, taken: Callable[[], Taken], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 150, 3), np.uint8))
    keep_result("gan/sample", {"large.png": (picture, "Large."), "small.png": (picture.resize((9, 9)), "Small.")})
    keep_result("gan/anatomy", {"film.webp": (b"x" * 60_000, "A film.")})

    def sizes() -> list[int]:
        return sorted(one.stat().st_size for one in tmp_path.glob("convhub-result-*"))

    assert sizes() == [60_000, 200 * 150 * 3]
    kept = results.RESULTS.find(session_of(asking("hers")))
    assert kept is not None
    assert kept.size == 60_000 + 200 * 150 * 3 + 9 * 9 * 3
    del kept
    found = taken()
    assert np.array_equal(Image.open(io.BytesIO(found["gan-sample/large.png"])), picture)
    assert found["gan-anatomy/film.webp"] == b"x" * 60_000
    keep_result("gan/sample", {"large.png": (picture.resize((300, 100)), "Large.")})
    assert sizes() == [60_000, 300 * 100 * 3]  # its forerunner's is gone
    forget_everybody()
    gc.collect()
    assert not sizes()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))  # where nothing can be written
    keep_result("gan/sample", {"large.png": (picture, "Large.")})
    assert np.array_equal(Image.open(io.BytesIO(taken()["gan-sample/large.png"])), picture)


def test_all_sessions_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_ALL", 10_000)
    monkeypatch.setattr(results, "RESULTS", Sessions(results.Kept, there=lambda session: False))
    for number in range(1000):
        asking(f"visitor-{number}")
        keep_result("gan/sample", {"a.txt": ("x" * 1000, "A.")})
        keep_result("gan/sample", {"b.txt": (lambda: "later", "B.")}, part="b", holds=500)
    owners = [session_of(asking(f"visitor-{number}")) for number in range(1000)]
    kept = [results.RESULTS.find(owner) for owner in owners]
    assert [one is not None for one in kept[-6:]] == [True] * 6
    assert sum(one.size for one in kept if one) == 6 * 1500
    LocalContext.request.set(None)


def test_the_answers_of_exercises_are_a_table(taken: Callable[[], Taken], monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.conv.exercises import KINDS, ask
    from apps.exercises import Panel

    monkeypatch.setattr(results, "_ROWS", 2)
    panel, one = Panel("apps.conv.exercises", KINDS), ask("parameters", 7)
    for answer in ("no number", "1", "2", str(one.answer)):
        panel.answered("parameters", 7, answer)
    found = taken()
    head, *answers = rows(found["conv-exercises/answers.csv"])
    assert [(row[1], row[2], row[3], row[5]) for row in answers] == [
        ("7", one.question, "2", "no"), ("7", one.question, f"{one.answer:,.0f}", "yes")
    ]  # fmt: skip
    assert head[3] == "your answer"
    assert "number = 7" in found["conv-exercises/code.py"].decode()
    assert 'demo = "conv"' in found["conv-exercises/code.py"].decode()


def test_what_stages_keep_in_the_browser_is_packed_with_the_rest(sharing: Sharing, request_: gr.Request) -> None:
    def gift(query: str, name: str = "output.csv", data: str = "data:text/csv;base64,MSwyCg==") -> dict[str, Any]:
        return {"query": query, "files": {name: data}}

    found = pack(sharing, request_, gift("?tab=conv/see&v=1&stride=2&place=7"), gift("?tab=gan/gan-lab&v=1&seed=3"))
    assert found["conv-see/output.csv"] == b"1,2\n"
    assert "stride = 2" in found["conv-see/code.py"].decode()
    assert "seed = 3" in found["gan-gan-lab/code.py"].decode()
    assert "?tab=conv/see&v=1&stride=2&place=7" in found[results.README].decode()
    see = "?tab=conv/see"
    for odd in (
        gift("?tab=gan/sample"), gift("?tab=../etc"), gift(see, "../x.csv"), gift(see, "x.html"),
        gift(see, data="data:text/html;base64,MSwyCg=="), gift(see, data="data:text/csv;base64,!"),
        {"query": see}, {"query": see, "files": {"a.csv": 7}}, "x",
    ):  # fmt: skip
        with pytest.raises(InputError):
            pack(sharing, request_, odd)
    with pytest.raises(InputError, match="no results of yours yet"):
        pack(sharing, request_)


@pytest.mark.slow
def test_both_networks_a_round_and_a_dream_are_taken_home(
    taken: Callable[[], Taken], request_: gr.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last one with a GPU that is lent, by whose process nothing is kept."""
    from apps.gan.ui.anatomy import _anatomy
    from apps.gan.ui.guess import discriminate
    from apps.style.ui.units import _dream
    from apps.style.units import dream

    _anatomy("cgan-digits", 3, "7")
    told, _ = discriminate(77, ["10", "2"])
    painted = Image.new("RGB", (8, 8), "teal")
    steps = [dream.Dream(picture=painted, activation=1.5, done=6, total=12)]
    monkeypatch.setattr(dream, "maximise", lambda *asked: (yield from steps))
    lend(monkeypatch)
    list(_dream("relu3_3", 5, "vgg16-hed", request_))
    found = taken()
    assert sum(int(row[4]) for row in rows(found["gan-anatomy/layers.csv"])[1:]) == 777_313 + 449_041
    assert json.loads(found["gan-are-you-better-than-d/round.json"]) == told
    assert 'fake = ["2", "10"]' in found["gan-are-you-better-than-d/code.py"].decode()
    assert (picture(found["style-units-dream/dream.png"]) == np.asarray(painted)).all()


def test_a_film_is_taken_home(
    taken: Callable[[], Taken], request_: gr.Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.style.ui import film

    def painted(source: Path, target: Path, *rest: Any, **more: Any) -> Iterator[Any]:
        target.write_bytes(b"film")
        yield SimpleNamespace(picture=Image.new("RGB", (8, 8)), number=1)

    monkeypatch.setattr(film, "paint_film", painted)
    list(film.paint_frames("film.mp4", "woodcut", None, "", 0.5, 384, 1.0, False, request_))
    assert taken()["style-now-film/painted.mp4"] == b"film"
