"""Where reviews are said: accept, return, pass a step, withdraw, one by one or many at once."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Request

from shared.kit.exception_handlers import negotiate_language
from shared.kit.problems import Problem
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import ReportingContext, ReviewerContext, WithdrawerContext
from shared.reporting.models import Report
from shared.reporting.reports.api import summary_of
from shared.reporting.reports.schemas import ReportSummary
from shared.reporting.reviews import actions
from shared.reporting.reviews.schemas import (
    AcceptIn,
    ReturnIn,
    ReviewsIn,
    ReviewsOut,
    VerdictIn,
    VerdictOut,
    WithdrawIn,
)

router = APIRouter(tags=["reviews"], route_class=TransactionRoute)


@router.post("/reports/{report_id}/accept", summary="Accept a report")
async def accept_report(*, context: ReviewerContext, report_id: uuid.UUID, body: AcceptIn) -> ReportSummary:
    """Accept exactly what was read; from now on its values are the accepted figures."""
    done = await actions.review(context, report_id, "accept", seen_sha256=body.content_sha256, reason=None)
    return summary_of(done)


@router.post("/reports/{report_id}/return", summary="Return a report")
async def return_report(*, context: ReviewerContext, report_id: uuid.UUID, body: ReturnIn) -> ReportSummary:
    """Return a report with a reason; what was accepted before stands again."""
    done = await actions.review(
        context, report_id, "return", seen_sha256=body.content_sha256, reason=body.reason
    )
    return summary_of(done)


@router.post("/reports/{report_id}/steps/{step}", summary="Pass a step of the review chain")
async def pass_step(
    *,
    context: ReviewerContext,
    report_id: uuid.UUID,
    step: Annotated[str, Path(max_length=60, description="code of a step of the form's review chain")],
    body: AcceptIn,
) -> ReportSummary:
    """Pass a submitted report through a step that its form asks for, such as a commune's certification.

    A step that belongs to a level of the tree is passed by a client that was granted the unit of that level itself.
    """
    return summary_of(await actions.pass_step(context, report_id, step, seen_sha256=body.content_sha256))


@router.post("/reports/{report_id}/withdraw", summary="Withdraw a report")
async def withdraw_report(
    *, context: WithdrawerContext, report_id: uuid.UUID, body: WithdrawIn
) -> ReportSummary:
    """Take a report back: its unit while it is pending, a reviewer, with a reason, once it is accepted too."""
    done = await actions.withdraw(context, report_id, seen_sha256=body.content_sha256, reason=body.reason)
    return summary_of(done)


@router.post("/reviews", summary="Review many reports")
async def review_many(*, context: ReviewerContext, request: Request, body: ReviewsIn) -> ReviewsOut:
    """Accept, return or pass many reports at once; each verdict by itself, and a refused one stops none of the rest."""
    await actions.lock_years_of_reports(context, {one.report for one in body.reviews})
    items = [await _one(context, one, request) for one in body.reviews]
    return ReviewsOut(
        items=items, done=sum(1 for it in items if it.done), refused=sum(1 for it in items if not it.done)
    )


async def _one(context: ReportingContext, asked: VerdictIn, request: Request) -> VerdictOut:
    try:
        async with context.session.begin_nested():
            done = await _done(context, asked)
    except Problem as problem:
        document = problem.document(
            negotiate_language(request), f"{context.engine.path}/reports/{asked.report}"
        )
        return VerdictOut(report=asked.report, done=False, state=None, problem=document)
    return VerdictOut(report=asked.report, done=True, state=done.state, problem=None)


async def _done(context: ReportingContext, asked: VerdictIn) -> Report:
    seen = asked.content_sha256
    if asked.verdict == "pass":
        return await actions.pass_step(context, asked.report, asked.step or "", seen_sha256=seen)
    return await actions.review(context, asked.report, asked.verdict, seen_sha256=seen, reason=asked.reason)
