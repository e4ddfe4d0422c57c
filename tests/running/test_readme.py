"""The README agrees with the code: settings, make targets, paths."""

import re

import pytest

from gateway.settings import GatewaySettings
from services.ethnic.settings import EthnicSettings
from services.funding.settings import FundingSettings
from services.rural.settings import RuralSettings
from shared.local.settings import ROOT, InstallationSettings
from shared.reporting.settings import ReportingSettings

README = (ROOT / "README.md").read_text()
CLASSES = (
    InstallationSettings,
    GatewaySettings,
    ReportingSettings,
    RuralSettings,
    EthnicSettings,
    FundingSettings,
)


@pytest.mark.parametrize("settings", CLASSES, ids=lambda settings: settings.__name__)
def test_every_setting_is_in_the_configuration_table(settings):
    missing = [
        name
        for field in settings.model_fields
        if (name := f"NTP_{field.upper()}") and not re.search(rf"`{name}`", README)
    ]
    assert missing == []


def test_no_setting_is_in_two_rows():
    rows = [re.findall(r"`(NTP_\w+)`", line.split("|")[1]) for line in README.splitlines() if line[:1] == "|"]
    names = [name for row in rows for name in row]
    assert sorted(set(names)) == sorted(names)


def test_every_variable_in_the_readme_is_a_setting():
    variables = {f"NTP_{field.upper()}" for settings in CLASSES for field in settings.model_fields}
    assert set(re.findall(r"`(NTP_\w+)`", README)) <= variables


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"(?m)^([a-z.]+):", (ROOT / "Makefile").read_text()))
    assert set(re.findall(r"`make ([a-z.]+)`", README)) <= targets


def test_every_path_in_the_readme_exists():
    paths = re.findall(r"`((?:shared|services|tests|examples|docs)/[\w/.*-]+)`", README)
    assert paths
    assert [path for path in paths if not list(ROOT.glob(path.rstrip("/")))] == []
