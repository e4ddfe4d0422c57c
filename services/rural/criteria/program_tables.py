"""The criteria sets as tables of the catalogue: read with it, replaced with it."""

from collections.abc import Sequence
from typing import Any, cast

from services.rural.criteria import indicators
from services.rural.criteria.reading import read_criteria_sets
from services.rural.criteria.rules import VerdictDerivation
from services.rural.criteria.sets import CriteriaSets
from services.rural.criteria.thresholds import ThresholdsInUse
from shared.dated_facts.loader import FactsFile
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.program_tables import ProgramPart, ProgramTables, RowsInUseFinder

TABLE = "criteria_set"
"""The table of a catalogue with the rows of `[[set]]` of criteria_sets.toml."""


def make_program_tables(
    rows: Sequence[Any], thresholds: ThresholdsInUse, find_rows_in_use: RowsInUseFinder
) -> ProgramTables:
    """Return how the catalogue's criteria sets are read; `rows` are those of the installation's file."""

    def read(facts: FactsFile) -> ProgramPart:
        sets = read_criteria_sets(facts, TABLE)
        return ProgramPart(
            sets, tuple(indicators.make_indicators(sets)), (VerdictDerivation(sets, thresholds).derive,)
        )

    return ProgramTables({TABLE: list(rows)}, read, find_rows_in_use)


def get_criteria_sets(catalogue: Catalogue) -> CriteriaSets:
    """Return the criteria sets of a catalogue."""
    return cast("CriteriaSets", catalogue.program_content)


def check_verdicts(catalogue: Catalogue) -> None:
    """Raise `ValueError` where criteria sets name verdicts, forms or standards that the catalogue has not."""
    sets = get_criteria_sets(catalogue)
    indicators.check_verdicts(sets, catalogue)
    standards = {standard.code for standard in catalogue.standards}
    for criteria_set in sets.values():
        if criteria_set.assessed_by is not None and criteria_set.assessed_by not in catalogue.forms:
            raise ValueError(
                f"the criteria set {criteria_set.code} is assessed by {criteria_set.assessed_by}, which is no form"
            )
        if criteria_set.standard is not None and criteria_set.standard not in standards:
            raise ValueError(
                f"the criteria set {criteria_set.code} is of {criteria_set.standard}, which is no standard"
            )
