"""The figures of every bundled generator, read from their files, each with its floor; what a GAN adds; restoring."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from apps.charts import confusion
from apps.gan.art.measured import art_chapter
from apps.gan.choices import ARMS, AUGMENTATION, GENERATORS, SIZES
from apps.gan.exhibits.measured import game, own
from apps.gan.lab.measured import lab_chapter
from apps.gan.sharpen import measured as sharpen
from apps.gan.translation.measured import night_chapter
from apps.markup import Content, Markup, cell, details, h, joined, note, prose, table
from apps.measured import Chapter, Figures, Headline, between, drawn, percent, rows_of, stored, with_interval

TEXTBOOK = "gan/textbook.json"
_CONDITIONAL, _JUDGE, _RESTORED = "gan/cgan-digits.json", "gan/judge-digits.json", "gan/superres-digits.json"
_NONE = "—"
_DIGITS = [str(digit) for digit in range(10)]
_EVALUATE = "python -m apps.gan evaluate --model cgan-digits --data DIR"
_COPIES = 0.01  # the share of real digits below the 1 % quantile that "copies" is counted with


def chapters() -> tuple[Chapter, ...]:
    """The chapters of the panel "Measured"; the others stand at their own panels, see ``of_panels``."""
    return (
        Chapter(
            title="How good are they?",
            text="10,000 samples each, untruncated, against MNIST's 10,000 test digits, which no network here was "
            "trained on.",
            body=drawn(_JUDGE, _generators, _EVALUATE),
        ),
        Chapter(
            title="Requested and read",
            text="10,000 digits requested from the conditional GAN: a row per requested digit, a column per digit "
            "read.",
            body=drawn(_CONDITIONAL, _confusion, _EVALUATE),
        ),
        Chapter(
            title="Compared with the textbook",
            text="The same data, the same processor time, the same judge.",
            body=drawn(TEXTBOOK, _textbook, "python -m benchmarks.gan_textbook"),
        ),
        Chapter(
            title="Do generated digits help a classifier?",
            text="A GAN and a classifier share the same few real digits. Whatever the GAN adds, it has made from "
            "those.",
            body=drawn(AUGMENTATION, _augmentation, "python -m apps.gan augment --data DIR"),
        ),
        night_chapter(),
        art_chapter(),
        lab_chapter(),
    )


def restored() -> Chapter:
    """The chapter of the panel that restores a digit from 49 numbers."""
    command = "python -m apps.gan train --model superres-digits --data DIR"
    return Chapter(
        title="Does the restorer help?",
        text="On 10,000 test digits, shrunk to 7 × 7 pixels, that neither the generator nor the judge had seen.",
        body=drawn(_RESTORED, _superres, command),
    )


def of_panels() -> tuple[Chapter, ...]:
    """What stands at the panels themselves, for the report."""
    return (own(), game(), restored(), sharpen.photos(), sharpen.faces())


def headlines() -> tuple[Headline, ...]:
    """The rows of the README's table."""
    judge = rows_of(_JUDGE, _judge_headline)
    generators = (rows_of(f"gan/{name}.json", _generator_headlines) for name in _IN_README)
    return (
        *judge,
        *(row for rows in generators for row in rows),
        *rows_of(_RESTORED, _restored_headline),
        *sharpen.headlines(),
    )


_MNIST = "MNIST, 10,000 test digits"
_IN_README = {"cgan-digits": "conditional GAN", "dcgan-digits": "DCGAN"}


def _judge_headline(found: Figures) -> Iterator[Headline]:
    interval = between(found["test_accuracy_interval"], 2)
    yield Headline("GANs", "the judge reads digits", percent(found["test_accuracy"], 2), interval, _MNIST)


def _generator_headlines(found: Figures) -> Iterator[Headline]:
    title, samples = _IN_README[found["model"]], f"{found['n']:,} samples, seed {found['seed']}"
    if found["agreement"] is not None:
        agreed, interval = percent(found["agreement"], 2), between(found["agreement_interval"], 2)
        yield Headline("GANs", f"{title}: the requested digit", agreed, interval, samples)
    against = f"{samples}, judge's features; training against test digits: {found['fid_floor']:.3f}"
    yield Headline("GANs", f"{title}: Fréchet distance to test digits", f"{found['fid']:.3f}", "", against)


def _restored_headline(found: Figures) -> Iterator[Headline]:
    bicubic = f"{_MNIST}, 7 x 7 to 28 x 28; bicubic: {found['bicubic']['psnr_db']:.1f} dB"
    yield Headline("GANs", "super-resolution, PSNR", f"{found['gan']['psnr_db']:.1f} dB", "", bicubic)


def _generators(judge: Figures) -> Markup:
    found = {name: one for name in GENERATORS if (one := stored(f"gan/{name}.json")) is not None}
    if not found:
        return note("Not measured yet: ", h.code(_EVALUATE), ".")
    floor = next(iter(found.values()))
    rows: list[tuple[str, Callable[[Figures], Content], str]] = [
        ("agreement: the judge reads the requested digit", _agreement, _NONE),
        (
            "Fréchet distance, judge's features (lower is better)",
            lambda f: f"{f['fid']:.3f}",
            f"{floor['fid_floor']:.3f}",
        ),
        ("precision: fakes that look real", lambda f: f"{f['precision']:.1%}", f"{floor['precision_floor']:.1%}"),
        ("recall: real variety that is covered", lambda f: f"{f['recall']:.1%}", f"{floor['recall_floor']:.1%}"),
        ("variety within a class, relative to real digits", _variety, f"{1:.0%}"),
        ("distance to the nearest training digit", lambda f: f"{f['nearest']:.1f}", f"{floor['nearest_real']:.1f}"),
        ("copies: closer than 99 % of test digits are", lambda f: f"{f['copies']:.1%}", f"{_COPIES:.1%}"),
    ]
    titles = [GENERATORS[name].partition(":")[0] for name in found]
    body = [(label, *map(show, found.values()), real) for label, show, real in rows]
    low, high = judge["test_accuracy_interval"]
    explained = prose(
        "The judge reads {:.2%} of {:,} test digits correctly (95 % interval {:.2%} to {:.2%}). Its 128 penultimate "
        "activations are the features; these distances are not those of Inception's features. “Real digits” are as "
        "many training digits, measured the same way: the floor. Command: {}.",
        judge["test_accuracy"],
        judge["n"],
        low,
        high,
        h.code(_EVALUATE),
    )
    return joined(
        (
            table(("", *titles, "real digits"), body, class_="gan-figures"),
            note(explained),
            details(
                "What each of them draws", _read_as(dict(zip(titles, found.values(), strict=True))), class_="ch-fold"
            ),
        )
    )


def _read_as(found: dict[str, Figures]) -> Markup:
    """The share of each digit among the samples, as the judge reads them."""
    rows = (
        (
            title,
            *(cell(f"{share:.1%}", class_="ch-share", style=f"--share:{100 * share:.1f}%") for share in one["read_as"]),
        )
        for title, one in found.items()
    )
    return h.div(table(("", *_DIGITS), rows, title="Of 10,000 samples, read as", class_="ch-confusion", stacks=False))


def _confusion(found: Figures) -> Markup:
    return confusion(found["confusion"], _DIGITS, corner="requested ↓ read →")


def _textbook(found: Figures) -> Markup:
    rows: dict[str, Callable[[Figures], Content]] = {
        "agreement": _agreement,
        "Fréchet distance": lambda f: f"{f['fid']:.3f}",
        "precision": lambda f: f"{f['precision']:.1%}",
        "recall": lambda f: f"{f['recall']:.1%}",
        "variety within a class": _variety,
    }
    body = [(title, show(found["ours"]), show(found["textbook"])) for title, show in rows.items()]
    explained = prose(
        "Both had the same {:.0f} processor seconds: {:,} steps of ours, {:,} of the fully connected GAN of most "
        "tutorials (Mirza & Osindero 2014; least squares, Adam 0.0002). n = 10,000 each. Command: {}.",
        found["seconds"],
        found["our_steps"],
        found["textbook_steps"],
        h.code("python -m benchmarks.gan_textbook"),
    )
    return joined([table(("", "ours", "textbook"), body, class_="gan-figures"), note(explained)])


def _augmentation(found: Figures) -> Markup:
    cells = {(row["n"], row["arm"]): row for row in found["rows"]}
    sizes = [n for n in SIZES if any((n, arm) in cells for arm in ARMS)]
    complete = [n for n in sizes if all((n, arm) in cells for arm in ARMS)]
    body = [(title, *(_accuracy(cells.get((n, arm))) for n in sizes)) for arm, title in ARMS.items()]
    gains = "; ".join(
        f"{n:,} per class: {_gain(cells, n, 'none', 'gan')} compared with nothing, "
        f"{_gain(cells, n, 'classical', 'both')} in addition to distortions"
        for n in complete
    )
    missing = "".join(f" {n:,} per class: not measured yet." for n in SIZES if n not in complete)
    counts = sorted({row["repeats"] for row in found["rows"]})
    explained = prose(
        "Generated digits change the accuracy by, {}. Means and Student's 95 % intervals over {} repeats with other "
        "digits (no interval: one repeat); {}.{} The GAN of each cell saw only that cell's digits. Command: {}.",
        gains,
        " to ".join(map(str, dict.fromkeys((counts[0], counts[-1])))),
        found["data"],
        missing,
        h.code(found["command"]),
    )
    head = ("", *(f"{n:,} per class" for n in sizes))
    return joined([table(head, body, class_="gan-figures"), note(explained)])


def _gain(cells: dict[tuple[int, str], Figures], n: int, without: str, with_gan: str) -> str:
    return f"{cells[n, with_gan]['accuracy'] - cells[n, without]['accuracy']:+.2%}"


def _accuracy(row: Figures | None) -> Content:
    if row is None:
        return _NONE
    if row["interval"] is None:
        return f"{row['accuracy']:.2%}"
    return with_interval(row["accuracy"], *row["interval"], form=".2%")


def _agreement(figures: Figures) -> Content:
    if figures["agreement"] is None:
        return _NONE
    worst = min(figures["agreement_per_digit"].values())
    return prose(
        "{:.2%} <small>({:.2%} to {:.2%}; worst digit {:.1%})</small>",
        figures["agreement"],
        *figures["agreement_interval"],
        worst,
    )


def _variety(figures: Figures) -> Content:
    values = figures["diversity"]
    return with_interval(sum(values) / len(values), min(values), max(values), form=".0%")


def _superres(found: Figures) -> Markup:
    head = ("", "PSNR", "the judge reads the true digit", "Fréchet distance")
    rows = [_restorer(title, found[key]) for title, key in (("Bicubic", "bicubic"), ("Conditional GAN", "gan"))]
    explained = prose(
        "n = {:,}, MNIST test split; the judge reads {:.2%} of the originals correctly. PSNR compares pixels, the "
        "distance compares the judge's features. Command: {}.",
        found["n"],
        found["original_accuracy"],
        h.code(found["command"]),
    )
    return joined([table(head, rows, class_="gan-figures"), note(explained)])


def _restorer(title: str, figures: Figures) -> tuple[Content, ...]:
    accuracy = with_interval(figures["accuracy"], *figures["accuracy_interval"], form=".2%")
    return title, f"{figures['psnr_db']:.2f} dB", accuracy, f"{figures['fid']:.2f}"
