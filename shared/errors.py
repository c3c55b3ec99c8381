"""The errors that a visitor may see, and the checks that raise them.

::

    HubError                what a visitor, or his machine, can put right
    |-- InputError          the input cannot be used
    |   |-- ImageError      ... a picture
    |   |-- RecordError     ... a recording
    |   `-- OptionError     ... an option outside its table or its range
    |-- WeightsError        a weight file cannot be had, or is not what the registry says
    |   |-- OfflineError    ... it would have to be downloaded, and this hub is offline
    |   |-- DownloadError   ... the download failed
    |   `-- HashError       ... the bytes are not those that the registry declares
    |-- ResourceError       not enough memory, disk or time on this machine
    `-- StoreError          the class gallery cannot be read or written

Each carries three short sentences: what was expected, what came, and what to do about it. ``apps/ui.py`` turns
them into a message on the page, the command lines print them on one line of stderr and exit with 2. Any other
exception is a bug of ours: it goes to the log with its traceback, never to the page.
"""

from __future__ import annotations

import math
from collections.abc import Collection

_LONGEST_ECHO = 80  # characters of a visitor's text that a message repeats


class HubError(Exception):
    """A mistake that can be put right, told as expected / got / remedy.

    ``str(error)`` is one line. ``got`` may be empty where there is nothing to add to ``expected``.
    """

    def __init__(self, expected: str, got: str = "", remedy: str = "") -> None:
        self.expected = one_line(expected)
        self.got = one_line(got)
        self.remedy = one_line(remedy)
        super().__init__(" ".join(self.sentences()))

    def sentences(self) -> tuple[str, ...]:
        """The parts that are not empty, each closed by a full stop."""
        parts = (self.expected, f"Got {self.got}" if self.got else "", self.remedy)
        return tuple(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)


class InputError(HubError):
    """The input cannot be used."""


class ImageError(InputError):
    """A picture cannot be used."""


class RecordError(InputError):
    """A recording cannot be used."""


class OptionError(InputError):
    """An option is outside its table or its range."""


class WeightsError(HubError):
    """A weight file cannot be had, or is not what the registry says."""


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
    raise OptionError(f"{what} is one of {', '.join(allowed)}", quoted(value), "Choose one of these.")


def check_number(value: object, what: str, *, low: float = -math.inf, high: float = math.inf) -> float:
    """``value`` as a finite float in [``low``, ``high``].

    Raises:
        OptionError: it is no number, not finite, or out of range.
    """
    expected = f"{what} is a number{_range(low, high)}"
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise OptionError(expected, quoted(value), "Type a number.") from error
    if not math.isfinite(number) or not low <= number <= high:
        raise OptionError(expected, quoted(value), "Choose a number in that range.")
    return number


def check_whole(value: object, what: str, *, low: int, high: int) -> int:
    """``value`` as an int in [``low``, ``high``]; 3.0 is whole, 3.5 and "3" with letters are not.

    Raises:
        OptionError: it is no whole number, or out of range.
    """
    number = check_number(value, what, low=low, high=high)
    if number != int(number):
        raise OptionError(f"{what} is a whole number{_range(low, high)}", quoted(value), "Leave out the decimals.")
    return int(number)


def _range(low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return ""
    if math.isinf(high):
        return f" from {low:,.10g} up"
    if math.isinf(low):
        return f" up to {high:,.10g}"
    return f" from {low:,.10g} to {high:,.10g}"
