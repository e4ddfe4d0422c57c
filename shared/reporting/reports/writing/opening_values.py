"""The start of a period is the end before, where the catalogue declares such a pair of indicators.

Compared by unit, standard and map: after a merger the start is the sum of the merged ends. Where an end was not stated the start
is taken as stated. A difference is refused, or accepted by an exception whose reason stays with the report.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shared.kit.database import join_codes, run_sql
from shared.reporting.context import ReportingContext
from shared.reporting.report_content import StatedValue, to_canonical_text
from shared.reporting.reports.checking.checker import CheckedReport
from shared.reporting.reports.problems import StartDiffers
from shared.territory.tree import Territory

MAX_DIFFERENCES_SHOWN = 50
"""A refusal that shows more is longer than anybody reads; the rest is counted."""

READ_ENDS = """
    SELECT DISTINCT ON (o.unit, o.indicator) o.unit, o.indicator, o.value FROM standings s
    JOIN observations o ON o.report_id = s.report_id AND o.year = $1 AND o.period = $2
    WHERE s.period = $2 AND s.until IS NULL AND s.standard = $3
      AND o.unit = ANY (string_to_array($4, ',')) AND o.indicator = ANY (string_to_array($5, ','))
    ORDER BY o.unit, o.indicator, s.preliminary_of NULLS FIRST,
             CASE s.basis WHEN 'accepted' THEN 1 ELSE 2 END
"""
"""Selects what is in effect at an end: the official value before a preliminary one, the accepted one before a pending one."""

Ends = Mapping[tuple[str, str], Decimal]
"""The ends of the period before, by unit and indicator."""


@dataclass(frozen=True, slots=True)
class StartDifference:
    """A start that is not the end before."""

    unit: str
    indicator: str
    stated: Decimal
    before: Decimal
    ended_in: tuple[str, ...]
    """The units whose ends add up to it; more than one after a merger."""

    def to_json(self, reason: str | None = None) -> dict[str, object]:
        """Return it as JSON, with the reason of the exception by which it was accepted."""
        facts: dict[str, object] = {
            "unit": self.unit,
            "indicator": self.indicator,
            "stated": to_canonical_text(self.stated),
            "before": to_canonical_text(self.before),
            "difference": to_canonical_text(self.stated - self.before),
            "ended_in": list(self.ended_in),
        }
        return facts if reason is None else {**facts, "reason": reason}


async def compare_opening_values(
    context: ReportingContext, checked: CheckedReport
) -> list[dict[str, object]]:
    """Return the differences that exceptions accept, with their reasons; raise `StartDiffers` for any other difference.

    One statement, for a report that states a start.
    """
    catalogue, on = context.engine.catalogue, checked.period.ends_on
    pairs = {
        code: indicator.starts_from
        for code in checked.indicators
        if (indicator := catalogue.find_indicator(code, on)) is not None and indicator.starts_from is not None
    }
    starts = [value for value in checked.values if value.indicator in pairs]
    if not starts:
        return []
    before = checked.period.previous()
    sources = _find_sources(context.territory, {value.unit for value in starts}, on, before.ends_on)
    units = {unit for unit_sources in sources.values() for source in unit_sources for unit in source}
    rows = await run_sql(
        context.session,
        READ_ENDS,
        before.year,
        str(before),
        checked.standard,
        join_codes(sorted(units)),
        join_codes(sorted(set(pairs.values()))),
    )
    ends = {(row.unit, row.indicator): row.value for row in rows}
    differences = [
        difference
        for value in starts
        if (difference := _compare(value, pairs[value.indicator], sources[value.unit], ends)) is not None
    ]
    reasons = {(row["unit"], row["indicator"]): row["reason"] for row in checked.content.exceptions}
    refused = [row for row in differences if (row.unit, row.indicator) not in reasons]
    if refused:
        first = refused[0].to_json()
        raise StartDiffers(
            unit=first["unit"],
            indicator=first["indicator"],
            difference=first["difference"],
            differences=[row.to_json() for row in refused[:MAX_DIFFERENCES_SHOWN]],
            differences_count=len(refused),
        )
    return [row.to_json(reasons[row.unit, row.indicator]) for row in differences]


def _find_sources(
    territory: Territory, units: Iterable[str], on: date, then: date
) -> dict[str, list[tuple[str, ...]]]:
    """Return, by unit, the units of the day before whose ends add up to its start, the preferred ones first.

    The unit itself where the map is the same, or the communes that lie in it whole; none where one of them was divided.
    """
    if territory.same_map(then, on):
        return {unit: [(unit,), *find_levels_below(territory, unit, on)] for unit in units}
    return {unit: _find_communes_before(territory, unit, on, then) for unit in units}


def find_levels_below(territory: Territory, unit: str, on: date) -> list[tuple[str, ...]]:
    """Return the districts of a province and the communes of a unit above them, each level as one source."""
    districts = (below.code for below in territory.children(unit, on) if below.level == "district")
    communes = (commune.code for commune in territory.communes(unit, on) if commune.code != unit)
    return [level for codes in (districts, communes) if (level := tuple(sorted(codes)))]


def _find_communes_before(territory: Territory, unit: str, on: date, then: date) -> list[tuple[str, ...]]:
    """Return the communes of another map that lie whole in a unit, as one source; none where one of them was divided."""
    communes = sorted(territory.communes_sharing_land(unit, on, then))
    land = territory.communes_sharing_land(unit, on, on)
    if not communes or not all(
        territory.communes_sharing_land(commune, then, on) <= land for commune in communes
    ):
        return []
    return [tuple(communes)]


def _compare(
    value: StatedValue, end: str, sources: list[tuple[str, ...]], ends: Ends
) -> StartDifference | None:
    """Return how a start differs from the end before; None where it is the same, or the end was not stated whole."""
    for units in sources:
        if all((unit, end) in ends for unit in units):
            before = sum((ends[unit, end] for unit in units), Decimal(0))
            if before == value.value:
                return None
            return StartDifference(value.unit, value.indicator, value.value, before, units)
    return None
