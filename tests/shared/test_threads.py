"""How long threads wait awake is set before torch is there, by every program of ours; few beats take one thread."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from apps.ekg.answers import classify
from apps.ui import guard
from shared import threads
from tests.conftest import ROOT
from tools.hub import free_port

pytestmark = pytest.mark.slow  # trains, paints or starts programs

PROGRAMS = ("apps.ekg", "apps.face", "apps.gan", "apps.report", "apps.style", "shared.weights")
_WATCH = """
import os, runpy, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("torch after", os.environ.get("GOMP_SPINCOUNT"), flush=True)
        if name in ("torch", "numpy"):
            print("numpy after", os.environ.get("OPENBLAS_NUM_THREADS"), flush=True)
        if name == "torch":
            os._exit(0)
sys.meta_path.insert(0, Watch())
sys.argv = [sys.argv[1], *sys.argv[2:]]
runpy.run_module(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_WAIT_POLICY", *threads.settings()):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name, "")  # so that what the test sets is undone
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("unset")
def test_the_threads_wait_briefly() -> None:
    threads.be_a_good_neighbour()
    assert os.environ["GOMP_SPINCOUNT"] == str(threads.SPIN_COUNT)
    assert "OMP_WAIT_POLICY" not in os.environ  # it would win over the number
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize(("name", "value"), [("OMP_WAIT_POLICY", "ACTIVE"), ("GOMP_SPINCOUNT", "7")])
def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    threads.be_a_good_neighbour()
    assert os.environ[name] == value
    assert name == "GOMP_SPINCOUNT" or "GOMP_SPINCOUNT" not in os.environ


@pytest.mark.usefixtures("unset")
def test_it_is_set_before_torch_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By a command that needs a network, and by the hub."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    sample = str(ROOT / "apps" / "face" / "samples" / "obama.jpg")
    for call in (
        ["apps.face", "verify", sample, sample],
        ["app", "--offline", "--tabs", "conv", "--port", str(free_port())],
    ):
        told = subprocess.run(
            [sys.executable, "-c", _WATCH, *call], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert f"torch after {threads.SPIN_COUNT}" in told.stdout, told.stderr[-500:]
    assert "numpy after 1" in told.stdout  # in the hub, where several threads multiply matrices at once
    assert "numpy after None" not in told.stdout


def test_every_command_goes_through_the_one_place() -> None:
    for program in PROGRAMS:
        text = (ROOT / program.replace(".", "/") / "__main__.py").read_text(encoding="utf-8")
        assert "run(main" in text, program


@pytest.fixture
def two_threads() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Counting(torch.nn.Module):
    """Notes with how many threads it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[int] = []

    def forward(self, windows: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        self.seen.append(torch.get_num_threads())
        return torch.zeros(len(windows), 4)


@pytest.mark.usefixtures("two_threads")
def test_few_beats_take_one_thread_and_many_all() -> None:
    network = Counting()
    for beats in (1, classify._FEW, classify._FEW + 1):
        classify.probabilities_of(network, np.zeros((beats, 1, 4), np.float32), np.zeros((beats, 2), np.float32))
    assert network.seen == [1, 1, 2]
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_each_step_of_a_long_call_has_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_known", {"all": 2})
    closed = []

    def steps() -> object:
        try:
            yield torch.get_num_threads()
            yield torch.get_num_threads()
        finally:
            closed.append(True)

    made = guard(steps)()
    torch.set_num_threads(1)
    assert next(made) == 2
    torch.set_num_threads(1)
    assert next(made) == 2
    made.close()
    assert closed
