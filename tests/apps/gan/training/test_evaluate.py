"""The report on a generator: every figure against its own definition, and what few samples cannot show."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from apps.gan.players.data import Digits, to_input
from apps.gan.players.judge import Judge, read
from apps.gan.players.metrics import frechet_distance, precision_recall
from apps.gan.training.evaluate import EvaluationProgress, Report, evaluate

N = 120


class Copier(nn.Module):
    """A "generator" that draws the training picture number y: everything it makes is a copy."""

    classes = 10

    def __init__(self, train: Digits) -> None:
        super().__init__()
        self.train_images, self.scale = train.images, nn.Parameter(torch.ones(()))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return to_input(self.train_images[y])


def _digits(seed: int) -> Digits:
    random = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (N, 28, 28), dtype=torch.uint8, generator=random)
    return Digits(images, torch.arange(N) % 10)


@pytest.fixture(scope="module")
def judge() -> Judge:
    torch.manual_seed(0)
    return Judge().eval()


def _steps(judge: Judge, train: Digits, test: Digits) -> list[EvaluationProgress]:
    copier = Copier(train)
    return list(evaluate(copier, judge, train, test, model="copier", n=N))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def report(judge: Judge) -> Report:
    found = _steps(judge, _digits(0), _digits(1))
    assert [step.done for step in found] == [0, 1, 2, 3, 4]
    assert [step.report for step in found[:-1]] == [None] * 4
    assert found[-1].report is not None
    return found[-1].report


def test_what_the_judge_reads_is_counted_by_what_was_requested(judge: Judge, report: Report) -> None:
    seen = read(judge, _digits(0).images[:10])[0].argmax(dim=1).tolist()  # of the ten pictures that the copier draws
    right = [float(digit == number) for number, digit in enumerate(seen)]
    assert report.agreement is not None
    assert report.agreement_per_digit is not None
    assert report.confusion is not None
    assert [share.value for share in report.agreement_per_digit] == right
    assert report.agreement.value == pytest.approx(sum(right) / 10)
    assert [row.index(12) for row in report.confusion] == seen
    assert report.read_as == pytest.approx([seen.count(digit) / 10 for digit in range(10)])


def test_distances_are_to_the_test_split_and_floors_are_of_training_digits(judge: Judge, report: Report) -> None:
    train, test = _digits(0), _digits(1)
    real, twin = read(judge, test.images)[1], read(judge, train.images)[1]
    fake = twin[:10].repeat(12, 1)
    assert report.fid == pytest.approx(frechet_distance(fake, real), rel=1e-4)
    assert report.fid_floor == pytest.approx(frechet_distance(twin, real), rel=1e-4)
    assert report.manifolds_floor == precision_recall(real, twin)
    assert report.manifolds == precision_recall(real, fake)
    (*_, same) = _steps(judge, train, train)
    assert same.report is not None
    assert same.report.fid_floor == pytest.approx(0, abs=1e-3)


def test_a_generator_that_copies_is_found_out(report: Report) -> None:
    assert report.copies == 1.0
    assert report.nearest < 1
    assert report.nearest_real > 50


def test_the_variety_of_one_picture_per_class_is_none(report: Report) -> None:
    assert report.diversity == pytest.approx([0.0] * 10, abs=1e-3)


def test_the_keys_hold_what_their_names_say(report: Report) -> None:
    told = report.as_json()
    assert (told["precision"], told["recall"]) == (
        pytest.approx(report.manifolds.precision, abs=1e-5),
        pytest.approx(report.manifolds.recall, abs=1e-5),
    )
    assert told["precision_floor"] == pytest.approx(report.manifolds_floor.precision, abs=1e-5)
    assert told["recall_floor"] == pytest.approx(report.manifolds_floor.recall, abs=1e-5)
    assert report.agreement is not None
    low, high = told["agreement_interval"]
    assert (low, high) == (
        pytest.approx(report.agreement.low, abs=1e-5),
        pytest.approx(report.agreement.high, abs=1e-5),
    )
    assert list(told["agreement_per_digit"]) == [str(digit) for digit in range(10)]
    assert f"--n {N} --seed 0" in told["command"]
    without = replace(report, agreement=None, agreement_per_digit=None, confusion=None).as_json()
    assert (without["agreement"], without["agreement_interval"]) == (None, None)


@pytest.mark.parametrize(("n", "says"), [(128, "at least 129"), (129, "larger fid"), (9_999, "larger fid")])
def test_few_samples_are_said_to_be_few(report: Report, n: int, says: str) -> None:
    assert says in replace(report, n=n).as_json()["note"]


def test_enough_samples_need_no_note(report: Report) -> None:
    assert "note" not in replace(report, n=10_000).as_json()
