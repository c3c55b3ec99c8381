"""The errors that a visitor may see, and the checks that raise them.

::

    HubError                what a visitor, or the machine's owner, can put right
    |-- InputError          the input cannot be used
    |   |-- ImageError      ... a picture
    |   |-- RecordError     ... a recording
    |   `-- OptionError     ... an option outside its table or its range
    |-- WeightsError        a weight file is not available, or not what the registry says
    |   |-- OfflineError    ... it would have to be downloaded, and this hub is offline
    |   |-- DownloadError   ... the download failed
    |   `-- HashError       ... the bytes are not those that the registry declares
    |-- ResourceError       not enough memory, disk or time on this machine
    `-- StoreError          the class gallery cannot be read or written

Each says what is needed, what was found, and what to do about it. ``apps/ui.py`` turns
them into a message on the page, the command lines print them on one line of stderr and exit with 2. Any other
exception is a bug of ours: it goes to the log with its traceback, never to the page.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Collection

_NO_ROOM = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))  # Windows knows no quota
_LONGEST_ECHO = 80  # characters of a visitor's text that a message repeats


class HubError(Exception):
    """A mistake that can be put right: what is needed, what was found, what to do.

    ``needed`` and ``found`` are noun phrases: ``HubError("a photo of a face", "none", "Choose another photo.")`` reads
    "Needed: a photo of a face. Found: none. Choose another photo." With ``needed`` empty, ``found`` is a sentence of
    its own: "Nothing has been painted yet. Press Paint first." ``str(error)`` is one line.
    """

    def __init__(self, needed: str, found: str = "", remedy: str = "") -> None:
        self.needed = one_line(needed)
        self.found = one_line(found)
        self.remedy = one_line(remedy)
        super().__init__(" ".join(self.sentences()))

    def __reduce__(self) -> tuple[type[HubError], tuple[str, str, str]]:
        """How it travels between processes: by its parts."""
        return type(self), (self.needed, self.found, self.remedy)

    def sentences(self) -> tuple[str, ...]:
        """The parts that are not empty, each closed by a full stop."""
        needed = f"Needed: {self.needed}" if self.needed else ""
        found = f"Found: {self.found}" if self.found and needed else self.found[:1].upper() + self.found[1:]
        parts = (part for part in (needed, found, self.remedy) if part)
        return tuple(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)


class InputError(HubError):
    """The input cannot be used."""


class ImageError(InputError):
    """A picture cannot be used."""


class RecordError(InputError):
    """A recording cannot be used."""


class OptionError(InputError):
    """An option is outside its table or its range."""


class WeightsError(HubError):
    """A weight file is not available, or not what the registry says."""


class OfflineError(WeightsError):
    """A weight file would have to be downloaded, and this hub is offline."""


class DownloadError(WeightsError):
    """A download failed; nothing half-written was left at the target."""


class HashError(WeightsError):
    """A file's bytes are not those that the registry declares."""


class ResourceError(HubError):
    """Not enough memory, disk or time on this machine."""


class StoreError(HubError):
    """The class gallery cannot be read or written."""


def disk_full(error: BaseException) -> ResourceError | None:
    """What a visitor reads where ``error``, or what led to it, is a full disk; ``None`` for everything else."""
    at: BaseException | None = error
    for _ in range(20):  # causes may go round in a circle
        if at is None:
            return None
        if isinstance(at, OSError) and at.errno in _NO_ROOM:
            return ResourceError("room on the disk of this hub", "none", "Whoever runs it can make some.")
        at = at.__cause__ or at.__context__
    return None


def one_line(text: str) -> str:
    """``text`` with every run of white space, line breaks included, made one space."""
    return " ".join(str(text).split())


def quoted(value: object, longest: int = _LONGEST_ECHO) -> str:
    """A visitor's own ``value`` as a message may repeat it: one line, cut at ``longest`` characters, in quotes."""
    text = one_line(str(value))
    return f"“{text if len(text) <= longest else text[: longest - 1] + '…'}”"


def check_choice(value: object, allowed: Collection[str], what: str) -> str:
    """``value`` if it is one of ``allowed``.

    Raises:
        OptionError: it is not; the message lists what is.
    """
    if isinstance(value, str) and value in allowed:
        return value
    raise OptionError(f"{named(what)}, one of {', '.join(allowed)}", quoted(value), "Choose one of these.")


def check_number(value: object, what: str, *, low: float = -math.inf, high: float = math.inf) -> float:
    """``value`` as a finite float in [``low``, ``high``].

    Raises:
        OptionError: it is no number, not finite, or out of range.
    """
    needed = f"{named(what)}, a number{_range(low, high)}"
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise OptionError(needed, quoted(value), "Type a number.") from error
    if not math.isfinite(number) or not low <= number <= high:
        raise OptionError(needed, quoted(value), "Choose a number in that range.")
    return number


def check_whole(value: object, what: str, *, low: int, high: int) -> int:
    """``value`` as an int in [``low``, ``high``]; 3.0 is whole, 3.5 and "3" with letters are not.

    Raises:
        OptionError: it is no whole number, or out of range.
    """
    number = check_number(value, what, low=low, high=high)
    if number != int(number):
        raise OptionError(f"{named(what)}, a whole number{_range(low, high)}", quoted(value), "Leave out the decimals.")
    return int(number)


def named(what: str) -> str:
    """``what`` inside a sentence: "The seed" -> "the seed"; "--port" and "D's loss" stay as they are."""
    return what[:1].lower() + what[1:] if what[1:2].islower() or what[1:2] == " " else what


def _range(low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return ""
    if math.isinf(high):
        return f" from {low:,.10g} up"
    if math.isinf(low):
        return f" up to {high:,.10g}"
    return f" from {low:,.10g} to {high:,.10g}"
