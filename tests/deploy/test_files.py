"""The files for containers and clusters agree with the project and with one another."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.requirements import PYTHONS, interpreter, resolved
from shared.settings import OPTIONS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FOLDERS = ("apps", "shared", "deploy", "tools", "benchmarks", "lessons", "tests")


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


def test_the_image_is_small_and_needs_nothing_when_it_runs() -> None:
    """What a linter of such files asks for, and no folder that only those need who build and test."""
    lines = lines_of("Dockerfile")
    text = "\n".join(lines)
    assert re.match(r"FROM python:3\.\d+-slim$", next(line for line in lines if line.startswith("FROM")))
    assert text.count("\nRUN ") <= 3
    assert all("--no-cache-dir" in line for line in lines if "pip install" in line)
    assert not re.search(r"\b(apt-get|curl|sudo|ADD|:latest)\b", text)
    assert text.index("COPY requirements") < text.index("COPY app.py") < text.index("USER hub")
    copied = {part for line in lines if line.startswith("COPY") for part in line.split()[1:-1]}
    assert not copied & {"tests", "benchmarks", "tools", ".git", ".", "requirements-dev.txt"}
    assert sum(file.stat().st_size for file in (ROOT / "weights").rglob("*") if file.is_file()) < 250_000_000


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


@pytest.mark.cluster
def test_conditions_are_read_by_the_python_that_they_are_about(tmp_path: Path) -> None:
    """As pip is run by another Python, an old one's package is wanted where it is old, and nowhere else."""
    conditional = tmp_path / "conditional.txt"
    conditional.write_text(
        'no-such-thing @ file:///nowhere/no_such_thing-1.0-py3-none-any.whl; python_version < "3.11"\n'
    )
    there = [python for python in PYTHONS if interpreter(python)]
    if not {"3.10"} < set(there):
        pytest.skip("needs Python 3.10 and a newer one on this machine")
    found = {one.python: one for one in resolved(there, files=[str(conditional)])}
    assert {python for python, one in found.items() if one.fault} == {"3.10"}
    assert all(one.itself for one in found.values())


@pytest.mark.cluster
@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_of_this_machine_reads_every_source(python: str, tmp_path: Path) -> None:
    found = interpreter(python)
    if found is None:
        pytest.skip(f"needs Python {python} on this machine")
    command = [found, "-X", f"pycache_prefix={tmp_path}", "-m", "compileall", "-q", "app.py", *FOLDERS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
