"""Two who paint at once share the machine: both move before either is done, and a stop of one is none of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.client import Job

from apps.style.samples import SAMPLES

LONG: dict[str, Any] = {"size": 64, "iterations": 1000, "coarse_to_fine": False}


@pytest.fixture
def two(hub_url: str) -> Iterator[tuple[Client, Client]]:
    clients = Client(hub_url, verbose=False), Client(hub_url, verbose=False)
    yield clients
    for client in clients:
        client.close()


def begun(client: Client, **recipe: Any) -> tuple[Job, Iterator[Any]]:
    """A run that has shown its first step, and its further ones."""
    pictures = (handle_file(str(SAMPLES[name].path)) for name in ("cat", "mosaic"))
    job = client.submit(*pictures, **recipe, api_name="/stylize")
    steps = iter(job)
    next(steps)
    return job, steps


def test_both_move_before_either_is_done(two: tuple[Client, Client]) -> None:
    first, steps = begun(two[0], **LONG)
    second, others = begun(two[1], **LONG)  # its first step comes although the first run is under way
    while "taking turns with 1 other" not in next(steps)[0]:
        pass
    assert not first.done()
    assert not second.done()
    first.cancel()
    two[0].close()  # the page is closed
    while "taking turns" in next(others)[0]:  # until the other one has the machine for itself
        pass
    second.cancel()
