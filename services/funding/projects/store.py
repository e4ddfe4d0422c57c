"""How projects are kept. What is stated of one is only ever added; the latest statement holds.

A payment for a project takes the project's lock before any lot, in the order of codes, so it never closes a circle.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ARRAY, Row, Select, Text, and_, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.funding.entries.store import REVERSALS
from services.funding.ledger import EntryKind
from services.funding.models import ENTRIES, PROJECT_STATEMENTS, PROJECTS
from services.funding.projects.rules import Account

LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/projects/' || code, 0))"
    " FROM (SELECT unnest(:codes) AS code ORDER BY 1) AS wanted"
).bindparams(bindparam("codes", type_=ARRAY(Text)))


async def lock_accounts(session: AsyncSession, codes: Collection[str]) -> dict[str, Account]:
    """Lock projects and read their accounts; an unknown code is left out."""
    await session.execute(LOCK, {"codes": sorted(codes)})
    return await accounts(session, codes)


async def find(session: AsyncSession, code: str) -> Row[Any] | None:
    """Find a project."""
    row: Row[Any] | None = (await session.execute(listed(code=code))).one_or_none()
    return row


def listed(*, code: str | None = None, program: str | None = None) -> Select[Any]:
    """Query projects by code."""
    query: Select[Any] = select(PROJECTS)
    if code is not None:
        query = query.where(PROJECTS.c.code == code)
    if program is not None:
        query = query.where(PROJECTS.c.program == program)
    return query.order_by(PROJECTS.c.code)


async def accounts(session: AsyncSession, codes: Collection[str]) -> dict[str, Account]:
    """Read the accounts of projects."""
    found = (await session.execute(select(PROJECTS).where(PROJECTS.c.code.in_(codes)))).all()
    latest = await statements(session, codes)
    paid: dict[str, dict[int, int]] = {}
    committed: dict[str, int] = {}
    for row in await session.execute(_taken(codes)):
        if row.kind == EntryKind.DISBURSEMENT.value:
            paid.setdefault(row.project, {})[row.year] = int(row.amount)
        else:
            committed[row.project] = committed.get(row.project, 0) + int(row.amount)
    return {
        row.code: Account(
            row.code,
            row.name,
            row.program,
            row.component,
            latest[row.code, "approval", None].amount_vnd,
            {year: said.amount_vnd for (code, kind, year), said in latest.items() if (code, kind) == (row.code, "plan") and year is not None},
            paid.get(row.code, {}),
            committed.get(row.code, 0),
        )
        for row in found
    }  # fmt: skip


async def statements(
    session: AsyncSession, codes: Collection[str]
) -> Mapping[tuple[str, str, int | None], Row[Any]]:
    """Find what holds of projects: the latest approval, plan of each year, and progress."""
    query: Select[Any] = (
        select(PROJECT_STATEMENTS)
        .where(PROJECT_STATEMENTS.c.project.in_(codes))
        .order_by(PROJECT_STATEMENTS.c.id)
    )
    return {(row.project, row.kind, row.year): row for row in await session.execute(query)}


async def register(session: AsyncSession, project: Mapping[str, Any]) -> None:
    """Add a project."""
    await session.execute(insert(PROJECTS).values(dict(project)))


async def state(session: AsyncSession, statement: Mapping[str, Any]) -> None:
    """Add a statement about a project."""
    await session.execute(insert(PROJECT_STATEMENTS).values(dict(statement)))


def _taken(codes: Collection[str]) -> Select[Any]:
    undone_by = and_(REVERSALS.c.year == ENTRIES.c.year, REVERSALS.c.reverses == ENTRIES.c.id)
    kinds = (EntryKind.DISBURSEMENT.value, EntryKind.COMMITMENT.value)
    amount = func.sum(ENTRIES.c.amount_vnd).label("amount")
    return (
        select(ENTRIES.c.project, ENTRIES.c.year, ENTRIES.c.kind, amount)
        .outerjoin(REVERSALS, undone_by)
        .where(ENTRIES.c.project.in_(codes), ENTRIES.c.kind.in_(kinds), REVERSALS.c.id.is_(None))
        .group_by(ENTRIES.c.project, ENTRIES.c.year, ENTRIES.c.kind)
    )
