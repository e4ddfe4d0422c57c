"""The files for Kubernetes agree with the compose file, with each other, and with the rules of Kubernetes."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.kit.settings import ServiceSettings
from shared.kit.version import product_version
from shared.local.connections import RESERVED_CONNECTIONS
from shared.local.settings import ROOT
from shared.local.stack import FACTORIES
from tests.running.test_deployment_files import COMPOSE, PORTS, PROCESSES

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("province", "trial")
OF_OPERATORS = ("postgresql.cnpg.io/", "monitoring.coreos.com/")
"""Kinds that operators add to Kubernetes, whose schemas are not in it."""


def read_documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def find_document(path: Path, kind: str) -> Any:
    (document,) = [document for document in read_documents(path) if document["kind"] == kind]
    return document


def find_container(name: str) -> Any:
    kind = "Job" if name == "migrations" else "Deployment"
    (container,) = find_document(FOLDER / "base" / f"{name}.yaml", kind)["spec"]["template"]["spec"][
        "containers"
    ]
    return container


def build(overlay: str) -> list[Any]:
    """Return the objects of an overlay."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed, so the overlays are not built")
    built = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER / "overlays" / overlay)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return list(yaml.safe_load_all(built.stdout))


@pytest.mark.parametrize("name", FACTORIES)
def test_each_process_is_that_of_the_compose_file(name: str) -> None:
    container = find_container(name)
    assert container["command"] == PROCESSES[name]["command"]
    assert container["ports"][0]["containerPort"] == int(PORTS[name])
    variables = {variable["name"] for variable in container["env"]}
    further = {"NTP_METRICS_HOST", "NTP_METRICS_PORT"} if name == "gateway" else set()
    assert {variable for variable in variables if variable.startswith("NTP_")} - further == set(
        PROCESSES[name]["environment"]
    )
    service = find_document(FOLDER / "base" / f"{name}.yaml", "Service")
    assert service["spec"]["ports"][0]["port"] == int(PORTS[name])


def test_the_migrations_have_the_passwords_of_the_compose_file() -> None:
    container = find_container("migrations")
    assert container["command"] == COMPOSE["services"]["migrations"]["command"]
    variables = {variable["name"] for variable in container["env"]} - {"ADMIN_PASSWORD"}
    assert variables == set(COMPOSE["services"]["migrations"]["environment"])


@pytest.mark.parametrize("name", [*FACTORIES, "migrations"])
def test_a_process_has_no_secret_of_its_own_in_the_files_and_no_unneeded_rights(name: str) -> None:
    container = find_container(name)
    for variable in container["env"]:
        if re.search("PASSWORD|PEPPER|SECRET$", variable["name"]):
            assert set(variable) == {"name", "valueFrom"}, variable
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert "memory" in container["resources"]["limits"]


def test_the_secrets_are_those_of_the_example_of_settings() -> None:
    keys = {
        variable["valueFrom"]["secretKeyRef"]["key"]
        for name in [*FACTORIES, "migrations"]
        for variable in find_container(name)["env"]
        if variable.get("valueFrom", {}).get("secretKeyRef", {}).get("name") == "ntp-secrets"
    }
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    expected = set(re.findall(r"(?m)^(NTP_\w*(?:PASSWORD|PEPPER|SECRET))=$", example))
    assert keys == expected - {"NTP_ADMIN_DATABASE_PASSWORD"}


def test_each_variable_that_another_one_names_stands_before_it() -> None:
    for name in [*FACTORIES, "migrations"]:
        before: set[str] = set()
        for variable in find_container(name)["env"]:
            assert set(re.findall(r"\$\((\w+)\)", variable.get("value", ""))) <= before, (
                name,
                variable["name"],
            )
            before.add(variable["name"])


def test_the_alerts_are_those_of_prometheus() -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "monitoring" / "alerts.yml").read_text(encoding="utf-8"))
    assert find_document(FOLDER / "base" / "alerts.yaml", "PrometheusRule")["spec"] == rules


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_pools_of_an_overlay_fit_the_server_also_while_it_is_upgraded(overlay: str) -> None:
    objects = build(overlay)
    deployments = [document for document in objects if document["kind"] == "Deployment"]
    assert {deployment["metadata"]["name"] for deployment in deployments} == set(FACTORIES)
    processes = sum(deployment["spec"]["replicas"] + 1 for deployment in deployments)
    (cluster,) = [document for document in objects if document["kind"] == "Cluster"]
    accepted = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"])
    pool_size = ServiceSettings.model_fields["pool_size"].default
    assert processes * pool_size + RESERVED_CONNECTIONS <= accepted


def test_a_province_runs_the_version_of_the_product() -> None:
    containers = [
        document["spec"]["template"]["spec"]["containers"][0]
        for document in build("province")
        if document["kind"] in {"Deployment", "Job"}
    ]
    assert {container["image"].rpartition(":")[2] for container in containers} == {product_version()}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_valid(overlay: str, tmp_path: Path) -> None:
    validator = shutil.which("kubernetes-validate")
    if validator is None:
        pytest.skip("kubernetes-validate is not installed, so the objects are not compared with its schemas")
    objects = [document for document in build(overlay) if not document["apiVersion"].startswith(OF_OPERATORS)]
    path = tmp_path / "objects.yaml"
    path.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    validated = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False)
    assert validated.returncode == 0, validated.stdout + validated.stderr
