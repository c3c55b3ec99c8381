"""The README cannot drift from the registry, the options or the files it shows."""

from __future__ import annotations

import re
from pathlib import Path

from shared import settings
from shared.weights.table import readme, weights_table, with_table


def text() -> str:
    return readme().read_text(encoding="utf-8")


def test_the_table_of_weights_is_that_of_the_registry() -> None:
    assert with_table(text()) == text(), "run make readme"


def test_a_changed_table_is_replaced_and_the_rest_kept() -> None:
    before = "a\n<!-- weights: made -->\nold\n<!-- /weights -->\nb\n"
    assert with_table(before) == f"a\n<!-- weights: made -->\n{weights_table()}<!-- /weights -->\nb\n"


def test_every_file_that_it_shows_or_links_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text())
    missing = [link for link in links if not (readme().parent / link).exists()]
    assert missing == []


def test_every_option_that_it_names_exists() -> None:
    named = set(re.findall(r"`(?:python app\.py )?--([a-z-]+)", text()))
    assert named - {"help"} <= {option.name for option in settings.OPTIONS}


def test_the_spaces_front_matter_names_this_gradio_line() -> None:
    front = text().split("---")[1]
    requirement = re.search(r"gradio\[mcp\]>=(\d+)\.(\d+)", Path(readme().parent / "requirements.txt").read_text())
    version = re.search(r"sdk_version: (\d+)\.(\d+)", front)
    assert requirement is not None
    assert version is not None
    assert version[1] == requirement[1]
    assert int(version[2]) >= int(requirement[2])
    for line in ("sdk: gradio", "app_file: app.py", "license: mit", "python_version:", "models:"):
        assert line in front
