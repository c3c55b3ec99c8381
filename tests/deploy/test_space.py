"""The README's heading is one that a Hugging Face Space takes.

What may stand there, from the hub's reference (huggingface.co/docs/hub/spaces-config-reference, read in November 2026);
the limit of the short description is what the hub answers when a longer one is pushed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.requirements import PYTHONS
from shared import registry
from shared.registry.types import HubFile, Release

ROOT = Path(__file__).resolve().parents[2]
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
KINDS: dict[str, type] = {
    "title": str, "emoji": str, "colorFrom": str, "colorTo": str, "sdk": str, "python_version": str,
    "sdk_version": str, "suggested_hardware": str, "suggested_storage": str, "app_file": str,
    "app_build_command": str, "app_port": int, "base_path": str, "fullWidth": bool, "header": str,
    "short_description": str, "models": list, "datasets": list, "tags": list, "thumbnail": str, "pinned": bool,
    "hf_oauth": bool, "hf_oauth_scopes": list, "hf_oauth_expiration_minutes": int, "disable_embedding": bool,
    "startup_duration_timeout": str, "custom_headers": dict, "preload_from_hub": list, "license": str,
}  # fmt: skip
LONGEST_DESCRIPTION = 60


@pytest.fixture(scope="module")
def heading() -> dict[str, Any]:
    _, text, _ = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return dict(yaml.safe_load(text))


def test_the_heading_has_what_a_space_knows_in_its_kinds(heading: dict[str, Any]) -> None:
    assert {name: type(value) for name, value in heading.items()} == {name: KINDS[name] for name in heading}
    assert {heading["colorFrom"], heading["colorTo"]} <= COLOURS
    assert not re.search(r"[\w\s]", heading["emoji"])
    assert 0 < len(heading["short_description"]) <= LONGEST_DESCRIPTION


def test_the_space_runs_this_program_on_a_python_and_a_gradio_that_it_takes(heading: dict[str, Any]) -> None:
    assert heading["sdk"] == "gradio"
    assert (ROOT / heading["app_file"]).is_file()
    assert heading["python_version"] in PYTHONS
    wanted = re.search(r"^gradio\[mcp\]>=(\d+)\.(\d+),<(\d+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert wanted is not None
    least, most = (int(wanted[1]), int(wanted[2])), int(wanted[3])
    version = tuple(map(int, heading["sdk_version"].split(".")))
    assert least <= version[:2] < (most, 0)


def test_the_models_are_those_that_are_downloaded(heading: dict[str, Any]) -> None:
    places = (one.origin.mirror if isinstance(one.origin, Release) else one.origin for one in registry.records())
    assert set(heading["models"]) == {place.repo for place in places if isinstance(place, HubFile)}
