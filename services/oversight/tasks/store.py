"""Queries of tasks. Flushes, never commits."""

import uuid
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.models import ProgramPublication, RecordVersion
from services.oversight.records.store import ROOT, read_records
from services.oversight.tasks.rules import PublishedFigures, Task

PATH = f"{ROOT}/tasks"


def to_task(row: RecordVersion) -> Task:
    """Return the frozen value that the rules use."""
    content = row.content
    plan, dropped_on = content.get("plan"), content.get("dropped_on")
    return Task(
        id=row.id,
        unit=row.unit,
        owner=content["owner"],
        starts_on=row.day,
        due_on=date.fromisoformat(content["due_on"]),
        every=content["every"],
        product=content["product"]["kind"],
        completed_on={
            completion["period"] or "": date.fromisoformat(completion["completed_on"])
            for completion in content.get("completions", ())
        },
        dropped_on=date.fromisoformat(dropped_on) if dropped_on else None,
        plan=uuid.UUID(plan) if plan else None,
    )


async def find_published_figures(
    session: AsyncSession, publication_id: uuid.UUID | None
) -> PublishedFigures | None:
    """Return what a publication of a program holds; None where none of this id was received."""
    row = None if publication_id is None else await session.get(ProgramPublication, publication_id)
    if row is None:
        return None
    return PublishedFigures(row.program, row.unit, row.period, frozenset(row.reached))


async def read_tasks(
    session: AsyncSession,
    units: Collection[str] | None,
    as_of: datetime | None,
    *conditions: ColumnElement[bool],
) -> list[Task]:
    """Return the tasks of units. One statement."""
    return [to_task(row) for row in await read_records(session, "tasks", units, as_of, *conditions)]
