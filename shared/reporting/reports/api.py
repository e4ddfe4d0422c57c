"""Where reports are said: submit, read, accept, return, withdraw."""

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request, Response, status

from shared.kit.bodies import Draft
from shared.kit.identity import Reader, Reporter, Reviewer, Withdrawer
from shared.kit.paging import Cursor, Limit, link_next, page
from shared.kit.transactions import TransactionRoute, keep_nothing
from shared.periods import Period
from shared.reporting.desk import TheDesk
from shared.reporting.models import Report
from shared.reporting.reports import reviewing, store, submitting
from shared.reporting.reports.problems import ReportNotFound
from shared.reporting.reports.schemas import (
    AcceptIn,
    CountsOut,
    ObservationOut,
    ReceiptOut,
    ReportIn,
    ReportOut,
    ReportsPage,
    ReportSummary,
    ReturnIn,
    ReviewOut,
    SubmittedOut,
    WithdrawIn,
)

router = APIRouter(prefix="/reports", tags=["reports"], route_class=TransactionRoute)

ReportState = Literal["submitted", "accepted", "returned", "withdrawn", "superseded"]


@router.post("", status_code=status.HTTP_201_CREATED, summary="Submit a report")
async def submit_report(
    *,
    desk: TheDesk,
    caller: Reporter,
    draft: Annotated[Draft[ReportIn], Body()],
    request: Request,
    response: Response,
    dry_run: Annotated[bool, Query(description="check everything and keep nothing")] = False,
) -> SubmittedOut:
    """Submit what a unit states for a period: all of it is kept, or none and every fault is named.

    An identical report that is live already answers 200 with that report. A second one for the same unit, period and
    form is 409 `report_exists` unless it names the latest in `supersedes`.
    """
    if dry_run:
        keep_nothing(request)
    done = await submitting.submit(
        desk.of(caller),
        draft.body.statement(draft.ordinals),
        supersedes=draft.body.supersedes,
        shape_faults=draft.faults,
        unread=draft.unread,
    )
    response.status_code = status.HTTP_201_CREATED if done.created else status.HTTP_200_OK
    response.headers["Location"] = f"{desk.engine.path}/reports/{done.report.id}"
    return _submitted(done.report)


@router.get("", summary="List reports")
async def list_reports(
    *,
    desk: TheDesk,
    caller: Reader,
    request: Request,
    response: Response,
    unit: Annotated[
        str | None, Query(max_length=12, description="reports of this unit and of those below")
    ] = None,
    period: Annotated[str | None, Query(max_length=10, description="SDMX time period")] = None,
    form: Annotated[str | None, Query(max_length=60, description="the form")] = None,
    state: Annotated[ReportState | None, Query(description="state of the report")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ReportsPage:
    """List reports, newest first. A client that only reports sees those of its own units."""
    units = desk.of(caller).visible_units(unit, Period.parse(period) if period else None)
    query = store.reports_query(unit_codes=units, period=period, form=form, state=state)
    found = await page(desk.session, query, limit=limit, cursor=cursor, said=lambda row: _summary(row[0]))
    link_next(request, response, found.next)
    return found


@router.get("/{report_id}", summary="Read one report")
async def read_report(*, desk: TheDesk, caller: Reader, report_id: uuid.UUID) -> ReportOut:
    """Read one report as posted, with its receipt and everything done to it."""
    report = await store.report(desk.session, report_id)
    if report is None or not desk.of(caller).sees(report.unit, Period.parse(report.period)):
        raise ReportNotFound(report=str(report_id))
    values = await store.values_of(desk.session, report)
    reviews = await store.reviews_of(desk.session, report_id)
    return ReportOut(
        **_summary(report).model_dump(),
        note=report.note,
        document=report.document,
        observations=[ObservationOut.model_validate(it, from_attributes=True) for it in values],
        receipt=_receipt(report),
        reviews=[ReviewOut.model_validate(it, from_attributes=True) for it in reviews],
    )


@router.post("/{report_id}/accept", summary="Accept a report")
async def accept_report(
    *, desk: TheDesk, caller: Reviewer, report_id: uuid.UUID, body: AcceptIn
) -> ReportSummary:
    """Accept exactly what was read; from now on its values are the accepted figures."""
    return _summary(
        await reviewing.review(
            desk.of(caller), report_id, "accept", seen_sha256=body.content_sha256, reason=None
        )
    )


@router.post("/{report_id}/return", summary="Return a report")
async def return_report(
    *, desk: TheDesk, caller: Reviewer, report_id: uuid.UUID, body: ReturnIn
) -> ReportSummary:
    """Return a report with a reason; what was accepted before stands again."""
    return _summary(
        await reviewing.review(
            desk.of(caller), report_id, "return", seen_sha256=body.content_sha256, reason=body.reason
        )
    )


@router.post("/{report_id}/withdraw", summary="Withdraw a report")
async def withdraw_report(
    *, desk: TheDesk, caller: Withdrawer, report_id: uuid.UUID, body: WithdrawIn
) -> ReportSummary:
    """Take a report back: its author while it is pending, a reviewer once it is accepted."""
    return _summary(
        await reviewing.withdraw(
            desk.of(caller), report_id, seen_sha256=body.content_sha256, reason=body.reason
        )
    )


def _receipt(report: Report) -> ReceiptOut:
    return ReceiptOut(
        code=report.receipt_code, received_at=report.received_at, content_sha256=report.content_sha256
    )


def _summary(report: Report) -> ReportSummary:
    return ReportSummary.model_validate(report, from_attributes=True)


def _submitted(report: Report) -> SubmittedOut:
    return SubmittedOut(
        id=report.id,
        state=report.state,
        unit=report.unit,
        period=report.period,
        form=report.form,
        received_at=report.received_at,
        content_sha256=report.content_sha256,
        counts=CountsOut(**report.counts),
        receipt=_receipt(report),
    )
