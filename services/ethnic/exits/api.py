"""The routes of exits and of the verdicts on them."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, status
from pydantic import TypeAdapter

from services.ethnic.areas.queries import CurrentAreaRules
from services.ethnic.exits import store
from services.ethnic.exits.actions import review_exit
from services.ethnic.exits.queries import read_exits
from services.ethnic.exits.rules import ExitGround, ExitLevel, ExitState
from services.ethnic.exits.schemas import (
    ExitOut,
    ExitReviewIn,
    ExitReviewOut,
    ExitReviewsPage,
    ExitsPage,
    count_exits,
)
from shared.kit.change_feed import AsOf
from shared.kit.paging import Paging, paged_by
from shared.kit.partial_body import PartialBody
from shared.kit.problems import NotFound, Sentence
from shared.kit.transactions import TransactionRoute
from shared.reporting.context import PublicContext, ReportingContext, ReviewerContext
from shared.reporting.query_params import PeriodQuery
from shared.reporting.registers import UnitsQuery, expand_units, require_units, set_created_or_existing
from shared.territory.villages.store import name_listed_units

router = APIRouter(prefix=store.PATH, tags=["exits"], route_class=TransactionRoute)

EXIT_KEYS: TypeAdapter[tuple[str, str]] = TypeAdapter(tuple[str, str])


class ExitReviewNotFound(NotFound):
    """No verdict on an exit has this id."""

    code = "exit_review_not_found"
    detail = Sentence("Không có kết luận này.", "There is no such verdict.")


@router.get("", summary="List the exits from special difficulty")
async def list_exits(
    *,
    context: PublicContext,
    rules: CurrentAreaRules,
    period: PeriodQuery,
    unit: UnitsQuery = None,
    level: Annotated[ExitLevel | None, Query(description="only of communes, or only of villages")] = None,
    ground: Annotated[ExitGround | None, Query(description="only on this ground")] = None,
    state: Annotated[ExitState | None, Query(description="only those counted, pending or rejected")] = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(200)],
) -> ExitsPage:
    """List the communes and villages that left special difficulty in a period, each with its ground and state.

    What waits for an officer is listed and counted apart; the region of a commune does not wait.
    """
    units = expand_units(context.territory, unit, period.ends_on)
    exits, reviews = await read_exits(context.session, rules, units, period, as_of)
    items = [
        ExitOut.from_exit(judged, reviews.get(judged.exit.key))
        for judged in exits
        if level in (None, judged.exit.level)
        and ground in (None, judged.exit.ground)
        and state in (None, judged.state)
    ]
    page, after = paging.slice(
        items,
        key=lambda row: (row.left_on.isoformat(), row.unit),
        adapter=EXIT_KEYS,
    )
    named = await name_listed_units(context.session, context.territory, page, lambda row: row.left_on)
    reviewed = await _name_reviews(context, [row.review for row in named if row.review])
    by_id = {review.id: review for review in reviewed}
    items = [row.model_copy(update={"review": by_id[row.review.id]}) if row.review else row for row in named]
    return ExitsPage(items=items, next=after, counts=count_exits(exits))


@router.post("/reviews", status_code=status.HTTP_201_CREATED, summary="Confirm or reject an exit")
async def review_unit_exit(
    *,
    context: ReviewerContext,
    rules: CurrentAreaRules,
    draft: Annotated[PartialBody[ExitReviewIn], Body()],
    response: Response,
) -> ExitReviewOut:
    """Confirm or reject an exit with a reason; the latest verdict counts, and the region is not changed by it.

    The same verdict again answers 200 with the existing one.
    """
    result = await review_exit(context, draft, rules)
    set_created_or_existing(response, f"{store.PATH}/reviews/{result.row.id}", created=result.created)
    (review,) = await _name_reviews(context, [ExitReviewOut.from_row(result.row)])
    return review


@router.get("/reviews", summary="List the verdicts on exits")
async def list_exit_reviews(
    *,
    context: PublicContext,
    unit: UnitsQuery = None,
    as_of: AsOf = None,
    paging: Annotated[Paging, paged_by(100)],
) -> ExitReviewsPage:
    """List the verdicts of officers on exits, newest first, replaced ones included."""
    page = await paging.fetch(
        context.session,
        store.select_reviews(require_units(context.territory, unit), as_of),
        serialize=lambda row: ExitReviewOut.from_row(row[0]),
    )
    return ExitReviewsPage(items=await _name_reviews(context, page.items), next=page.next)


@router.get("/reviews/{review_id}", summary="Read a verdict on an exit")
async def read_exit_review(*, context: PublicContext, review_id: uuid.UUID) -> ExitReviewOut:
    """Read one verdict with its reason."""
    row = await store.find_review(context.session, review_id)
    if row is None:
        raise ExitReviewNotFound(review=str(review_id))
    (review,) = await _name_reviews(context, [ExitReviewOut.from_row(row)])
    return review


async def _name_reviews(context: ReportingContext, rows: list[ExitReviewOut]) -> list[ExitReviewOut]:
    """Return verdicts with the names of their units on the day of the exit."""
    return await name_listed_units(context.session, context.territory, rows, lambda row: row.left_on)
