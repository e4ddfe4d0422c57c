"""What stands nearby: nothing is stated twice, and no value beside a statement that nothing happened."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.kit.database import Codes
from shared.periods import Period
from shared.reporting.desk import Desk
from shared.reporting.figures.over_time import stretches
from shared.reporting.reports.problems import ValueStatedElsewhere
from shared.reporting.reports.rules import Checked
from shared.territory.tree import Territory

CONFLICTS_SAID = 50

Lines = Mapping[str, Collection[str]]
"""The units of a report, each with those that hold it, itself first."""


_STANDING = text(
    """
    WITH standing AS MATERIALIZED (
        SELECT report_id, unit, period, form, nil FROM standings
        WHERE basis = ANY(ARRAY['accepted', 'provisional']) AND until IS NULL
          AND unit = ANY(:units) AND period = ANY(:periods) AND NOT report_id = ANY(:but)
    )
    SELECT DISTINCT o.unit, o.period, o.indicator, s.report_id, s.unit AS reported_by
    FROM observations o
    JOIN standing s ON s.report_id = o.report_id
    WHERE o.year = :year AND o.period = ANY(:periods) AND o.unit = ANY(:units) AND o.indicator = ANY(:indicators)
    UNION ALL
    SELECT DISTINCT unit, period, NULL, report_id, unit FROM standing
    WHERE nil AND period = ANY(:nil_periods) AND form = :nil_on
    ORDER BY unit, indicator, period, report_id
    """
).bindparams(
    bindparam("units", type_=Codes),
    bindparam("periods", type_=Codes),
    bindparam("indicators", type_=Codes),
    bindparam("nil_periods", type_=Codes),
    bindparam("nil_on", type_=Text),
)


class _Nearby(NamedTuple):
    """A value that another live report states at one of the units asked about."""

    unit: str
    period: str
    indicator: str | None
    """None: the unit states that nothing happened."""
    report_id: uuid.UUID
    reported_by: str


async def refuse_what_stands_nearby(desk: Desk, checked: Checked, *, but: Collection[uuid.UUID]) -> None:
    """Refuse values that another live report states at the same unit, above it or below it, and nil beside values.

    For the same period, any value. For a period that holds this one or lies in it, a flow: what happened in a month has
    happened in its year, and is stated once; that nothing happened is stated of every flow. For any other part of the year, a
    stock at another level: the last of the year is looked for unit by unit, and a district's January would stand beside its
    communes' February. A period that ended on another map is held to the land of its units, for flows alone: a stock of
    that map is overtaken by any statement after it.
    """
    statement, own, territory = checked.statement, checked.period, desk.territory
    on = own.ends_on
    flows, stocks = _codes(desk, checked)
    units = {it.unit for it in checked.said} or {statement.unit}
    lines = {
        unit: (unit, *(above.code for above in territory.ancestors(unit, on)))
        for unit in {statement.unit, *units}
    }
    above = {code for _, *line in lines.values() for code in line}
    below = {code for unit in units for code in _below(territory, unit, on)}
    times = _times(checked, territory, flows)
    nil_on = None if statement.nil else checked.form.code
    found = await _standing(
        desk.session,
        period=own,
        periods=times.together,
        units={*lines, *above, *below},
        indicators=flows | stocks,
        nil_on=nil_on,
        nil_periods=[one for one in times.together if flows or one.contains(own)],
        but=but,
    )
    if stocks and times.apart:
        found += await _standing(
            desk.session,
            period=own,
            periods=times.apart,
            units=above | below,
            indicators=stocks,
            nil_on=None,
            nil_periods=[],
            but=but,
        )
    conflicts = _conflicts(checked, territory, lines, flows, found) if found else []
    for one in times.elsewhere:
        land = _Land(territory, checked, one)
        there = await _standing(
            desk.session,
            period=own,
            periods=[one],
            units=land.units,
            indicators=flows,
            nil_on=nil_on,
            nil_periods=[one],
            but=but,
        )
        conflicts += [_conflict(it, unit) for it in there for unit in land.concerned(it)]
    if conflicts:
        raise ValueStatedElsewhere(conflicts=conflicts[:CONFLICTS_SAID], conflicts_count=len(conflicts))


def _conflicts(
    checked: Checked, territory: Territory, lines: Lines, flows: Collection[str], found: Collection[_Nearby]
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


def _conflict(it: _Nearby, unit: str) -> dict[str, str | None]:
    return {
        "unit": unit,
        "indicator": it.indicator,
        "stated_at": it.unit,
        "period": it.period,
        "report": str(it.report_id),
        "reported_by": it.reported_by,
    }


async def _standing(
    session: AsyncSession,
    *,
    period: Period,
    periods: Collection[Period],
    units: Collection[str],
    indicators: Collection[str],
    nil_on: str | None,
    nil_periods: Collection[Period],
    but: Collection[uuid.UUID],
) -> list[_Nearby]:
    """Give what other live reports state at these units, on either basis.

    Values of these periods, all in one year; and who states on a form, for some of them, that nothing happened.
    """
    rows = await session.execute(
        _STANDING,
        {
            "year": period.year,
            "periods": [str(one) for one in periods],
            "units": list(units),
            "indicators": list(indicators),
            "nil_on": nil_on,
            "nil_periods": [str(one) for one in nil_periods],
            "but": list(but),
        },
    )
    return [_Nearby(*row) for row in rows]


def _codes(desk: Desk, checked: Checked) -> tuple[set[str], set[str]]:
    """Give the flows and the stocks of a report; a nil report speaks of every indicator of its form."""
    catalogue, on = desk.engine.catalogue, checked.period.ends_on
    if checked.statement.nil:
        codes = {it.code for it in catalogue.indicators_of(checked.form.code, on)}
    else:
        codes = {it.indicator for it in checked.said}
    flows = codes & catalogue.flows(on)
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


def _times(checked: Checked, territory: Territory, flows: Collection[str]) -> _Times:
    own, nil = checked.period, checked.statement.nil
    year = [one for one in stretches(Period(own.year)) if one.kind in checked.form.periods]
    same = [one for one in year if territory.same_map(one.ends_on, own.ends_on)]
    together = [one for one in same if one.overlaps(own) and (flows or nil or one.contains(own))]
    apart = [] if nil else [one for one in same if one not in together]
    elsewhere = [one for one in year if one not in same and one.overlaps(own) and flows]
    return _Times(together, apart, elsewhere)


class _Land:
    """On which land a report speaks, and who speaks on the same for a period that ended on another map."""

    def __init__(self, territory: Territory, checked: Checked, other: Period) -> None:
        self._territory, self._checked, self._on = territory, checked, other.ends_on
        self._stated = {(it.unit, it.indicator) for it in checked.said}
        own = checked.period.ends_on
        units = {it.unit for it in checked.said} or {checked.statement.unit}
        self._land = {unit: territory.land(unit, own, self._on) for unit in units}
        communes = frozenset[str]().union(*self._land.values())
        above = (one.code for code in communes for one in territory.ancestors(code, self._on))
        self.units = communes.union(above)

    def concerned(self, it: _Nearby) -> Iterator[str]:
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

    def __init__(self, checked: Checked, territory: Territory, lines: Lines) -> None:
        self._checked, self._territory = checked, territory
        self._stated = {(it.unit, it.indicator) for it in checked.said}
        self._at_or_below: dict[tuple[str, str], list[str]] = defaultdict(list)
        for unit, indicator in sorted(self._stated):
            for code in lines[unit]:
                self._at_or_below[code, indicator].append(unit)

    def by(self, it: _Nearby) -> Collection[str]:
        """Name the units; a nil report on either side concerns the reporting unit."""
        if it.indicator is None or self._checked.statement.nil:
            return [self._checked.statement.unit]
        line = (
            it.unit,
            *(above.code for above in self._territory.ancestors(it.unit, self._checked.period.ends_on)),
        )
        holding = (code for code in line if (code, it.indicator) in self._stated)
        return dict.fromkeys((*self._at_or_below.get((it.unit, it.indicator), ()), *holding))
