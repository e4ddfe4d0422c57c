"""The project files agree with the code: version, licence, hooks, continuous integration."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.kit.version import product_version
from tests.contracts.documents import APPLICATIONS, build_app

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def read_text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_version_comes_from_the_project_file() -> None:
    assert product_version() == PROJECT["version"]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_application_has_the_version_of_the_project(name: Any) -> None:
    assert build_app(name).version == PROJECT["version"]


def test_the_changelog_has_an_unreleased_section_and_names_the_version() -> None:
    headings = re.findall(r"(?m)^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", read_text("CHANGELOG.md"))
    assert headings[0] == ("Unreleased", "")
    assert PROJECT["version"] in [version for version, _ in headings]
    assert all(day for _, day in headings[1:])


def test_the_licence_is_the_one_that_the_project_states() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert PROJECT["license-files"] == ["LICENSE"]
    text = read_text("LICENSE")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_hooks_run_the_commands_of_make_check() -> None:
    (check,) = re.findall(r"(?ms)^check:.*?(?=^\S)", read_text("Makefile"))
    (commands,) = re.findall(r"for \w+ in (.*?); do", check)
    expected = [quoted or bare for quoted, bare in re.findall(r'"([^"]+)"|(\S+)', commands)]
    repositories = yaml.safe_load(read_text(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    entries = [hook["entry"] for hook in repositories[0]["hooks"]]
    assert entries == [f".venv/bin/{command}" for command in expected]


def test_the_workflow_runs_on_every_supported_version_of_python() -> None:
    jobs = yaml.safe_load(read_text(".github/workflows/ci.yml"))["jobs"]
    [versions] = [job["strategy"]["matrix"]["python"] for job in jobs.values()]
    assert PROJECT["requires-python"] == f">={versions[0]}"
    assert versions == ["3.11", "3.12", "3.13", "3.14"]


def test_every_decision_record_has_a_number_of_its_own_that_its_title_repeats() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [record.name[:4] for record in records]
    assert numbers == [f"{number:04}" for number in range(1, len(records) + 1)]
    for number, record in zip(numbers, records, strict=True):
        assert record.read_text(encoding="utf-8").startswith(f"# {number}"), record.name
