"""Where reports are said: submit, list, read, compare, check a receipt."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request, Response, status

from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import DryRun, TransactionRoute
from shared.periods import Period
from shared.reporting.context import OpenContext, ReaderContext, ReporterContext, ReportingContext
from shared.reporting.models import Report
from shared.reporting.query_params import PeriodFilter
from shared.reporting.report_content import find_differences
from shared.reporting.reports import store
from shared.reporting.reports.problems import ReceiptNotFound, ReportNotFound
from shared.reporting.reports.schemas import (
    DerivedOut,
    DifferenceOut,
    DifferencesOut,
    EffectOut,
    EvidenceRef,
    ObservationOut,
    ReceiptCheckOut,
    ReceiptOut,
    ReportIn,
    ReportOut,
    ReportsPage,
    ReportSummary,
    ReviewOut,
    SubmittedOut,
)
from shared.reporting.reports.writing.submit import submit
from shared.territory.query_params import UnitFilter

router = APIRouter(prefix="/reports", tags=["reports"], route_class=TransactionRoute)
receipts = APIRouter(tags=["reports"], route_class=TransactionRoute)

ReportState = Literal["submitted", "accepted", "returned", "withdrawn", "superseded"]


@router.post("", status_code=status.HTTP_201_CREATED, summary="Submit a report")
async def submit_report(
    *,
    context: ReporterContext,
    draft: Annotated[PartialBody[ReportIn], Body()],
    response: Response,
    dry_run: DryRun,
) -> SubmittedOut:
    """Submit what a unit states for a period: all of it is kept, or none and every fault is named.

    An identical report that is live already answers 200 with that report. A second one for the same unit, period and
    form is 409 `report_exists` unless it names the latest in `supersedes`. A dry run that finds nothing wrong answers
    200 with the counts, and with neither id nor receipt: nothing was kept. What follows from the values by dated rules is
    said with its reasons in `derived`, apart from what was posted.
    """
    done = await submit(
        context,
        draft.body.to_content(draft.ordinals, draft.partial),
        supersedes=draft.body.supersedes,
        shape_faults=draft.faults,
        unread=draft.unread,
    )
    derived = await _read_derived(context, done.report)
    if dry_run and done.created:
        response.status_code = status.HTTP_200_OK
        return SubmittedOut.from_report(done.report, derived, kept=False)
    response.status_code = status.HTTP_201_CREATED if done.created else status.HTTP_200_OK
    response.headers["Location"] = f"{context.engine.path}/reports/{done.report.id}"
    return SubmittedOut.from_report(done.report, derived)


@router.get("", summary="List reports")
async def list_reports(
    *,
    context: ReaderContext,
    request: Request,
    response: Response,
    unit: UnitFilter,
    period: PeriodFilter,
    form: Annotated[str | None, Query(max_length=60, description="the form")] = None,
    state: Annotated[ReportState | None, Query(description="state of the report")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ReportsPage:
    """List reports, newest first: all, or those of a unit and of what is below it.

    A client that only reports sees those of its own units.
    """
    units = context.visible_units(unit, period)
    query = store.select_reports(
        unit_codes=units, period=str(period) if period else None, form=form, state=state
    )
    found = await fetch_page(
        context.session, query, limit=limit, cursor=cursor, said=lambda row: summary_of(row[0])
    )
    set_next_link(request, response, found.next)
    return found


@router.get("/{report_id}", summary="Read one report")
async def read_report(*, context: ReaderContext, report_id: uuid.UUID) -> ReportOut:
    """Read one report as posted, with what follows from it, its receipt and everything done to it."""
    report = await store.find_report(context.session, report_id)
    if report is None or not context.sees(report.unit, Period.parse(report.period)):
        raise ReportNotFound(report=str(report_id))
    values = await store.read_values(context.session, report)
    derived = await _read_derived(context, report)
    reviews = await store.read_reviews(context.session, report_id)
    stood = await store.read_effect(context.session, report_id)
    return ReportOut(
        **summary_of(report).model_dump(),
        note=report.note,
        document=report.document,
        observations=[
            ObservationOut.model_validate(it, from_attributes=True) for it in values if not it.derived
        ],
        derived=[DerivedOut.from_reasoned_value(value) for value in derived],
        receipt=ReceiptOut.from_report(report),
        reviews=[ReviewOut.model_validate(it, from_attributes=True) for it in reviews],
        stood=[EffectOut.model_validate(it, from_attributes=True) for it in stood],
        evidence=[EvidenceRef(**one) for one in report.evidence],
    )


@router.get("/{report_id}/differences", summary="What a report changes")
async def read_differences(*, context: ReaderContext, report_id: uuid.UUID) -> DifferencesOut:
    """Read, in one answer, what a report changes against what was accepted last for its unit, period and form."""
    report = await store.find_report(context.session, report_id)
    if report is None or not context.sees(report.unit, Period.parse(report.period)):
        raise ReportNotFound(report=str(report_id))
    accepted = await store.find_accepted_before(context.session, report)
    found = find_differences(
        await store.read_values(context.session, report),
        await store.read_values(context.session, accepted) if accepted else [],
    )
    return DifferencesOut(
        report=report.id,
        accepted=accepted.id if accepted else None,
        items=[DifferenceOut(**one) for one in found],
    )


@receipts.get("/receipts/{code}", summary="Check a receipt")
async def check_receipt(*, context: OpenContext, code: str) -> ReceiptCheckOut:
    """Check a receipt by its code: whoever holds a printed one sees what was received, when, and with which hash."""
    report = await store.find_report_by_receipt(context.session, code.strip().upper())
    if report is None:
        raise ReceiptNotFound(receipt=code[:40])
    return ReceiptCheckOut(
        **ReceiptOut.from_report(report).model_dump(),
        unit=report.unit,
        period=report.period,
        form=report.form,
        state=report.state,
    )


def summary_of(report: Report) -> ReportSummary:
    """Say a report briefly."""
    return ReportSummary.model_validate(report, from_attributes=True)


async def _read_derived(context: ReportingContext, report: Report) -> Sequence[store.ReasonedValue]:
    """Return the derived values of a report; a program without derivations has none."""
    if not context.engine.catalogue.derivation_rules:
        return ()
    return await store.read_reasoned_values(context.session, report)
