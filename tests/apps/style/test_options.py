"""What visitors type wrong: needed, found, remedy."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from apps.style import canvas
from apps.style.options import Options, checked, from_json, layer_names, parse_lambdas, write_lambdas
from apps.style.run.presets import PRESETS
from shared.errors import ImageError, OptionError


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"alpha": 0, "beta": 0}, "alpha = 0 and beta = 0"),
        ({"beta": 1, "alpha": 0, "lambdas": (0.0,) * 4}, "Raise a lambda"),
        ({"beta": 1, "alpha": 1, "lambdas": (0.0,) * 4}, "lambda = 0 for relu1_1, relu2_1, relu3_1, relu4_1"),
        ({"beta": 1, "style_layers": (), "lambdas": ()}, "no style layer"),
        ({"alpha": 1, "content_layers": ()}, "Choose a content layer"),
        ({"content_layers": ("relu9_1",)}, "relu9_1"),
        ({"style_layers": ("relu1_1", "nonsense"), "lambdas": (1.0, 1.0)}, "nonsense"),
        ({"style_layers": ("relu1_1", "relu1_1"), "lambdas": (1.0, 1.0)}, "once"),
        ({"lambdas": (1.0, float("nan"), 1.0, 1.0)}, "relu2_1"),
        ({"lambdas": (1.0,)}, "one lambda per style layer"),
        ({"lambdas": (1.0, -1.0, 1.0, 1.0)}, "relu2_1"),
        ({"alpha": float("inf")}, "alpha"),
        ({"size": 20_000}, "size"),
        ({"size": 100.5}, "whole"),
        ({"iterations": 0}, "iterations"),
        ({"init": "photo"}, "content, noise, style, blend"),
        ({"optimizer": "sgd"}, "lbfgs, adam"),
        ({"pooling": "min"}, "average, max"),
        ({"backbone": "vgg17"}, "vgg16-hed"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_wrong_option_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        checked(dataclasses.replace(Options(), **wrong))


def test_lambdas_are_read_and_written() -> None:
    assert parse_lambdas("relu1_1=1, relu2_1 = 0.5,relu3_1") == (("relu1_1", "relu2_1", "relu3_1"), (1.0, 0.5, 1.0))
    layers, lambdas = parse_lambdas("relu2_1=3", ["relu1_1", "relu2_1"])
    assert (layers, lambdas) == (("relu1_1", "relu2_1"), (1.0, 3.0))
    assert parse_lambdas(write_lambdas(layers, lambdas)) == (layers, lambdas)


@pytest.mark.parametrize(
    ("text", "layers", "words"),
    [
        ("relu1_1=nan", None, "relu1_1"),
        ("relu1_1=x", None, "relu1_1"),
        ("relu1_1=1,relu1_1=2", None, "two for"),
        ("relu5_1=1", ["relu1_1"], "relu5_1"),
    ],
)
def test_wrong_lambdas_are_refused(text: str, layers: list[str] | None, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        parse_lambdas(text, layers)


@given(st.text(max_size=60))
def test_any_text_is_lambdas_or_a_mistake(text: str) -> None:
    try:
        layers, lambdas = parse_lambdas(text)
    except OptionError:
        return
    assert len(layers) == len(lambdas)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_recipes_that_survive_json(name: str) -> None:
    options = checked(PRESETS[name].options())
    assert from_json(json.dumps(options.to_json())) == options
    assert from_json({"options": options.to_json(), "version": 1}) == options


@pytest.mark.parametrize("text", ["", "[]", "{", '{"options": 3}', '{"size": "large"}', '{"style_layers": 7}'])
def test_a_damaged_recipe_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        from_json(text)


@pytest.mark.parametrize("text", ["[" * 90_000, " " * 200_000, '{"seed": ' + "9" * 5000 + "}", '{"size": 1e400}'])
def test_a_recipe_that_was_made_to_do_harm_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        from_json(text)


@pytest.mark.parametrize(
    ("field", "lowest", "highest"),
    [
        ("size", 48, 1024),
        ("iterations", 1, 5000),
        ("extra", 0, 5000),
        ("stop_at", 0, 10_000),
        ("seed", 0, 2**31 - 1),
        ("alpha", 0, 1e9),
        ("beta", 0, 1e9),
        ("smoothness", 0, 1000),
        ("rate", 1e-4, 1.0),
    ],
)
def test_a_number_may_be_anything_in_its_range_and_nothing_else(field: str, lowest: float, highest: float) -> None:
    for value in (lowest, highest):
        assert getattr(checked(dataclasses.replace(Options(), **{field: value})), field) == value
    below, above = lowest - (1 if lowest >= 1 else 1e-6), highest + max(1e-6, highest * 1e-3)
    for value in (below, above, float("nan"), "much"):
        with pytest.raises(OptionError):
            checked(dataclasses.replace(Options(), **{field: value}))


def test_what_is_no_option_is_ignored_and_a_list_of_layers_may_be_text() -> None:
    recipe = {"result": {"sha256": "0"}, "iterations_done": 7, "content_layers": "relu3_1, relu4_2", "keep_colours": 1}
    options = from_json(recipe)
    assert options.content_layers == ("relu3_1", "relu4_2")
    assert options.keep_colours is True
    assert options == checked(dataclasses.replace(Options(), content_layers=("relu3_1", "relu4_2"), keep_colours=True))


def test_every_layer_may_be_chosen() -> None:
    names = layer_names("vgg16-hed")
    assert {"conv1_1", "relu1_1", "pool1", "relu4_2", "pool4", "relu5_3"} <= set(names)
    assert checked(Options(content_layers=tuple(names))).content_layers == tuple(names)


@pytest.mark.parametrize(
    ("size", "words"), [((1, 1), "16"), ((3000, 20), "8 times"), ((10, 300), "16")], ids=["pixel", "strip", "thin"]
)
def test_pictures_that_cannot_be_worked_with_are_refused(tmp_path: Path, size: tuple[int, int], words: str) -> None:
    path = tmp_path / "p.png"
    Image.effect_noise(size, 90).convert("RGB").save(path)
    with pytest.raises(ImageError, match=words):
        canvas.open_content(path)


@pytest.mark.parametrize(("colour", "word"), [("black", "black"), ("white", "white"), ("teal", "one flat colour")])
def test_a_style_picture_without_style_is_refused(colour: str, word: str) -> None:
    with pytest.raises(ImageError, match=word):
        canvas.open_style(Image.new("RGB", (64, 64), colour))


def test_a_long_picture_at_a_small_size_is_refused() -> None:
    with pytest.raises(ImageError, match="shorter side"):
        canvas.plan((800, 100), Options(size=64))
