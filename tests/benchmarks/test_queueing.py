"""The simulated course against what is known exactly: Erlang's formula, and the one for a finite class."""

from __future__ import annotations

import statistics

import pytest

from benchmarks.queueing import Course, erlang_c, finite_wait, simulate


@pytest.mark.parametrize(("servers", "offered", "chance"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9)])
def test_erlangs_formula_gives_its_textbook_values(servers: int, offered: float, chance: float) -> None:
    assert erlang_c(servers, offered) == pytest.approx(chance)
    with pytest.raises(ValueError, match="without end"):
        erlang_c(servers, servers)


def test_a_large_class_that_thinks_long_waits_as_erlang_says() -> None:
    servers, offered = 4, 3.2
    known = erlang_c(servers, offered) / (servers - offered)  # mean wait in times of service
    assert finite_wait(40_000, servers, 40_000 / offered, 1.0) == pytest.approx(known, rel=0.01)


@pytest.mark.parametrize(("students", "workers"), [(12, 1), (30, 3)])
def test_the_simulation_waits_as_the_exact_formula_says(students: int, workers: int) -> None:
    course = Course(students=students, think_s=10.0, questions_s=(0.9,))
    felt = simulate(course, workers, lasts_s=20_000, central=True, exponential=True)
    known = finite_wait(students, workers, 10.0, 0.9)
    assert statistics.fmean(felt.waits_s) == pytest.approx(known, rel=0.06)
    per_s = students / (10.0 + 0.9 + known)  # Little's law
    assert felt.answers / 20_000 == pytest.approx(per_s, rel=0.02)
    assert felt.busy_s / 20_000 == pytest.approx(0.9 * per_s, rel=0.03)


def test_many_workers_make_nobody_wait_and_one_is_as_one_queue() -> None:
    course = Course(students=20, think_s=10.0, questions_s=(0.5,), paintings_s=(4.0,), paintings=0.2)
    felt = simulate(course, 100, lasts_s=500)
    assert max(felt.waits_s) == pytest.approx(0, abs=1e-9)
    assert max(felt.stretch) == pytest.approx(1)
    alone, central = (simulate(course, 1, lasts_s=500, central=central) for central in (False, True))
    assert alone.waits_s == central.waits_s


def test_a_question_passes_paintings() -> None:
    paints = Course(students=10, think_s=1.0, questions_s=(0.1,), paintings_s=(50.0,), paintings=0.5)
    felt = simulate(paints, 1, lasts_s=2_000)
    assert statistics.median(felt.waits_s) < 1.0
    assert statistics.median(felt.stretch) > 4
