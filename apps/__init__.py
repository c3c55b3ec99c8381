"""The demos: one folder each, named by the table in ``shared/demos.py``.

A demo's folder is divided into rooms. Its ``__init__.py`` lists them in the order in which they may import one another:
a room knows only those before it. The page stands last, in ``ui/``; ``ui/tab.py`` lays it out. Importing a demo's page
imports neither torch nor another demo.
"""

from __future__ import annotations

from shared.demos import DEMOS, Demo

__all__ = ["DEMOS", "Demo"]
