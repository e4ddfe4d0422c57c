"""Closes a budget year, and compares it with the present. One transaction; the year is locked alone."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from services.funding.closed_years import store
from services.funding.closed_years.rules import Closing, find_settlement_day
from services.funding.closings.rules import (
    GROUP,
    LINE,
    NOT_A_PROVINCE,
    FrozenDifference,
    FrozenRow,
    calculate_sha256,
    find_closing_faults,
    find_differences,
    freeze,
    require_changed,
)
from services.funding.closings.schemas import ClosingIn
from services.funding.context import FundingContext
from services.funding.deadlines import Lapse, find_lapses
from services.funding.fault_sentences import IN_FUTURE
from services.funding.lapses.store import read_extensions, read_selected_balances
from services.funding.progress.store import sum_lots
from services.funding.register_models import CLOSINGS
from services.funding.restatement.store import include_successors
from services.funding.store import LedgerFilter, read_unit_versions
from services.funding.units import (
    find_unit_fault,
    find_unit_of_year,
    find_unit_version,
    find_versions_below,
)
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, NotFound, Sentence, make_fault, raise_if_any
from shared.territory.units import UnknownUnit


class ClosingNotFound(NotFound):
    """No closing has this id."""

    code = "closing_not_found"
    detail = Sentence("Không có lần khóa sổ {closing}.", "There is no closing {closing}.")


@dataclass(frozen=True, slots=True)
class ComparedClosing:
    """A closing, what it froze, and how the present differs."""

    row: Row[Any]
    frozen: Sequence[FrozenRow]
    differences: Sequence[FrozenDifference]
    entries_since: int


async def close_year(
    context: FundingContext, draft: PartialBody[ClosingIn]
) -> tuple[ComparedClosing, list[Lapse]]:
    """Close a budget year of a province: freeze its amounts under its paper, and list what lapses.

    Raises every fault of the body, missing rights, and `YearAlreadyClosed`. A year that entries reopened can be closed again.
    """
    body = draft.body
    require_province(context, draft, _find_faults(context, draft))
    closings = await store.lock_year(context.session, body.year)
    at = await lock_feed(context.session, context.clock)
    ledger_filter, map_day = await _select_year(context, body.year, body.unit)
    latest = [closing for closing in closings if closing.unit == body.unit][-1:]
    entries_since = await _count_later_entries(context, latest[0], ledger_filter, map_day) if latest else 0
    require_changed(closings, body.unit, entries_since)
    lapses = await _find_lapses(context, ledger_filter, map_day)
    by_line = await sum_lots(context.session, ledger_filter, LINE, map_day=map_day)
    frozen = freeze(await sum_lots(context.session, ledger_filter, GROUP, map_day=map_day))
    closing_id = uuid7(at)
    await store.insert_closing(
        context.session,
        {
            "id": closing_id,
            "year": body.year,
            "unit": body.unit,
            "decision_number": body.decision.number,
            "decision_date": body.decision.date,
            "closed_on": body.closed_on or context.today,
            "sequence": await store.find_last_sequence(context.session),
            "frozen": [row.to_dict() for row in frozen],
            "content_sha256": calculate_sha256(by_line),
            "lapsing_vnd": sum(lapse.left_vnd for lapse in lapses),
            "client_id": context.caller.client_id,
            "recorded_at": at,
        },
    )
    data = {"year": body.year, "unit": body.unit, "decision": body.decision.number}
    event = Event("year.closed", f"closings/{closing_id}", data)
    await publish_events(context.session, at, [event])
    return await compare_closing(context, closing_id), lapses


def require_province(context: FundingContext, draft: PartialBody[Any], faults: Iterable[Fault]) -> None:
    """Raise every fault of a body that names a province and a budget year, and where the caller has no rights over it.

    Rights over a province that ended follow its land.
    """
    body = draft.body
    unit_faults = () if draft.unread & {"unit", "year"} else _find_unit_faults(context, body.unit, body.year)
    raise_if_any([*draft.faults, *faults, *unit_faults])
    _, on = find_unit_of_year(context.territory, body.unit, body.year)
    unit_version = find_unit_version(context.territory, body.unit, on)
    for program in context.catalogue.programs:
        context.require_version(program, unit_version, on)


def _find_unit_faults(context: FundingContext, code: str, year: int) -> Iterator[Fault]:
    try:
        unit, _ = find_unit_of_year(context.territory, code, year)
    except UnknownUnit:
        fault = find_unit_fault(context.territory, code, date(year, 12, 31))
        yield from [fault] if fault else ()
        return
    if unit.level != "province":
        yield make_fault("/unit", "unit_not_province", NOT_A_PROVINCE, unit=code)


def _find_faults(context: FundingContext, draft: PartialBody[ClosingIn]) -> list[Fault]:
    """Return the faults of the days."""
    body, unread, today = draft.body, draft.unread, context.today
    year = None if "year" in unread else body.year
    closed_on = None if "closed_on" in unread else body.closed_on
    faults = list(find_closing_faults(year, closed_on, today))
    days = {
        "/decision/date": None if "decision" in unread else body.decision.date,
        "/closed_on": closed_on,
    }
    faults += [
        make_fault(pointer, "date_in_future", IN_FUTURE, day=day.isoformat())
        for pointer, day in days.items()
        if day is not None and day > today
    ]
    return faults


async def find_settlement_days(
    context: FundingContext, closings: Sequence[Row[Any]]
) -> Mapping[uuid.UUID, date]:
    """Return the settlement day of the year of each closing, by the extensions that were known when it was closed."""
    years = {row.year for row in closings}
    extensions = await store.read_settlement_extensions(context.session, years) if years else []
    days = {row.id: find_settlement_day(context.deadlines, row.year) for row in closings}
    for row in closings:
        for extension in extensions:
            of_year = (extension.year, extension.unit) == (row.year, row.unit)
            if of_year and extension.recorded_at <= row.recorded_at:
                days[row.id] = extension.settled_by
    return days


async def _select_year(context: FundingContext, year: int, unit: str) -> tuple[LedgerFilter, date]:
    """Return the filter of all lots of a year that lie in a province, and the day of that map."""
    root, on = find_unit_of_year(context.territory, unit, year)
    unit_versions = await read_unit_versions(context.session, year)
    below = find_versions_below(context.territory, root, on, unit_versions)
    return LedgerFilter(year=year, unit_versions=below), on


async def _count_later_entries(
    context: FundingContext, closing: Closing, ledger_filter: LedgerFilter, map_day: date
) -> int:
    """Return how many entries changed what a closing froze, those of money that passed on since included."""
    everywhere = await include_successors(context.session, ledger_filter, map_day)
    return await store.count_later_entries(context.session, closing, everywhere)


async def _find_lapses(context: FundingContext, ledger_filter: LedgerFilter, map_day: date) -> list[Lapse]:
    """Return what is left of the sources that count in the disbursement rate, and lapses."""
    counted = LedgerFilter(
        ledger_filter.year,
        sources=sorted(context.catalogue.counted_sources),
        unit_versions=ledger_filter.unit_versions,
    )
    balances = await read_selected_balances(context.session, counted, map_day)
    extensions = await read_extensions(context.session, counted, map_day=map_day)
    return find_lapses(context.deadlines, balances, extensions)


async def compare_closing(context: FundingContext, closing_id: uuid.UUID) -> ComparedClosing:
    """Return a closing with what it froze and how the present differs; raises `ClosingNotFound`."""
    row = (await context.session.execute(select(CLOSINGS).where(CLOSINGS.c.id == closing_id))).one_or_none()
    if row is None:
        raise ClosingNotFound(closing=str(closing_id))
    ledger_filter, map_day = await _select_year(context, row.year, row.unit)
    frozen = [FrozenRow.from_dict(stored) for stored in row.frozen]
    present = freeze(await sum_lots(context.session, ledger_filter, GROUP, map_day=map_day))
    entries_since = await _count_later_entries(context, store.to_closing(row), ledger_filter, map_day)
    return ComparedClosing(row, frozen, list(find_differences(frozen, present)), entries_since)


async def select_covered(context: FundingContext, closing_id: uuid.UUID) -> tuple[Closing, LedgerFilter]:
    """Return a closing and the filter of the lots that it covers; raises `ClosingNotFound`."""
    row = (await context.session.execute(select(CLOSINGS).where(CLOSINGS.c.id == closing_id))).one_or_none()
    if row is None:
        raise ClosingNotFound(closing=str(closing_id))
    ledger_filter, map_day = await _select_year(context, row.year, row.unit)
    return store.to_closing(row), await include_successors(context.session, ledger_filter, map_day)
