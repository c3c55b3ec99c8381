"""The figures of the DCGAN while it learns, as the page and the report draw them."""

from __future__ import annotations

from typing import Any

from apps.gan.exhibits.measured import GAME, OWN, game_figures, own_figures
from apps.measured import stored


def kept(name: str) -> dict[str, Any]:
    found = stored(name)
    assert found is not None
    return found


def test_the_bundled_run_is_told_from_its_first_step_to_its_last() -> None:
    found = kept(GAME)
    first, last = found["standings"][0], found["standings"][-1]
    assert (first["step"], last["step"]) == (0, found["steps"][-1])
    html = str(game_figures(found))
    assert html.count("ch-chart") == 2
    assert f"At step 0 D calls {first['fooled']:.1%} of the fakes" in html
    assert f"from {first['fid']:.1f} to {last['fid']:.2f}" in html


def test_a_visitors_training_comes_nearer_and_not_as_near_as_the_bundled_one() -> None:
    found = kept(OWN)
    assert all(run == sorted(run, reverse=True) for run in found["fid"])
    assert min(run[-1] for run in found["fid"]) > kept(GAME)["standings"][-1]["fid"]


def test_the_table_has_mean_least_and_most_of_the_seeds() -> None:
    html = str(own_figures({"steps": [50, 1_200], "fid": [[9.0, 1.0], [12.0, 3.0]], "n": 2_000, "command": "typed"}))
    assert "10.5 <small>9.0 to 12.0</small>" in html
    assert "2.0 <small>1.0 to 3.0</small>" in html
    assert ">1,200<" in html
    assert "Means of 2 seeds" in html
