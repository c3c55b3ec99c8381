"""The room's choices and limits, free of torch."""

from __future__ import annotations

from shared.errors import check_whole

ARTS: dict[str, str] = {"mosaic": "Mosaic sun", "swirls": "Swirling night", "woodcut": "Woodcut waves"}
NO_SECOND = "none"
CELL = 16  # pixels of a cell of the coarsest noise; pictures are whole cells
SMALLEST, LARGEST = 64, 1024  # pixels along a side that one call paints
LARGEST_POSTER = 8192  # ... and that the command paints
FAR = 1_000_000  # pixels: the places where a window may begin, in each direction
FRAMES, FRAMES_HZ = 40, 12  # of a film
FILM_SIDE = 320  # pixels at most of a film's sides


def check_side(value: object, what: str, most: int = LARGEST) -> int:
    """A side in pixels as whole cells; what is between two is rounded.

    Raises:
        OptionError: it is no whole number between ``SMALLEST`` and ``most``.
    """
    return round(check_whole(value, what, low=SMALLEST, high=most) / CELL)


def check_place(value: object, what: str) -> int:
    """Where a window begins, in pixels, as a whole cell.

    Raises:
        OptionError: it is no whole number, or further out than ``FAR``.
    """
    return round(check_whole(value, what, low=-FAR, high=FAR) / CELL)
