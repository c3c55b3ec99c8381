"""How long until the page answers: ``python app.py`` against a bare one-button gradio page, in turns, in one run.

    python -m benchmarks.page_start

Prints for both the median seconds from process start to the first whole answer, and the processor seconds used until
then, which other work on the machine disturbs less; then their ratios. The aim is 1.2.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from tools.hub import PassingHub, Server, free_port

ROOT = Path(__file__).resolve().parent.parent
BARE = """
import gradio as gr
from tools.hub import PassingHub, Server, free_port
with gr.Blocks(analytics_enabled=False) as page:
    gr.Button("Hello").click(lambda: None, None, None)
page.launch(server_port={port}, quiet=True)
"""


class Start(NamedTuple):
    """One start of a page."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    starts: dict[str, list[Start]] = {"bare page": [], "hub": []}
    for number in range(rounds + 1):
        for name in starts:
            taken = _start(name)
            if number > 0:  # the first round fills the disk cache
                starts[name].append(taken)
    for name, taken_each in starts.items():
        wall, cpu = (statistics.median(values) for values in zip(*taken_each, strict=True))
        print(f"{name:10} {wall:.2f} s until the answer, {cpu:.2f} s of processor (medians, n = {rounds})")
    for index, what in enumerate(Start._fields):
        hub, bare = ([start[index] for start in starts[name]] for name in ("hub", "bare page"))
        medians = statistics.median(hub) / statistics.median(bare)
        print(f"ratio of {what}: {medians:.3f} (medians), {min(hub) / min(bare):.3f} (minima)")


def _start(name: str) -> Start:
    started = time.perf_counter()
    with bare_page() if name == "bare page" else PassingHub(ready="") as server:
        used = psutil.Process(server.process.pid).cpu_times()
        return Start(time.perf_counter() - started, used.user + used.system)


def bare_page() -> Server:
    """A page of gradio with one button, its own log thrown away."""
    port = free_port()
    quiet = {"GRADIO_ANALYTICS_ENABLED": "False"}
    return Server(["-c", BARE.format(port=port)], port, Path(os.devnull), environment=quiet)


if __name__ == "__main__":
    main()
