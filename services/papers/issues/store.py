"""Queries and inserts of issued documents. Flushes, never commits."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.papers.issues.rules import IssueNotFound
from services.papers.models import IssueFile, IssueRow


def select_issues(template: str | None, unit: str | None, period: str | None) -> Select[Any]:
    """Return the query of issued documents, newest first."""
    query = select(IssueRow).order_by(IssueRow.issued_at.desc(), IssueRow.id.desc())
    for column, value in ((IssueRow.template, template), (IssueRow.unit, unit), (IssueRow.period, period)):
        if value is not None:
            query = query.where(column == value)
    return query


async def get_issue(session: AsyncSession, issue_id: UUID) -> IssueRow:
    """Return an issued document; raises `IssueNotFound`."""
    row = await session.get(IssueRow, issue_id)
    if row is None:
        raise IssueNotFound(issue=str(issue_id))
    return row


async def list_files(session: AsyncSession, issue_id: UUID) -> list[IssueFile]:
    """Return the files of an issued document, by kind."""
    files = await session.scalars(
        select(IssueFile).where(IssueFile.issue == issue_id).order_by(IssueFile.kind)
    )
    return list(files)


async def insert_issue(session: AsyncSession, row: IssueRow, files: list[IssueFile]) -> None:
    """Insert an issued document with its files."""
    session.add(row)
    await session.flush()
    session.add_all(files)
    await session.flush()
