"""What stands nearby: nothing is stated twice, and no value beside a statement that nothing happened."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.compiled import Compiled
from shared.kit.database import Codes
from shared.periods import Period
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.reports.checking.checker import CheckedReport
from shared.reporting.reports.problems import ValueStatedElsewhere
from shared.reporting.reports.writing.sql import Nearby
from shared.territory.tree import Territory

CONFLICTS_SAID = 50

Lines = Mapping[str, Collection[str]]
"""The units of a report, each with those that hold it, itself first."""


_STANDING = Compiled(
    text(
        """
    SELECT DISTINCT report_id, unit, period, form, nil FROM standings
    WHERE basis = ANY(ARRAY['accepted', 'provisional']) AND until IS NULL
      AND unit = ANY(:units) AND period = ANY(:periods) AND form = ANY(:forms)
    """
    ).bindparams(*(bindparam(name, type_=Codes) for name in ("units", "periods", "forms")))
)

_STATED = Compiled(
    text(
        """
    SELECT DISTINCT unit, period, indicator, report_id FROM observations
    WHERE year = :year AND period = ANY(:periods) AND unit = ANY(:units) AND indicator = ANY(:indicators)
      AND report_id = ANY(CAST(:reports AS uuid[]))
    """
    ).bindparams(*(bindparam(name, type_=Codes) for name in ("units", "periods", "indicators", "reports")))
)


class _Standing(NamedTuple):
    """A live report nearby."""

    report_id: uuid.UUID
    unit: str
    period: str
    form: str
    nil: bool


class _Value(NamedTuple):
    """A value that another live report states at one of the units asked about."""

    unit: str
    period: str
    indicator: str | None
    """None: the unit states that nothing happened."""
    report_id: uuid.UUID
    reported_by: str

    @property
    def order(self) -> tuple[object, ...]:
        """By unit and indicator, nothing after something."""
        return self.unit, self.indicator is None, self.indicator or "", self.period, self.report_id


class Around(NamedTuple):
    """What stands where a report is to stand."""

    replaced: bool
    """Whether a live report stands for the same unit, period and form already."""
    conflicts: Sequence[Mapping[str, str | None]]

    def refuse(self) -> None:
        """Refuse the report where it states what another one states."""
        if self.conflicts:
            shown = self.conflicts[:CONFLICTS_SAID]
            raise ValueStatedElsewhere(conflicts=shown, conflicts_count=len(self.conflicts))


class OverlapSearch:
    """Where a report is to stand: which units, times and indicators a value may be stated at that it must not repeat.

    For the same period, any value. For a period that holds this one or lies in it, a flow: what happened in a month has
    happened in its year, and is stated once; that nothing happened is stated of every flow. For any other part of the
    year, a stock at another level: the last of the year is looked for unit by unit, and a district's January would stand
    beside its communes' February. A period that ended on another map is held to the land of its units, for flows alone: a
    stock of that map is overtaken by any statement after it.

    Found before the place is taken; what stands there is looked at when it is.
    """

    def __init__(self, catalogue: Catalogue, territory: Territory, checked: CheckedReport) -> None:
        self._checked, self._territory = checked, territory
        on = checked.period.ends_on
        self._flows, self._stocks = _codes(catalogue, checked)
        self._forms = catalogue.find_forms_stating(self._flows | self._stocks) | {checked.form.code}
        units = checked.units or {checked.statement.unit}
        self._lines: Lines = {
            unit: (unit, *(above.code for above in territory.ancestors(unit, on)))
            for unit in {checked.statement.unit, *units}
        }
        self._above = {code for _, *line in self._lines.values() for code in line}
        self._below = {code for unit in units for code in _below(territory, unit, on)}
        self._around = {*self._lines, *self._above, *self._below}
        self._times = _times(checked, territory, self._flows)

    @property
    def nearby(self) -> Nearby | None:
        """Where nothing is in the way as long as no report stands; None where more is to be looked at."""
        if self._times.elsewhere or (self._stocks and self._times.apart):
            return None
        return Nearby(self._around, [str(one) for one in self._times.together], self._forms)

    async def look(self, session: AsyncSession) -> Around:
        """Find what stands there: values of other live reports, and nil beside values.

        One statement, and one more where other reports stand on these forms; as many again where it states stocks of a
        part of a year, and for each period on another map.
        """
        own, flows, times = self._checked.period, self._flows, self._times
        nil_on = None if self._checked.statement.nil else self._checked.form.code
        standing = await self._standing(session, times.together, self._around)
        others = [it for it in standing if (it.unit, it.period, it.form) != self._checked.key]
        nil_periods = {str(one) for one in times.together if flows or one.contains(own)}
        found = [
            *_nil(others, nil_on, nil_periods),
            *await self._stated(session, others, self._around, flows | self._stocks),
        ]
        if self._stocks and times.apart:
            apart = await self._standing(session, times.apart, self._around)
            found += await self._stated(session, apart, self._above | self._below, self._stocks)
        found.sort(key=lambda it: it.order)
        conflicts = _conflicts(self._checked, self._territory, self._lines, flows, found) if found else []
        for one in times.elsewhere:
            land = _Land(self._territory, self._checked, one)
            then = await self._standing(session, [one], land.units)
            there = [*_nil(then, nil_on, {str(one)}), *await self._stated(session, then, land.units, flows)]
            there.sort(key=lambda it: it.order)
            conflicts += [_conflict(it, unit) for it in there for unit in land.concerned(it)]
        return Around(len(others) < len(standing), conflicts)

    async def _standing(
        self, session: AsyncSession, periods: Collection[Period], units: Collection[str]
    ) -> list[_Standing]:
        """Give the live reports of these units and periods, on either basis, that may state one of the indicators."""
        asked = {"units": list(units), "periods": [str(one) for one in periods], "forms": list(self._forms)}
        return [_Standing(*row) for row in await _STANDING.rows(session, asked)]

    async def _stated(
        self,
        session: AsyncSession,
        reports: Collection[_Standing],
        units: Collection[str],
        indicators: Collection[str],
    ) -> list[_Value]:
        """Give what these reports state of the indicators at these units. Nothing is asked where there is none."""
        by_id = {it.report_id: it for it in reports if not it.nil}
        if not by_id:
            return []
        asked = {
            "year": self._checked.period.year,
            "periods": list({it.period for it in by_id.values()}),
            "units": list(units),
            "indicators": list(indicators),
            "reports": [str(report_id) for report_id in by_id],
        }
        return [
            _Value(unit, period, indicator, report_id, by_id[report_id].unit)
            for unit, period, indicator, report_id in await _STATED.rows(session, asked)
        ]


def _nil(reports: Iterable[_Standing], on_form: str | None, periods: Collection[str]) -> Iterator[_Value]:
    """Give those of the reports that state on a form, for one of these periods, that nothing happened."""
    for it in reports:
        if it.nil and it.form == on_form and it.period in periods:
            yield _Value(it.unit, it.period, None, it.report_id, it.unit)


def _conflicts(
    checked: CheckedReport,
    territory: Territory,
    lines: Lines,
    flows: Collection[str],
    found: Collection[_Value],
) -> list[dict[str, str | None]]:
    own, nil = checked.period, checked.statement.nil
    concerned = _Concerned(checked, territory, lines)
    return [
        _conflict(it, unit)
        for it in found
        for unit in concerned.by(it)
        if it.period == str(own)
        or it.indicator is None
        or it.indicator in flows
        or (own.contains(Period.parse(it.period)) if nil else it.unit != unit)
    ]


def _conflict(it: _Value, unit: str) -> dict[str, str | None]:
    return {
        "unit": unit,
        "indicator": it.indicator,
        "stated_at": it.unit,
        "period": it.period,
        "report": str(it.report_id),
        "reported_by": it.reported_by,
    }


def _codes(catalogue: Catalogue, checked: CheckedReport) -> tuple[frozenset[str], frozenset[str]]:
    """Give the flows and the stocks of a report; a nil report speaks of every indicator of its form."""
    on = checked.period.ends_on
    codes = checked.indicators
    if checked.statement.nil:
        codes = frozenset(it.code for it in catalogue.find_indicators(checked.form.code, on))
    flows = codes & catalogue.find_flows(on)
    return flows, codes - flows


def _below(territory: Territory, unit: str, on: date) -> Iterator[str]:
    """Give the units below that can state something; villages cannot."""
    if territory.unit(unit, on).level != "commune":
        yield from (it.code for it in territory.descendants(unit, on) if it.level != "village")


class _Times(NamedTuple):
    """The parts of a report's year, itself among them, by what may count twice in them."""

    together: list[Period]
    """Any value for the same period, a flow for one that overlaps."""
    apart: list[Period]
    """A stock at another level."""
    elsewhere: list[Period]
    """A flow for one that overlaps, and ended on another map."""


def _times(checked: CheckedReport, territory: Territory, flows: Collection[str]) -> _Times:
    own, nil = checked.period, checked.statement.nil
    year = [one for one in Period(own.year).with_subperiods() if one.kind in checked.form.periods]
    same = [one for one in year if territory.same_map(one.ends_on, own.ends_on)]
    together = [one for one in same if one.overlaps(own) and (flows or nil or one.contains(own))]
    apart = [] if nil else [one for one in same if one not in together]
    elsewhere = [one for one in year if one not in same and one.overlaps(own) and flows]
    return _Times(together, apart, elsewhere)


class _Land:
    """On which land a report speaks, and who speaks on the same for a period that ended on another map."""

    def __init__(self, territory: Territory, checked: CheckedReport, other: Period) -> None:
        self._territory, self._checked, self._on = territory, checked, other.ends_on
        self._stated = {(it.unit, it.indicator) for it in checked.said}
        own = checked.period.ends_on
        units = checked.units or {checked.statement.unit}
        self._land = {unit: territory.communes_sharing_land(unit, own, self._on) for unit in units}
        communes = frozenset[str]().union(*self._land.values())
        above = (one.code for code in communes for one in territory.ancestors(code, self._on))
        self.units = communes.union(above)

    def concerned(self, it: _Value) -> Iterator[str]:
        """Name the units of which it is said; a nil report on either side concerns the reporting unit."""
        theirs = frozenset(one.code for one in self._territory.communes(it.unit, self._on))
        if it.indicator is None or self._checked.statement.nil:
            if any(theirs & land for land in self._land.values()):
                yield self._checked.statement.unit
            return
        for unit, land in self._land.items():
            if (unit, it.indicator) in self._stated and theirs & land:
                yield unit


class _Concerned:
    """Of which units of a report a value is said that stands nearby, above or below."""

    def __init__(self, checked: CheckedReport, territory: Territory, lines: Lines) -> None:
        self._checked, self._territory = checked, territory
        self._stated = {(it.unit, it.indicator) for it in checked.said}
        self._at_or_below: dict[tuple[str, str], list[str]] = defaultdict(list)
        for unit, indicator in sorted(self._stated):
            for code in lines[unit]:
                self._at_or_below[code, indicator].append(unit)

    def by(self, it: _Value) -> Collection[str]:
        """Name the units; a nil report on either side concerns the reporting unit."""
        if it.indicator is None or self._checked.statement.nil:
            return [self._checked.statement.unit]
        line = (
            it.unit,
            *(above.code for above in self._territory.ancestors(it.unit, self._checked.period.ends_on)),
        )
        holding = (code for code in line if (code, it.indicator) in self._stated)
        return dict.fromkeys((*self._at_or_below.get((it.unit, it.indicator), ()), *holding))
