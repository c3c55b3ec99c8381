"""What the page asks of the bundled networks, compared with the networks asked directly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from apps.gan.__main__ import main
from apps.gan.drawing.real_digits import real_digits, some_real
from apps.gan.drawing.sampling import latents, linear, paint, verdicts
from apps.gan.drawing.sliders import read_directions
from apps.gan.drawing.tiles import sheet
from apps.gan.exhibits.bundled import lease_discriminator, lease_generator, lease_judge, lease_snapshots
from apps.gan.exhibits.requests import (
    deal_round,
    draw_samples,
    moved,
    players_at,
    restore_digit,
    sum_of_styles,
    walk,
    write_number,
)
from apps.gan.exhibits.superres import psnr_db
from apps.gan.players.data import to_input
from apps.gan.players.judge import read
from apps.gan.ui.players import players_at_step
from shared.errors import OptionError


def _drawn(z: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    with lease_generator("cgan-digits") as generator:
        return paint(generator, z, y).numpy().astype(int)


def test_real_digits_stand_where_they_are_said_to_and_count_as_their_class() -> None:
    found = draw_samples("cgan-digits", count=12, seed=3, real=5)
    assert sum(found.real) == 5
    fakes = _drawn(latents(3, 12), torch.arange(12) % 10)
    true, labels = some_real(5, 3)
    left = {picture.tobytes(): int(label) for picture, label in zip(true, labels, strict=True)}
    for at, is_real in enumerate(found.real):
        if is_real:
            assert found.asked[at] == left.pop(found.pictures[at].tobytes())
        else:
            assert np.abs(found.pictures[at].astype(int) - fakes[at]).max() <= 1
            assert found.asked[at] == at % 10
    assert not left


@pytest.mark.parametrize("model", ["cgan-digits", "dcgan-digits", "collapsed-digits"])
def test_the_verdicts_are_those_of_the_models_own_discriminator(model: str) -> None:
    found = draw_samples(model, count=6, seed=1, real=2)
    pictures = torch.from_numpy(found.pictures)
    y = None if found.asked[0] is None else torch.tensor([int(digit or 0) for digit in found.asked])
    with lease_discriminator(model) as discriminator, lease_judge() as judge:
        expected = verdicts(discriminator, to_input(pictures), y).sigmoid()
        seen = read(judge, pictures)[0].argmax(dim=1)
    assert found.p_real == pytest.approx(expected.numpy(), abs=1e-4)
    assert found.read == tuple(seen.tolist())


@pytest.mark.parametrize(("count", "real"), [(10, 11), (10, -1), (101, 0), (0, 0)])
def test_more_than_there_is_room_for_is_refused(count: int, real: int) -> None:
    with pytest.raises(OptionError):
        draw_samples("dcgan-digits", count=count, seed=0, real=real)


def test_a_round_has_three_to_seven_real_digits() -> None:
    counts = {sum(deal_round(seed).real) for seed in range(40)}
    assert counts == {3, 4, 5, 6, 7}


def test_no_real_digit_comes_twice_before_all_have_come() -> None:
    for count, different in ((500, 500), (501, 1)):
        pictures, labels = some_real(count, 0)
        assert len(pictures) == len(labels) == count
        assert len({picture.tobytes() for picture in pictures}) >= different
    pictures, labels = some_real(500, 7)
    every, digits = real_digits()
    known = {picture.tobytes(): int(digit) for picture, digit in zip(every, digits, strict=True)}
    assert [known[picture.tobytes()] for picture in pictures] == labels.tolist()


def test_each_slider_moves_its_own_direction() -> None:
    amounts = (1.0, -2.0, 0.5, 3.0)
    z = latents(5, 1)[0]
    for amount, direction in zip(amounts, read_directions(), strict=True):
        z = z + amount * torch.tensor(direction.vector)
    expected = _drawn(z.expand(11, -1), torch.tensor([4, *range(10)]))
    assert np.abs(moved(seed=5, digit=4, amounts=amounts).astype(int) - expected).max() <= 1
    with pytest.raises(OptionError, match="slider"):
        moved(seed=5, digit=4, amounts=(0, 0, 4.1, 0))


def test_the_sum_is_the_base_minus_one_plus_the_other() -> None:
    a, b, c = (latents(seed, 1)[0] for seed in (5, 6, 7))
    expected = _drawn(torch.stack((a, b, c, a - b + c)), torch.full((4,), 2))
    found = sum_of_styles(base=5, minus=6, plus=7, digit=2)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_the_class_walks_straight_between_the_two_digits() -> None:
    a = latents(1, 1)[0]
    y = linear(torch.nn.functional.one_hot(torch.tensor(3), 10).float(), torch.eye(10)[8], 3)
    expected = _drawn(a.expand(3, -1), y)
    found = walk(seed_a=1, seed_b=1, digit_a=3, digit_b=8, steps=3)
    assert np.abs(found.astype(int) - expected).max() <= 1


def test_a_number_is_read_in_the_order_in_which_it_is_written() -> None:
    found = write_number("7 1-0", seed=3)
    assert found.read == found.digits == (7, 1, 0)


def test_the_players_are_those_of_the_step() -> None:
    with lease_snapshots() as snapshots:
        step = snapshots.steps[-2]
        generator, discriminator = snapshots.pair(step)
        fake = paint(generator, latents(4, 30))
        real = torch.from_numpy(some_real(30, 4)[0])
        expected = [verdicts(discriminator, to_input(x)).sigmoid().numpy() for x in (fake, real)]
    found = players_at(step, seed=4, shown=8, judged=30)
    assert found.pictures.shape == (8, 28, 28)
    assert np.abs(found.pictures.astype(int) - fake[:8].numpy().astype(int)).max() <= 1
    assert found.fake == pytest.approx(expected[0], abs=1e-4)
    assert found.real == pytest.approx(expected[1], abs=1e-4)


def test_the_endpoint_and_the_command_give_the_players_of_the_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = players_at(306, seed=4)
    picture, numbers = players_at_step(306, 4)
    assert np.abs(np.asarray(picture, int) - np.asarray(sheet(expected.pictures, 8), int)).max() <= 1
    assert (numbers["step"], numbers["seed"]) == (306, 4)
    for name, chances in (("fake", expected.fake), ("real", expected.real)):
        assert numbers[name] == pytest.approx(chances.tolist(), abs=1e-3)
        assert max(map(len, map(str, numbers[name]))) <= len("0.1234")
    for name, chances in (("fooled", numbers["fake"]), ("caught", numbers["real"])):
        assert numbers[name] == pytest.approx(sum(chance > 0.5 for chance in chances) / 400, abs=0.01)
    out = tmp_path / "players.png"
    main(["players", "--step", "306", "--seed", "4", "--out", str(out), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told.pop("files") == [str(out)]
    assert told.keys() == numbers.keys()
    assert told["fake"] == pytest.approx(numbers["fake"], abs=1e-3)
    with Image.open(out) as drawn:
        first = np.asarray(drawn.convert("L"), int)[: 28 * 4 : 4, : 28 * 4 : 4]
    assert np.abs(first - expected.pictures[0]).max() <= 1
    main(["players", "--step", "0", "--out", str(out)])
    assert "at step 0 D calls" in capsys.readouterr().err


def test_a_step_that_was_not_kept_is_refused_with_those_that_were() -> None:
    with lease_snapshots() as snapshots:
        kept = snapshots.steps
    assert str(players_at_step.__doc__).count(", ".join(map(str, kept[1:-1]))) == 1
    for ask in (lambda: players_at_step(7), lambda: main(["players", "--step", "7", "--out", "players.png"])):
        with pytest.raises(OptionError) as refused:
            ask()
        assert refused.value.needed == f"a step that was kept, one of {', '.join(map(str, kept))}"
        assert (refused.value.found, refused.value.remedy) == ("7", "Choose 10, the nearest.")
    for step in (-1, kept[-1] + 1, 10.5, None, "last"):
        with pytest.raises(OptionError):
            players_at(step, seed=0)
    with pytest.raises(OptionError):
        players_at_step(0, -1)


def test_a_restored_digit_comes_with_its_original_and_the_right_figures() -> None:
    picture = some_real(1, 2)[0][0]
    found = restore_digit(picture)
    assert np.array_equal(found.pictures[0], picture)
    assert found.small.astype(float) == pytest.approx(picture.reshape(7, 4, 7, 4).mean(axis=(1, 3)), abs=1)
    assert found.psnr_db[0] < found.psnr_db[1]  # the GAN beats bicubic
    original = torch.from_numpy(picture)[None]
    for at in (0, 1):
        quality = psnr_db(torch.from_numpy(found.pictures[at + 1])[None], original).item()
        assert found.psnr_db[at] == pytest.approx(quality, abs=1e-3)
    with lease_judge() as judge:
        assert found.read == tuple(read(judge, torch.from_numpy(found.pictures))[0].argmax(dim=1).tolist())
