"""Alert rules, dashboard and units of systemd name metrics, commands and settings that exist."""

import configparser
import json
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY

from services.__main__ import make_parser
from shared.local.settings import ROOT
from shared.local.stack import FACTORIES, list_all_variables

MONITORING = ROOT / "deploy" / "monitoring"
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
METRIC = re.compile(r"\bntp_[a-z_]+")
SUFFIXES = ("_total", "_bucket", "_count", "_sum", "")


def list_metrics() -> set[str]:
    """Return the names of all metrics of the processes, as they are scraped."""
    for factory in FACTORIES.values():
        import_module(factory.partition(":")[0])
    return {f"{family.name}{suffix}" for family in REGISTRY.collect() for suffix in SUFFIXES}


@pytest.mark.parametrize("name", ["alerts.yml", "dashboard.json"])
def test_every_metric_of_a_file_exists(name: str) -> None:
    text = (MONITORING / name).read_text()
    metrics = set(METRIC.findall(text))
    assert len(metrics) >= 10
    assert metrics <= list_metrics()


def test_every_alert_says_for_whom_and_is_explained() -> None:
    (group,) = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    page = (ROOT / "docs" / "operate.md").read_text()
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert f"`{rule['alert']}`" in page


def test_every_panel_has_a_query_and_a_place_of_its_own() -> None:
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels)
    assert all(panel["targets"][0]["expr"] for panel in panels)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_units_run_commands_that_exist_with_settings_that_are_read(unit: Path) -> None:
    text = unit.read_text()
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    assert "Description" in parser["Unit"]
    commands = re.findall(r"python -m services ([a-z-]+)", text)
    known = make_parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert set(commands) <= set(known or ())
    assert set(re.findall(r"\bNTP_\w+", text)) <= list_all_variables()
    if unit.name == "ntp.service":
        assert parser["Service"]["Restart"] == "always"
        assert commands == ["run"]
