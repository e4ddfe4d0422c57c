"""docs/configuration.md and the settings classes agree: names, readers, defaults."""

import re
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

import gateway
import services
import shared
from shared.local.settings import ROOT, InstallationSettings
from shared.local.stack import SETTINGS_CLASSES

PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
PROGRAMS = {"rural", "poverty", "ethnic", "oversight"}
GROUPS = {"programs": PROGRAMS, "all": {*PROGRAMS, "funding", "papers", "gateway", "webhooks"}}
"""What a word of the column *read by* means, where it is not the name of a process."""

MIB = 1024 * 1024


def load_class(path: str) -> type[BaseSettings]:
    module, _, name = path.partition(":")
    settings: type[BaseSettings] = getattr(import_module(module), name)
    return settings


CLASSES: dict[str, type[BaseSettings]] = {
    "launcher": InstallationSettings,
    **{process: load_class(path) for process, path in SETTINGS_CLASSES.items()},
}


def read_rows() -> list[tuple[list[str], list[str]]]:
    """Return the names of the variables of each row, and all its cells."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line[:1] == "|"]
    return [(re.findall(r"`(NTP_\w+)`", cells[0]), cells) for cells in rows if "`NTP_" in cells[0]]


def find_fields(variable: str) -> dict[str, FieldInfo]:
    """Return the field of a variable in each settings class that reads it, by reader."""
    name = variable.removeprefix("NTP_").lower()
    return {
        reader: settings.model_fields[name]
        for reader, settings in CLASSES.items()
        if name in settings.model_fields
    }


def expand_readers(cell: str) -> set[str]:
    """Return the readers that a cell names."""
    return set().union(*(GROUPS.get(word, {word}) for word in cell.split(", ")))


def format_default(field: FieldInfo) -> str | None:
    """Return how a default is written in the table; None when it is described in words."""
    default = field.default
    if default is None or default is PydanticUndefined or isinstance(default, (SecretStr, dict)):
        return None
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, Path):
        return default.relative_to(ROOT).as_posix()
    if isinstance(default, int) and default >= MIB:
        return f"{default // MIB} MiB"
    if isinstance(default, float):
        return f"{default:g}"
    return str(default.value if isinstance(default, Enum) else default)


SETTINGS = {f"NTP_{name}".upper() for settings in CLASSES.values() for name in settings.model_fields}


def test_every_settings_class_is_one_of_a_process() -> None:
    for package in (services, gateway, shared):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    packages = {package.__name__ for package in (services, gateway, shared)}
    settings_classes = [
        child for child in iterate_subclasses(BaseSettings) if child.__module__.split(".")[0] in packages
    ]
    names = {name for settings in settings_classes for name in settings.model_fields}
    assert {f"NTP_{name}".upper() for name in names} == SETTINGS


def iterate_subclasses(parent: type[Any]) -> Iterator[type[Any]]:
    for child in parent.__subclasses__():
        yield child
        yield from iterate_subclasses(child)


def test_every_setting_has_one_row() -> None:
    names = [name for variables, _ in read_rows() for name in variables]
    assert len(names) == len(set(names))
    assert set(names) >= SETTINGS


def test_every_variable_in_the_source_has_a_row() -> None:
    folders = ("services", "gateway", "shared", "migrations", "examples", ".github", ".ci")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name != ".env"]
    used = set()
    for path in files:
        if path.suffix != ".pyc":
            text = path.read_text(encoding="utf-8", errors="ignore")
            used |= set(re.findall(r"\bNTP_[A-Z_]*[A-Z]\b", text))
    rows = {name for variables, _ in read_rows() for name in variables}
    assert used - rows == set()


def test_every_row_is_a_setting_or_a_variable_of_a_script() -> None:
    scripts = [
        *(ROOT / "examples").rglob("*.py"),
        ROOT / "docker-compose.yml",
        ROOT / "tests" / "postgres.py",
    ]
    script_text = "\n".join(path.read_text(encoding="utf-8") for path in scripts)
    rows = {name for variables, _ in read_rows() for name in variables}
    assert {name for name in rows - SETTINGS if name not in script_text} == set()


@pytest.mark.parametrize(("variables", "cells"), read_rows(), ids=lambda value: value[0])
def test_readers_and_default_are_those_of_the_settings(variables: Any, cells: Any) -> None:
    _, readers, default, _ = cells
    for variable in variables:
        fields = find_fields(variable)
        if fields:
            assert expand_readers(readers) == set(fields), variable
            defaults = {format_default(field) for field in fields.values()} - {None}
            assert {value for value in defaults if value not in default} == set(), variable
