"""Where a command writes: looked at before the work, written whole or not at all, and what was made is never lost.

::

    check_picture(out, apart_from=(photo,))       # before the work: one line and exit status 2
    with stoppable() as stopped:                  # the first Ctrl-C ends the loop, not the program
        for step in work.steps():
            if stopped():
                break
    save([("--out", out, picture_bytes(picture, out))])
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import stat
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.cli import say
from shared.errors import InputError, OptionError, quoted

if TYPE_CHECKING:
    from PIL import Image

PICTURES = {  # by the ending of a file's name, in lower case
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    "": "PNG",
}
_SEE_THROUGH = ("PNG", "WEBP", "TIFF")  # formats that keep transparency as it is
_QUALITY = 95  # of a JPEG: no losses that can be seen


def check_target(
    path: Path, option: str = "--out", *, endings: Collection[str] = (), apart_from: Sequence[Path | None] = ()
) -> None:
    """Whether a file can be written to ``path``; before long work, not after it.

    Args:
        path: what was typed.
        option: the option that it was typed for, for the messages.
        endings: that its name may have, in lower case; all if there are none.
        apart_from: files that must not be written over: what the work reads, or writes elsewhere.

    Raises:
        OptionError: its name has another ending.
        InputError: its folder is not there, it is a folder, it cannot be written, or it is one of ``apart_from``.
    """
    if endings and path.suffix.lower() not in endings:
        known = ", ".join(ending for ending in endings if ending)
        raise OptionError(f"{option}, a name that ends in {known}", quoted(path.name), "Choose one of these.")
    try:
        if path.is_dir():
            raise InputError(f"a file for {option}", f"the folder {path}", "Add the name of a file.")
        folder = path.absolute().parent
        if not folder.is_dir():
            raise InputError(
                f"a file in an existing folder for {option}", str(path), "Make the folder, or choose another."
            )
        if any(other is not None and _same(path, other) for other in apart_from):
            raise InputError(
                f"a file of its own for {option}", f"{path}, which is needed as it is", "Choose another name."
            )
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(0, "it is write-protected")
        if not path.exists():
            tempfile.TemporaryFile(dir=folder, prefix=".convhub-").close()
            path.stat()  # a name that the file system does not take is reported in another way
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(
            f"a file that can be written for {option}", f"{path} ({error.strerror})", "Choose another."
        ) from error


def check_picture(path: Path, *, apart_from: Sequence[Path | None] = ()) -> None:
    """``check_target`` for a picture of ``--out``, in one of the formats of ``PICTURES``."""
    check_target(path, "--out", endings=PICTURES, apart_from=apart_from)


def check_folder(path: Path, option: str = "--out") -> None:
    """Whether files can be written into the folder ``path``, which need not be there yet.

    Raises:
        InputError: they cannot.
    """
    needed = f"a folder that can be written for {option}"
    nearest = path.absolute()
    while not nearest.exists() and nearest.parent != nearest:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise InputError(needed, f"the file {nearest}", "Choose another.")
    try:
        tempfile.TemporaryFile(dir=nearest, prefix=".convhub-").close()
    except OSError as error:
        raise InputError(needed, f"{nearest} ({error.strerror})", "Choose another.") from error


def picture_bytes(picture: Image.Image, path: Path, **options: Any) -> bytes:
    """``picture`` (RGB, RGBA or L) in the format that the ending of ``path`` names; ``options`` are Pillow's for it.

    What cannot be seen through is laid on white, and said, where the format keeps no transparency.
    """
    format_ = PICTURES[path.suffix.lower()]
    if picture.mode == "RGBA" and format_ not in _SEE_THROUGH:
        say(f"{path.name} keeps no transparency: the picture lies on white. A name that ends in .png keeps it.")
        picture = on_white(picture)
    buffer = io.BytesIO()
    picture.save(buffer, format_, **({"quality": _QUALITY, "lossless": True} | options))
    return buffer.getvalue()


def on_white(picture: Image.Image) -> Image.Image:
    """``picture`` (RGBA) as RGB, laid on white."""
    from PIL import Image

    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def save(files: Sequence[tuple[str, Path | None, bytes | str]]) -> None:
    """Write ``files``: (option, path, content); text as UTF-8, those without a path not at all.

    Each is written next to its place and moved there, so that a broken-off one leaves what was there before. One that
    cannot be written is kept in the system's folder for temporary files, and keeps no other from being written.

    Raises:
        InputError: some could not be written; the message says why, and where they are.
    """
    failed = []
    for option, path, content in files:
        if path is None:
            continue
        data = content.encode("utf-8") if isinstance(content, str) else content
        try:
            _write(path, data)
        except OSError as error:
            failed.append((option, path, error.strerror or str(error), _kept(path.name, data)))
    if failed:
        raise InputError(
            f"files that can be written for {', '.join(option for option, *_ in failed)}",
            "; ".join(f"{path} ({reason})" for _, path, reason, _ in failed),
            " ".join(f"What was made is in {kept}." for *_, kept in failed if kept),
        )


@contextlib.contextmanager
def stoppable(notice: str = "Stopping after this step; once more stops at once.") -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C and SIGTERM back: the first only makes the given function return true, the second is a usual Ctrl-C.

    Nothing is changed outside the main thread, and for a signal that the shell has set to be ignored.
    """
    asked = threading.Event()

    def stop(signum: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        say(notice)

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, stop)
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.absolute() == other.absolute()


def _write(path: Path, data: bytes) -> None:
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):  # /dev/stdout, a pipe
        path.write_bytes(data)
        return
    place = path.resolve()  # a link stays one
    beside = place.with_name(f".{place.name[:40]}.{os.getpid()}.part")
    try:
        beside.write_bytes(data)
        if place.exists():
            beside.chmod(stat.S_IMODE(place.stat().st_mode))
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


def _kept(name: str, data: bytes) -> Path | None:
    """Where ``data`` lies now, or nothing: there is no room for it there either."""
    try:
        path = Path(tempfile.mkdtemp(prefix="convhub-kept-")) / name
        path.write_bytes(data)
    except OSError:
        return None
    return path
