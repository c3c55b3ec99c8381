"""The hub with ``--engine ray``, as its clients meet it: workers compute, the page imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file

from apps.style.samples import SAMPLES as PICTURES

pytestmark = pytest.mark.cluster
APPS = Path(__file__).parent.parent / "apps"


@pytest.fixture(scope="module")
def hub(start_hub: Callable[..., str]) -> Client:
    pytest.importorskip("ray", reason="needs Ray: pip install -r requirements-cluster.txt")
    return Client(start_hub("--engine", "ray", "--workers", "2"), verbose=False)


@pytest.fixture(autouse=True)
def _no_torch(hub: Client) -> Iterator[None]:
    yield
    assert hub.predict(api_name="/status")["torch_loaded"] is False


def picture(name: str) -> Any:
    return handle_file(str(PICTURES[name].path))


def test_digits_and_layers(hub: Client) -> None:
    pictures, *_ = hub.predict(api_name="/sample_gan")
    assert pictures
    assert hub.predict("14x14x3", "5x5x3,16", "1", "valid", "1", api_name="/conv_shapes")["agrees"]


def test_pictures(hub: Client) -> None:
    painted, _, numbers = hub.predict(picture("cat"), "woodcut", None, "", 0.5, 96, 1.0, False, api_name="/stylize_now")
    assert Path(painted).is_file()
    assert numbers["size"][0] == 96
    *_, numbers, result = hub.predict(picture("cat"), picture("swirls"), 64, 6, api_name="/stylize")
    assert numbers["recipe"]["iterations_done"] == 6
    *_, numbers = hub.predict(handle_file(result), "small", api_name="/upscale")
    assert numbers["width"] == 4 * numbers["from_width"]
    _, lights = hub.predict(picture("cat"), "both", True, 1, api_name="/translate")
    assert lights["lit_km2"] >= 0


def test_faces(hub: Client) -> None:
    obama, other = (handle_file(str(APPS / "face" / "samples" / name)) for name in ("obama.jpg", "obama2.jpg"))
    assert hub.predict(obama, other, api_name="/verify")["same"]
    assert hub.predict(obama, "Barack", api_name="/enroll")["photos"] == 1
    assert hub.predict(other, api_name="/identify")["faces"][0]["name"] == "Barack"


def test_heartbeats(hub: Client) -> None:
    record = [handle_file(str(APPS / "ekg" / "samples" / f"208-five-minutes.{part}")) for part in ("hea", "dat")]
    assert len(hub.predict(record, None, None, api_name="/classify_ekg")["beats"]) > 300
