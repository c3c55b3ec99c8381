"""Every option of the hub, once: its flag, its environment variable, its check and its help text.

``python app.py --help``, the environment and the tests read the one table ``OPTIONS``. Settings are read when they are
asked for, never at import, so that a test isolates itself with one ``monkeypatch.setenv``. A flag wins over its
variable, a variable over the default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.cli import Parser
from shared.demos import SLUGS
from shared.errors import OptionError, check_choice, check_number, check_whole, quoted

DEVICES = ("auto", "cpu", "cuda", "mps")
LOCAL, RAY = "local", "ray"
_SHORTEST_PASSWORD = 8  # characters
_SHORTEST_SECRET = 24  # ... of a secret that a program made, not a person
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off", "")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the hub was started with, checked."""

    host: str = "127.0.0.1"
    port: int | None = None  # None: the first free one from 7860 up
    share: bool = False
    auth: tuple[str, str] | None = None  # user, password
    device: str = "auto"  # one of DEVICES
    offline: bool = False
    tabs: tuple[str, ...] = SLUGS
    gallery: Path | str | None = None  # the class gallery: a SQLite file or a database; None: one per browser session
    teacher: str | None = None  # the password of whoever may delete everything in the class gallery
    max_upload_mb: float = 50.0
    cache_gb: float = 4.0
    mcp: bool = False
    https: bool = False  # by a certificate of our own making
    allow_host: tuple[str, ...] = ()  # further names of the hub, those of a proxy before it
    secret: str | None = None  # what several hubs behind one name sign their cookies with
    engine: str = LOCAL  # where the networks compute: LOCAL, RAY or RAY://HOST:PORT
    workers: tuple[int, int] = (1, 4)  # the fewest and the most of a cluster


@dataclass(frozen=True)
class Option:
    """One option: ``--name``, ``CONVHUB_NAME``, and how its text becomes a value."""

    name: str  # as typed after --, dashes included
    parse: Callable[[str], Any]  # raises OptionError
    help: str
    metavar: str | None = None  # None: a switch, on when given
    variables: tuple[str, ...] = ()  # further environment variables, tried after CONVHUB_*

    @property
    def field(self) -> str:
        """The name of the option's field in ``Settings``."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The name of the option's environment variable."""
        return f"CONVHUB_{self.field.upper()}"

    def read(self, flag: str | bool | None, environ: Mapping[str, str]) -> Any:
        """The value given by the flag or the environment, or ``None`` where neither is set."""
        if flag is not None:
            return self.parse(str(flag))
        for variable in (self.variable, *self.variables):
            if environ.get(variable, "") != "":
                return self.parse(environ[variable])
        return None


def _switch(name: str) -> Callable[[str], bool]:
    def parse(text: str) -> bool:
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise OptionError(f"{name}, on or off", quoted(text), f"Write one of {', '.join(_TRUE + _FALSE[:-1])}.")

    return parse


def _auth(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise OptionError("--auth as USER:PASS", "text without both parts", "Write for example --auth class:secret.")
    return user, password


def _tabs(text: str) -> tuple[str, ...]:
    asked = [part.strip() for part in text.split(",") if part.strip()]
    if not asked:
        raise OptionError("at least one tab for --tabs", "none", f"Choose from {', '.join(SLUGS)}.")
    for part in asked:
        check_choice(part, SLUGS, "--tabs")
    return tuple(slug for slug in SLUGS if slug in asked)


def _host(text: str) -> str:
    if not text.strip() or set(text) & set(" /"):
        raise OptionError("an address or a name of this machine for --host", quoted(text), "Write for example 0.0.0.0.")
    return text


def _password(text: str) -> str:
    if len(text) < _SHORTEST_PASSWORD or text != text.strip():
        raise OptionError(
            f"a password of at least {_SHORTEST_PASSWORD} characters for --teacher",
            f"{len(text.strip())} characters",
            "Write for example --teacher blackboard-chalk.",
        )
    return text


def _secret(text: str) -> str:
    if len(text) < _SHORTEST_SECRET:
        needed = f"at least {_SHORTEST_SECRET} characters for --secret"
        raise OptionError(needed, f"{len(text)}", "Take for example what openssl rand -hex 32 prints.")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names or any(set(name) & set(" /:") for name in names):
        raise OptionError("names for --allow-host", quoted(text), "Write for example hub.school.example.")
    return names


def _engine(text: str) -> str:
    if text in (LOCAL, RAY) or re.fullmatch(rf"{RAY}://[\w.:\[\]-]+:\d{{1,5}}", text):
        return text
    raise OptionError(f"{LOCAL}, {RAY} or {RAY}://HOST:PORT for --engine", quoted(text), f"Write for example {RAY}.")


def hosts_in(place: str) -> tuple[str, ...]:
    """The names or addresses of machines in a value of ``--engine`` or ``--gallery``; none in a word or a path."""
    try:
        found = urlsplit(place)
    except ValueError:  # no address, as whoever uses it will say
        return ()
    machines = [*found.netloc.rpartition("@")[2].split(","), *parse_qs(found.query).get("host", ())]
    return tuple(filter(None, (re.sub(r":\d*$", "", one).strip("[]") for one in machines)))


def _workers(text: str) -> tuple[int, int]:
    least, _, most = text.partition("-")
    fewest = check_whole(least, "--workers", low=1, high=1000)
    return fewest, check_whole(most or least, "the most of --workers", low=fewest, high=1000)


def is_database(gallery: str) -> bool:
    """Whether a value of ``--gallery`` is the address of a PostgreSQL database, not a path."""
    return gallery.startswith(("postgresql://", "postgres://"))


def check_gallery(text: str) -> Path | str:
    """Where a class gallery is: a path, or the address of a database.

    Raises:
        OptionError: neither, or a path in no folder.
    """
    if is_database(text):
        return text
    path = Path(text).expanduser()
    if not text or path.is_dir() or not path.absolute().parent.is_dir():
        raise OptionError(
            "a file in an existing folder, or postgresql://..., for --gallery", quoted(text), "Write class.sqlite3."
        )
    return path


OPTIONS: tuple[Option, ...] = (
    Option(
        "host",
        _host,
        "address to listen on; 0.0.0.0 lets the class in",
        "HOST",
        ("GRADIO_SERVER_NAME",),
    ),
    Option(
        "port",
        lambda text: check_whole(text, "--port", low=1, high=65535),
        "port to listen on (default: the first free one from 7860 up)",
        "PORT",
        ("GRADIO_SERVER_PORT",),
    ),
    Option("share", _switch("--share"), "also open a public link through gradio's tunnel"),
    Option(
        "auth",
        _auth,
        "ask every visitor for this user name and password (the variable keeps it out of the list of processes)",
        "USER:PASS",
    ),
    Option(
        "device",
        lambda text: check_choice(text, DEVICES, "--device"),
        f"where the networks run: {', '.join(DEVICES)}; auto takes cuda, then mps, then cpu (default: auto)",
        "DEVICE",
    ),
    Option(
        "offline",
        _switch("--offline"),
        "never open a connection to another machine, except to those of --gallery and --engine",
        variables=("HF_HUB_OFFLINE",),
    ),
    Option("tabs", _tabs, f"the tabs to show, from {','.join(SLUGS)} (default: all)", "TAB,TAB,..."),
    Option(
        "gallery",
        check_gallery,
        "keep one face gallery for the whole class in this SQLite file, or for several hubs in the database at "
        "postgresql://USER@HOST/NAME (default: private to each browser session)",
        "GALLERY",
    ),
    Option(
        "teacher",
        _password,
        "a password with which a teacher leads a class through a lesson, and deletes anything in the class gallery",
        "PASS",
    ),
    Option(
        "max-upload-mb",
        lambda text: check_number(text, "--max-upload-mb", low=1, high=4096),
        "largest file a visitor may upload, in MB (default: 50)",
        "MB",
    ),
    Option(
        "cache-gb",
        lambda text: check_number(text, "--cache-gb", low=0.1, high=1024),
        "memory for loaded models, in GB (default: 4)",
        "GB",
    ),
    Option(
        "allow-host",
        _names,
        "also answer under these names, for a proxy in front of the hub that sets X-Forwarded-For",
        "NAME,NAME,...",
    ),
    Option(
        "secret",
        _secret,
        "what several hubs behind one name share, so that a log-in holds on all of them (set the variable instead)",
        "TEXT",
    ),
    Option(
        "engine",
        _engine,
        f"where the networks compute: {LOCAL}, in this process; {RAY}, on workers of a Ray cluster on this machine; "
        f"{RAY}://HOST:PORT, on those of the cluster there (default: {LOCAL})",
        "ENGINE",
    ),
    Option(
        "workers",
        _workers,
        "with --engine ray: the fewest and the most workers, each with a machine or a GPU of its own (default: 1-4)",
        "LEAST-MOST",
    ),
    Option("https", _switch("--https"), "serve by https with a certificate made here, so that phones' cameras work"),
    Option("mcp", _switch("--mcp"), "also serve the tools as an MCP server (the face endpoints excepted)"),
)


def parser() -> Parser:
    """The command line of ``app.py``, made from ``OPTIONS``."""
    made = Parser(
        prog="python app.py",
        allow_abbrev=False,
        description="ConvHub: hands-on demos of what convolutional networks are used for.",
        epilog="Each option can also be set as an environment variable, named in brackets.",
    )
    for option in OPTIONS:
        text = f"{option.help} [{option.variable}]"
        if option.metavar is None:
            made.add_argument(f"--{option.name}", action="store_const", const="on", help=text)
        else:
            made.add_argument(f"--{option.name}", metavar=option.metavar, help=text)
    return made


def read_settings(argv: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that the flags ``argv`` and the environment give.

    Raises:
        OptionError: a value is not among the allowed ones.
        SystemExit: an unknown flag (2, with one line on stderr) or ``--help`` (0).
    """
    environ = os.environ if environ is None else environ
    flags = vars(parser().parse_args(list(argv)))
    given = {option.field: option.read(flags[option.field], environ) for option in OPTIONS}
    return Settings(**{field: value for field, value in given.items() if value is not None})


def publish(settings: Settings) -> None:
    """Put what is read later (device, offline, memory, gallery, teacher) into the environment: one place decides.

    ``HF_HUB_OFFLINE``, ``GRADIO_ANALYTICS_ENABLED`` and ``FORWARDED_ALLOW_IPS`` are set too: the libraries read them
    when they are imported.
    """
    os.environ["CONVHUB_DEVICE"] = settings.device
    os.environ["CONVHUB_OFFLINE"] = "1" if settings.offline else "0"
    os.environ["CONVHUB_CACHE_GB"] = str(settings.cache_gb)
    os.environ["CONVHUB_GALLERY"] = str(settings.gallery or "")
    os.environ["CONVHUB_TEACHER"] = settings.teacher or ""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["FORWARDED_ALLOW_IPS"] = ""  # uvicorn would believe anybody on this machine; apps/door decides
    if settings.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"


def current() -> Settings:
    """The settings that the environment gives now."""
    return read_settings()


def offline() -> bool:
    """Whether connections to other machines are forbidden now."""
    return current().offline


def cache_dir() -> Path:
    """The folder for downloaded weights: ``CONVHUB_CACHE``, or ``convhub`` below the user's cache folder."""
    if chosen := os.environ.get("CONVHUB_CACHE"):
        return Path(chosen).expanduser()
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "convhub"


def weights_dir() -> Path:
    """The folder of the bundled weights: ``weights/`` of this repository, or ``CONVHUB_WEIGHTS``."""
    chosen = os.environ.get("CONVHUB_WEIGHTS")
    return Path(chosen).expanduser() if chosen else Path(__file__).resolve().parent.parent / "weights"
