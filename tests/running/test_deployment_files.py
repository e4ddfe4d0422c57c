"""The compose file, the image and the example of settings say what the code needs, and nothing unsafe."""

import re

import pytest
import yaml

from migrations.owners import OWNERS
from shared.local.settings import ROOT, InstallationSettings
from shared.local.stack import FACTORIES, FOLLOWERS

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PROCESSES = {name: COMPOSE["services"][name] for name in FACTORIES}
PORTS = {name: str(InstallationSettings.model_fields[f"{name}_port"].default) for name in FACTORIES}


def test_every_process_of_the_table_has_a_service():
    assert set(COMPOSE["services"]) == {"postgres", "migrations", *FACTORIES}
    for name, service in PROCESSES.items():
        assert service["command"][2:4] == ["shared.kit.serve", FACTORIES[name]]
        assert service["command"][-1] == PORTS[name]
        assert f":{PORTS[name]}/readyz" in service["healthcheck"]["test"][-1]


def test_only_the_gateway_is_published_and_only_here():
    published = {
        name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service
    }
    assert published == {"gateway": ["${NTP_GATEWAY_HOST:-127.0.0.1}:${NTP_GATEWAY_PORT:-8000}:8000"]}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(
        service["networks"] == ["inside"]
        for name, service in COMPOSE["services"].items()
        if name != "gateway"
    )


def test_no_password_has_a_default_and_the_example_names_every_one():
    text = (ROOT / "docker-compose.yml").read_text()
    required = set(re.findall(r"\$\{(\w+):\?", text))
    assert required >= {f"NTP_{owner.upper()}_DATABASE_PASSWORD" for owner in OWNERS}
    secrets = set(re.findall(r"\$\{(\w*(?:PASSWORD|PEPPER|SECRET))\b", text))
    assert secrets == required
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text().splitlines()
        if re.match(r"\w+=", line)
    )
    assert {name for name, value in example.items() if not value} == required
    assert set(example) == set(re.findall(r"\$\{(\w+)", text))


def test_each_process_gets_its_own_password_and_no_other():
    for name, service in PROCESSES.items():
        passwords = set(re.findall(r"NTP_(\w+)_DATABASE_PASSWORD", str(service["environment"])))
        assert passwords == {name.upper()}
        clients = set(re.findall(r"NTP_(\w+)_CLIENT_SECRET\b", str(service["environment"])))
        told = set(FOLLOWERS) if name == "gateway" else set(FOLLOWERS) & {name}
        assert clients == {one.upper() for one in told}


def test_nothing_starts_before_the_migrations_are_done():
    for service in PROCESSES.values():
        assert service["depends_on"] == {"migrations": {"condition": "service_completed_successfully"}}
    assert COMPOSE["services"]["migrations"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert COMPOSE["services"]["migrations"]["restart"] == "no"


@pytest.mark.parametrize("name", ["migrations", *FACTORIES])
def test_a_process_has_no_rights_it_does_not_need(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_image_takes_in_what_it_names_and_is_not_root():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [
        line.split()[1] for line in lines if line.startswith("COPY ") and not line.startswith("COPY --")
    ]
    assert all((ROOT / one).exists() for one in copied)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) == allowed
    user = next(line for line in lines if line.startswith("USER "))
    assert user == "USER 10001:10001"
    assert any("--require-hashes" in line for line in lines)


def test_the_workflow_runs_what_a_developer_runs():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    steps = [step.get("run") for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step for step in steps if step] == [".ci/run"]
    assert "make check" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / ".ci" / "run").read_text()
