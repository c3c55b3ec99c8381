"""The figures on the page are those of the file."""

from __future__ import annotations

from apps.ekg.ui.measured import measure_html
from shared.registry import measured, records


def test_the_figures_are_those_of_the_file() -> None:
    figures = measured(records("ekg")[0])
    html = measure_html(figures)
    for result in (figures["by_patient"], figures["by_beat"], figures["by_patient"]["always_n"]):
        assert f"<b>{result['accuracy']:.1%}</b>" in html
        assert f"<b>{result['macro_f1_nsv']:.3f}</b>" in html
    low, high = figures["by_patient"]["interval_95_over_patients"]["S_se"]
    assert f"{low:.1%} to {high:.1%}" in html
    for name in figures["by_patient"]["per_record"]:
        assert f"<span>{name}</span>" in html
    assert f"{figures['by_patient']['calibration']['ece']:.3f}" in html
    lean = {key: value for key, value in figures.items() if key not in ("ablation", "detectors")}
    assert "What each choice" not in measure_html(lean)
    hostile = {**figures, "about": "<script>alert(1)</script>"}
    assert "<script>" not in measure_html(hostile)
