"""A Hugging Face Space on ZeroGPU hardware: for each call a GPU is lent to another process, which ends with the loan.

So the hub's functions run there, and the page stays here with all that it keeps for its visitors: nothing of it would
come back from there. The networks are loaded before the first loan (``hub.place_models``), and travel along.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from typing import Any

from shared import engine
from shared.engine.messages import Message, answer, check, messages_of, take


class ZeroGpu(engine.Here):
    """See ``engine.Engine``. To be made before the page is served: a Space that asks for no GPU by then is refused."""

    far = True

    def __init__(self) -> None:
        import spaces

        self._lent: Any = spaces.GPU(messages_of)

    def run(self, function: engine.Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """See ``Engine.run``."""
        return answer(self._messages(function, args, kwargs))

    def _messages(
        self, function: engine.Function, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Generator[Message, None, None]:
        resumable = engine.resumable_of(args)
        with contextlib.closing(self._lent(function, args, dict(kwargs))) as messages:
            for message in messages:
                take(resumable, message)
                check(message)
                if message.kind != "ended":
                    yield message
