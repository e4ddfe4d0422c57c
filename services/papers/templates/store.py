"""Queries and inserts of uploaded templates. Flushes, never commits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from services.papers.models import TemplateRow

WITHOUT_TEXT: Any = literal_column("content - 'paragraph' - 'slot'", JSONB)
"""What a list shows of a template."""


async def list_summaries(session: AsyncSession, code: str | None) -> Sequence[Row[Any]]:
    """Return version, content without its text, and instant of the uploaded templates, of all codes or one."""
    query = select(TemplateRow.sha256, WITHOUT_TEXT.label("content"), TemplateRow.recorded_at)
    if code is not None:
        query = query.where(TemplateRow.code == code)
    return (await session.execute(query)).all()


async def find_version(session: AsyncSession, version: str) -> TemplateRow | None:
    """Return an uploaded template by its version."""
    row: TemplateRow | None = await session.scalar(select(TemplateRow).where(TemplateRow.sha256 == version))
    return row


async def insert_template(session: AsyncSession, row: TemplateRow) -> None:
    """Insert a version of a template."""
    session.add(row)
    await session.flush()
