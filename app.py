"""ConvHub's launcher: parse the options, build the page, serve it. ``python app.py --help`` lists the options."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from shared import settings
from shared.cli import BAD_INPUT
from shared.errors import HubError


def main(argv: Sequence[str]) -> int:
    """Serve the hub until Ctrl-C; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        chosen = settings.read_settings(argv)
    except HubError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_INPUT
    settings.publish(chosen)

    from apps import hub  # after publish: gradio and huggingface-hub read the environment when they are imported

    hub.place_models(chosen)
    page = hub.build(chosen)
    try:
        page.launch(**hub.launch_options(chosen), prevent_thread_lock=True)
    except OSError as error:  # the port is taken
        sys.stderr.write(f"The hub needs a free port. {error} Choose another with --port.\n")
        return BAD_INPUT
    if chosen.mcp:
        logging.getLogger("convhub").info("MCP tools: %s", ", ".join(hub.name_tools(page)) or page.mcp_error)
    hub.warm_up()
    page.block_thread()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
