"""What the room's commands do: paint a window of any size, train on a picture, bundle, measure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch

from apps.gan.art.choices import ARTS, CELL, FRAMES_HZ, LARGEST_POSTER, NO_SECOND, check_place, check_side
from apps.gan.art.evaluate import FEATURES, evaluate
from apps.gan.art.networks import Texture, load_texture
from apps.gan.art.paint import Blend, leased, paint
from apps.gan.art.pictures import FOLDER, fitted
from apps.gan.art.plane import Window
from apps.gan.art.requests import nearest, once_around
from apps.gan.art.train import ArtGame, Plan, run
from apps.gan.art.wish import Wish
from apps.gan.choices import SEEDS
from apps.gan.drawing.tiles import animated, in_rows
from apps.gan.training.train import reading, to_half
from shared.errors import InputError, WeightsError, check_choice, check_number, check_whole
from shared.model_cache import model_cache
from shared.registry import find
from shared.targets import PICTURES, check_folder, check_picture, check_target, picture_bytes, save
from shared.weights import write_shards


def paint_file(
    name: str,
    *,
    out: Path,
    width: str,
    height: str,
    x: str,
    y: str,
    seed: str,
    wraps: bool,
    weights: Path | None,
    second: str,
    share: str,
    even: bool,
    film: bool,
) -> dict[str, Any]:
    """Paint a window of ``name``, or of the generator in ``weights``, and write it as the ending of ``out`` says.

    With ``second`` another generator is mixed in: ``share`` of it at the right edge, or everywhere (``even``). A
    ``film`` goes once around a circle of planes, as an animated WebP.

    Returns:
        What was painted: picture, second, share, seed, x, y, width, height, wraps, film, files.

    Raises:
        OptionError: there is no such picture, or a number is out of range.
        WeightsError: the file holds no such generator.
        InputError: the file cannot be written.
    """
    window = Window(
        row=check_place(y, "--y"),
        column=check_place(x, "--x"),
        rows=check_side(height, "--height", LARGEST_POSTER),
        columns=check_side(width, "--width", LARGEST_POSTER),
        wraps=wraps,
    )
    chosen = check_whole(seed, "--seed", low=0, high=SEEDS)
    other = check_choice(second, (NO_SECOND, *ARTS), "--second")
    part = check_number(share, "--share", low=0, high=1)
    check_target(out, endings=(".webp",) if film else PICTURES, apart_from=(weights,))
    with ExitStack() as held:
        (model,) = [_own(weights)] if weights else held.enter_context(leased(name))
        blend = None
        if other != NO_SECOND:
            (mixed_in,) = held.enter_context(leased(other))
            blend = Blend(other=mixed_in, left=part if even else 0.0, right=part)
        frames = list(once_around(model, window, chosen, blend=blend)) if film else None
        picture = frames[0] if frames else paint(model, window, chosen, blend=blend)
    content = animated(frames, rate_hz=FRAMES_HZ, lossless=False) if frames else picture_bytes(picture, out)
    save([("--out", out, content)])
    return {
        "picture": str(weights or name),
        "second": None if blend is None else other,
        "share": None if blend is None else part,
        "seed": chosen,
        "x": window.column * CELL,
        "y": window.row * CELL,
        "width": picture.width,
        "height": picture.height,
        "wraps": wraps,
        "film": film,
        "files": [str(out)],
    }


def nearest_patches(name: str, *, out: Path, x: str, y: str, seed: str) -> dict[str, Any]:
    """Write patches of endless art and, under each, the nearest one of its picture: does the generator copy?

    Returns:
        picture, seed, x, y, distances (root mean square differences, 0 to 1; 0 is a copy), files.

    Raises:
        OptionError: there is no such picture, or a number is out of range.
        InputError: the file cannot be written.
    """
    check_picture(out)
    wish = Wish(
        name=check_choice(name, ARTS, "The picture"),
        seed=check_whole(seed, "--seed", low=0, high=SEEDS),
        x=check_place(x, "--x") * CELL,
        y=check_place(y, "--y") * CELL,
    )
    pairs = nearest(wish)
    beside = in_rows([pair.made for pair in pairs], [pair.nearest for pair in pairs])
    save([("--out", out, picture_bytes(beside, out))])
    window = {"picture": wish.name, "seed": wish.seed, "x": wish.x, "y": wish.y}
    return window | {"distances": [round(pair.distance, 4) for pair in pairs], "files": [str(out)]}


def train_art(picture: str, *, steps: str | None, seed: str, folder: Path, begin: str | None) -> Iterator[str]:
    """Train a generator on ``picture``, a bundled one's name or a file; an interrupted run continues: lines."""
    source = FOLDER / f"{picture}.jpg" if picture in ARTS else Path(picture)
    pixels = torch.from_numpy(np.asarray(fitted(source), np.float32) / 127.5 - 1).permute(2, 0, 1)
    chosen = {"seed": check_whole(seed, "--seed", low=0, high=SEEDS)}
    if steps is not None:
        chosen["steps"] = check_whole(steps, "--steps", low=1, high=1_000_000)
    check_folder(folder, "--folder")
    game = ArtGame(pixels, Plan(**chosen))
    if begin is not None:
        with leased(check_choice(begin, ARTS, "--begin")) as (model,):
            game.begin(model.state_dict())
    for progress in run(game, folder):
        yield str(progress)


def bundle(folder: Path, *, out: Path) -> Iterator[str]:
    """Write the generator of the run in ``folder`` to ``out`` (.safetensors, float16): lines for the registry."""
    check_target(out)
    path = folder / "state.pt"
    if not path.is_file():
        raise InputError("a folder of art-train, with state.pt", str(folder), "Train first.")
    average = Texture()
    with reading(path):
        average.load_state_dict(torch.load(path, weights_only=True)["average"])
    yield from (repr(file) for file in write_shards(to_half(average), out.parent, out.stem))


def measure(*, out: Path | None) -> Iterator[str | dict[str, Any]]:
    """Measure the bundled generators: a line for each picture and method, then the figures."""
    if out is not None:
        check_target(out)
    with leased(*ARTS) as found, model_cache().lease(find(FEATURES)) as vgg:
        models = dict(zip(ARTS, found, strict=True))
        for step in evaluate(models, vgg, command="python -m apps.gan art-evaluate"):
            if "rows" not in step:
                yield json.dumps(step)
                continue
            if out is not None:
                out.write_text(json.dumps(step, indent=1) + "\n", encoding="utf-8")
            yield step


def _own(path: Path) -> Texture:
    if not path.is_file():
        raise InputError("a file of art-bundle for --weights", str(path), "Check the path.")
    try:
        return load_texture([path])
    except (KeyError, IndexError, RuntimeError) as error:  # other names, none, other shapes
        needed = "the generator of art-bundle for --weights"
        raise WeightsError(needed, f"{path.name}, which holds something else", "Choose another file.") from error
