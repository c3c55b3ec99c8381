"""How the threads of an operation wait for one another, which decides what the hub costs next to other programs.

OpenMP's threads wait awake. On a quiet machine that is quickest; next to other programs an awake thread holds up the
very one that it waits for, and an operation takes tens of times as long.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

# How long a thread waits awake before it sleeps until it is woken: rounds of an empty loop, some hundredths of a
# millisecond. On a quiet machine threads meet within that. libgomp's own choice is 300,000; OMP_WAIT_POLICY=PASSIVE is
# 0. benchmarks/neighbours.py measures both ends: at 1,000 a face takes a tenth longer on a quiet machine, at 10,000
# four times as long next to three busy programs.
SPIN_COUNT = 5000
BLOCK_MS = 1  # the same for the OpenMP of Intel and LLVM, whose own choice is 200
# numpy computes with one thread of its own. Its OpenBLAS has threads apart from torch's, more of them than there are
# cores left, and calls from several threads at once can wait for each other for ever: four recordings that were
# classified side by side held up all quick questions (seen in sgemm_thread_tn, OpenBLAS of numpy 2.4).
NUMPY_THREADS = {"OPENBLAS_NUM_THREADS": "1"}


def settings() -> dict[str, str]:
    """The environment variables that OpenMP (of GNU, Intel, LLVM) and OpenBLAS read as torch and numpy load them."""
    return {"GOMP_SPINCOUNT": str(SPIN_COUNT), "KMP_BLOCKTIME": str(BLOCK_MS)} | NUMPY_THREADS


def be_a_good_neighbour() -> None:
    """Let the threads of torch leave the cores to others while they wait, and give numpy one thread.

    To be called before torch and numpy are imported. What the user has set in the environment stays.
    """
    chosen = NUMPY_THREADS if "OMP_WAIT_POLICY" in os.environ else settings()
    for name, value in chosen.items():
        os.environ.setdefault(name, value)


_known: dict[str, int] = {}  # "all": the threads that torch came with


def cores() -> int:
    """How many threads of this process can compute at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_threads(count: int | None) -> None:
    """Let the calling thread compute with ``count`` threads; None: with all that torch came with, if it is here."""
    if "torch" not in sys.modules:
        return
    import torch

    everything = _known.setdefault("all", torch.get_num_threads())
    torch.set_num_threads(everything if count is None else min(count, everything))


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread in the block: where operations are so small that a second one costs more than it does."""
    import torch

    _known.setdefault("all", torch.get_num_threads())
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
