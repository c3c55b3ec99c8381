"""The engine on a real Ray cluster of this machine: two workers, one of which is killed in the middle of a painting."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from apps.style.options import Options
from apps.style.run.transfer import Run
from apps.style.samples import EXAMPLE, SAMPLES
from shared import engine
from shared.engine import messages
from shared.engine.cluster import Cluster
from shared.errors import OptionError
from shared.serving.turns import TURNS, GoneError

pytestmark = pytest.mark.cluster
REQUESTS = "apps.gan.exhibits.requests"


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def far(told: list[str]) -> Iterator[Cluster]:
    pytest.importorskip("ray", reason="needs Ray: pip install -r requirements-cluster.txt")
    os.environ |= {"CONVHUB_OFFLINE": "1", "CONVHUB_DEVICE": "cpu"}
    made = Cluster(None, least=2, most=2, notify=told.append)
    engine.use(made)
    yield made
    engine.use(engine.Here())
    made.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 180
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def pids(far: Cluster) -> dict[object, int]:
    return {worker: far._ray.get(worker.process.remote()) for worker in far._ray.get(far._pool.workers.remote())}


def busy(far: Cluster) -> list[object]:
    return [worker for worker in pids(far) if far._ray.get(worker.kept.remote())]


def test_a_worker_answers_as_this_process_and_refuses_as_it(far: Cluster) -> None:
    room = engine.room(REQUESTS)
    there = room.draw_samples("dcgan-digits", count=5, seed=3)
    at_home = engine.find(f"{REQUESTS}:draw_samples")("dcgan-digits", count=5, seed=3)
    assert (there.pictures == at_home.pictures).all()
    with pytest.raises(OptionError, match="the generator, one of"):
        room.draw_samples("dcgan", count=5, seed=3)
    with pytest.raises(messages.WorkerError, match="TypeError"):
        room.draw_samples()


def test_kill_9_of_a_worker_in_the_middle_of_a_painting(far: Cluster, told: list[str]) -> None:
    picture, painting = (Image.open(SAMPLES[name].path).convert("RGB") for name in EXAMPLE[:2])
    run = Run(picture, painting, Options(size=64, iterations=30, coarse_to_fine=False, precision="float32"))
    seen = []
    for step in run.steps(every_s=0.0):
        seen.append(step.done)
        if step.done == 8:
            worker = busy(far)[0]
            os.kill(pids(far)[worker], signal.SIGKILL)
    assert len(told) == 1
    assert seen == sorted(set(seen))
    assert [cost.iteration for cost in run.costs] == list(range(1, 31))
    assert run.result().last.J < run.costs[8].J
    until(lambda: len(pids(far)) == 2)  # another one has come


def test_who_has_gone_frees_the_worker_within_a_second(far: Cluster) -> None:
    picture, painting = (Image.open(SAMPLES[name].path).convert("RGB") for name in EXAMPLE[:2])
    run = Run(picture, painting, Options(size=64, iterations=900, coarse_to_fine=False, precision="float32"))
    with TURNS.call("a visitor", long=True):
        steps = run.steps(every_s=0.0)
        next(steps)
        TURNS.drop("a visitor")
        with pytest.raises(GoneError):
            list(steps)
    begun = time.monotonic()
    until(lambda: not busy(far))
    sys.stderr.write(f"free after {time.monotonic() - begun:.2f} s\n")
    assert run.done < 900
