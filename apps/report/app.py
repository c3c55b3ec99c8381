"""The report app: ``streamlit run apps/report/app.py``. It shows what is in ``weights/`` and asks no other machine."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Show the page."""
    root = str(Path(__file__).resolve().parent.parent.parent)
    if root not in sys.path:  # streamlit puts this file's folder on the path, not the repository
        sys.path.insert(0, root)
    from apps.report.page import show

    show()


if __name__ == "__main__":
    main()
