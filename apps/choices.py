"""What a visitor chose last counts, also while the choice before it is still being answered.

gradio's page sends an event of a chooser ("input", "select", "release", "upload") once and forgets all others until the
answer is there: the dropdown then shows one thing and the answer is about another. Of what components hold, the last is
asked for after the answer ("always_last"). That mode remembers no event's own data, though (which beat was clicked):
such events are all sent ("multiple"), and ``apps/door/lanes.py`` answers those of one browser in their order. A button
that is pressed twice still counts once.
"""

from __future__ import annotations

import gradio as gr

_CHOOSING = {"input", "select", "release", "upload", "change", "clear"}
_ONCE = gr.Tab | gr.Tabs | gr.Button | gr.Timer


def let_the_last_choice_count(page: gr.Blocks) -> None:
    """Set how the events of ``page`` follow each other, where nothing was said."""
    for fn in page.fns.values():
        targets = [(page.blocks[number], event) for number, event in fn.targets if number in page.blocks]
        if fn.fn is None or fn.trigger_mode != "once" or fn.types_generator:
            continue
        if fn.collects_event_data and any(isinstance(component, gr.HTML) for component, _ in targets):
            fn.trigger_mode = "multiple"
        elif any(event in _CHOOSING and not isinstance(component, _ONCE) for component, event in targets):
            fn.trigger_mode = "always_last"
