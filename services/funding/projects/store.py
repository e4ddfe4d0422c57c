"""Reading and writing of projects. Statements about a project are only added; the latest one of its kind holds.

Entries for a project lock it before any lot, in the order of codes, so that transactions cannot deadlock.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entry_kinds import EntryKind
from services.funding.models import ENTRIES, REVERSALS
from services.funding.projects.rules import ProjectFunding
from services.funding.register_models import PROJECT_STATEMENTS, PROJECTS
from services.funding.store import IS_REVERSED_BY
from shared.kit.database import run_sql

LOCK_PROJECTS = """
    SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/projects/' || code, 0))
    FROM (SELECT unnest($1::text[]) AS code ORDER BY 1) AS projects
"""

LatestStatements = Mapping[tuple[str, str, int | None], Row[Any]]
"""The statement that holds, by project, kind and year."""


async def lock_projects(session: AsyncSession, codes: Collection[str]) -> dict[str, ProjectFunding]:
    """Lock projects and return their funding by code, without unknown codes."""
    await run_sql(session, LOCK_PROJECTS, sorted(codes))
    return await read_funding(session, codes)


async def find_project(session: AsyncSession, code: str) -> Row[Any] | None:
    """Return the row of a project; None where there is none."""
    row: Row[Any] | None = (await session.execute(select_projects(code=code))).one_or_none()
    return row


def select_projects(*, code: str | None = None, program: str | None = None) -> Select[Any]:
    """Return the query of projects by code."""
    query: Select[Any] = select(PROJECTS)
    if code is not None:
        query = query.where(PROJECTS.c.code == code)
    if program is not None:
        query = query.where(PROJECTS.c.program == program)
    return query.order_by(PROJECTS.c.code)


async def read_funding(session: AsyncSession, codes: Collection[str]) -> dict[str, ProjectFunding]:
    """Return the funding of projects by code."""
    projects = (await session.execute(select(PROJECTS).where(PROJECTS.c.code.in_(codes)))).all()
    latest = await read_latest_statements(session, codes)
    planned: dict[str, dict[int, int]] = {}
    for (code, kind, year), statement in latest.items():
        if kind == "plan" and year is not None:
            planned.setdefault(code, {})[year] = statement.amount_vnd
    paid: dict[str, dict[int, int]] = {}
    committed: dict[str, int] = {}
    for row in await session.execute(_select_entry_sums(codes)):
        amount_vnd = int(row.amount_vnd)
        if row.kind == EntryKind.COMMITMENT.value:
            committed[row.project] = committed.get(row.project, 0) + amount_vnd
        else:
            sign = -1 if row.kind == EntryKind.RECOVERY.value else 1
            paid_by_year = paid.setdefault(row.project, {})
            paid_by_year[row.year] = paid_by_year.get(row.year, 0) + sign * amount_vnd
    return {
        row.code: ProjectFunding(
            code=row.code,
            name=row.name,
            program=row.program,
            component=row.component,
            approved_total_vnd=latest[row.code, "approval", None].amount_vnd,
            planned=planned.get(row.code, {}),
            paid=paid.get(row.code, {}),
            committed_vnd=committed.get(row.code, 0),
        )
        for row in projects
    }


async def read_latest_statements(session: AsyncSession, codes: Collection[str]) -> LatestStatements:
    """Return the statements that hold: the latest approval, the latest plan of each year, and the latest progress."""
    query: Select[Any] = (
        select(PROJECT_STATEMENTS)
        .where(PROJECT_STATEMENTS.c.project.in_(codes))
        .order_by(PROJECT_STATEMENTS.c.id)
    )
    return {(row.project, row.kind, row.year): row for row in await session.execute(query)}


async def insert_project(session: AsyncSession, columns: Mapping[str, Any]) -> None:
    """Insert a project."""
    await session.execute(insert(PROJECTS).values(dict(columns)))


async def insert_statement(session: AsyncSession, columns: Mapping[str, Any]) -> None:
    """Insert a statement about a project."""
    await session.execute(insert(PROJECT_STATEMENTS).values(dict(columns)))


def _select_entry_sums(codes: Collection[str]) -> Select[Any]:
    kinds = (EntryKind.DISBURSEMENT.value, EntryKind.RECOVERY.value, EntryKind.COMMITMENT.value)
    amount = func.sum(ENTRIES.c.amount_vnd).label("amount_vnd")
    return (
        select(ENTRIES.c.project, ENTRIES.c.year, ENTRIES.c.kind, amount)
        .outerjoin(REVERSALS, IS_REVERSED_BY)
        .where(ENTRIES.c.project.in_(codes), ENTRIES.c.kind.in_(kinds), REVERSALS.c.id.is_(None))
        .group_by(ENTRIES.c.project, ENTRIES.c.year, ENTRIES.c.kind)
    )
