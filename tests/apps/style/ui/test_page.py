"""The tab as gradio serves it: endpoints answer, stream, and report mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from apps.style.options import Options
from apps.style.run.presets import PRESETS
from apps.style.samples import SAMPLES
from apps.style.ui.controls import PRESET_FIELDS, options_from, preset_updates, values_of
from apps.style.ui.paint import ARGUMENTS

SMALL: dict[str, Any] = {"size": 48, "iterations": 4, "coarse_to_fine": False}


@pytest.fixture(scope="module")
def client(hub_url: str) -> Iterator[Client]:
    made = Client(hub_url, verbose=False)
    yield made
    made.close()


def _pictures() -> dict[str, Any]:
    return {"content": handle_file(str(SAMPLES["cat"].path)), "style": handle_file(str(SAMPLES["mosaic"].path))}


def test_stylize_streams_and_ends_with_the_picture(client: Client) -> None:
    job = client.submit(**_pictures(), **SMALL, api_name="/stylize")
    last = job.result(timeout=120)
    live, curves, _, numbers, picture = last
    assert "data:image/jpeg" in live
    assert "<svg" in curves
    assert numbers["J"][1] < numbers["J"][0]
    assert numbers["J"][1] == pytest.approx(
        numbers["alpha"] * numbers["J_content"][1] + numbers["beta"] * numbers["J_style"][1]
    )
    assert numbers["recipe"]["options"]["size"] == 48
    assert picture is not None
    assert len(job.outputs()) >= 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"alpha": 0, "beta": 0}, "alpha = 0"),
        ({"style_layers": ["relu1_1"], "lambdas": "relu2_1=1"}, "relu2_1"),
        ({"style_layers": ["relu1_1"], "lambdas": "relu1_1=nan"}, "relu1_1"),
        ({"size": 100_000}, "1024"),
        ({"content": None}, "picture"),
        ({"content_layers": ["relu9_1"]}, "relu9_1"),
    ],
)
def test_stylize_refuses_mistakes(client: Client, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(AppError, match=words):
        client.predict(**(_pictures() | SMALL | wrong), api_name="/stylize")


@pytest.mark.parametrize(
    ("role", "shape", "words"),
    [("content", (1, 1), "16 pixels"), ("content", (2000, 40), "8 times"), ("style", (64, 64), "all black")],
)
def test_stylize_refuses_hostile_pictures(
    client: Client, tmp_path: Path, role: str, shape: tuple[int, int], words: str
) -> None:
    path = tmp_path / "hostile.png"
    Image.new("RGB", shape).save(path)
    with pytest.raises(AppError, match=words):
        client.predict(**(_pictures() | SMALL | {role: handle_file(str(path))}), api_name="/stylize")


def test_stylize_now_paints_at_once_by_name_and_by_picture(client: Client) -> None:
    given = {"content": _pictures()["content"], "size": 128}
    picture, told, numbers = client.predict(**given, style="dusk", api_name="/stylize_now")
    with Image.open(picture) as opened:
        assert max(opened.size) == 128
    assert "Dusk, 128 ×" in told
    assert (numbers["style"], numbers["painter"]) == ("Dusk", "style/multistyle26")
    *_, numbers = client.predict(**given, style_picture=_pictures()["style"], api_name="/stylize_now")
    assert numbers["painter"] == "style/arbitrary-transform"
    *_, numbers = client.predict(**given, style="dusk", second="embers", share=0.25, api_name="/stylize_now")
    assert numbers["style"] == "Dusk and Embers"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"content": None}, "content picture"),
        ({"style": "nothing"}, "starry-blue"),  # the list of all names
        ({"style": "../../etc/passwd"}, "starry-blue"),
        ({"style": "own-1"}, "own-1"),
        ({"second": "nothing"}, "starry-blue"),
        ({"second": "dusk", "share": 2}, "maximum value 1"),
        ({"size": 100_000}, "1024"),
        ({"style_picture": handle_file(str(SAMPLES["ink"].path)), "second": "dusk"}, "two styles of the same painter"),
    ],
)
def test_stylize_now_refuses_mistakes(client: Client, wrong: dict[str, Any], words: str) -> None:
    given = {"content": _pictures()["content"], "style": "dusk", "size": 64}
    with pytest.raises(AppError, match=words):
        client.predict(**(given | wrong), api_name="/stylize_now")


def test_the_endpoint_documents_itself(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert {"/stylize", "/stylize_now", "/unit_patches"} <= endpoints.keys()
    names = {parameter["parameter_name"] for parameter in endpoints["/stylize"]["parameters"]}
    assert set(ARGUMENTS) <= names


def test_the_controls_say_what_the_options_say() -> None:
    shown = values_of(Options())
    given = {name: shown[name] for name in ARGUMENTS}
    assert options_from(given) == Options()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_the_controls_to_its_recipe(name: str) -> None:
    given = {field: getattr(Options(), field) for field in ARGUMENTS}
    given |= dict(zip(PRESET_FIELDS, (update["value"] for update in preset_updates(name)), strict=True))
    assert options_from(given) == PRESETS[name].options()
