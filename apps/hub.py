"""The page around the demos: theme, header, one tab per demo, the status bar.

Everything the page needs comes from this server: system fonts, no analytics, no CDN.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import itertools
import logging
import shutil
import threading
from pathlib import Path
from typing import Any

import gradio as gr

from apps import DEMOS, Demo, gradio_patches
from apps.choices import let_the_last_choice_count
from apps.classroom.requests import Desk, scripts_at
from apps.door import addresses
from apps.door.addresses import behind_proxy
from apps.door.idle import MOST_EACH, hang_up_on_idlers
from apps.door.inputs import guard_inputs
from apps.door.janitor import Janitor
from apps.door.lanes import compute_in_turns, count_waiting
from apps.door.metrics import METRICS
from apps.door.middleware import Gate
from apps.door.visitors import FILES
from apps.join import TRUST, join_address, join_html, local_addresses
from apps.lessons import Lessons
from apps.markup import h, joined, page_file, page_function, style
from apps.on_demand import Page, part
from apps.sharing import Sharing
from apps.status import read_status, status_html
from apps.ui import LIGHT, PRIVATE, guard, tell_visitor
from shared import device, engine, registry
from shared.engine.cluster import Cluster
from shared.engine.zero import ZeroGpu
from shared.model_cache import model_cache
from shared.registry import Bundled, InPackage
from shared.serving import certificate
from shared.serving.later import LATER
from shared.serving.workspace import UPLOADS, remove_dead
from shared.sessions import forget_everybody
from shared.settings import LOCAL, Settings
from shared.weights.background import DOWNLOADS

log = logging.getLogger("convhub")

TITLE = "ConvHub"
TAGLINE = "What convolutional networks are used for, to try, to look into and to measure."
_ALONE = ("127.0.0.1", "localhost", "::1")  # hosts of a hub that nobody else reaches
_STATUS_EVERY_S = 5.0
_NOT_FOR_AGENTS = ("/verify", "/identify", "/enroll", "/forget", "/triplet")  # faces are for people at the page
_KILLED_S = 60.0  # that ending a killed process may take: its memory goes first
_MOST_UPLOADS = 8_000_000_000  # bytes of all visitors' files together, if the disk has twice as much
_SESSIONS = 500  # that gradio remembers, some 2 MB each; the one unused for longest goes first
_MOST_BEGUN = 120  # events: a class that paints takes 40, for minutes, and sliders must not wait for them
_CACHE_S = 3600  # s after which gradio's copies of uploads and results are deleted
_SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")

_TOGGLE_DARK = "() => { document.body.classList.toggle('dark'); }"


def theme() -> gr.themes.Base:
    """The hub's look: system fonts, calm greys, one teal accent; light and dark."""
    return gr.themes.Base(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        font=_SANS,
        font_mono=_MONO,
        radius_size="md",
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_600",
        link_text_color="*primary_700",
        link_text_color_hover="*primary_800",
        link_text_color_active="*primary_700",
        block_shadow="none",
        block_label_text_weight="600",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_text_color="white",
    )


def css() -> str:
    """The hub's style sheets."""
    return page_file(__file__, "colours.css") + page_file(__file__, "hub.css")


def build(settings: Settings) -> gr.Blocks:
    """The whole page with the tabs that ``settings`` ask for; no torch, no model, no outside host."""
    gradio_patches.write_pictures_whole()
    gradio_patches.share_fairly()
    gradio_patches.serve_at_launch_alone()
    if settings.mcp:
        with contextlib.suppress(ImportError):  # gradio reports what is missing, see ``tools``
            gradio_patches.limit_tools(_NOT_FOR_AGENTS)
    demos = [demo for demo in DEMOS if demo.slug in settings.tabs]
    page = Page(title=TITLE, analytics_enabled=False, delete_cache=(_CACHE_S, _CACHE_S), fill_width=True)
    # while the page is empty: gradio describes the whole page again at this call; apps/door/lanes.py limits the queue
    page.queue(max_size=None, api_open=False)
    sharing = Sharing()
    page.fill = sharing.fill
    with page, sharing.collect(page):
        _header(settings)
        if settings.host not in _ALONE:
            _join_panel(https=settings.https)
        with gr.Tabs(elem_id="hub-tabs") as tabs:
            for demo in demos:
                with gr.Tab(demo.title, id=demo.slug, elem_id=f"tab-{demo.slug}"), part():
                    _build_demo(demo, sharing)
        _status_bar(page)

        tabs.select(None, None, None, js=page_function(__file__, "follow_tab.js"))
        let_the_last_choice_count(page)
    compute_in_turns(page)
    METRICS.waiting = functools.partial(count_waiting, page)
    guard_inputs(page)
    return page


def check_gallery(settings: Settings) -> None:
    """Make sure before the start that the class gallery is one, or can be made.

    Raises:
        StoreError: the file or database is damaged, another program's, or cannot be read and written.
    """
    if settings.gallery is not None and "face" in settings.tabs:
        from apps.face.gallery.opening import open_gallery  # numpy and sqlite: only where they are needed now

        open_gallery(settings.gallery)


def choose_engine(settings: Settings) -> None:
    """Decide where the networks compute, before the page is built.

    Raises:
        OptionError: a cluster is wanted and Ray is not installed.
        ResourceError: there is no such cluster.
    """
    if settings.engine == LOCAL:
        if device.on_zero_gpu():
            engine.use(ZeroGpu())
        return

    least, most = settings.workers
    address = settings.engine.partition("://")[2] or None
    engine.use(Cluster(address, least=least, most=most, notify=tell_visitor))


def put_door(settings: Settings, folder: Path) -> Gate:
    """Set up what every request passes; ``folder`` holds the visitors' files. Until ``open`` it answers nothing."""
    free = shutil.disk_usage(folder).free
    FILES.allow(min(_MOST_UPLOADS, free // 2), largest=int(settings.max_upload_mb * 1e6))
    gate = Gate(settings)
    janitor = Janitor(folder / UPLOADS)
    gate.classroom = Desk(Lessons(settings.tabs), functools.partial(wipe_class, settings, janitor)).answer
    gradio_patches.put_door(gate)
    hang_up_on_idlers(None if addresses.behind_proxy(settings) else MOST_EACH)
    janitor.start()
    # one that was killed a moment ago may not be over when this one starts
    LATER.do("dead hubs", _KILLED_S, functools.partial(remove_dead, folder.parent))
    DOWNLOADS.on = True
    return gate


def wipe_class(settings: Settings, janitor: Janitor) -> None:
    """Forget what a class has left in this hub: files, sessions with their galleries and paintings, the class gallery.

    Raises:
        StoreError: the class gallery, which comes last, cannot be emptied.
    """
    janitor.clear_out()
    forget_everybody()
    if settings.gallery is not None and "face" in settings.tabs:
        from apps.face.gallery.gallery import TEACHER
        from apps.face.gallery.opening import open_gallery

        open_gallery(settings.gallery).clear(owner=TEACHER)


def certified(settings: Settings, gate: Gate) -> dict[str, Any]:
    """With ``--https`` the options of ``Blocks.launch`` that serve so, by a certificate made now.

    ``gate`` gives out whom to trust.

    Raises:
        ResourceError: it cannot be made.
    """
    if not settings.https:
        return {}
    own = () if settings.host in ("0.0.0.0", "::") else (settings.host,)
    made = certificate.made_for(("localhost", "127.0.0.1", "::1", *own, *local_addresses(), *settings.allow_host))
    gate.authority = made.authority
    return {"ssl_certfile": str(made.file), "ssl_keyfile": str(made.key), "ssl_verify": False}


def launch_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments of ``Blocks.launch`` that do not change how long it blocks."""
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "share": settings.share,
        "auth": settings.auth,
        "max_file_size": int(settings.max_upload_mb * 1e6),
        "mcp_server": settings.mcp or None,
        "enable_monitoring": False,
        "_frontend": False,  # else gradio gives up where the page does not answer within seconds, on a busy machine
        "theme": theme(),
        "css": css(),
        "state_session_capacity": _SESSIONS,
        "max_threads": _MOST_BEGUN,
        "run_history": False,  # it would keep runs, photos included, in the browser
        "footer_links": ["api", "settings"],
        "allowed_paths": [],
        "show_error": False,
        "ssr_mode": False,
        "pwa": False,
    }


def how_to_trust(seen_as: str) -> str:
    """With ``--https``, after the launch: what to do on a phone, in a sentence; ``seen_as`` is the hub's address."""
    return TRUST.format(join_address(seen_as))


def tools(page: gr.Blocks) -> str:
    """With ``--mcp``, after the launch: the names of the tools, or why there are none."""
    return ", ".join(gradio_patches.tools(page)) or str(page.mcp_error)


def place_models(settings: Settings) -> None:
    """On ZeroGPU hardware: load every bundled network of the chosen tabs now, where calls in other processes find them.

    Elsewhere nothing happens: networks are loaded when they are first used.
    """
    if not device.on_zero_gpu():
        return
    chosen = [record for record in registry.records() if record.task in settings.tabs]
    model_cache().preload(record for record in chosen if isinstance(record.origin, Bundled | InPackage))


def warm_up(settings: Settings) -> threading.Thread:
    """In the background, import torch, choose the device and import what the chosen tabs' first answers need.

    So the first visitor does not wait for that: seconds of imports, more on a machine that has just been started.
    """
    chosen = (demo for demo in DEMOS if demo.slug in settings.tabs)

    def work() -> None:
        if engine.current().far:
            return
        try:
            device.pick_device()
            for name in dict.fromkeys(itertools.chain.from_iterable(demo.libraries for demo in chosen)):
                importlib.import_module(name)
        except Exception:
            log.exception("warming up failed")

    thread = threading.Thread(target=work, name="warm-up", daemon=True)
    thread.start()
    return thread


def _header(settings: Settings) -> None:
    lessons, class_ = Lessons(settings.tabs), settings.teacher is not None
    with gr.Row(elem_id="hub-header"):
        name = h.h1(TITLE, data_scripts=scripts_at(), data_class=class_, data_host=_lan_host(settings))
        top = joined(
            (style(__file__, "markup.css"), name, h.p(TAGLINE, class_="ch-tagline"), lessons.menu(class_=class_))
        )
        script = "".join(
            page_file(__file__, f"{name}.js") for name in ("links", "class", "gone", "names", "keys", "folds")
        )
        gr.HTML(top, js_on_load=script, elem_id="hub-title")
        toggle = gr.Button("Light / dark", size="sm", elem_id="hub-dark", scale=0, min_width=110)
    toggle.click(None, None, None, js=_TOGGLE_DARK)


def _lan_host(settings: Settings) -> str | None:
    """What others in the network call this machine, for links that are copied on it; none where they have a name."""
    alone = settings.host in _ALONE or behind_proxy(settings)
    return None if alone else next(iter(local_addresses()), None)


def _join_panel(*, https: bool) -> None:
    def show(request: gr.Request) -> str:
        asked = request.request
        return join_html(join_address(str(asked.base_url)), own=https) if asked is not None else ""

    with gr.Accordion("Join from a phone", open=False, elem_id="hub-join") as panel:
        code = gr.HTML()
    panel.expand(guard(show), None, code, queue=False, **LIGHT, **PRIVATE)


def _build_demo(demo: Demo, sharing: Sharing) -> None:
    """Lay out one tab; a demo that fails to import shows that in its own tab and takes nothing else down."""
    module, _, function = demo.build.partition(":")
    sharing.title(demo.slug, demo.summary)
    try:
        getattr(importlib.import_module(module), function)()
    except Exception as error:
        log.exception("the tab %s could not be built", demo.slug)
        gr.Markdown(
            f"**This tab could not be opened.** The others work. The log says more; in short: "
            f"`{type(error).__name__}`. Run `pip install -r requirements.txt` and start again.",
            elem_classes="ch-broken",
        )


def _status_bar(page: gr.Blocks) -> None:
    def status() -> dict[str, Any]:
        """The hub's device, loaded models with their bytes and load times, cache hits and misses, memory, and queue.

        Returns:
            A dictionary: device, models (name, device, bytes, load_s, hits, leases), loading, hits, misses, evictions,
            cache_bytes, cache_budget, memory_total, memory_free, process_bytes, waiting, torch_loaded.
        """
        return read_status(waiting=gradio_patches.waiting(page))

    def redraw() -> str:
        return status_html(status())

    bar = gr.HTML(status_html(read_status(waiting=0)), elem_id="hub-status")
    timer = gr.Timer(_STATUS_EVERY_S)
    timer.tick(guard(redraw), None, bar, queue=False, **LIGHT, **PRIVATE)
    page.load(guard(redraw), None, bar, queue=False, **LIGHT, **PRIVATE)
    gr.events.api(guard(status), api_name="status", queue=False, concurrency_limit=None)
