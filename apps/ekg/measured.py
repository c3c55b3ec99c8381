"""The measured figures: on whom, how good per class, and how the same network looks when patients are mixed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apps.charts import Bar, Bin, bars, confusion, reliability
from apps.ekg.aami import LETTERS
from apps.markup import Content, Markup, cell, details, h, joined, note, prose, style, table
from apps.measured import Chapter, Figures, Headline, between, drawn, percent, rows_of

FILE = "ekg/beatnet-ds1.json"
_COMMAND = "python -m benchmarks.ekg.weights DIR TRAINED.safetensors"
_DS1 = "MIT-BIH DS1, 22 patients, each judged by networks that never saw that patient"
_QTDB = "QT Database, 51 patients of other hospitals, each judged by networks that never saw that patient"
_HEADLINES = {
    "Accuracy": "accuracy",
    "Macro-F1 of N, S, V": "macro_f1_nsv",
    "S: sensitivity": "S_se",
    "S: positive predictive value": "S_ppv",
    "V: sensitivity": "V_se",
    "V: positive predictive value": "V_ppv",
}


def chapters() -> tuple[Chapter, ...]:
    """The chapters: one, with everything but the main comparison folded."""
    title = "How good is it, on patients it never saw?"
    return (Chapter(title=title, body=drawn(FILE, _chapter, _COMMAND), id="ekg-measure"),)


def headlines() -> tuple[Headline, ...]:
    """The rows of the README's table."""
    return rows_of(FILE, _headlines)


def _headlines(figures: Figures) -> Iterator[Headline]:
    patients, mixed = figures["by_patient"], figures["by_beat"]
    intervals = patients["interval_95_over_patients"]
    beats = f"{_DS1}; {patients['n_beats']:,} beats"
    always = percent(patients["always_n"]["accuracy"], 1)
    accuracy = percent(patients["accuracy"], 1)
    yield Headline("EKG", f"accuracy (always N: {always})", accuracy, between(intervals["accuracy"]), beats)
    low, high = intervals["macro_f1_nsv"]
    score = f"{patients['macro_f1_nsv']:.3f}"
    yield Headline("EKG", "macro-F1 of N, S, V", score, f"{low:.3f} to {high:.3f}", beats)
    for letter in ("S", "V"):
        own = patients["per_class"][letter]
        both = f"{percent(own['se'], 1)} / {percent(own['ppv'], 1)}"
        spread = "; ".join(between(intervals[f"{letter}_{key}"], 0) for key in ("se", "ppv"))
        yield Headline("EKG", f"{letter}: sensitivity / PPV", both, spread, beats)
    if other := figures.get("second_hospital"):
        low, high = other["interval_95_over_patients"]["macro_f1_nsv"]
        score, beats = f"{other['macro_f1_nsv']:.3f}", f"{_QTDB}; {other['n_beats']:,} beats"
        yield Headline("EKG", "macro-F1 of N, S, V, other hospitals", score, f"{low:.3f} to {high:.3f}", beats)
    flattered = f"the same patients in training and test, which flatters; {mixed['n_beats']:,} beats"
    spread = between(mixed["interval_95_over_patients"]["accuracy"])
    yield Headline("EKG", "accuracy with beats mixed", percent(mixed["accuracy"], 1), spread, flattered)


def _chapter(figures: Figures) -> Markup:
    """The one comparison that matters, and behind it everything else, folded."""
    by_patient, by_beat = figures["by_patient"], figures["by_beat"]
    return joined(
        (
            style(__file__, "measured.css"),
            h.p(figures["about"], class_="ekg-lead"),
            _comparison(by_patient, by_beat),
            h.p(_same_network_twice(by_patient), _bias(figures), _never(by_patient), class_="ekg-lead"),
            _fold("Which class is taken for which", _confusions(by_patient, by_beat), shown=True),
            _fold("Patient by patient", _patients(by_patient)),
            _fold("Other hospitals, and what their patients are worth", _hospitals(figures)),
            _fold("Is it as sure as it should be?", _calibration(by_patient)),
            _fold("What each choice is worth", _choices(figures.get("ablation", ()), figures.get("beside"))),
            _fold("Finding the beats", _detectors(figures.get("detectors", {}))),
        )
    )


def _same_network_twice(by_patient: Figures) -> Markup:
    return prose(
        "<b>The same network twice.</b> When beats are mixed, it has seen other beats of the very patients that it is "
        "judged on, and remembers {} people. That is how papers come to 99 %; it says nothing about the next patient. "
        "The left column does.",
        by_patient["n_records"],
    )


def _bias(figures: Figures) -> str:
    """What is left if not even the classes' bias was chosen on the patients that are judged."""
    other = figures.get("bias_of_other_folds")
    if not other:
        return ""
    return (
        " One number per class, its bias, was chosen on all these patients; chosen without those who are judged, "
        f"accuracy is {other['accuracy']:.1%} and macro-F1 {other['macro_f1_nsv']:.3f}."
    )


def _never(by_patient: Figures) -> str:
    """Which classes the network does not find at all."""
    missed = [
        (letter, row["support"])
        for letter, row in by_patient["per_class"].items()
        if letter in "NSVF" and row["support"] and not row["se"]
    ]
    return "".join(f" It never answers {letter}: none of {count:,} such beats is found." for letter, count in missed)


def _fold(title: str, body: Markup, *, shown: bool = False) -> Markup:
    return details(title, h.div(body), class_="ch-fold", open=shown) if body else Markup()


def _comparison(by_patient: Figures, by_beat: Figures) -> Markup:
    """By patient, mixed, and always N, side by side, with a bar behind each figure."""
    always = {**by_patient["always_n"], "per_class": {}}
    intervals = by_patient["interval_95_over_patients"]

    def figure(result: Figures, key: str, spread: Content = None) -> Markup:
        value = _value(result, key)
        return cell(h.b(_shown(key, value)), spread, class_="ch-share", style=f"--share:{100 * value:.1f}%")

    def interval(key: str) -> Markup:
        low, high = intervals[key]
        return h.small(f"{_shown(key, low)} to {_shown(key, high)}")

    rows = [
        (title, figure(by_patient, key, interval(key)), figure(by_beat, key), figure(always, key))
        for title, key in _HEADLINES.items()
    ]
    n, patients = f"{by_patient['n_beats']:,}", by_patient["n_records"]
    heads = (
        None,
        ("by patient", h.small(f"{n} beats of {patients} patients it never saw; 95 % over patients")),
        ("beats mixed", h.small(f"{by_beat['n_beats']:,} beats of patients it has seen")),
        ("always N", h.small("answers N without looking")),
    )
    return table(heads, rows, class_="ekg-compared")


def _value(result: Figures, key: str) -> float:
    """A figure by the name of its interval: ``accuracy``, ``macro_f1_nsv``, ``S_se`` ..."""
    letter, _, name = key.partition("_")
    if letter in ("accuracy", "macro"):
        return float(result[key])
    return float(result["per_class"].get(letter, {}).get(name, 0.0))


def _shown(key: str, value: float) -> str:
    return f"{value:.3f}" if "f1" in key else f"{value:.1%}"


def _confusions(by_patient: Figures, by_beat: Figures) -> Markup:
    pair = (
        confusion(result["confusion"], LETTERS, corner="annotated ↓ network →", title=title)
        for result, title in ((by_patient, "By patient"), (by_beat, "Beats mixed"))
    )
    words = "A row is what the cardiologists wrote, a column what the network answered; shading: its share of the row."
    return joined((h.div(pair, class_="ch-pair"), note(words)))


def _patients(result: Figures) -> Markup:
    """A bar per patient, the worst first, and the folds that the patients were judged in."""
    errors = sorted(((1 - row["accuracy"], name) for name, row in result["per_record"].items()), reverse=True)
    worst = errors[0][0] or 1.0
    drawn_errors = bars(
        (Bar(name, wrong / worst, f"{wrong:.1%}", "--ch-red") for wrong, name in errors), class_="ekg-patients"
    )
    rows = [
        (
            ", ".join(fold["records"]),
            f"{fold['accuracy']:.1%}",
            f"{fold['macro_f1_nsv']:.3f}",
            *(f"{fold[name]:.0%}" for name in ("S_se", "S_ppv", "V_se", "V_ppv")),
        )
        for fold in result["folds"]
    ]
    heads = ("left out of training", "accuracy", "macro-F1", "S Se", "S PPV", "V Se", "V PPV")
    words = (
        "Errors per patient, judged by a network that never saw that patient. A single overall figure hides this "
        "spread."
    )
    return joined((note(words), drawn_errors, table(heads, rows, title="Fold by fold")))


def _hospitals(figures: Figures) -> Markup:
    """The QT Database by patient, training with it against without, and two trainings."""
    other = figures.get("second_hospital")
    if not other:
        return Markup()
    words = (
        f"{other['n_records']} patients of the QT Database, {other['n_beats']:,} beats: other recorders, other leads. "
        f"Each was judged by networks that never saw that patient: accuracy {other['accuracy']:.1%}, macro-F1 "
        f"{other['macro_f1_nsv']:.3f}, always N {other['always_n']['macro_f1_nsv']:.3f}."
    )
    rows = [
        (f"{title}, {where}", *_paired(figures[key][part]))
        for key, title in (
            ("more_patients", "learned from DS1 alone → from both"),
            ("seeds", "another seed → as shipped"),
        )
        if key in figures
        for part, where in (("ds1", "DS1"), ("second_hospital", "QT Database"))
    ]
    heads = ("by patient", "macro-F1", "F1 of S", "F1 of V", "gain in macro-F1 (95 %)", "patients better : worse")
    title = "At the bias that is best on the other folds; an interval across 0 may be chance"
    return joined((note(words), table(heads, rows, title=title) if rows else Markup()))


def _paired(row: Figures) -> tuple[str, ...]:
    low, high = row["interval_95"]
    both = (f"{row['without'][key]:.3f} → {row['with'][key]:.3f}" for key in ("macro_f1_nsv", "S_f1", "V_f1"))
    gain = f"{row['macro_f1_gain']:+.3f} ({low:+.3f} to {high:+.3f})"
    return (*both, gain, f"{row['patients_better']} : {row['patients_worse']}, p {row['wilcoxon_p']:.2f}")


def _calibration(result: Figures) -> Markup:
    calibration = result["calibration"]
    words = prose(
        "Each dot is a group of beats; its height is how often the answer was right, its place along the bottom how "
        "sure the network was. On the dashed line the two agree. The mean distance from it is <b>{:.3f}</b> (expected "
        "calibration error, by patient). {}",
        calibration["ece"],
        _doubtful(calibration["abnormal"]),
    )
    bins = [Bin(row["confidence"], row["accuracy"], row["n"]) for row in calibration["bins"]]
    return h.div(reliability({"answers": bins}, unit="beats"), h.p(words), class_="ch-pair")


def _doubtful(abnormal: Figures) -> str:
    """What the question marks on the strip mean, in figures."""
    below, above = abnormal["below"], abnormal["above"]
    return (
        f"An answer below {abnormal['limit']:.0%} has a question mark on the strip: of {below['n']:,} such S, V and F "
        f"{below['right']:.0%} were right, of the {above['n']:,} others {above['right']:.0%}."
    )


def _choices(rows: Sequence[Figures], feature_nets: Figures | None) -> Markup:
    """Every choice left out or changed; the difference in macro-F1 has an interval over patients."""
    if not rows:
        return Markup()
    heads = ("choice", "accuracy", "macro-F1", "in the folds", "F1 of S", "F1 of V", "difference (95 %)")
    title = (
        "Left out or changed in the first networks, learned from DS1 alone, by patient, means of two seeds; an "
        "interval across 0 may be chance"
    )
    return joined((table(heads, map(_choice, rows), title=title), _gain_of_features(feature_nets)))


def _choice(row: Figures) -> tuple[str, ...]:
    low, high = row["difference_interval_95"]
    worst, best = min(row["macro_f1_of_folds"]), max(row["macro_f1_of_folds"])
    return (
        row["name"],
        f"{row['accuracy']:.1%}",
        f"{row['macro_f1_nsv']:.3f}",
        f"{worst:.2f} to {best:.2f}",
        f"{row['S_f1']:.3f}",
        f"{row['V_f1']:.3f}",
        f"{row['difference']:+.3f} ({low:+.3f} to {high:+.3f})" if row["group"] else "",
    )


def _gain_of_features(gain: Figures | None) -> Markup:
    """What the networks of intervals and likenesses add to those with convolutions."""
    if gain is None:
        return Markup()
    low, high = gain["interval_95"]
    alone = ", ".join(f"{name} {value:.3f}" for name, value in gain["alone"].items())
    return note(
        f"Two kinds of network answer together. Each by itself, at its best bias: macro-F1 {alone}; together "
        f"{gain['together']:.3f}. The second kind adds {gain['macro_f1_gain']:.3f} (95 % over patients {low:+.3f} to "
        f"{high:+.3f}); another seed of the convolutions moves them by more."
    )


def _detectors(detectors: Figures) -> Markup:
    rows = [(name, f"{row['se']:.2%}", f"{row['ppv']:.2%}", f"{row['n_beats']:,}") for name, row in detectors.items()]
    title = "Beats found without annotations, on the 22 patients of DS1 (within 150 ms); gqrs is used"
    return table(("detector", "Se", "PPV", "beats"), rows, title=title) if rows else Markup()
