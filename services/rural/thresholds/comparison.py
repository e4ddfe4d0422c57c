"""The accepted verdicts that would be others by the thresholds of the latest tables."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.rural.assessments.queries import RURAL_KINDS
from services.rural.criteria.rules import MET, VerdictDerivation
from services.rural.criteria.sets import CriteriaSets
from services.rural.criteria.thresholds import Thresholds, ThresholdsInUse
from services.rural.thresholds.rules import apply_tables
from services.rural.thresholds.store import read_latest_tables, to_office_table
from shared.periods import Period
from shared.reporting.catalogue.derivations import Derivation, ReportedUnit
from shared.reporting.context import ReportingContext
from shared.reporting.observations.store import read_effective_values
from shared.territory.units import Unit


@dataclass(frozen=True, slots=True)
class ChangedVerdict:
    """An accepted verdict that would be another one by other thresholds."""

    unit: str
    period: str
    criterion: str
    met: bool
    would_be_met: bool


async def find_changed_verdicts(
    context: ReportingContext, sets: CriteriaSets, shipped: Thresholds, province: Unit, years: Iterable[int]
) -> list[ChangedVerdict]:
    """Return the accepted verdicts of a province and years that the latest tables would make differently.

    One statement for the tables, and one for each year at whose end the province existed.
    """
    tables = await read_latest_tables(context.session)
    thresholds = apply_tables(shipped, [to_office_table(context.territory, table) for table in tables])
    derivation = VerdictDerivation(sets, ThresholdsInUse(thresholds))
    changed: list[ChangedVerdict] = []
    for year in sorted(years):
        if province.is_valid_on(Period(year).ends_on):
            changed += await _compare_year(context, derivation, province.code, Period(year))
    return changed


async def _compare_year(
    context: ReportingContext, derivation: VerdictDerivation, province: str, period: Period
) -> list[ChangedVerdict]:
    standards = context.engine.catalogue.select_standards(period.ends_on)
    verdicts, numbers = _list_codes(derivation.sets)
    communes = context.territory.communes(province, period.ends_on, RURAL_KINDS)
    values: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for value in await read_effective_values(
        context.session,
        period=period,
        basis="accepted",
        standards=standards,
        units=[commune.code for commune in communes],
        indicators=[*verdicts, *numbers],
        official_only=True,
    ):
        values[value.unit][value.indicator] = value.value
    changed = []
    for unit, of_unit in values.items():
        line = context.territory.line(unit, period.ends_on)
        subject = ReportedUnit(unit, line, period, standards.get("criteria_assessment", ""))
        for result in derivation.derive(subject, of_unit):
            if isinstance(result, Derivation) and of_unit.get(result.indicator, result.value) != result.value:
                met, would_be_met = of_unit[result.indicator] == MET, result.value == MET
                changed.append(ChangedVerdict(unit, str(period), result.indicator, met, would_be_met))
    return changed


def _list_codes(sets: CriteriaSets) -> tuple[list[str], list[str]]:
    """Return the codes of verdicts, and those of numbers and of whether they apply."""
    verdicts = {criterion.code for of_set in sets.values() for criterion in of_set.criteria if criterion.code}
    numbers = {
        code
        for of_set in sets.values()
        for number in of_set.numbers
        for code in (number.code, number.applies)
        if code
    }
    return sorted(verdicts), sorted(numbers)
