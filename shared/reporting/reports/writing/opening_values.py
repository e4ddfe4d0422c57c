"""The start of a period is the end before, where the catalogue declares such a pair of indicators.

Compared by unit, standard and map: after a merger the start is the sum of the merged ends. Where an end was not stated the start
is taken as stated. A difference is refused, or accepted by an exception whose reason stays with the report.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from shared.kit.database import join_codes, run_sql
from shared.periods import Period
from shared.reporting.bounds.store import LIVE_STATES, read_own_values
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.report_content import to_canonical_text
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

    @property
    def difference(self) -> Decimal:
        """The start less the end before."""
        return self.stated - self.before

    def to_json(self, reason: str | None = None) -> dict[str, object]:
        """Return it as JSON, with the reason of the exception by which it was accepted."""
        facts: dict[str, object] = {
            "unit": self.unit,
            "indicator": self.indicator,
            "stated": to_canonical_text(self.stated),
            "before": to_canonical_text(self.before),
            "difference": to_canonical_text(self.difference),
            "ended_in": list(self.ended_in),
        }
        return facts if reason is None else {**facts, "reason": reason}


class StatedStart(NamedTuple):
    """A start as a report states it."""

    unit: str
    indicator: str
    value: Decimal


def list_start_pairs(catalogue: Catalogue, codes: Iterable[str], on: date) -> dict[str, str]:
    """Return the end that each start among these indicators repeats, as the catalogue is on a day."""
    return {
        code: indicator.starts_from
        for code in codes
        if (indicator := catalogue.find_indicator(code, on)) is not None and indicator.starts_from is not None
    }


async def compare_opening_values(
    context: ReportingContext, checked: CheckedReport
) -> list[dict[str, object]]:
    """Return the differences that exceptions accept, with their reasons; raise `StartDiffers` for any other difference.

    One statement, for a report that states a start.
    """
    pairs = list_start_pairs(context.engine.catalogue, checked.indicators, checked.period.ends_on)
    starts = [
        StatedStart(value.unit, value.indicator, value.value)
        for value in checked.values
        if value.indicator in pairs
    ]
    compared = await find_start_differences(context, checked.period, checked.standard, pairs, starts)
    differences = [difference for difference in compared if difference is not None]
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


async def find_changed_starts(
    context: ReportingContext, reports: Collection[Report]
) -> dict[uuid.UUID, list[StartDifference]]:
    """Return the starts of live reports that are no longer the end before, by report, without those that it accepts as they are.

    Two statements where a report states a start, and one for each further period and standard.
    """
    catalogue = context.engine.catalogue
    pairs_by_period: dict[str, dict[str, str]] = {}
    groups: dict[tuple[str, str], list[Report]] = defaultdict(list)
    for report in reports:
        if report.state in LIVE_STATES:
            if report.period not in pairs_by_period:
                on = Period.parse(report.period).ends_on
                pairs_by_period[report.period] = list_start_pairs(catalogue, catalogue.indicators, on)
            if report.form in _list_forms_with_starts(catalogue, pairs_by_period[report.period]):
                groups[report.period, report.standard].append(report)
    stating = [report for of_group in groups.values() for report in of_group]
    if not stating:
        return {}
    codes = {code for pairs in pairs_by_period.values() for code in pairs}
    by_report: dict[uuid.UUID, list[StatedStart]] = defaultdict(list)
    for row in await read_own_values(context.session, stating, codes):
        by_report[row.report_id].append(StatedStart(row.unit, row.indicator, row.value))
    changed: dict[uuid.UUID, list[StartDifference]] = {}
    for (period, standard), of_group in groups.items():
        starts = [(report, start) for report in of_group for start in by_report[report.id]]
        compared = await find_start_differences(
            context, Period.parse(period), standard, pairs_by_period[period], [start for _, start in starts]
        )
        for (report, _), difference in zip(starts, compared, strict=True):
            if difference is not None and not _is_accepted(report, difference):
                changed.setdefault(report.id, []).append(difference)
    return changed


def _list_forms_with_starts(catalogue: Catalogue, pairs: Mapping[str, str]) -> frozenset[str]:
    """Return the forms on which starts are stated, preliminary ones included."""
    forms = catalogue.find_forms_stating(pairs)
    return forms | {form.code for form in catalogue.forms.values() if form.preliminary_of in forms}


def _is_accepted(report: Report, difference: StartDifference) -> bool:
    """Whether an exception of the report accepts the difference as it is now."""
    facts = difference.to_json()
    return any(
        all(exception.get(name) == facts[name] for name in ("unit", "indicator", "stated", "before"))
        for exception in report.exceptions
    )


async def find_start_differences(
    context: ReportingContext,
    period: Period,
    standard: str,
    pairs: Mapping[str, str],
    starts: Sequence[StatedStart],
) -> list[StartDifference | None]:
    """Return how each start differs from the end before, None where it does not. One statement, where there is a start."""
    if not starts:
        return []
    on, before = period.ends_on, period.previous()
    sources = _find_sources(context.territory, {start.unit for start in starts}, on, before.ends_on)
    units = {unit for unit_sources in sources.values() for source in unit_sources for unit in source}
    rows = await run_sql(
        context.session,
        READ_ENDS,
        before.year,
        str(before),
        standard,
        join_codes(sorted(units)),
        join_codes(sorted(set(pairs.values()))),
    )
    ends = {(row.unit, row.indicator): row.value for row in rows}
    return [_compare(start, pairs[start.indicator], sources[start.unit], ends) for start in starts]


def _find_sources(
    territory: Territory, units: Iterable[str], on: date, then: date
) -> dict[str, list[tuple[str, ...]]]:
    """Return, by unit, the units of the day before whose ends add up to its start, the preferred ones first.

    The unit itself where the map is the same, or the communes that lie in it whole; none where one of them was divided.
    """
    if territory.same_map(then, on):
        return {unit: [(unit,), *territory.list_levels_below(unit, on)] for unit in units}
    return {unit: _find_communes_before(territory, unit, on, then) for unit in units}


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
    value: StatedStart, end: str, sources: list[tuple[str, ...]], ends: Ends
) -> StartDifference | None:
    """Return how a start differs from the end before; None where it is the same, or the end was not stated whole."""
    for units in sources:
        if all((unit, end) in ends for unit in units):
            before = sum((ends[unit, end] for unit in units), Decimal(0))
            if before == value.value:
                return None
            return StartDifference(value.unit, value.indicator, value.value, before, units)
    return None
