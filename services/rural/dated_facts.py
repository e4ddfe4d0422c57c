"""The dated facts of the program, read from the files beside the code or from an installation's own."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from services.rural.criteria.sets import CriteriaSet, CriteriaSets
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
from shared.dated_facts.loader import FactRow, fill_nested, open_facts

HERE = Path(__file__).parent
CRITERIA_SETS_FILE = HERE / "criteria" / "criteria_sets.toml"
THRESHOLDS_FILE = HERE / "criteria" / "thresholds.toml"
OCOP_RULES_FILE = HERE / "ocop" / "ocop.toml"
STANDARDS_FILE = HERE / "standards" / "standards.toml"

CRITERIA_SET_NAMES: Mapping[str, str] = {
    "authorities": "authority",
    "grounds": "ground",
    "registration_rules": "registration",
    "criteria": "criterion",
    "conditions": "condition",
    "criteria_count": "criteria",
    "indicators_count": "indicators",
    "own_unit_of_measure": "unit_of_measure",
}
"""Names in the file of the fields of a criteria set and of its parts."""


def load_criteria_sets(path: Path | None = None) -> CriteriaSets:
    """Return the criteria sets by code. Refuse a set whose counts differ from its criteria and indicators."""
    with open_facts(path or CRITERIA_SETS_FILE) as facts:
        sets = facts.rows(
            "set", CriteriaSet, aliases=CRITERIA_SET_NAMES, prepare=_inherit_basis, one_in_force=["code"]
        )
    return CriteriaSets((criteria_set.code, criteria_set) for criteria_set in sets)


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
    """Return the standards of districts and provinces, with the criteria of the set that each condition names."""
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
    return AreaStandards(standards, tuple(_with_criteria(condition, sets) for condition in conditions))


def _inherit_basis(row: FactRow) -> FactRow:
    """Return the row of a set in which whatever states no legal basis has that of the set."""
    basis = {"legal_basis": row.get("legal_basis")}
    for name in ("authority", "ground", "registration"):
        row = fill_nested(row, [name], {**basis, "confidence": row.get("confidence")})
    row = fill_nested(row, ["condition"], basis)
    return fill_nested(row, ["criterion", "indicators"], basis)


def _with_criteria(condition: StandardCondition, sets: CriteriaSets) -> StandardCondition:
    if condition.criteria_set is None:
        return condition
    codes = (criterion.code for criterion in sets[condition.criteria_set].criteria)
    return replace(condition, criteria=tuple(code for code in codes if code))
