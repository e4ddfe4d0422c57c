"""Criteria sets read from rows: of the file beside the code, of an installation's own, or of a catalogue."""

from collections.abc import Mapping

from services.rural.criteria.sets import CriteriaSet, CriteriaSets
from shared.dated_facts.loader import FactRow, FactsFile, fill_nested

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


def read_criteria_sets(facts: FactsFile, table: str) -> CriteriaSets:
    """Return the criteria sets of a table by code."""
    sets = facts.rows(
        table, CriteriaSet, aliases=CRITERIA_SET_NAMES, prepare=_inherit_basis, one_in_force=["code"]
    )
    return CriteriaSets((criteria_set.code, criteria_set) for criteria_set in sets)


def _inherit_basis(row: FactRow) -> FactRow:
    """Return the row of a set in which whatever states no legal basis has that of the set."""
    basis = {"legal_basis": row.get("legal_basis")}
    for name in ("authority", "ground", "registration"):
        row = fill_nested(row, [name], {**basis, "confidence": row.get("confidence")})
    row = fill_nested(row, ["condition"], basis)
    return fill_nested(row, ["criterion", "indicators"], basis)
