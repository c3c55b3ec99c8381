"""A class presses Paint at once: when does each see a picture, when does it move, when is the last done?

    python -m benchmarks.style_together [--users 40] [--size 256] [--iterations 150] [--json] [--keep FILE]

Each of them does what the page does: sends the photo when it is chosen, and at the click asks for the first look, in
one pass, then for the run of the optimizer. Photos and styles differ. Before that one of them paints alone: one after
the other, the last of n waits n - 1 times as long before anything moves, and n times as long for the end. Printed:
seconds from the click to the first picture (in one pass), to the first step of the optimizer, between its steps, to the
end, for the median and the last of the class.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from apps.style.samples import of_role
from benchmarks.load import Visitor, together
from tools.hub import PassingHub

_SIDE = 640  # pixels of the photos that are sent


@dataclass
class Seen:
    """What one student saw, in seconds after the click."""

    first_s: float = 0.0
    steps_s: list[float] = field(default_factory=list)
    done_s: float = 0.0
    error: str = ""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=150)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="weights/hub/together.json is what the report shows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, PassingHub("--tabs", "style") as hub:
        wishes = [_wish(Path(folder), number, options.size, options.iterations) for number in range(options.users)]
        clients: list[Visitor] = []
        together([lambda: clients.append(Visitor(hub.url)) for _ in range(options.users)])
        for client, wish in zip(clients, wishes, strict=True):
            wish |= {role: client.keep(wish[role]) for role in ("content", "style")}
        _paint(clients[0], wishes[0] | {"iterations": 4}, Seen())  # loads the networks
        alone, many = Seen(), [Seen() for _ in clients]
        _paint(clients[0], wishes[0], alone)
        together(
            [
                lambda client=client, wish=wish, seen=seen: _paint(client, wish, seen)  # type: ignore[misc]
                for client, wish, seen in zip(clients, wishes, many, strict=True)
            ]
        )
    found = {"size": options.size, "iterations": options.iterations} | _figures(alone, many)
    if options.keep:
        options.keep.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1)) if options.json else _print(found)
    errors = [seen.error for seen in (alone, *many) if seen.error]
    if errors:
        raise SystemExit(f"{len(errors)} errors, the first: {errors[0]}")


def _wish(folder: Path, number: int, size: int, iterations: int) -> dict[str, Any]:
    """What student ``number`` asks for: a photo of her own (a sample, cut differently), and a style."""
    contents, styles = of_role("content"), of_role("style")
    photo = Image.open(contents[number % len(contents)].path).convert("RGB")
    photo.thumbnail((_SIDE, _SIDE))
    path = folder / f"{number}.jpg"
    photo.crop((number % 23, number % 19, photo.width, photo.height)).save(path, quality=92)
    style = styles[number % len(styles)]
    return {"content": path, "style": style.path, "size": size, "iterations": iterations}


def _paint(client: Visitor, wish: dict[str, Any], seen: Seen) -> None:
    begun = time.perf_counter()
    try:
        pictures = wish["content"], wish["style"]
        client.press("_in_one_pass", *pictures, wish["size"], 1, 1, False, "content")
        seen.first_s = time.perf_counter() - begun
        values = *pictures, wish["size"], wish["iterations"]
        with client.calling(*values, api_name="/stylize") as answers:
            seen.steps_s += [time.perf_counter() - begun for _ in answers]
    except Exception as error:  # noqa: BLE001 - whatever a student meets is counted
        seen.error = f"{type(error).__name__} {error}"[:300]
    seen.done_s = time.perf_counter() - begun


def _figures(alone: Seen, many: list[Seen]) -> dict[str, Any]:
    moved = [seen.steps_s[0] for seen in many if seen.steps_s]
    pauses = [max(b - a for a, b in zip(seen.steps_s, seen.steps_s[1:], strict=False)) for seen in many if seen.steps_s]
    count = len(many)
    return {
        "command": "python -m benchmarks.style_together --keep weights/hub/together.json",
        "users": count,
        "alone": {"first": alone.first_s, "moves": alone.steps_s[0], "done": alone.done_s},
        "together": {
            "first": [statistics.median(seen.first_s for seen in many), max(seen.first_s for seen in many)],
            "moves": [statistics.median(moved), max(moved)],
            "longest pause": [statistics.median(pauses), max(pauses)],
            "done": [statistics.median(seen.done_s for seen in many), max(seen.done_s for seen in many)],
        },
        "one after the other": {
            "moves": [(count - 1) / 2 * alone.done_s + alone.steps_s[0], (count - 1) * alone.done_s + alone.steps_s[0]],
            "done": [(count + 1) / 2 * alone.done_s, count * alone.done_s],
        },
    }


def _print(found: dict[str, Any]) -> None:
    alone = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found["alone"].items())
    print(f"alone: {alone}")
    print(f"{'':20} {'':14} {'median':>9} {'last':>9}    of {found['users']}")
    for way in ("together", "one after the other"):
        for name, (median, last) in found[way].items():
            print(f"{way:20} {name:14} {median:>7.1f} s {last:>7.1f} s")


if __name__ == "__main__":
    main()
