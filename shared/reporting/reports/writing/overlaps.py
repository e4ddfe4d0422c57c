"""Overlaps: what other reports in effect state already, so that nothing counts twice."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import cache, cached_property
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.context import ReportingContext
from shared.reporting.models import Report
from shared.reporting.report_content import ReportContent
from shared.reporting.reports import store
from shared.reporting.reports.checking.checker import CheckedReport
from shared.reporting.reports.checking.rows import find_lines
from shared.reporting.reports.problems import ValueStatedElsewhere
from shared.reporting.reports.writing.sql import (
    Area,
    OverlapCandidate,
    read_candidate_values,
    read_overlap_candidates,
)
from shared.territory.tree import Territory

MAX_CONFLICTS_SHOWN = 50
"""A refusal that shows more is longer than anybody reads; the rest is counted."""


class _CandidateValue(NamedTuple):
    """A value that another report in effect states where it may overlap."""

    unit: str
    period: str
    indicator: str | None
    """None: the unit states that nothing happened."""
    report_id: uuid.UUID
    reported_by: str

    @property
    def sort_key(self) -> tuple[object, ...]:
        """By unit and indicator; nil after values."""
        return self.unit, self.indicator is None, self.indicator or "", self.period, self.report_id


class OverlapSearch:
    """The units and periods in which no other report may state what a report states under the same standard.

    - For the same period: any value.
    - For a period that contains this one or lies in it: a flow, because what happened in a month happened in its year.
      A nil report states of every flow that nothing happened.
    - For any other part of the year: a stock at another level of the tree. The last stock of the year is read unit by
      unit, so a district's January would count beside its communes' February.
    - On the preliminary form of its form, or on the official one: nothing. Of these one value counts (ADR 0019).
    - For a period that overlaps and ended on another map: a flow on the same land. A stock of the other map is replaced
      by any later one.
    """

    def __init__(self, catalogue: Catalogue, territory: Territory, checked: CheckedReport) -> None:
        self._checked, self._territory, self._catalogue = checked, territory, catalogue
        self._flows, self._stocks = _find_flows_and_stocks(catalogue, checked)
        periods = _find_periods(checked, territory, self._flows)
        self._nil_periods = {
            str(period) for period in periods.same if self._flows or period.contains(checked.period)
        }
        self._apart = {str(period) for period in periods.apart}
        self._tree = _TreeMatch(territory, checked)
        self._lands = {str(period): _LandMatch(territory, checked, period) for period in periods.other_map}
        self._land_order = {period: number for number, period in enumerate(self._lands, 1)}
        land_units = (match.units for match in self._lands.values())
        self.area = Area(
            self._tree.units.union(*land_units),
            [*map(str, (*periods.same, *(periods.apart if self._stocks else ()))), *self._lands],
            catalogue.find_sibling_forms(checked.form.code, self._flows | self._stocks),
        )

    async def require_no_overlap(
        self, session: AsyncSession, candidates: Collection[OverlapCandidate]
    ) -> None:
        """Raise `ValueStatedElsewhere` if one of the candidates states what the report states.

        One statement; none where no candidate has values, other than the one of the same unit, period and form.
        """
        others = [
            report
            for report in candidates
            if (report.unit, report.period, report.form) != self._checked.key[:3]
            and not self._catalogue.is_preliminary_pair(report.form, self._checked.form.code)
            and report.unit in self._match_of(report.period).units
        ]
        values = [*self._find_nil(others), *await self._read_values(session, others)]
        values.sort(key=lambda value: (self._land_order.get(value.period, 0), value.sort_key))
        conflicts = [
            self._to_conflict(value, unit) for value in values for unit in self._find_overlapping_units(value)
        ]
        if conflicts:
            shown = conflicts[:MAX_CONFLICTS_SHOWN]
            raise ValueStatedElsewhere(conflicts=shown, conflicts_count=len(conflicts))

    def _to_conflict(self, value: _CandidateValue, unit: str) -> dict[str, object]:
        series = self._catalogue.split_key(value.indicator) if value.indicator is not None else None
        return {
            "unit": unit,
            "indicator": series.indicator if series else None,
            "dimension": series.dimension if series else None,
            "stated_at": value.unit,
            "period": value.period,
            "report": str(value.report_id),
            "reported_by": value.reported_by,
        }

    def _match_of(self, period: str) -> "_TreeMatch | _LandMatch":
        return self._lands.get(period, self._tree)

    def _find_nil(self, reports: Collection[OverlapCandidate]) -> Iterator[_CandidateValue]:
        """Return the statements on the same form that nothing happened; they contradict every value."""
        if self._checked.content.nil:
            return
        for report in reports:
            at_the_time = report.period in self._nil_periods or report.period in self._lands
            if report.nil and report.form == self._checked.form.code and at_the_time:
                yield _CandidateValue(report.unit, report.period, None, report.report_id, report.unit)

    async def _read_values(
        self, session: AsyncSession, reports: Collection[OverlapCandidate]
    ) -> list[_CandidateValue]:
        """Return what these reports state of the indicators where and when it may overlap."""
        reporters = {report.report_id: report.unit for report in reports if not report.nil}
        if not reporters:
            return []
        indicators = self._flows | self._stocks
        year = self._checked.period.year
        rows = await read_candidate_values(session, year, self.area, indicators, reporters)
        return [
            _CandidateValue(unit, period, indicator, report_id, reporters[report_id])
            for unit, period, indicator, report_id in rows
            if unit in self._match_of(period).units and self._overlaps_in_time(period, indicator)
        ]

    def _overlaps_in_time(self, period: str, indicator: str) -> bool:
        if period in self._lands:
            return indicator in self._flows
        return indicator in self._stocks or period not in self._apart

    def _find_overlapping_units(self, value: _CandidateValue) -> Collection[str]:
        """Return the units of the report that the value overlaps with."""
        units = self._match_of(value.period).find_units(value)
        own, flow = self._checked.period, value.indicator is None or value.indicator in self._flows
        if flow or value.period == str(own):
            return units
        if self._checked.content.nil:
            return units if own.contains(Period.parse(value.period)) else []
        return [unit for unit in units if unit != value.unit]


async def require_no_overlap_with(context: ReportingContext, report: Report, period: Period) -> None:
    """Raise `ValueStatedElsewhere` if another report in effect states what this stored one states.

    Its unit and year are locked. Three statements.
    """
    session, catalogue = context.session, context.engine.catalogue
    values = tuple(await store.read_values(session, report))
    content = ReportContent(
        report.unit, report.period, report.form, values, range(len(values)), nil=report.nil
    )
    checked = CheckedReport(
        content, period, catalogue.forms[report.form], (1,) * len(values), report.standard
    )
    search = OverlapSearch(catalogue, context.territory, checked)
    await search.require_no_overlap(
        session, await read_overlap_candidates(session, search.area, report.standard)
    )


def _find_flows_and_stocks(
    catalogue: Catalogue, checked: CheckedReport
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the flows and the stocks of a report; a nil report is about every indicator of its form."""
    on = checked.period.ends_on
    codes = checked.indicators
    if checked.content.nil:
        codes = frozenset(indicator.code for indicator in catalogue.find_indicators(checked.form.code, on))
    flows = codes & catalogue.find_flows(on)
    return flows, codes - flows


class _Periods(NamedTuple):
    """The periods of a report's year by what may count twice in them."""

    same: list[Period]
    """The period itself, for any value; those that overlap with it, for flows."""
    apart: list[Period]
    """Those that do not overlap, for a stock at another level."""
    other_map: list[Period]
    """Those that overlap and ended on another map, for flows."""


def _find_periods(checked: CheckedReport, territory: Territory, flows: Collection[str]) -> _Periods:
    own, nil = checked.period, checked.content.nil
    periods = _Periods([], [], [])
    for other in _list_periods_of_year(own):
        if other.period.kind not in checked.form.periods:
            continue
        if not territory.same_map(other.ends_on, own.ends_on):
            if other.overlaps and flows:
                periods.other_map.append(other.period)
        elif other.overlaps and (flows or nil or other.contains):
            periods.same.append(other.period)
        elif not nil:
            periods.apart.append(other.period)
    return periods


class _OtherPeriod(NamedTuple):
    """A period of the same year as another one."""

    period: Period
    ends_on: date
    overlaps: bool
    contains: bool
    """Whether it contains the other one."""


@cache
def _list_periods_of_year(own: Period) -> tuple[_OtherPeriod, ...]:
    """Return every period of the year of a period, itself included; of the calendar alone, so kept for good."""
    return tuple(
        _OtherPeriod(period, period.ends_on, period.overlaps(own), period.contains(own))
        for period in Period(own.year).with_subperiods()
    )


class _TreeMatch:
    """Matches values with the units of a report in the tree of its own map: the unit itself, above it or below it."""

    def __init__(self, territory: Territory, checked: CheckedReport) -> None:
        self._territory, self._content, self._on = territory, checked.content, checked.period.ends_on
        self._values = checked.values
        units = checked.units or {self._content.unit}
        self._lines = find_lines(territory, {self._content.unit, *units}, self._on)
        above = {code for line in self._lines.values() for code in line}
        below = {code for unit in units for code in _list_units_below(territory, unit, self._on)}
        self.units: frozenset[str] = frozenset(above | below)

    @cached_property
    def _at_or_below(self) -> Mapping[tuple[str, str], Collection[str]]:
        """The units of the report that state an indicator at or below a unit."""
        reporting_units: dict[tuple[str, str], list[str]] = defaultdict(list)
        for unit, indicator in sorted((value.unit, value.indicator) for value in self._values):
            for code in self._lines[unit]:
                reporting_units[code, indicator].append(unit)
        return reporting_units

    def find_units(self, value: _CandidateValue) -> Collection[str]:
        """Return the units of the report; a nil report, this one or the other, is about the whole reporting unit."""
        if value.indicator is None or self._content.nil:
            return [self._content.unit]
        at_or_below = self._at_or_below.get((value.unit, value.indicator), ())
        line = self._territory.line(value.unit, self._on)
        above = (code for code in line if code in self._at_or_below.get((code, value.indicator), ()))
        return dict.fromkeys((*at_or_below, *above))


class _LandMatch:
    """Matches values of a period that ended on another map with the units of a report on the same land."""

    def __init__(self, territory: Territory, checked: CheckedReport, other: Period) -> None:
        self._territory, self._content, self._on = territory, checked.content, other.ends_on
        self._stated = {(value.unit, value.indicator) for value in checked.values}
        units = checked.units or {self._content.unit}
        self._land = {
            unit: territory.communes_sharing_land(unit, checked.period.ends_on, self._on) for unit in units
        }
        communes = frozenset[str]().union(*self._land.values())
        above = (unit.code for code in communes for unit in territory.ancestors(code, self._on))
        self.units: frozenset[str] = communes.union(above)

    def find_units(self, value: _CandidateValue) -> Collection[str]:
        """Return the units of the report; a nil report, this one or the other, is about the whole reporting unit."""
        land = frozenset(commune.code for commune in self._territory.communes(value.unit, self._on))
        if value.indicator is None or self._content.nil:
            return [self._content.unit] if any(land & own for own in self._land.values()) else []
        return [
            unit for unit, own in self._land.items() if (unit, value.indicator) in self._stated and land & own
        ]


def _list_units_below(territory: Territory, unit: str, on: date) -> Iterator[str]:
    """Return the units below that may state something; villages may not."""
    if territory.unit(unit, on).level != "commune":
        yield from (below.code for below in territory.descendants(unit, on) if below.level != "village")
