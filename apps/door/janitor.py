"""What stays on the disk, and for how long; memory that is free goes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from apps.door.middleware import PRESENT
from apps.door.visitors import FILES, Files
from shared.serving.attendance import Attendance
from shared.serving.later import LATER
from shared.serving.memory import give_back

EVERY_S = 20.0  # between two rounds: a sixth of what a visitor who is gone may still come back in
MEMORY_EVERY_S = 60.0  # between two times that free memory is given back to the system
GONE_S = 120.0  # how long files stay after the last stream of their owner has ended: a phone may be back
OLDEST_S = 3600.0  # for which any file stays
BROKEN_OFF_S = 600.0  # after which an upload that stopped in the middle is deleted


class Janitor:
    """Deletes what nobody needs any more."""

    def __init__(
        self,
        folder: Path,
        files: Files = FILES,
        present: Attendance = PRESENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A janitor for the uploads and results in ``folder``."""
        self._folder = folder
        self._files = files
        self._present = present
        self._clock = clock
        self._missed: dict[str, float] = {}  # visitor -> since when nobody is there

    def start(self) -> None:
        """Come round from now on, for as long as the process lives."""
        LATER.every("janitor", EVERY_S, self.come_round)
        LATER.every("memory", MEMORY_EVERY_S, give_back)

    def come_round(self) -> None:
        """Delete what is over: files of visitors who have left, old ones, uploads that were broken off."""
        now = self._clock()
        self._files.forget_gone()
        owners = self._files.owners()
        away = {visitor for visitor in owners if not self._present.there(visitor)}
        self._missed = {visitor: self._missed.get(visitor, now) for visitor in away}
        over: list[str] = []
        for visitor, since in self._missed.items():
            if now - since >= GONE_S:
                over += self._files.drop_visitor(visitor)
        over += self._files.drop_older(OLDEST_S)
        for path in over:
            delete(Path(path))
        self._delete_broken_off()

    def clear_out(self) -> None:
        """Delete every visitor's files, now."""
        for visitor in self._files.owners():
            for path in self._files.drop_visitor(visitor):
                delete(Path(path))

    def _delete_broken_off(self) -> None:
        limit = time.time() - BROKEN_OFF_S
        for path in self._folder.glob("tmp*"):
            with suppress(OSError):
                if path.is_file() and path.stat().st_mtime < limit:
                    path.unlink()


def delete(path: Path) -> None:
    """Delete a file, and its folder if that is empty now."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()
