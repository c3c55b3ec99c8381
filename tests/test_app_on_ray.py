"""The hub with ``--engine ray``, as its clients meet it: workers compute, the page imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from apps.style.samples import SAMPLES as PICTURES
from shared.video import write_mp4
from tests.attack.fuzz import Client as Browser
from tests.attack.fuzz import plausible

pytestmark = pytest.mark.cluster
APPS = Path(__file__).parent.parent / "apps"
RECORDING = [APPS / "ekg" / "samples" / f"208-five-minutes.{part}" for part in ("hea", "dat")]
_LOOK_S = 1.0  # at work that goes on


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
    assert (
        len(hub.predict([handle_file(str(part)) for part in RECORDING], None, None, api_name="/classify_ekg")["beats"])
        > 300
    )


def test_after_every_event_the_page_has_no_network(hub: Client, tmp_path: Path) -> None:
    """Private ones too: films, units, lessons, trainings. What wants another's result first gets a second chance."""
    config = httpx.get(f"{hub.src}config", timeout=60).json()
    components = {one["id"]: one for one in config["components"]}
    events = [one for one in config["dependencies"] if one["backend_fn"]]
    film = write_mp4([Image.new("RGB", (98, 66), "teal")] * 3, tmp_path / "film.mp4", size=(98, 66), rate_hz=10)
    kinds: dict[str, str] = {}
    with Browser(hub.src.rstrip("/"), "visitor", watch_s=_LOOK_S) as browser:
        for _ in range(2):
            for event in events:
                name = event["api_name"] or str(event["id"])
                if kinds.get(name, "refused") != "refused" or name.strip("_").startswith("leave"):
                    continue
                inputs = [_typed(components[number], browser, film) for number in event["inputs"]]
                kinds[name] = browser.call(event["id"], inputs)
                assert hub.predict(api_name="/status")["torch_loaded"] is False, name
    assert set(kinds.values()) <= {"answered", "refused", "goes on"}
    computed = {"paint_frames", "teach", "_dream", "_overview", "_train", "_train_1", "_film", "_both", "_restore",
                "_frame", "siamese", "_ask", "_place_by_night", "agree", "timed", "occlusion"}  # fmt: skip
    assert {name: kind for name, kind in kinds.items() if kind == "refused" and name in computed} == {}
    assert computed <= set(kinds)


def _typed(component: dict[str, Any], browser: Browser, film: Path) -> Any:
    """What a visitor might have put into a component."""

    def sent(path: Path) -> dict[str, Any]:
        return {"path": browser.upload(path.name, path.read_bytes()), "meta": {"_type": "gradio.FileData"}}

    kind, many = component["type"], component["props"].get("file_count", "single") != "single"
    if kind == "image":
        return browser.photo()
    if kind == "video":
        return sent(film)
    if kind in ("file", "uploadbutton") and many:
        return [sent(part) for part in RECORDING]
    if kind == "textbox":
        return plausible(component) or "Anna"
    return bool(plausible(component)) if kind == "checkbox" else plausible(component)
