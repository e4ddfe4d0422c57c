"""The compose file, the image and the example of settings agree with the code and grant no more than needed."""

import re
import subprocess
from importlib import import_module
from typing import Any

import pytest
import yaml

from gateway.settings import GatewaySettings
from migrations.owners import OWNERS
from shared.kit.settings import ServiceSettings, find_unread_variables, list_variables
from shared.local.settings import PORT_OFFSETS, ROOT, InstallationSettings
from shared.local.stack import (
    DATABASE_OWNERS,
    FACTORIES,
    FEED_CONSUMERS,
    SETTINGS_CLASSES,
    list_all_variables,
)

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
PROCESSES = {name: COMPOSE["services"][name] for name in FACTORIES}
BASE_PORT = InstallationSettings.model_fields["base_port"].default
PORTS = {name: str(BASE_PORT + PORT_OFFSETS[name]) for name in FACTORIES}


def load_settings_class(process: str) -> type[ServiceSettings]:
    module, _, name = SETTINGS_CLASSES[process].partition(":")
    settings: type[ServiceSettings] = getattr(import_module(module), name)
    return settings


def test_every_process_of_the_stack_has_a_service() -> None:
    assert set(COMPOSE["services"]) == {"postgres", "migrations", "backup", "tls", *FACTORIES}
    for name, service in PROCESSES.items():
        assert service["command"][2:4] == ["shared.kit.serve", FACTORIES[name]]
        assert service["command"][-1] == PORTS[name]
        assert f":{PORTS[name]}/readyz" in service["healthcheck"]["test"][-1]


def test_only_the_gateway_is_published_and_only_on_this_machine() -> None:
    published = {
        name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service
    }
    assert published.pop("tls") == ["443:443", "80:80"]
    assert published == {"gateway": ["${NTP_GATEWAY_HOST:-127.0.0.1}:${NTP_GATEWAY_PORT:-8000}:8000"]}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(
        service["networks"] == ["inside"]
        for name, service in COMPOSE["services"].items()
        if name not in {"gateway", "tls", "webhooks"}
    )


def test_no_password_has_a_default_and_the_example_names_each() -> None:
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
    optional = {"NTP_TRUSTED_PROXIES"}
    assert {name for name, value in example.items() if not value} == required | optional
    assert set(example) == set(re.findall(r"\$\{(\w+)", text))


def test_each_process_gets_its_own_password_and_no_other() -> None:
    for name, service in PROCESSES.items():
        passwords = set(re.findall(r"NTP_(\w+)_DATABASE_PASSWORD", str(service["environment"])))
        assert passwords == {DATABASE_OWNERS[name].upper()}
        clients = set(re.findall(r"NTP_(\w+)_CLIENT_SECRET\b", str(service["environment"])))
        readers = set(FEED_CONSUMERS) if name == "gateway" else set(FEED_CONSUMERS) & {name}
        assert clients == {reader.upper() for reader in readers}


def test_no_process_starts_before_the_migrations_are_done() -> None:
    for service in PROCESSES.values():
        assert service["depends_on"] == {"migrations": {"condition": "service_completed_successfully"}}
    assert COMPOSE["services"]["migrations"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert COMPOSE["services"]["migrations"]["restart"] == "no"


def test_every_image_from_elsewhere_is_named_by_its_version_and_its_digest() -> None:
    """The tag says which version it is; the digest is what is run, whatever the tag names later."""
    images = {service["image"] for service in COMPOSE["services"].values()} - {"ntp:local"}
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    bases = {line.split()[1] for line in lines if line.startswith("FROM ")}
    assert {image.partition(":")[0] for image in images | bases} == {"postgres", "caddy", "python"}
    assert len(images | bases) == 3
    for image in images | bases:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?(-slim)?@sha256:[0-9a-f]{64}", image), image
    built = {service["image"] for service in COMPOSE["services"].values() if "build" in service}
    assert built == {"ntp:local"}


def test_every_service_is_limited_in_memory_processes_descriptors_and_logs() -> None:
    for name, service in COMPOSE["services"].items():
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), name
        assert (service["pids_limit"], service["ulimits"]["nofile"]) == (256, 65536), name
        assert set(service["logging"]["options"]) == {"max-size", "max-file"}, name


def test_the_backup_runs_only_when_it_is_asked_for_and_names_a_whole_dump_last() -> None:
    backup = COMPOSE["services"]["backup"]
    assert (backup["profiles"], backup["restart"]) == (["backup"], "no")
    assert backup["image"] == COMPOSE["services"]["postgres"]["image"]
    script = backup["command"][-1]
    assert script.index("pg_dump") < script.index("mv ")
    assert "--format=custom" in script


@pytest.mark.parametrize("name", ["migrations", "backup", "tls", *FACTORIES])
def test_a_process_has_no_unneeded_rights(name: Any) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_image_copies_what_the_build_context_allows_and_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [
        line.split()[1] for line in lines if line.startswith("COPY ") and not line.startswith("COPY --")
    ]
    assert all((ROOT / path).exists() for path in copied)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert set(copied) == allowed
    user = next(line for line in lines if line.startswith("USER "))
    assert user == "USER 10001:10001"
    assert any("--require-hashes" in line for line in lines)


def test_the_workflow_runs_what_a_developer_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    steps = [step.get("run") for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step for step in steps if step] == [".ci/run", "make coverage"]
    assert "make check" in (ROOT / ".ci" / "run").read_text()
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_make_says_what_it_installs() -> None:
    commands = subprocess.run(
        ["make", "--dry-run", "--what-if=requirements/dev.txt", "install"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    announcement = next(line for line in commands.splitlines() if line.startswith("echo"))
    printed = subprocess.run(["sh", "-c", announcement], cwd=ROOT, capture_output=True, text=True, check=True)
    packages = re.findall(r"(?m)^[\w.-]+(?:\[[^\]]*\])?==", (ROOT / "requirements" / "dev.txt").read_text())
    assert printed.stdout.startswith(f"installing {len(packages)} packages into .venv ")


def test_make_dev_without_a_service_says_how_to_name_one() -> None:
    refused = subprocess.run(
        ["make", "--assume-old=requirements/dev.txt", "dev"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "make dev SERVICE=rural" in refused.stderr


def test_compose_units_launcher_example_and_settings_name_the_same_things() -> None:
    """Every variable that a container gets is read by its process; what the launcher starts is what compose and the units start."""
    for name, service in PROCESSES.items():
        variables = set(service["environment"])
        unread = find_unread_variables(variables, list_variables(load_settings_class(name)))
        assert unread == {}, name
        required = {
            field for field, info in load_settings_class(name).model_fields.items() if info.is_required()
        }
        assert {f"NTP_{field.upper()}" for field in required} <= variables, name
    assert set(FACTORIES) == set(PORT_OFFSETS) - {"postgres"}
    example = set(re.findall(r"(?m)^(NTP_\w+)=", (ROOT / ".env.example").read_text()))
    of_compose = {"NTP_ADMIN_DATABASE_PASSWORD", "NTP_GATEWAY_HOST", "NTP_PUBLIC_HOST"}
    assert find_unread_variables(example - of_compose, list_all_variables()) == {}
    unit = (ROOT / "deploy" / "systemd" / "ntp.service").read_text()
    nofile = {service["ulimits"]["nofile"] for service in COMPOSE["services"].values()}
    assert re.findall(r"LimitNOFILE=(\d+)", unit) == [str(limit) for limit in nofile]


def test_the_front_for_tls_forwards_to_the_gateway_and_takes_no_larger_bodies() -> None:
    caddy = (ROOT / "deploy" / "tls" / "Caddyfile").read_text()
    assert f"reverse_proxy gateway:{PORTS['gateway']}" in caddy
    assert set(re.findall(r"NTP_\w+", caddy)) == set(COMPOSE["services"]["tls"]["environment"])
    largest = GatewaySettings.model_fields["max_body_bytes"].default
    assert re.findall(r"max_size (\d+)MiB", caddy) == [str(largest // 1024**2)]
    assert COMPOSE["services"]["tls"]["profiles"] == ["tls"]
