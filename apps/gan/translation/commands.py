"""What the room's commands do: translate a file, train, bundle, measure; the arguments as typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from apps.gan.choices import SEEDS
from apps.gan.drawing.tiles import in_rows
from apps.gan.training.train import to_half
from apps.gan.translation.choices import OBJECTIVES, REGIONS
from apps.gan.translation.earth import BUNDLED, load_earth
from apps.gan.translation.evaluate import FEATURES, Report, evaluate
from apps.gan.translation.networks import UNet
from apps.gan.translation.nights import stages_in_numbers, stages_in_pictures
from apps.gan.translation.requests import night_of_picture, night_of_place, stages_of_place
from apps.gan.translation.runs import load_snapshots, resumed, run, saved_plan
from apps.gan.translation.snapshots import flat
from apps.gan.translation.train import Plan
from apps.gan.translation.translate import borrowed_translators, lights_in
from shared.device import pick_device
from shared.errors import check_choice, check_number, check_whole
from shared.model_cache import model_cache
from shared.registry import find
from shared.settings import weights_dir
from shared.targets import check_folder, check_picture, check_target, picture_bytes, save
from shared.weights import write_shards

SHOWN = "both"  # the objective whose training is shown in snapshots
SNAPSHOT_STEPS = (0, 100, 300, 1_000, 3_000)  # those bundled, after the common start; the last is the model itself


def translate_file(photo: str, *, out: Path, model: str, by_hand: bool = False, seed: str | int = 0) -> dict[str, Any]:
    """Translate the picture at ``photo`` and write the night in the format that the ending of ``out`` names.

    Returns:
        What was painted: model, painted, seed, width, height, light (mean, 0..1), lit (share of the pixels), files.

    Raises:
        OptionError: there is no such model.
        InputError: the picture cannot be used, or the file cannot be written.
    """
    check_choice(model, OBJECTIVES, "--model")
    chosen = check_whole(seed, "--seed", low=0, high=SEEDS)
    check_picture(out, apart_from=(Path(photo),))
    night = night_of_picture(photo, model=model, by_hand=by_hand, seed=chosen).night
    save([("--out", out, picture_bytes(night, out))])
    lights = lights_in(night)
    return {
        "model": model,
        "painted": by_hand,
        "seed": chosen,
        "width": night.width,
        "height": night.height,
        "light": round(lights.mean, 5),
        "lit": round(lights.lit, 5),
        "files": [str(out)],
    }


def place_file(*, latitude: str, longitude: str, out: Path, at: str, painted: bool, seed: str) -> dict[str, Any]:
    """Write a place of the Earth by day, its night as painted, and its night as it is, side by side.

    Returns:
        What was painted: ``PlaceByNight.numbers``, at, painted, seed, files.

    Raises:
        OptionError: a number is out of range.
        InputError: the file cannot be written.
    """
    north, east, chosen = _place(latitude, longitude, seed)
    mixed = check_number(at, "--at", low=0, high=1)
    check_picture(out)
    found = night_of_place(north, east, at=mixed, seed=chosen, by_hand=painted)
    save([("--out", out, picture_bytes(in_rows([found.day, found.night, found.place.night]), out))])
    return {**found.numbers(), "at": mixed, "painted": painted, "seed": chosen, "files": [str(out)]}


def stages_file(*, latitude: str, longitude: str, out: Path, painted: bool, seed: str) -> dict[str, Any]:
    """Write a place by day, its night by each stage of the training, and its night as it is, side by side.

    Returns:
        What was painted: ``stages_in_numbers``, painted, seed, files.

    Raises:
        OptionError: a number is out of range.
        InputError: the file cannot be written.
    """
    north, east, chosen = _place(latitude, longitude, seed)
    check_picture(out)
    found = stages_of_place(north, east, seed=chosen, by_hand=painted)
    save([("--out", out, picture_bytes(in_rows(stages_in_pictures(found)), out))])
    return {**stages_in_numbers(found), "painted": painted, "seed": chosen, "files": [str(out)]}


def _place(latitude: str, longitude: str, seed: str) -> tuple[float, float, int]:
    return (
        check_number(latitude, "LATITUDE", low=-90, high=90),
        check_number(longitude, "LONGITUDE", low=-180, high=180),
        check_whole(seed, "--seed", low=0, high=SEEDS),
    )


def train_translators(model: str, *, steps: str | None, folder: Path, data: Path | None) -> Iterator[str]:
    """Train one translator, or "all" in turns, in ``folder``, continuing what is there: lines for people."""
    names = tuple(OBJECTIVES) if model == "all" else (check_choice(model, (*OBJECTIVES, "all"), "--model"),)
    check_folder(folder, "--folder")
    plan = Plan() if steps is None else Plan(steps=check_whole(steps, "--steps", low=1, high=1_000_000))
    earth = load_earth(data or BUNDLED)
    for progress in run(earth, folder, names, plan, device=pick_device()):
        yield str(progress)


def bundle(folder: Path, *, out: Path | None) -> Iterator[str]:
    """Write the weights of the run in ``folder``, as far as it has come, in float16: lines for the registry."""
    target, cpu = out or weights_dir() / "gan", torch.device("cpu")
    check_folder(target)
    for name in OBJECTIVES:
        plan = saved_plan(name, folder)
        game = resumed(name, plan, folder, cpu)
        yield f"{name} at step {game.step:,} of {plan.steps:,}"
        weights = to_half(game.average)
        yield from (repr(file) for file in write_shards(weights, target, f"night-{name}"))
        if name != SHOWN:
            continue
        kept: dict[int, dict[str, Tensor]] = {}
        for step, tensors in load_snapshots(name, folder).items():
            if step - plan.start in SNAPSHOT_STEPS:
                kept[step] = tensors
        yield from (repr(file) for file in write_shards(flat(kept), target, "night-snapshots"))


def measure(use: str, *, folder: Path | None, data: Path | None, out: Path | None) -> Iterator[str | dict[str, Any]]:
    """Measure the bundled translators, or those of the run in ``folder``: lines for people, the figures last."""
    checked = check_choice(use, sorted({region.use for region in REGIONS.values()}), "--use")
    if out is not None:
        check_target(out)
    earth = load_earth(data or BUNDLED)
    with ExitStack() as stack:
        models: dict[str, UNet] = {}
        if folder is None:
            models = stack.enter_context(borrowed_translators())
        else:
            for name in OBJECTIVES:
                game = resumed(name, saved_plan(name, folder), folder, torch.device("cpu"))
                models[name] = game.average.eval()
        vgg = stack.enter_context(model_cache().lease(find(FEATURES)))
        command = f"python -m apps.gan translate-evaluate --use {checked}"
        for step in evaluate(
            earth, models, use="test" if checked == "test" else "validation", command=command, vgg=vgg
        ):
            if not isinstance(step, Report):
                yield f"{step.kind}: {json.dumps(step.quality.as_json())}"
                continue
            row = step.as_json()
            if out is not None:
                out.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
            yield row
