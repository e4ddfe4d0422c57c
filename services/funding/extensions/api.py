"""The routes of extensions of the settlement day."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response, status
from sqlalchemy import insert, select

from services.funding.closed_years.rules import find_settlement_day
from services.funding.closings.actions import require_province
from services.funding.context import FinanceContext, FundingContext, FundingReaderContext
from services.funding.extensions.rules import SETTLED_BEFORE_LAW, ExtendedDay, ExtensionRecorded
from services.funding.extensions.schemas import ExtensionIn, ExtensionOut, ExtensionsPage
from services.funding.fault_sentences import IN_FUTURE, SETTLED_BEFORE_YEAR
from services.funding.query_params import AnyYearQuery
from services.funding.register_models import EXTENSIONS
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, make_fault
from shared.kit.transactions import TransactionRoute

router = APIRouter(tags=["closings"], route_class=TransactionRoute)


@router.post("/extensions", status_code=status.HTTP_201_CREATED, summary="Extend the settlement of a year")
async def extend_settlement(
    *, context: FinanceContext, draft: Annotated[PartialBody[ExtensionIn], Body()], response: Response
) -> ExtensionOut:
    """Record the decision by which a budget year of a province is settled later than by law.

    Until that day no answer about the year says that its closing is overdue. The latest decision holds, the earlier ones stay.
    A day before that of the law is refused, and so is the extension that holds already.
    """
    body = draft.body
    require_province(context, draft, _find_faults(context, draft))
    at = await lock_feed(context.session, context.clock)
    await _refuse_repeated(context, body)
    columns: dict[str, Any] = {
        "id": uuid7(at),
        "year": body.year,
        "unit": body.unit,
        "settled_by": body.settled_by,
        "decision_number": body.decision.number,
        "decision_date": body.decision.date,
        "note": body.note,
        "client_id": context.caller.client_id,
        "recorded_at": at,
    }
    inserted = await context.session.execute(insert(EXTENSIONS).values(columns).returning(EXTENSIONS))
    row = inserted.one()
    data = {"year": body.year, "unit": body.unit, "settled_by": body.settled_by.isoformat()}
    await publish_events(context.session, at, [Event("settlement.extended", "extensions", data)])
    is_recorded = not context.unit_of_work.dry_run
    if is_recorded:
        response.headers["Location"] = f"/v1/funding/extensions?year={body.year}"
    settled_by_law = find_settlement_day(context.deadlines, body.year)
    return ExtensionOut.from_row(row, context.territory, settled_by_law, is_recorded=is_recorded)


async def _refuse_repeated(context: FundingContext, body: ExtensionIn) -> None:
    """Raise `ExtensionRecorded` where the extension of the year and province that holds is the same."""
    latest = (
        await context.session.execute(
            select(EXTENSIONS)
            .where(EXTENSIONS.c.year == body.year, EXTENSIONS.c.unit == body.unit)
            .order_by(EXTENSIONS.c.recorded_at.desc(), EXTENSIONS.c.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if latest is None:
        return
    recorded = ExtendedDay(latest.settled_by, latest.decision_number, latest.decision_date)
    if recorded.is_same(ExtendedDay(body.settled_by, body.decision.number, body.decision.date)):
        raise ExtensionRecorded(latest.id, body.year, latest.decision_number)


def _find_faults(context: FundingContext, draft: PartialBody[ExtensionIn]) -> list[Fault]:
    """Return the faults of the days."""
    body, unread, today = draft.body, draft.unread, context.today
    faults = []
    if "decision" not in unread and body.decision.date > today:
        day = body.decision.date.isoformat()
        faults.append(make_fault("/decision/date", "date_in_future", IN_FUTURE, day=day))
    if not unread & {"settled_by", "year"} and body.settled_by.year <= body.year:
        day = body.settled_by.isoformat()
        faults.append(
            make_fault("/settled_by", "settled_before_year", SETTLED_BEFORE_YEAR, day=day, year=body.year)
        )
    elif not unread & {"settled_by", "year"}:
        legal_day = find_settlement_day(context.deadlines, body.year)
        if body.settled_by < legal_day:
            days = {"day": body.settled_by.isoformat(), "legal_day": legal_day.isoformat()}
            faults.append(make_fault("/settled_by", "settled_before_law", SETTLED_BEFORE_LAW, **days))
    return faults


@router.get("/extensions", summary="List extensions of settlement days")
async def list_extensions(
    *,
    context: FundingReaderContext,
    year: AnyYearQuery = None,
    paging: Annotated[Paging, paged_by(50)],
) -> ExtensionsPage:
    """List the extensions of the settlement of budget years, the newest first: the first of a year and province holds."""
    query = select(EXTENSIONS).order_by(EXTENSIONS.c.recorded_at.desc(), EXTENSIONS.c.id.desc())
    if year is not None:
        query = query.where(EXTENSIONS.c.year == year)
    page = await paging.fetch(
        context.session,
        query,
        serialize=lambda row: ExtensionOut.from_row(
            row, context.territory, find_settlement_day(context.deadlines, row.year)
        ),
    )
    return ExtensionsPage(items=page.items, next=page.next)
