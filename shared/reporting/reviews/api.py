"""The routes of reviews: accept, return, withdraw, pass a step; one report or many at once."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Request

from shared.kit.exception_handlers import to_problem_document
from shared.kit.problems import Problem
from shared.kit.transactions import TransactionRoute
from shared.periods import Period
from shared.reporting.context import ReportingContext, ReviewerContext, WithdrawerContext
from shared.reporting.models import Report
from shared.reporting.reports.schemas import ReportSummary
from shared.reporting.reviews import actions
from shared.reporting.reviews.schemas import (
    AcceptIn,
    ReturnIn,
    ReviewResultOut,
    ReviewsIn,
    ReviewsOut,
    VerdictIn,
    WithdrawIn,
)
from shared.territory.named_rows import name_units_on

router = APIRouter(tags=["reviews"], route_class=TransactionRoute)


def _summarize(context: ReportingContext, report: Report) -> ReportSummary:
    """Return a report as it is after the review, with the names of its units."""
    on = Period.parse(report.period).ends_on
    summary = ReportSummary.from_report(report)
    summary.exceptions = name_units_on(context.territory, summary.exceptions, on)
    return name_units_on(context.territory, [summary], on)[0]


@router.post("/reports/{report_id}/accept", summary="Accept a report")
async def accept_report(*, context: ReviewerContext, report_id: uuid.UUID, body: AcceptIn) -> ReportSummary:
    """Accept a report whose content was read; from now on its values are in the accepted figures."""
    report = await actions.review(context, report_id, "accept", seen_sha256=body.content_sha256, reason=None)
    return _summarize(context, report)


@router.post("/reports/{report_id}/return", summary="Return a report")
async def return_report(*, context: ReviewerContext, report_id: uuid.UUID, body: ReturnIn) -> ReportSummary:
    """Return a report with a reason; the report accepted before it is in effect again."""
    report = await actions.review(
        context, report_id, "return", seen_sha256=body.content_sha256, reason=body.reason
    )
    return _summarize(context, report)


@router.post("/reports/{report_id}/steps/{step}", summary="Pass a step of the review chain")
async def pass_step(
    *,
    context: ReviewerContext,
    report_id: uuid.UUID,
    step: Annotated[str, Path(max_length=60, description="code of a step of the form's review chain")],
    body: AcceptIn,
) -> ReportSummary:
    """Pass a submitted report through a step of its form's review chain, such as a commune's certification.

    A step that belongs to a level of the tree is passed by a client that was granted the unit of that level itself.
    """
    report = await actions.pass_step(context, report_id, step, seen_sha256=body.content_sha256)
    return _summarize(context, report)


@router.post("/reports/{report_id}/withdraw", summary="Withdraw a report")
async def withdraw_report(
    *, context: WithdrawerContext, report_id: uuid.UUID, body: WithdrawIn
) -> ReportSummary:
    """Withdraw a report: its unit while it is pending; a reviewer, with a reason, also when it is accepted.

    Withdrawing an accepted report puts back what it had replaced: that report is accepted again, at once and on both
    bases. It is refused with 409 `value_stated_elsewhere` where another report states by now what would be put back.
    """
    report = await actions.withdraw(context, report_id, seen_sha256=body.content_sha256, reason=body.reason)
    return _summarize(context, report)


@router.post("/reviews", summary="Review many reports")
async def review_many(*, context: ReviewerContext, request: Request, body: ReviewsIn) -> ReviewsOut:
    """Accept, return or pass many reports at once; each verdict by itself, and a refused one stops none of the others."""
    await actions.lock_years_of_reports(context, {verdict.report for verdict in body.reviews})
    items = [await _review_one(context, verdict, request) for verdict in body.reviews]
    done = sum(item.done for item in items)
    return ReviewsOut(items=items, done=done, refused=len(items) - done)


async def _review_one(context: ReportingContext, verdict: VerdictIn, request: Request) -> ReviewResultOut:
    """Carry out one verdict in a savepoint; return its result or its refusal."""
    try:
        async with context.session.begin_nested():
            report = await _carry_out(context, verdict)
    except Problem as problem:
        path = f"{context.engine.path}/reports/{verdict.report}"
        document = to_problem_document(request, problem, path)
        return ReviewResultOut(report=verdict.report, done=False, state=None, problem=document)
    return ReviewResultOut(report=verdict.report, done=True, state=report.state, problem=None)


async def _carry_out(context: ReportingContext, verdict: VerdictIn) -> Report:
    seen = verdict.content_sha256
    if verdict.verdict == "pass":
        return await actions.pass_step(context, verdict.report, verdict.step or "", seen_sha256=seen)
    return await actions.review(
        context, verdict.report, verdict.verdict, seen_sha256=seen, reason=verdict.reason
    )
