"""The measurements: what is reported, and that a wrong answer would be seen."""

from __future__ import annotations

import pytest

from apps.conv import experiments as measure
from apps.conv.experiments import CONTESTANTS, Agreement, Cost, agreement, costs
from apps.conv.shapes import step
from apps.conv.ui.measured import agreement_html, costs_html


def test_agreement_reports_as_it_goes() -> None:
    reports = list(agreement(seed=3, layers=60))
    assert [report.n for report in reports] == [25, 50, 60]
    last = reports[-1]
    assert last.agreed == last.n == sum(last.by_axes.values())
    assert last.computed > 0
    assert last.most_wrong == pytest.approx(1 - 0.05 ** (1 / 60))
    assert "60 of 60" in agreement_html(last, 3)


def test_the_interval_is_clopper_and_pearsons() -> None:
    """Oracle: the 95 % quantile of the beta distribution."""
    from scipy.stats import beta

    report = Agreement(n=300, agreed=297, by_axes={}, largest_difference=0, computed=0, wrong=("<b>",))
    assert report.most_wrong == pytest.approx(beta.ppf(0.95, 4, 297), rel=1e-6)
    assert "&lt;b&gt;" in agreement_html(report, 1)


def test_the_contestants_have_the_same_number_of_multiplications() -> None:
    for title, shape, layer in CONTESTANTS:
        assert step(layer, shape).multiplications == pytest.approx(1e8, rel=0.02), title


def test_costs_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "CONTESTANTS", CONTESTANTS[:2])
    done: list[Cost] = list(costs(repeats=2))
    assert len(done) == 2
    assert all(0 < cost.best_ms <= cost.middle_ms for cost in done)
    assert done[0].billions_a_second == pytest.approx(done[0].multiplications / (done[0].best_ms / 1e3) / 1e9)
    assert done[0].title in costs_html(done, "CPU")
