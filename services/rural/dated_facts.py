"""The dated facts of the program, read from the files beside the code or from an installation's own."""

from pathlib import Path

from services.rural.criteria.reading import read_criteria_sets
from services.rural.criteria.sets import CriteriaSets
from services.rural.criteria.thresholds import RegionMember, Threshold, ThresholdRegion, Thresholds
from services.rural.ocop.dated_rules import (
    CertificateValidity,
    Grantor,
    OcopRules,
    ProductGroup,
    ScorePart,
    StarBand,
)
from services.rural.standards.rules import AreaStandard, AreaStandards, StandardCondition
from shared.dated_facts.loader import FactRow, open_facts

HERE = Path(__file__).parent
CRITERIA_SETS_FILE = HERE / "criteria" / "criteria_sets.toml"
THRESHOLDS_FILE = HERE / "criteria" / "thresholds.toml"
OCOP_RULES_FILE = HERE / "ocop" / "ocop.toml"
STANDARDS_FILE = HERE / "standards" / "standards.toml"


def load_criteria_sets(path: Path | None = None) -> CriteriaSets:
    """Return the criteria sets by code. Refuse a set whose counts differ from its criteria and indicators."""
    with open_facts(path or CRITERIA_SETS_FILE) as facts:
        return read_criteria_sets(facts, "set")


def load_criteria_set_rows(path: Path | None = None) -> list[FactRow]:
    """Return the rows of the criteria sets as the file states them."""
    with open_facts(path or CRITERIA_SETS_FILE) as facts:
        return facts.raw_rows("set")


def load_thresholds(sets: CriteriaSets, path: Path | None = None) -> Thresholds:
    """Return the thresholds. Refuse one of an unknown indicator or region, and two for one year."""
    with open_facts(path or THRESHOLDS_FILE) as facts:
        regions = {
            row.code: row.label for row in facts.rows("region", ThresholdRegion, one_in_force=["code"])
        }
        members = facts.rows("member", RegionMember, optional=True, one_in_force=["unit"])
        thresholds = facts.rows("threshold", Threshold, optional=True)
        facts.refuse_overlaps(
            "threshold", thresholds, lambda row: (row.indicator, row.area), Threshold.overlaps
        )
        codes = {
            indicator.code
            for criteria_set in sets.values()
            for indicator in criteria_set.numbers
            if not indicator.passes
        }
        for row in thresholds:
            if row.indicator not in codes:
                facts.add_fault("threshold", what=f"a threshold of an unknown indicator: {row.indicator}")
            if row.region is not None and row.region not in regions:
                facts.add_fault("threshold", row.indicator, "region", what=f"unknown region: {row.region}")
        for member in members:
            if member.region not in regions:
                facts.add_fault("member", member.unit, "region", what=f"unknown region: {member.region}")
    by_indicator = {code: tuple(row for row in thresholds if row.indicator == code) for code in codes}
    return Thresholds(regions, members, by_indicator)


def load_ocop_rules(path: Path | None = None) -> OcopRules:
    """Return the rules of the OCOP program. Refuse two bands, grantors or validities in force at once."""
    with open_facts(path or OCOP_RULES_FILE) as facts:
        return OcopRules(
            bands=facts.rows("band", StarBand, aliases={"low": "from", "high": "to"}, one_in_force=["stars"]),
            grantors=facts.rows("grantor", Grantor, one_in_force=["stars"]),
            validities=facts.rows("validity", CertificateValidity, one_in_force=[]),
            parts=facts.rows("part", ScorePart),
            groups=facts.rows("group", ProductGroup, one_in_force=["number"]),
        )


def load_standards(sets: CriteriaSets, path: Path | None = None) -> AreaStandards:
    """Return the standards of districts and provinces. Refuse a condition of an unknown standard or criteria set."""
    with open_facts(path or STANDARDS_FILE) as facts:
        standards = facts.rows("standard", AreaStandard, one_in_force=["code"])
        conditions = facts.rows("condition", StandardCondition, one_in_force=["standard", "code"])
        codes = {standard.code for standard in standards}
        for condition in conditions:
            if condition.standard not in codes:
                what = f"unknown standard: {condition.standard}"
                facts.add_fault("condition", condition.code, "standard", what=what)
            if condition.criteria_set is not None and condition.criteria_set not in sets:
                what = f"unknown criteria set: {condition.criteria_set}"
                facts.add_fault("condition", condition.code, "criteria_set", what=what)
    return AreaStandards(standards, conditions)
