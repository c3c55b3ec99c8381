"""axe-core finds no serious fault on the first screen of any tab, and finds one that is put there.

Every sub-tab in every look: ``make a11y``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("axe_playwright_python", reason="needs the package axe-playwright-python (requirements-dev.txt)")

from apps import DEMOS
from tests.e2e.axe import KNOWN, faults

_LOOKS = ("390 light", "1366 dark", "390 dark", "1366 light", "390 light")  # in turns; `make a11y` has all


def test_no_tab_keeps_anybody_out(open_page: Callable[..., Any]) -> None:
    page = open_page()
    found = []
    for demo, look in zip(DEMOS, itertools.cycle(_LOOKS), strict=False):
        page.set_viewport_size({"width": 1366, "height": 768})
        page.get_by_role("tab", name=demo.title, exact=True).click()
        page.get_by_text(demo.summary).wait_for()
        found += [fault for fault in faults(page, demo.slug, looks=[look]) if not fault.known]
    assert found == []


def test_a_fault_is_found(open_page: Callable[..., Any]) -> None:
    page = open_page("conv")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<button style=\"width:20px\"></button>')")
    assert {fault.rule for fault in faults(page, "conv", looks=_LOOKS[:1], patience=1)} == {"button-name"}


def test_what_is_left_of_gradios_has_its_reason() -> None:
    assert all(rule and part and why for rule, part, why in KNOWN)
