"""How often an encoder errs, on whom, at which thresholds, what each step is worth, and one face found among K."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.charts import lines
from apps.face.decision.matching import Calibration, Uncalibrated, find_calibration
from apps.face.encoding.encoders import DEFAULT_ENCODER, ENCODERS, find_encoder
from apps.markup import Content, Fact, Markup, Row, cell, details, facts, h, joined, message, note, prose, style, table
from apps.measured import Chapter, Figures, Headline, between, drawn, percent, rows_of, stored
from shared.errors import HubError
from shared.registry import Record, find

ACCURACY, SEARCH = "face/accuracy.json", "face/search.json"
_CALIBRATE = "python -m apps.face calibrate --images DIR --pairs FILE --encoder"
_SEARCH = "python -m benchmarks.face_search --write"
_ROC_FROM = 1e-4  # the false-accept rate where the logarithmic axis begins


def chapters() -> tuple[Chapter, ...]:
    """The chapters: one per encoder, and the search."""
    return (
        *(Chapter(title=find(name, "face").title, body=figures_html(name)) for name in ENCODERS),
        Chapter(title="One face among K", body=speed_html()),
    )


def headlines() -> tuple[Headline, ...]:
    """The rows of the README's table."""
    return rows_of(f"face/{DEFAULT_ENCODER}.json", _headlines)


def _headlines(values: Figures) -> Iterator[Headline]:
    one, chance = values["evaluation"], values["probability"]
    pairs = f"{one['n_pairs']:,} pairs of development people of LFW, {one['folds']} folds"
    accuracy = f"same or different person (± {percent(one['accuracy_std'], 2)} over folds)"
    yield Headline("Faces", accuracy, percent(one["accuracy"], 2), between(one["accuracy_interval"], 2), pairs)
    accepted, interval = percent(one["tar_at_far_1e-3"], 1), between(one["tar_at_far_1e-3_interval"])
    yield Headline("Faces", "accepted at one false accept in 1,000", accepted, interval, pairs)
    judged = f"{chance['n_judged']:,} pairs of people not used for fitting"
    yield Headline("Faces", "calibration error of the probability", f"{chance['ece']:.3f}", "", judged)


def statement(known: Calibration | Uncalibrated, tau: float) -> str:
    """At what false-accept rate the threshold stands, and on what data; or that nobody knows."""
    if isinstance(known, Uncalibrated):
        return (
            f"This encoder was not calibrated here: its error rates at τ = {tau:.3f} are unknown, so neither they nor "
            f"a probability are shown. The published threshold is {known.threshold:.3f}: {known.source}. To measure it "
            f"on photos of your own: {known.remedy}"
        )
    far, frr = known.far_at(tau), known.frr_at(tau)
    return (
        f"At τ = {tau:.3f}, {percent(far, n=known.n_different)} of {known.n_different:,} measured pairs of different "
        f"people are taken for one person (false accepts), and {percent(frr)} of the pairs of one person are not "
        f"recognised (false rejects). Measured on: {known.data}."
    )


def figures_html(encoder: str) -> Markup:
    """The figures of ``encoder`` as the registry has them, and what each step that makes it more accurate is worth."""
    record = find(find_encoder(encoder).name, "face")
    name = find_encoder(encoder).name
    try:
        known = find_calibration(name)
    except (HubError, LookupError, TypeError):
        known = None  # damaged: said below
    if isinstance(known, Uncalibrated):
        return message(f"{record.title}: {statement(known, known.threshold)}.", "warn")

    def draw(values: Figures) -> Markup:
        return _figures(record, values)

    return joined((drawn(str(record.measured), draw, f"{_CALIBRATE} {name}"), gains_html(name)))


def _figures(record: Record, values: Figures) -> Markup:
    one, data = values["evaluation"], values["data"]
    low, high = one["accuracy_interval"]
    tar_low, tar_high = one["tar_at_far_1e-3_interval"]
    accuracy = f"{one['folds']} folds, {one['n_pairs']:,} pairs; 95 % interval {100 * low:.2f} to {100 * high:.2f}"
    rates = (
        Fact("Accuracy, LFW protocol", f"{percent(one['accuracy'])} ± {100 * one['accuracy_std']:.2f}", accuracy),
        Fact("AUC", f"{one['auc']:.4f}", f"equal error rate {percent(one['eer'])}"),
        Fact(
            "TAR at FAR 0.1 %",
            percent(one["tar_at_far_1e-3"]),
            f"95 % interval {100 * tar_low:.1f} to {100 * tar_high:.1f}",
        ),
        Fact("Faces not found", f"{one['undetected']} of {one['n_images']:,}", "counted as errors"),
    )
    source = prose(
        "Made by <code>{}</code>, {}. {}. Licence of the weights: {}.",
        values["made_by"],
        values["date"],
        record.title,
        record.licence,
    )
    return joined(
        (
            style(__file__, "measured.css"),
            facts(rates),
            h.div(h.div(_thresholds(values)), h.div(_for_whom(data), note(source)), class_="ch-pair"),
            details("The ROC curve, and both error rates over τ", h.div(_curves(values)), class_="ch-fold"),
        )
    )


def _thresholds(values: Mapping[str, Any]) -> Markup:
    rows = (
        (
            percent(row["far"]),
            f"{row['threshold']:.3f}",
            f"{row['interval'][0]:.3f} – {row['interval'][1]:.3f}",
            percent(row["tar"]),
            f"{100 * row['tar_interval'][0]:.1f} – {100 * row['tar_interval'][1]:.1f}",
        )
        for row in values["thresholds"]
    )
    starts = (
        f"The page starts at τ = {values['threshold']:.3f}, which accepts {percent(values['threshold_far'])} of the "
        f"impostor pairs. From {values['data']['pairs_same']:,} genuine and {values['data']['pairs_different']:,} "
        "impostor pairs; intervals are over people."
    )
    head = ("FAR", "τ", "interval", "true accepts", "interval, %")
    caption = "Thresholds τ by false-accept rate, with 95 % intervals"
    return joined((table(head, rows, caption=caption), note(starts)))


def _for_whom(data: Mapping[str, Any]) -> Markup:
    return prose(
        "<b>For whom these figures hold.</b> They were measured on {:,} photos of {}. They say little about children, "
        "about people whom such photos seldom show, or about other cameras. And error rates differ between groups of "
        "people: one widely used system scored 94.70 on Caucasian, 90.29 on African and 74.96 on East Asian faces in "
        "its authors' own published test. A threshold that is right for one group can be wrong for another. Decide "
        "nothing about a person with this page.",
        data["images"],
        data["title"],
    )


def _curves(values: Figures) -> Markup:
    """The ROC curve, and both error rates over the threshold."""
    at, far, frr = (values["curve"][key] for key in ("threshold", "far", "frr"))
    let_in = [place for place, rate in enumerate(far) if rate >= _ROC_FROM]
    roc = lines(
        {"true accepts": [1 - frr[place] for place in let_in]},
        [far[place] for place in let_in],
        title="ROC: genuine pairs accepted, over the share of impostor pairs accepted (logarithmic)",
        log_x=True,
        low=None,
    )
    errors = lines(
        {"false accepts": far, "false rejects": frr},
        at,
        title=f"Both error rates over τ; dashed: τ = {values['threshold']:.3f}, where the page starts",
        marks=(values["threshold"],),
    )
    return h.div(roc, errors, class_="ch-pair")


def gains_html(encoder: str) -> Markup:
    """What each step that makes ``encoder`` more accurate is worth and costs, if that was measured."""

    def draw(found: Figures) -> Content:
        return _gains(found) if found["encoder"] == encoder else None

    return drawn(ACCURACY, draw, "python -m benchmarks.face_accuracy --images DIR")


def two_photos() -> str:
    """What a second enrolled photo bought on our test pairs, for people; empty where it was not measured."""
    try:
        row = next(row for row in (stored(ACCURACY) or {})["rows"] if row["name"] == "several")
        low, high = row["interval"]
        return (
            f"of {row['n_pairs']:,} test pairs, {row['accuracy_before']:.1%} are judged correctly with one photo, "
            f"{row['accuracy']:.1%} (95 %: {low:.1%} to {high:.1%}) with two"
        )
    except (LookupError, StopIteration, TypeError, ValueError):
        return ""


def _gains(found: Figures) -> Markup:
    data = found["data"]
    explained = prose(
        "Each step added to the ones above it, on {:,} pairs of {:,} photos of {}. p: exact McNemar over the pairs "
        "that only one of the two ways gets right. TAR: all pairs of the photos at FAR 0.1 %, with the 95 % interval "
        "of the paired difference over people. Time: {}, photo to encoding. By <code>{}</code>, {}",
        data["pairs"],
        data["images"],
        data["title"],
        found["machine"],
        found["made_by"],
        found["date"],
    )
    head = ("step", "accuracy, %", "pairs won / lost", "p", "TAR gained, points", "ms per face", "")
    rows = (_gain(row) for row in found["rows"])
    return joined(
        (
            h.h3("What each step is worth"),
            note(explained),
            table(head, rows, class_="face-gains"),
            _against_dlib(found["dlib"]) if "dlib" in found else None,
        )
    )


def _gain(row: Mapping[str, Any]) -> Row:
    accuracy = f"{100 * row['accuracy']:.2f}"
    if not row["against"]:
        cells = [accuracy, "", "", "", f"{row['ms']:.0f}", "where it starts"]
    else:
        tar = ""
        if "tar_gain" in row:
            low, high = (100 * value for value in row["tar_gain_interval"])
            tar = f"{100 * row['tar_gain']:+.1f} ({low:+.1f} to {high:+.1f})"
        few = f", n = {row['n_pairs']:,}" if row["name"] == "several" else ""
        cells = [
            f"{100 * row['accuracy_before']:.2f} → {accuracy}{few}",
            f"{row['gained']} / {row['lost']}",
            f"{row['p']:.2g}",
            tar,
            f"{row['ms_before']:.0f} → {row['ms']:.0f}",
            "kept" if row["kept"] else "not kept",
        ]
    return Row((row["title"], *cells), None if row["kept"] else "face-out")


def _against_dlib(peer: Mapping[str, Any]) -> Markup:
    return note(
        prose(
            "<b>Against dlib’s own pipeline</b> (HOG detector, five landmarks, one chip, the same network) on the same "
            "pairs: {:.2f} against {:.2f} %, {} pairs right only here and {} only there (p = {:.2g}); {:.0f} against "
            "{:.0f} ms per face, {:.2f} times.",
            100 * peer["accuracy"],
            100 * peer["accuracy_before"],
            peer["gained"],
            peer["lost"],
            peer["p"],
            peer["ms"],
            peer["ms_before"],
            peer["ms"] / peer["ms_before"],
        )
    )


def speed_html() -> Markup:
    """The time to find the five nearest of K, as bars and numbers, as it was measured for this release."""
    return drawn(SEARCH, _speed, _SEARCH)


def _speed(found: Figures) -> Markup:
    longest = max(max(row["seconds"], row["naive_seconds"]) for row in found["rows"])

    def bar(kind: str, seconds: float) -> Markup:
        return h.i(class_=kind, style=f"width:{max(seconds / longest * 100, 0.4):.1f}%")

    rows = (
        (
            f"{row['people']:,}",
            cell(bar("face-ours", row["seconds"]), bar("face-usual", row["naive_seconds"]), class_="face-wide"),
            _time(row["seconds"]),
            _time(row["naive_seconds"]),
            f"{row['naive_seconds'] / row['seconds']:.1f} ×",
        )
        for row in found["rows"]
    )
    head = (
        "K",
        cell(class_="face-wide"),
        (h.span("■", class_="face-key-ours"), " this hub"),
        (h.span("■", class_="face-key-usual"), " subtract, square, sum, sort"),
        "ratio",
    )
    where = f"{found['machine']}, {found['date']}, by {found['made_by']}"
    caption = f"Exact search among K encodings of 128 numbers, in memory: {where}"
    why = (
        "‖p − g‖² = ‖p‖² + ‖g‖² − 2 p·g is one matrix product; the nearest are then measured again in double "
        "precision, so the ranking is exact."
    )
    return joined((style(__file__, "measured.css"), table(head, rows, caption=caption, class_="face-speed"), note(why)))


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"
