"""Queries of completions. Flushes, never commits."""

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from services.ethnic.models import CompletionReport, ProjectCompletion
from shared.reporting.register_rows import is_in_units, order_newest_first

PATH = "/v1/ethnic/completions"


async def find_completion(session: AsyncSession, completion_id: uuid.UUID) -> ProjectCompletion | None:
    """Return a completion with its report, or None."""
    completion: ProjectCompletion | None = await session.scalar(
        select(ProjectCompletion)
        .where(ProjectCompletion.id == completion_id)
        .options(joinedload(ProjectCompletion.report))
        .execution_options(populate_existing=True)
    )
    return completion


async def find_same_completion(session: AsyncSession, row: ProjectCompletion) -> ProjectCompletion | None:
    """Return the completion of the same project, unit and day, or None."""
    completion: ProjectCompletion | None = await session.scalar(
        select(ProjectCompletion)
        .where(
            ProjectCompletion.unit == row.unit,
            ProjectCompletion.component == row.component,
            ProjectCompletion.project_key == row.project_key,
            ProjectCompletion.ended_on == row.ended_on,
        )
        .options(joinedload(ProjectCompletion.report))
    )
    return completion


def select_completions(
    units: Collection[str] | None, component: str | None, *, is_open: bool | None
) -> Select[Any]:
    """Select completions, newest first: of units, of a component, open or reported."""
    query = select(ProjectCompletion).options(joinedload(ProjectCompletion.report))
    if units is not None:
        query = query.where(is_in_units(ProjectCompletion, units))
    if component is not None:
        query = query.where(ProjectCompletion.component == component)
    if is_open is not None:
        reported = select(CompletionReport.completion_id)
        is_reported = ProjectCompletion.id.in_(reported)
        query = query.where(~is_reported if is_open else is_reported)
    return order_newest_first(query, ProjectCompletion)
