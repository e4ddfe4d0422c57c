"""Read amounts of every unit of a level, and of one unit over periods. Each costs the statements of one reading of progress."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.funding.context import FundingContext
from services.funding.ledger import Book
from services.funding.progress.rules import LotSum, ProgressGroup, build_group
from services.funding.progress.schemas import ShownUnitOut
from services.funding.progress.store import sum_lots
from services.funding.store import LedgerFilter, read_unit_versions
from services.funding.unit_amounts.rules import AmountName, Placement, place_versions
from services.funding.unit_amounts.schemas import (
    AmountAboveOut,
    AmountCaveatOut,
    AmountLevel,
    AmountOfUnitOut,
    AmountsOfUnitsOut,
)
from services.funding.units import UnitVersion, find_versions_below
from shared.kit.change_feed import find_newest_included
from shared.kit.problems import Sentence
from shared.periods import Period, PeriodKind
from shared.territory.levels import find_level_below, list_units_of_level
from shared.territory.units import Unit, to_names

UNITS_DIVIDED = Sentence(
    "{units} đã bị chia mà chưa có tỷ lệ, một phần về {unit}; tiền của các đơn vị này không được tính ở đây.",
    "{units} were divided and no weights are declared, and a part went to {unit}; their money is not counted here.",
)


@dataclass(frozen=True, slots=True)
class AmountQuery:
    """Which money of which period is read, on the map of a day."""

    unit: Unit
    period: Period
    on: date
    """The day whose map is read."""
    narrowed: LedgerFilter
    book: Book
    as_of: datetime | None

    @property
    def until(self) -> date | None:
        """The last day of effect that counts; None for a year, to which payments until its deadlines belong."""
        return None if self.period.kind is PeriodKind.YEAR else self.period.ends_on


async def read_amounts_of_units(
    context: FundingContext, query: AmountQuery, names: Sequence[AmountName], level: AmountLevel | None
) -> AmountsOfUnitsOut:
    """Return amounts of every unit of a level in the unit of a query; without a level, of the one below it."""
    territory, on = context.territory, query.on
    shown = level or find_level_below(territory, query.unit, on)
    units = list_units_of_level(territory, query.unit, shown, on)
    versions = await find_unit_versions(context, query)
    placement = place_versions(territory, units, versions, on)
    sums = await read_sums(context, query, versions, ("unit", "unit_since"))
    by_version: dict[UnitVersion, list[LotSum]] = {}
    for lot_sum in sums:
        since = lot_sum.keys["unit_since"]
        assert isinstance(since, date)
        by_version.setdefault((str(lot_sum.keys["unit"]), since), []).append(lot_sum)

    def build(of_unit: Sequence[UnitVersion]) -> ProgressGroup:
        of_group = [lot_sum for version in of_unit for lot_sum in by_version.get(version, ())]
        return build_group({}, of_group, context.catalogue.counted_sources)

    groups = {unit.code: build(placement.by_unit.get(unit.code, ())) for unit in units}
    above = build(placement.above)
    return AmountsOfUnitsOut(
        unit=ShownUnitOut.from_unit(query.unit),
        period=str(query.period),
        until=query.until,
        level=shown,
        book=query.book,
        map=on,
        as_of=await find_newest_included(context.session, query.as_of),
        items=[
            AmountOfUnitOut.from_group(unit, name, groups[unit.code], _find_caveat(placement, unit))
            for unit in units
            for name in names
        ],
        above=[AmountAboveOut.from_group(name, above) for name in names],
    )


async def read_group(context: FundingContext, query: AmountQuery) -> ProgressGroup:
    """Return the sum of the money of a unit and everything below it."""
    versions = await find_unit_versions(context, query)
    return build_group({}, await read_sums(context, query, versions, ()), context.catalogue.counted_sources)


async def find_unit_versions(context: FundingContext, query: AmountQuery) -> list[UnitVersion]:
    """Return the unit versions with money in the year whose land lies in the unit of a query."""
    with_lots = await read_unit_versions(context.session, query.period.year)
    return find_versions_below(context.territory, query.unit, query.on, with_lots)


async def read_sums(
    context: FundingContext, query: AmountQuery, versions: Sequence[UnitVersion], keys: Sequence[str]
) -> list[LotSum]:
    """Return the sums of the lots of unit versions. One statement, and one for what passed on later."""
    return await sum_lots(
        context.session,
        replace(query.narrowed, year=query.period.year, unit_versions=versions),
        keys,
        until=query.until,
        as_of=query.as_of,
        book=query.book,
        map_day=query.on,
    )


def _find_caveat(placement: Placement, unit: Unit) -> AmountCaveatOut | None:
    divided = placement.divided.get(unit.code)
    if not divided:
        return None
    sentence = UNITS_DIVIDED.filled(units=to_names(divided), unit=to_names((unit,)))
    return AmountCaveatOut(code="units_divided", text=sentence.vi, text_en=sentence.en)
