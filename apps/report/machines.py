"""One machine and many: what a class of forty met, what visitors met while parts of a hub were killed, and what a
course of 2,000 would feel."""

from __future__ import annotations

from apps.charts import Frame, lines
from apps.markup import Markup, joined, note, prose, table
from apps.measured import Chapter, Figures, drawn

LOAD, TOGETHER = "hub/load.json", "hub/together.json"
PROOF, QUEUES = "hub/cluster.json", "hub/queueing.json"
_FRAME = Frame(width=720, height=260, right=150)


def chapters() -> tuple[Chapter, ...]:
    """The chapters."""
    return (
        Chapter(
            title="A class of forty on one machine",
            text="Two cores serve everybody: every fourth session paints, the others ask for something every few "
            "seconds on all tabs.",
            body=drawn(LOAD, _load, "python -m benchmarks.load --keep weights/hub/load.json"),
        ),
        Chapter(
            title="A class presses Paint at once",
            text="Each sees a picture in one pass; then the runs of the optimizer share the machine.",
            body=drawn(TOGETHER, _together, "python -m benchmarks.style_together --keep weights/hub/together.json"),
        ),
        Chapter(
            title="What visitors meet when a part is killed",
            text="Two pages behind HAProxy, two workers and a database on one machine; each is broken in the middle of "
            "a lesson.",
            body=drawn(PROOF, _proof, "python -m benchmarks.cluster --keep weights/hub/cluster.json"),
        ),
        Chapter(
            title="What would a course feel?",
            text="Simulated, from times of service that were measured on one machine; the code is checked against "
            "Erlang’s formula.",
            body=drawn(QUEUES, _queues, "python -m benchmarks.queueing --keep weights/hub/queueing.json"),
        ),
    )


def _load(found: Figures) -> Markup:
    each = found["each"] | {"all but paintings": found["quick"]}
    rows = [(name, f"{row['n']:,}", f"{row['median']:.2f} s", f"{row['p95']:.2f} s") for name, row in each.items()]
    sizes = "; ".join(f"{when} {row[0] / 1e6:,.0f} MB" for when, row in found["hub"].items() if row is not None)
    return joined(
        (
            table(("asked for", "answers", "half within", "95 % within"), rows),
            note(
                f"{found['sessions']} sessions, {found['minutes']:g} minutes, {found['requests']:,} answers, "
                f"{found['errors']} errors. After Stop or a closed page the place was free within "
                f"{max(found['freed_s']):.1f} s (n = {len(found['freed_s'])}). Memory of the hub: {sizes} (paintings "
                "go on for some minutes after the lesson’s end). ",
                prose("Command: <code>{}</code>", found["command"]),
            ),
        )
    )


def _together(found: Figures) -> Markup:
    names = {
        "first": "picture in one pass",
        "moves": "it is seen to become better",
        "longest pause": "longest pause between two steps",
        "done": "done",
    }
    shared, queued = found["together"], found["one after the other"]
    rows = [
        (words, *(f"{seconds:.1f} s" for seconds in (*shared[name], *queued.get(name, ()))))
        for name, words in names.items()
    ]
    head = ("after the click", "median", "last", "one after the other: median", "last")
    return joined(
        (
            table(head, [(*row, *[""] * (len(head) - len(row))) for row in rows]),
            note(
                f"{found['users']} students, {found['iterations']} iterations at {found['size']} pixels; alone, a "
                f"painting is done after {found['alone']['done']:.1f} s. ",
                prose("Command: <code>{}</code>", found["command"]),
            ),
        )
    )


def _proof(found: Figures) -> Markup:
    rows = [
        (name, one["failed"], one["visitors"], f"{one['recovered_s']:.1f} s", f"{one['longest_wait_s']:.1f} s")
        for name, one in found["blows"].items()
    ]
    rates = ", ".join(f"{count}: {rate:,.0f}" for count, rate in found["answers_per_minute"].items())
    return joined(
        (
            table(("blow", "calls that failed", "visitors", "answered again after", "longest wait"), rows),
            note(
                f"{found['visitors']} visitors, {found['minutes']:g} minutes, {found['answers']:,} answers, "
                f"{found['failed']} calls failed; {found['enrolments']} enrolments acknowledged, "
                f"{found['enrolments_lost']} of them lost. Answers per minute, by workers of one core: {rates}. "
                f"The machine has two cores for all of it; its load average was {found['load_average']:.0f}. ",
                prose("Command: <code>{}</code>", found["command"]),
            ),
        )
    )


def _queues(found: Figures) -> Markup:
    each = {int(count): row for count, row in found["workers"].items()}
    waits = {
        "95 % wait at most": [max(row["p95_s"], 0.01) for row in each.values()],
        "half wait at most": [max(row["median_s"], 0.01) for row in each.values()],
    }
    title = f"Seconds that the questions of {found['students']:,} students wait, over the number of workers"
    rows = [
        (f"{count:,}", f"{row['busy']:.0%}", f"{row['median_s']:.2f} s", f"{row['p95_s']:.2f} s", _stretch(row))
        for count, row in each.items()
    ]
    carried = ", ".join(f"{count} carry {students:,}" for count, students in found["carried"].items())
    return joined(
        (
            lines(waits, list(each), title=title, log=True, log_x=True, frame=_FRAME),
            table(("workers", "busy", "half wait", "95 % wait", "a painting takes"), rows),
            note(
                f"Each student thinks {found['think_s']:g} s on average, then asks; {found['paintings']:.0%} of what "
                f"is asked for are paintings. Students whose questions wait {found['aim_s']:g} s at most, in 95 of 100 "
                f"cases: {carried}. Waits under 0.01 s are drawn there. ",
                prose("Command: <code>{}</code>", found["command"]),
            ),
        )
    )


def _stretch(row: dict[str, float | None]) -> str:
    return "no end" if row["stretch"] is None else f"{row['stretch']:.1f} times as long as alone"
