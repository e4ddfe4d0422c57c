"""The routes of reports: submit, list, read, compare."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response, status

from shared.kit.paging import Page, Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.transactions import DryRun, TransactionRoute
from shared.periods import Period
from shared.reporting.bounds.contradictions import find_contradictions_of_reports, list_bounded_forms
from shared.reporting.bounds.schemas import name_contradicting_units
from shared.reporting.bounds.store import read_live_reports_of_forms
from shared.reporting.context import ReaderContext, ReporterContext, ReportingContext
from shared.reporting.evidence.schemas import EvidenceRef
from shared.reporting.field_types import RoundedAmount
from shared.reporting.models import Report
from shared.reporting.query_params import PeriodFilter, PeriodQuery
from shared.reporting.report_content import ReportContent, find_differences
from shared.reporting.reports import store
from shared.reporting.reports.answer_schemas import DerivedOut, NoteOut, ReceiptOut, SubmittedOut
from shared.reporting.reports.problems import ReportNotFound
from shared.reporting.reports.request_schemas import ReportIn
from shared.reporting.reports.schemas import (
    ContradictedReportsOut,
    DifferenceOut,
    DifferencesOut,
    EffectOut,
    ObservationOut,
    ReportOut,
    ReportSummary,
    ReviewOut,
)
from shared.reporting.reports.writing.opening_values import find_changed_starts
from shared.reporting.reports.writing.submit import submit
from shared.territory.named_rows import name_units, name_units_on
from shared.territory.query_params import UnitFilter

router = APIRouter(prefix="/reports", tags=["reports"], route_class=TransactionRoute)
contradictions = APIRouter(tags=["reports"], route_class=TransactionRoute)

ReportState = Literal["submitted", "accepted", "returned", "withdrawn", "superseded"]


@router.post("", status_code=status.HTTP_201_CREATED, summary="Submit a report")
async def submit_report(
    *,
    context: ReporterContext,
    posted: Annotated[PartialBody[ReportIn], Body()],
    response: Response,
    dry_run: DryRun,
) -> SubmittedOut:
    """Submit what a unit states for a period: all of it is kept, or nothing and the answer names every fault.

    An identical live report is answered with 200 and that report. A second report of the same unit, period, form and
    standard is refused with 409 `report_exists`, unless it names the latest one in `supersedes`. A dry run without faults is answered
    with 200 and the counts, without id and receipt, and keeps nothing. `derived` shows the values that follow from the
    posted ones by dated rules, with the reasons.
    """
    answer, created = await submit_posted(context, posted)
    if not created or dry_run:
        response.status_code = status.HTTP_200_OK
    if answer.id is not None:
        response.headers["Location"] = f"{context.engine.path}/reports/{answer.id}"
    return answer


async def submit_posted(
    context: ReportingContext, posted: PartialBody[ReportIn]
) -> tuple[SubmittedOut, bool]:
    """Submit a report as posted; return the answer, and whether the report was created."""
    content, faults = posted.body.to_content(posted.ordinals, posted.partial)
    submitted = await submit(
        context,
        content,
        supersedes=posted.body.supersedes,
        shape_faults=(*posted.faults, *faults),
        unread=posted.unread,
    )
    kept = not (context.unit_of_work.dry_run and submitted.created)
    derived = await _read_derived(context, submitted.report)
    answer = SubmittedOut.from_report(
        submitted.report, derived, _list_notes(content), submitted.contradictions, kept=kept
    )
    on = Period.parse(submitted.report.period).ends_on
    answer.derived = name_units_on(context.territory, answer.derived, on)
    answer.contradictions = name_contradicting_units(context.territory, answer.contradictions, on)
    return answer, submitted.created


def _list_notes(content: ReportContent) -> list[NoteOut]:
    """Return a note on each value that was posted with the noise of a binary float; most reports have none."""
    amounts = content.columns.amounts
    if RoundedAmount not in set(map(type, amounts)):
        return []
    return [
        NoteOut.from_noise(ordinal, amount)
        for ordinal, amount in zip(content.ordinals, amounts, strict=True)
        if isinstance(amount, RoundedAmount)
    ]


async def _read_derived(context: ReportingContext, report: Report) -> Sequence[store.ReasonedValue]:
    """Return the derived values of a report; a program without derivations has none."""
    if not context.engine.catalogue.derivation_rules:
        return ()
    return await store.read_reasoned_values(context.session, report)


@router.get("", summary="List reports")
async def list_reports(
    *,
    context: ReaderContext,
    unit: UnitFilter,
    period: PeriodFilter,
    form: Annotated[str | None, Query(max_length=60, description="the form")] = None,
    standard: Annotated[str | None, Query(max_length=60, description="the standard")] = None,
    state: Annotated[ReportState | None, Query(description="state of the report")] = None,
    paging: Annotated[Paging, paged_by(50)],
) -> Page[ReportSummary]:
    """List reports, newest first: all, or those of a unit and of the units below it.

    A client that only reports sees those of its own units.
    """
    units = context.visible_units(unit, period)
    query = store.select_reports(
        unit_codes=units,
        period=str(period) if period else None,
        form=form,
        standard=standard,
        state=state,
    )
    page = await paging.fetch(
        context.session,
        query,
        serialize=lambda row: row[0],
    )
    return Page(items=await _summarize(context, page.items), next=page.next)


async def _summarize(context: ReportingContext, reports: Sequence[Report]) -> list[ReportSummary]:
    """Return reports as a list shows them, with starts that changed since and what contradicts other programs.

    At most three statements more for each, where the catalogue declares such pairs or bounds on their forms.
    """
    contradictions = await find_contradictions_of_reports(context, reports)
    changed_starts = await find_changed_starts(context, reports)
    summaries = [
        ReportSummary.from_report(
            report, contradictions.get(report.id, ()), changed_starts.get(report.id, ())
        )
        for report in reports
    ]
    for summary in summaries:
        on = Period.parse(summary.period).ends_on
        summary.exceptions = name_units_on(context.territory, summary.exceptions, on)
        summary.start_differences = name_units_on(context.territory, summary.start_differences, on)
        summary.contradictions = name_contradicting_units(context.territory, summary.contradictions, on)
    return name_units(context.territory, summaries, lambda row: Period.parse(row.period).ends_on)


@contradictions.get("/contradictions", summary="List reports that contradict other programs")
async def list_contradictions(
    *, context: ReaderContext, period: PeriodQuery, unit: UnitFilter
) -> ContradictedReportsOut:
    """List the live reports of a period with values that contradict a live report of another program, by unit.

    The reports of the other program are those received so far: `following` says how far its feed was read.
    """
    reports = await read_live_reports_of_forms(
        context.session,
        list_bounded_forms(context.engine.catalogue),
        str(period),
        context.visible_units(unit, period),
    )
    items = [summary for summary in await _summarize(context, reports) if summary.contradictions]
    return ContradictedReportsOut(period=str(period), items=items)


@router.get("/{report_id}", summary="Read one report")
async def read_report(*, context: ReaderContext, report_id: uuid.UUID) -> ReportOut:
    """Read one report as posted, with its derived values, its receipt and everything that was done to it."""
    report = await _find_visible(context, report_id)
    values = await store.read_values(context.session, report)
    derived = await _read_derived(context, report)
    reviews = await store.read_reviews(context.session, report_id)
    effect = await store.read_effect(context.session, report_id)
    (summary,) = await _summarize(context, [report])
    split_key, on = context.engine.catalogue.split_key, Period.parse(report.period).ends_on
    observations = [
        ObservationOut.from_value(value, split_key(value.indicator)) for value in values if not value.derived
    ]
    return ReportOut(
        **summary.model_dump(),
        note=report.note,
        document=report.document,
        observations=observations,
        derived=name_units_on(
            context.territory, [DerivedOut.from_reasoned_value(value) for value in derived], on
        ),
        receipt=ReceiptOut.from_report(report),
        reviews=[ReviewOut.model_validate(review, from_attributes=True) for review in reviews],
        stood=[EffectOut.model_validate(row, from_attributes=True) for row in effect],
        evidence=[EvidenceRef(**file) for file in report.evidence],
    )


@router.get("/{report_id}/differences", summary="What a report changes")
async def read_differences(*, context: ReaderContext, report_id: uuid.UUID) -> DifferencesOut:
    """Read, in one answer, what a report changes against the report accepted last for its unit, period, form and standard."""
    report = await _find_visible(context, report_id)
    accepted = await store.find_accepted_before(context.session, report)
    differences = find_differences(
        await store.read_values(context.session, report),
        await store.read_values(context.session, accepted) if accepted else [],
    )
    split_key, on = context.engine.catalogue.split_key, Period.parse(report.period).ends_on
    rows = [
        DifferenceOut(**{**difference, **split_key(difference["indicator"])._asdict()})
        for difference in differences
    ]
    return DifferencesOut(
        report=report.id,
        accepted=accepted.id if accepted else None,
        items=name_units_on(context.territory, rows, on),
    )


async def _find_visible(context: ReportingContext, report_id: uuid.UUID) -> Report:
    """Return a report that the caller may see; raises `ReportNotFound`."""
    report = await store.find_report(context.session, report_id)
    if report is None or not context.may_read(report.unit, Period.parse(report.period)):
        raise ReportNotFound(report=str(report_id))
    return report
