"""The settings of the rural service."""

from pathlib import Path

from pydantic import Field

from shared.reporting.settings import ReportingSettings


class RuralSettings(ReportingSettings):
    """The settings of the engine, and the files of dated facts."""

    criteria_sets_file: Path | None = Field(
        None, description="criteria sets in place of the shipped ones (criteria/criteria_sets.toml)"
    )
    thresholds_file: Path | None = Field(
        None,
        description="thresholds of indicators by region and year in place of the shipped ones (criteria/thresholds.toml)",
    )
    ocop_rules_file: Path | None = Field(
        None, description="rules of the OCOP program in place of the shipped ones (ocop/ocop.toml)"
    )
    standards_file: Path | None = Field(
        None,
        description="standards of districts and provinces in place of the shipped ones (standards/standards.toml)",
    )
