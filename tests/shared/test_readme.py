"""The README cannot drift from the registry, the options or the files it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.report import headlines
from shared import readme, settings
from shared.weights.table import licences_table, weights_table


def text() -> str:
    return readme.path().read_text(encoding="utf-8")


def test_the_table_of_weights_is_that_of_the_registry() -> None:
    assert readme.with_block(text(), "weights", weights_table()) == text(), "run make readme"


def test_every_licence_is_listed_beside_the_weights() -> None:
    listed = (settings.weights_dir() / "README.md").read_text(encoding="utf-8")
    assert readme.with_block(listed, "licences", licences_table()) == listed, "run make readme"
    samples = sorted(folder for folder in (readme.path().parent / "apps").glob("*/samples"))
    assert [folder for folder in samples if f"](../apps/{folder.parent.name}/samples/README.md)" not in listed] == []
    assert [folder for folder in samples if not (folder / "README.md").is_file()] == []


def test_the_table_of_figures_is_that_of_the_measured_files() -> None:
    assert readme.with_block(text(), "figures", headlines.markdown()) == text(), "run make readme"


def test_a_changed_table_is_replaced_and_the_rest_kept() -> None:
    before = "a\n<!-- x: made -->\nold\n<!-- /x -->\nb\n<!-- y: made -->\n<!-- /y -->\n"
    assert readme.with_block(before, "x", r"\1 | new") == before.replace("old\n", r"\1 | new")
    with pytest.raises(ValueError, match="no <!-- z"):
        readme.with_block(before, "z", "new")


def test_every_file_that_it_shows_or_links_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text())
    missing = [link for link in links if not (readme.path().parent / link).exists()]
    assert missing == []


def test_every_option_that_it_names_exists() -> None:
    named = set(re.findall(r"`(?:python app\.py )?--([a-z-]+)", text()))
    assert named - {"help"} <= {option.name for option in settings.OPTIONS}


def test_the_spaces_front_matter_names_this_gradio_line() -> None:
    front = text().split("---")[1]
    requirement = re.search(r"gradio\[mcp\]>=(\d+)\.(\d+)", Path(readme.path().parent / "requirements.txt").read_text())
    version = re.search(r"sdk_version: (\d+)\.(\d+)", front)
    assert requirement is not None
    assert version is not None
    assert version[1] == requirement[1]
    assert int(version[2]) >= int(requirement[2])
    for line in ("sdk: gradio", "app_file: app.py", "license: mit", "python_version:", "models:"):
        assert line in front
