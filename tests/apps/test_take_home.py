"""The code that visitors take home: it runs as it stands, and gives the numbers of the page."""

from __future__ import annotations

import ast
import contextlib
import functools
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import nbformat
import numpy as np
import pytest
from PIL import Image

from apps import take_home
from apps.links import read_link
from apps.sharing import Sharing, sharing_of
from shared.demos import SLUGS
from shared.errors import InputError

_OURS = {
    "pairs",
    "photos",
    "people",
    "photo",
    "place",
    "content",
    "style",
    "demo",
    "updates",
    "own_steps",
}  # settings of scripts that are no controls: the sample photos

_LOOKS = {  # what links carry and scripts need not know: how something is looked at, or what it is made of elsewhere
    "face/siamese": {"tau"},
    "face/triplets": {"tau"},
    "face/measured": {"encoder", "tau"},
    "face/exercises": {"encoder", "tau"},
    "style/paint": {"axis", "preset"},
    "style/compare": {"alpha", "beta", "iterations", "preset", "size"},
    "gan/sample": {"again"},
    "gan/gan-lab": {"shows", "slow", "speed"},
    "ekg/break-it": {"beat"},
    "conv/see": {"speed"},
    "conv/shapes": {"preset"},
}


@pytest.fixture(scope="module")
def sharing(whole_page: gr.Blocks) -> Sharing:
    return sharing_of(whole_page)


@pytest.fixture
def run(sharing: Sharing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Runs the code for a link, in a folder that may be written to, and returns its variables and what it said."""
    monkeypatch.chdir(tmp_path)

    def execute(query: str) -> dict[str, Any]:
        told = sharing.code(query)
        notebook = nbformat.reads(told["notebook"], as_version=4)
        nbformat.validate(notebook)
        code = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
        assert ast.dump(ast.parse(code)) == ast.dump(ast.Module(ast.parse(told["script"]).body[1:], type_ignores=[]))
        names: dict[str, Any] = {}
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, told["name"], "exec"), names)
        return names | {"said": said.getvalue()}

    return execute


def test_the_pages_stack_has_the_pages_shapes(run: Callable[[str], dict[str, Any]]) -> None:
    from apps.conv.ui.shapes import conv_shapes

    names = run("?tab=conv/shapes&v=1&preset=lenet")
    assert names["found"] == conv_shapes(names["input_"], names["layers"])
    assert "61,706 parameters" in names["said"]


@pytest.mark.parametrize("scene", ["signal", "photo", "film", "volume"])
def test_the_filter_slides_as_on_the_page(run: Callable[[str], dict[str, Any]], scene: str) -> None:
    names = run(f"?tab=conv/see&v=1&scene={scene}&filter=1&stride=2&dilation=2&padding=same&place=3")
    x, kernel, output = names["x"].numpy(), names["kernel"].numpy(), names["output"].numpy()
    at = [int(i) for i in np.unravel_index(3, output.shape)]
    total = 0.0
    for place, weight in np.ndenumerate(kernel):
        taps = [2 * p + 2 * t - (f - 1) for p, t, f in zip(at, place[1:], kernel.shape[1:], strict=True)]
        if all(0 <= tap < side for tap, side in zip(taps, x.shape[1:], strict=True)):
            total += weight * x[(place[0], *taps)]
    assert float(output.flatten()[3]) == pytest.approx(total, abs=1e-9)
    assert f"place 3: {total:.4f}" in names["said"]


def test_the_same_digits_are_drawn(run: Callable[[str], dict[str, Any]]) -> None:
    from apps.gan.ui.digits import _class_grid, sample_digits
    from apps.gan.ui.sampling import sample_gan

    names = run("?tab=gan/sample&v=1&count=6&real=2&seed=5&truncation=1.5")
    _, verdicts, _ = sample_gan("dcgan-digits", 6, 5, 1.5, 2)
    assert verdicts["fooled"] == names["fooled"]
    shown = [round(float(p), 4) for p in names["found"].p_real]
    assert shown == [one["chance_real"] for one in verdicts["pictures"]]
    assert Path("digits.png").stat().st_size > 500

    names = run("?tab=gan/digits-on-demand&v=1&number=3.14&seed=8&columns=3&columns_seed=9")
    assert (np.asarray(Image.open("grid.png")) == np.asarray(_class_grid(3, 9, 4.0))).all()
    read = "".join(map(str, names["found"].read))
    assert read in sample_digits("3.14", 8, 4.0)[1]
    assert f"reads {read} " in names["said"]


def test_the_same_walk_and_the_same_anatomy(run: Callable[[str], dict[str, Any]]) -> None:
    from apps.gan.drawing.tiles import png_url
    from apps.gan.ui.anatomy import _anatomy
    from apps.gan.ui.walk import _moved, _sum

    names = run("?tab=gan/latent-walk&v=1&from_seed=7&steps=5&path=linear")
    assert (names["from_seed"], names["to_seed"], names["steps"], names["path"]) == (7, 2, 5, "linear")
    assert len(names["pictures"]) == 5
    names = run("?tab=gan/latent-walk&v=1&slant=1.5&digit=6&steps=2&a=15")
    assert png_url(names["shifted"][0]) in _moved(4, "6", 1.5, 0, 0, 0)
    assert png_url(names["summed"][3]) in _sum(15, 6, 7, "2")
    names = run("?tab=gan/anatomy&v=1&seed=3&digit=7")
    shown = _anatomy("cgan-digits", 3, "7")
    for layer in names["found"].generator:
        assert f"{layer.parameters:,}" in shown
    assert f"{names['found'].p_real:.0%} real" in shown


@pytest.mark.slow
def test_the_same_players_and_the_same_game(run: Callable[[str], dict[str, Any]]) -> None:
    from apps.gan.lab.requests import played
    from apps.gan.ui.players import _snapshot
    from apps.gan.ui.restore import _from_real

    restored = run("?tab=gan/from-a-picture")["found"]
    for psnr_db in restored.psnr_db:
        assert f"{psnr_db:.1f} dB" in _from_real(0)[1]
    names = run("?tab=gan/two-players&v=1&snapshot=3&seed=5")
    assert f"D takes {names['fakes']:.0%} of the fakes and {names['reals']:.0%} of the real" in _snapshot(3, 5)[0]
    names = run("?tab=gan/gan-lab&v=1&preset=Eight+modes&seed=4")
    *_, last = played("Eight modes", rounds=100, seed=4)
    assert names["frame"].losses_d[-1] == last["history"][-1]["loss_d"]
    assert names["js"] == last["history"][-1]["js"]
    names = run("?tab=gan/gan-lab&v=1&layers_g=1&neurons_d=8&lr_d=0.02&d_updates=0")
    rules = names["game"].rules
    assert (rules.hidden_g, rules.hidden_d, rules.lr_d, rules.d_updates) == ((32,), (8, 8), 0.02, 0)


@pytest.mark.slow
def test_the_same_photo_is_restored(run: Callable[[str], dict[str, Any]]) -> None:
    from apps.gan.sharpen.samples import sample_path
    from apps.gan.ui.sharpen import _restore

    names = run("?tab=gan/sharpen-a-photo&v=1&sample=coffee&side=24")
    *_, last = _restore(str(sample_path("coffee")), 24, "restore")
    assert [one.way for one in names["found"].restored] == ["bicubic", "small", "gan"]
    for one in names["found"].restored:
        assert f"{one.psnr_db:.2f} dB" in last[2]


@pytest.mark.slow
def test_the_same_beats(run: Callable[[str], dict[str, Any]]) -> None:
    from apps.ekg.answers.classify import classified
    from apps.ekg.network.weights import leased
    from apps.ekg.samples import open_sample

    names = run("?tab=ekg/one-beat/slide-a-filter&v=1&sample=fibrillation&beat=7&filter=5&channel=2&position=40")
    with leased() as network, open_sample("fibrillation") as recording:
        found = classified(recording, network)
    assert names["found"].probabilities.tolist() == found.probabilities.tolist()
    assert (names["beat"], names["filter_"]) == (7, 5)


@pytest.mark.slow
def test_the_same_verdicts_and_rates(run: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.face.samples import sample
    from apps.face.triplets import linear_map
    from apps.face.ui import playground
    from apps.face.ui.answers import verify_answer
    from apps.face.ui.state import read_photo

    names = run("?tab=face/verify&v=1&tau=0.55")
    shots = read_photo(sample("obama")), read_photo(sample("biden"))
    answer = verify_answer(*shots, "resnet29-128d", 0.55)
    mine = names["answers"][1]
    assert (mine.same, mine.far, mine.frr) == (answer["same"], answer["far"], answer["frr"])
    assert mine.distance == pytest.approx(answer["distance"], abs=1e-5)
    names = run("?tab=face/threshold&v=1&tau=0.55&people=1000")
    assert names["far"] == answer["far"]
    names = run("?tab=face/siamese")
    alike = verify_answer(shots[0], read_photo(sample("obama2")), "resnet29-128d", 0.6)
    assert names["parts"].sum() == pytest.approx(alike["d_squared"], rel=1e-4)
    asked: list[Any] = []
    monkeypatch.setattr(linear_map, "train", lambda *given: asked.append(given) or iter(()))
    monkeypatch.setattr(playground, "of_samples", lambda encoder: SimpleNamespace(encodings=encoder, person=None))
    one = run("?tab=face/triplets&v=1&margin=0.5&numbers=16&mining=hardest")["one"]
    assert asked == [("resnet29-128d", None, linear_map.Training(margin=0.5, mining="hardest", numbers=16))]
    assert (one.d_ap, one.d_an) == pytest.approx((alike["d_squared"], answer["d_squared"]), rel=1e-4)
    found = run("?tab=face/recognise")["answer"]
    assert found.winner.person == "Barack Obama"
    assert found.candidates[0].distance == pytest.approx(alike["distance"], rel=1e-4)
    head = run("?tab=face/head&v=1&features=chi_square")
    panel = head_html_of(shots[0], read_photo(sample("obama2")))
    assert f"{head['p_same']:.4f}" in panel


@pytest.mark.slow
def test_the_same_painting(run: Callable[[str], dict[str, Any]], sharing: Sharing) -> None:
    from apps.style.samples import SAMPLES
    from apps.style.ui.graphics import gram_table
    from apps.style.ui.paint import stylize

    names = run("?tab=style/paint&v=1&size=48&iterations=2&preset=bold&content=coffee")
    assert (names["beta"], names["content"]) == (8.0, "coffee")
    given = {name: names[name] for name in ("size", "iterations", "beta")}
    pictures = [str(SAMPLES[names[role]].path) for role in ("content", "style")]
    *_, last = stylize(*pictures, **given, lambdas=names["lambdas"], style_layers=names["style_layers"],
                       content_layers=names["content_layers"])  # fmt: skip
    assert last[3]["J"] == names["numbers"]["J"]
    (away,) = re.findall(r"style matrix of relu1_1, 64 x 64: (\d+ %|\d+%) away", names["said"])
    assert f"<small>{away} away</small>" in gram_table(names["matrices"])
    assert Path("painted.gif").read_bytes().startswith(b"GIF89a")
    assert (
        sharing.code("?tab=style/grams&v=1&seed=9")["script"] == sharing.code("?tab=style/paint&v=1&seed=9")["script"]
    )


@pytest.mark.slow
def test_the_same_two_paintings(sharing: Sharing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.style.samples import SAMPLES
    from apps.style.ui import compare
    from apps.style.ui.controls import RECIPE_FIELDS
    from apps.style.ui.paint import ARGUMENTS

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compare, "_SIZE", 48)
    monkeypatch.setattr(compare, "_ITERATIONS", 2)
    query = "?tab=style/compare&v=1&beta_b=7&init=style&style_layers=relu1_1&lambdas=relu1_1=2"
    code = sharing.code(query)["script"]
    assert "size=160, iterations=60" in code
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code.replace("size=160, iterations=60", "size=48, iterations=2"), names)
    values = sharing.values(read_link(query, sharing.paths, sharing.groups))
    assert set(ARGUMENTS) == {*RECIPE_FIELDS}
    pictures = [str(SAMPLES[names[role]].path) for role in ("content", "style")]
    *_, last = compare._both(1, 1, 1, 7, *pictures, None, *(values[name] for name in ARGUMENTS))
    for run_, shown in zip(names["runs"], last[2], strict=True):
        assert np.abs(np.asarray(run_.picture, int) - np.asarray(shown, int)).max() <= 1


def head_html_of(*shots: Any) -> str:
    """What the page shows of a pair's logistic head."""
    from apps.face.ui.answers import verify_answer
    from apps.face.ui.logistic import pair_html
    from shared.registry import find, measured

    head = measured(find("resnet29-128d", "face"))["heads"]["chi_square"]
    codes = tuple(shot.encoding("resnet29-128d") for shot in shots)
    return str(pair_html(codes, head, "chi_square", verify_answer(*shots, "resnet29-128d", 0.6)))


def test_the_same_exercise_and_the_same_figures(run: Callable[[str], dict[str, Any]]) -> None:
    from apps.conv.exercises import ask
    from apps.gan import measured

    one = ask("parameters", 7)
    names = run("?tab=conv/exercises&v=1&exercise=parameters&number=7")
    assert names["one"] == one
    assert f"but {one.answer:,.0f}: {one.because}" in names["said"]
    assert all(slip.why in names["said"] for slip in one.slips)
    assert run("?tab=face/exercises")["one"].question
    said = run("?tab=gan/measured")["said"]
    assert all(f"{one.figure}: {one.value}" in said for one in measured.headlines())
    shown = Path("measured.html").read_text(encoding="utf-8")
    assert all(one.body in shown for one in measured.chapters())


def test_the_same_round_and_the_same_random_layers(
    run: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.conv import experiments
    from apps.conv.ui.measured import agreement_html
    from apps.gan.ui.guess import discriminate

    names = run("?tab=gan/are-you-better-than-d&v=1&round=77&fake=1,2,10")
    told, _ = discriminate(77, ["1", "2", "10"])
    assert told["score"] == {"you": names["yours"], "d": names["its"]}
    monkeypatch.setattr(experiments, "costs", lambda: iter(()))
    monkeypatch.setattr(experiments, "agreement", functools.partial(experiments.agreement, layers=25))
    report = run("?tab=conv/measure&v=1&seed=5")["report"]
    *_, shown = experiments.agreement(seed=5)
    assert agreement_html(report, 5) == agreement_html(shown, 5)


def test_the_same_lesson_of_a_style(run: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.style.instant import learn, now
    from apps.style.samples import SAMPLES

    asked: list[Any] = []

    def taught(*args: Any, **options: Any) -> Any:
        asked.append((args, options))
        yield SimpleNamespace(progress=SimpleNamespace(done=1, total=1), content=0.5, style=0.25, file=b"style")

    monkeypatch.setattr(learn, "taught", taught)
    monkeypatch.setattr(now, "stylize_now", lambda *args: SimpleNamespace(picture=Image.new("RGB", (8, 8))))
    run("?tab=style/teach&v=1&steps=40&content_weight=2&sample=mosaic")
    assert asked == [((SAMPLES["mosaic"].path, "My style"), {"steps": 40, "content": 2})]
    assert Path("my-style.safetensors").read_bytes() == b"style"


@pytest.mark.slow
def test_the_same_window_night_pass_and_patches(
    run: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.gan.ui.art import endless_art
    from apps.gan.ui.night_globe import _place_by_night
    from apps.style.samples import SAMPLES
    from apps.style.ui import units
    from apps.style.ui.now import stylize_now
    from apps.style.units import answers, patches
    from apps.style.vgg.backbones import BACKBONES

    def apart(one: Image.Image, other: Image.Image) -> int:
        return int(np.abs(np.asarray(one, int) - np.asarray(other, int)).max())

    window = run("?tab=gan/endless-art&v=1&width=64&height=64&x=32&seed=3")["window"]
    assert apart(window, endless_art("mosaic", 3, 32, 0, 64, 64)[0]) <= 1
    found = run("?tab=gan/day-to-night&v=1&at=0.25&seed=12")["found"]
    assert f"{found.lights.lit_km2:,.0f} km² lit" in _place_by_night(-23.5, -47.5, 0.25, 12, False)
    painted = run("?tab=style/now&v=1&size=64&style=woodcut&strength=0.5")["answer"].picture
    assert apart(painted, stylize_now(str(SAMPLES["cat"].path), "woodcut", size=64, strength=0.5)[0]) <= 1
    small = [  # of all samples it takes seconds
        replace(
            patches.index_own("vgg16-hed", Image.open(SAMPLES[name].path).convert("RGB").resize((64, 64))), name=name
        )
        for name in ("cat", "swirls")
    ]
    monkeypatch.setitem(patches._indices, "vgg16-hed", answers.Index(BACKBONES["vgg16-hed"], small))
    units._samples.cache_clear()
    shown = run("?tab=style/units&v=1&layer=relu2_1&unit=5")["patches"]
    told = units.unit_patches("relu2_1", 5)[1]["patches"]
    units._samples.cache_clear()
    assert [(one.picture, one.row, round(one.activation, 4)) for one in shown] == [
        (one["picture"], one["row"], one["activation"]) for one in told
    ]


@pytest.mark.slow
def test_the_same_beats_are_lost(run: Callable[[str], dict[str, Any]]) -> None:
    from apps.ekg.samples import open_sample
    from apps.ekg.ui.inside import answer_disturbed
    from apps.ekg.ui.results import result_store
    from apps.ekg.ui.rooms import served

    result = run("?tab=ekg/break-it&v=1&sample=fibrillation&noise=0.2&inverted=1")["result"]
    with open_sample("fibrillation") as recording:
        *_, found = served.classify(recording, use_annotations=True)
        token = result_store().keep(found, "me")
    page, _ = answer_disturbed(token, 0.2, 0, 1, 125, True, SimpleNamespace(session_hash="me"))  # type: ignore[arg-type]
    for words, n in (("same class as before", result.kept), ("Q: lost in noise", result.given_up)):
        assert re.search(rf"{words}</t[hd]><td[^>]*>{n:,}<", page), page


def test_what_a_link_says_never_becomes_code(sharing: Sharing) -> None:
    evil = "1'); __import__('os').abort() #\n\"\"\""
    told = take_home.script("conv/shapes", {"layers": evil, "input": evil, "nothing": evil})
    tree = ast.parse(told)
    plain = ast.parse(take_home.scripts()["conv/shapes"])
    assert [type(node) for node in ast.walk(tree)] == [type(node) for node in ast.walk(plain)]
    assert told.count("abort") == 2
    with pytest.raises(InputError):
        sharing.code("?tab=../../etc/passwd")
    with pytest.raises(InputError):
        sharing.code(["?tab=conv"])  # type: ignore[arg-type]


def settings(code: str) -> dict[str, Any]:
    head = code.split("# %% [markdown]")[1].split("# %%\n")[1]
    return {node.targets[0].id.rstrip("_"): ast.literal_eval(node.value) for node in ast.parse(head).body}  # type: ignore[attr-defined]


def test_every_sub_tab_has_code(sharing: Sharing) -> None:
    assert {path.split("/")[0] for path in sharing.paths} == set(SLUGS)
    of_first = {path for path in sharing.paths if take_home.name_for(path) == take_home.name_for(path.split("/")[0])}
    inner = {"ekg/one-beat/slide-a-filter", "ekg/one-beat/layer-by-layer", "style/after", "style/grams"}
    first = {"face/verify", "style/paint", "gan/sample", "ekg/one-beat", "conv/see"}
    assert of_first == {*SLUGS} | first | inner  # no other falls back on what is not on the screen
    for path in sharing.paths:
        told = sharing.code(f"?tab={path}")
        nbformat.validate(nbformat.reads(told["notebook"], as_version=4))


def test_a_script_begins_where_its_sub_tab_begins(sharing: Sharing) -> None:
    """And every setting of it is a control that a link carries: otherwise what was chosen would be left out."""
    own = {take_home.name_for(path): path for path in reversed(sharing.paths) if "/" in path}
    assert own.keys() == take_home.scripts().keys()
    for name, code in take_home.scripts().items():
        first = settings(code)
        values = sharing.values(read_link(f"?tab={own[name]}", sharing.paths, sharing.groups))
        kinds = {control for group, found in sharing.groups.items() if own[name].startswith(group) for control in found}
        deeper = {
            control for group, found in sharing.groups.items() if group.startswith(own[name]) for control in found
        }
        assert first.keys() - kinds - deeper <= _OURS, name
        assert kinds | deeper <= first.keys() | _LOOKS.get(own[name], set()), name
        assert {one: value for one, value in values.items() if one in first and first[one] != value}.keys() <= {"tau"}


def test_a_tab_that_is_laid_out_without_a_page_shares_nothing() -> None:
    with gr.Blocks():
        assert Sharing().groups == {}
