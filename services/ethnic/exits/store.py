"""Queries and inserts of the verdicts on exits. Flushes, never commits."""

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.ethnic.exits.rules import ExitGround, ExitKey, ExitVerdict
from services.ethnic.models import ExitReview
from shared.reporting.register_rows import is_in_units, is_recorded_by, order_newest_first

PATH = "/v1/ethnic/exits"


async def read_verdicts(
    session: AsyncSession, first: date, last: date, as_of: datetime | None
) -> dict[ExitKey, ExitReview]:
    """Return the latest verdict on each exit between two days."""
    rows = await session.scalars(
        select(ExitReview)
        .where(ExitReview.left_on.between(first, last), is_recorded_by(ExitReview, as_of))
        .ext(distinct_on(ExitReview.unit, ExitReview.left_on, ExitReview.ground))
        .order_by(
            ExitReview.unit,
            ExitReview.left_on,
            ExitReview.ground,
            ExitReview.recorded_at.desc(),
            ExitReview.id.desc(),
        )
    )
    return {(row.unit, row.left_on, cast("ExitGround", row.ground)): row for row in rows}


def to_verdicts(reviews: dict[ExitKey, ExitReview]) -> dict[ExitKey, ExitVerdict]:
    """Return the verdicts of reviews."""
    return {key: cast("ExitVerdict", review.verdict) for key, review in reviews.items()}


def select_reviews(units: Collection[str] | None, as_of: datetime | None) -> Select[Any]:
    """Select the verdicts on exits of these units, newest first."""
    query = select(ExitReview).where(is_recorded_by(ExitReview, as_of))
    if units is not None:
        query = query.where(is_in_units(ExitReview, units))
    return order_newest_first(query, ExitReview)


async def find_review(session: AsyncSession, review_id: uuid.UUID) -> ExitReview | None:
    """Return a verdict, or None."""
    return await session.get(ExitReview, review_id)
