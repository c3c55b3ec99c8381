"""What the command lines share: one line on stderr and exit status 2 for bad input, one JSON object on stdout."""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from shared.errors import HubError, one_line, quoted
from shared.threads import be_a_good_neighbour

BAD_INPUT = 2  # exit status
_INTERRUPTED = 130  # exit status of a program stopped by Ctrl-C


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line: no usage block before them."""

    def error(self, message: str) -> NoReturn:
        """Print ``message`` on one line of stderr and exit with 2."""
        self.exit(BAD_INPUT, f"{self.prog}: {one_line(message)} (see --help)\n")


def run(main: Callable[[Sequence[str]], None], argv: Sequence[str] | None = None) -> NoReturn:
    """Call ``main`` with the arguments and exit: 0, or 2 with one line on stderr where it raises a ``HubError``."""
    be_a_good_neighbour()
    utf8_streams()
    try:
        main(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except HubError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(BAD_INPUT)
    except BrokenPipeError:  # the reader of a pipe, `| head` say, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG or error.filename is None:
            raise
        sys.stderr.write(f"Needed: a shorter path. Found: {quoted(error.filename)} ({error.strerror}).\n")
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt as stopped:  # it may say what is kept
        sys.stderr.write(f"{next(iter(stopped.args), 'Stopped.')}\n")
        sys.exit(_INTERRUPTED)
    sys.exit(0)


def utf8_streams() -> None:
    """Write UTF-8, whatever the terminal's or the system's code page: names are in every script.

    What is no text in any encoding (a file's name in another one's bytes, as Python reads it) is written as
    ``\\udcXX``, which in JSON is the same character.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def write_json(value: Any) -> None:
    """Print one JSON object on one line of stdout; a NaN in it is a bug of ours and raises ``ValueError``."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def say(text: str) -> None:
    """A line for people, on stderr, so that stdout stays the answer."""
    sys.stderr.write(f"{text}\n")
