"""How clients and their secrets are found and kept, and how what was done to them is noted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.models import AuditRow, ClientRow, SecretRow


def select_clients() -> Select[Any]:
    """Every client, the newest first."""
    return select(ClientRow).order_by(ClientRow.created_at.desc(), ClientRow.client_id.desc())


def select_audit() -> Select[Any]:
    """What was done, the newest first."""
    return select(AuditRow).order_by(AuditRow.id.desc())


async def find_client(session: AsyncSession, client_id: str, *, locked: bool = False) -> ClientRow | None:
    """Find a client; `locked` keeps others from changing it meanwhile."""
    return await session.get(ClientRow, client_id, with_for_update=locked or None)


async def find_live_secrets(session: AsyncSession, client_id: str, now: datetime) -> Sequence[SecretRow]:
    """The secrets a client may prove itself with, the newest first."""
    living = or_(SecretRow.expires_at.is_(None), SecretRow.expires_at > now)
    query = select(SecretRow).where(SecretRow.client_id == client_id, living)
    return (await session.scalars(query.order_by(SecretRow.created_at.desc()))).all()


async def insert_audit_row(
    session: AsyncSession, *, at: datetime, actor: str, act: str, subject: str, **facts: Any
) -> None:
    """Write a line of the audit. Facts are public ones: ids, never a secret."""
    session.add(AuditRow(at=at, actor=actor, act=act, subject=subject, facts=facts))
    await session.flush()
