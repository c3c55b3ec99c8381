"""axe-core on every tab and sub-tab, light and dark, wide and narrow: ``make a11y``.

Faults of gradio's own markup that cannot be mended from outside stand in ``KNOWN``, each with its reason.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page, sync_playwright

from apps import hub
from apps.sharing import sharing_of
from shared.settings import Settings
from tests.e2e.conftest import PHONE, PROJECTOR, chromium
from tools.hub import PassingHub

_LOOKS_AGAIN = 8
SIZES = {"390": PHONE, "1366": PROJECTOR}
KNOWN: tuple[tuple[str, str, str], ...] = ()  # rule, part of the element's markup, why it cannot be mended
_AT_REST = """() => !document.querySelector('[aria-label="Empty value"]:not([role])')"""  # page/names.js has been there
# what gradio shows half transparent waits for its next value, and is read then
_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'], elementRef: true });
  const fades = (one) => one && (Number(getComputedStyle(one).opacity) < 0.5 || fades(one.parentElement));
  return found.violations.filter(({ impact }) => ['serious', 'critical'].includes(impact)).flatMap(
    ({ id, impact, nodes }) => nodes.filter(({ element }) => !(id === 'color-contrast' && fades(element))).map(
      ({ html, target, failureSummary }) => ({ rule: id, impact, html, target: String(target), why: failureSummary })));
}"""


@dataclass(frozen=True)
class Fault:
    """One element that breaks one rule."""

    path: str  # of the sub-tab
    look: str  # "1366 dark"
    rule: str
    impact: str
    target: str  # a selector
    html: str
    why: str

    @property
    def known(self) -> bool:
        """Whether it is one of gradio's that cannot be mended."""
        return any(self.rule == rule and part in self.html for rule, part, _ in KNOWN)


def paths() -> list[str]:
    """Every sub-tab that has none inside, by its path."""
    every = sharing_of(hub.build(Settings())).paths
    return [path for path in every if not any(other.startswith(f"{path}/") for other in every)]


def open_path(page: Page, url: str, path: str) -> None:
    """Open a sub-tab and wait until it has come to rest."""
    page.goto(f"{url}?tab={path}")
    panel = page.locator(f"[id='tab-{path.replace('/', '--')}']")
    panel.wait_for()
    page.evaluate("async () => { for (let y = 0; y < document.body.scrollHeight; y += 600) { scrollTo(0, y);"
                  " await new Promise((done) => setTimeout(done, 60)); } scrollTo(0, 0); }")  # fmt: skip
    page.wait_for_timeout(400)


def faults(page: Page, path: str, *, looks: Iterable[str], patience: int = _LOOKS_AGAIN) -> Iterator[Fault]:
    """The serious faults of what is on the screen in each of ``looks``: "390 light".

    Those that are there every time that one looks, a second apart, up to ``patience`` times.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    page.add_style_tag(content="*, *::before, *::after { transition: none !important; animation: none !important; }")
    for look in looks:
        size, theme = look.split()
        page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
        page.wait_for_timeout(80)
        rows: list[dict[str, Any]] = []
        for _ in range(patience):  # what is a fault stays one; what was on its way has come
            page.wait_for_function(_AT_REST)
            rows = page.evaluate(_RUN)
            if not rows:
                break
            page.wait_for_timeout(1000)
        yield from (Fault(path=path, look=look, **row) for row in rows)


LOOKS = tuple(f"{size} {theme}" for size in SIZES for theme in ("light", "dark"))


def main() -> int:
    """Go through everything and print every fault once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="paths that begin with this: gan/sample")
    parser.add_argument("--all", action="store_true", help="print what is known as well")
    asked = parser.parse_args()
    found: dict[tuple[str, str], list[Fault]] = {}
    with PassingHub() as running, sync_playwright() as driver:
        page = chromium(driver).new_context(viewport=PROJECTOR).new_page()
        page.set_default_timeout(120_000)
        for path in (path for path in paths() if path.startswith(asked.only)):
            open_path(page, running.url + "/", path)
            for fault in faults(page, path, looks=LOOKS):
                if asked.all or not fault.known:
                    found.setdefault((fault.rule, fault.html), []).append(fault)
    for (rule, html), where in found.items():
        places = sorted({f"{one.path} ({one.look})" for one in where})
        sys.stdout.write(f"{rule} [{where[0].impact}] {where[0].target}\n  {html[:300]}\n  {where[0].why[:400]}\n"
                         f"  in {len(places)}: {', '.join(places[:4])}\n")  # fmt: skip
    sys.stdout.write(f"{len(found)} faults\n")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
