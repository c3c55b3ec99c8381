"""The files for containers and clusters agree with the project and with one another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.requirements import PYTHONS, resolved
from shared.settings import OPTIONS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def lines_of(name: str) -> list[str]:
    return (DEPLOY / name).read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def test_what_the_image_copies_is_there_and_reaches_the_builder() -> None:
    copied = {part for line in lines_of("Dockerfile") if line.startswith("COPY") for part in line.split()[1:-1]}
    let_in = {line[1:] for line in lines_of("Dockerfile.dockerignore") if line.startswith("!")}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    assert {"app.py", "apps", "shared", "weights", "deploy", "lessons"} <= copied


def test_the_image_runs_as_nobody_special_and_is_looked_after() -> None:
    text = "\n".join(lines_of("Dockerfile"))
    assert text.index("USER hub") < text.index("HEALTHCHECK") < text.index('CMD ["python", "app.py"]')
    assert "/healthz" in text


def test_every_variable_of_the_hub_is_one_of_its_options(compose: Any) -> None:
    known = {option.variable for option in OPTIONS} | {"CONVHUB_CACHE"}
    given = {name for service in compose["services"].values() for name in service.get("environment", {})}
    given |= set(re.findall(r"CONVHUB_\w+", "\n".join([*lines_of("Dockerfile"), *lines_of("README.md")])))
    assert {name for name in given if name.startswith("CONVHUB_")} <= known


def test_every_variable_that_compose_asks_for_stands_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", "\n".join(lines_of("compose.yaml"))))
    assert asked == {line.partition("=")[0] for line in lines_of("env.example") if re.match(r"\w+=", line)}


def test_what_waits_for_another_service_waits_for_one_that_is_there(compose: Any) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, name
            healthy = "healthcheck" in services[other] or services[other]["image"] == "convhub"
            assert how["condition"] != "service_healthy" or healthy
    assert services["page1"] == services["page2"]
    assert "page1:7860 page2:7860" in services["front-configuration"]["command"][-1]


@pytest.mark.cluster
def test_ray_takes_the_description_of_the_cluster() -> None:
    pytest.importorskip("ray", reason="needs Ray: pip install -r requirements-cluster.txt")
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = yaml.safe_load((DEPLOY / "ray-cluster.yaml").read_text(encoding="utf-8"))
    validate_config(prepare_config(config))


@pytest.mark.cluster
def test_requirements_that_cannot_be_met_are_named(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("# nothing\n")
    bad.write_text("no-such-thing @ file:///nowhere/no_such_thing-1.0-py3-none-any.whl\n")
    (met,) = resolved(PYTHONS[:1], files=[str(good)])
    (missed,) = resolved(PYTHONS[-1:], files=[str(bad)])
    assert (met.fault, met.packages) == ("", {})
    assert missed.python == "3.13"
    assert "ERROR" in missed.fault
