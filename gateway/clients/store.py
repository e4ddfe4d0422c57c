"""Queries and inserts of clients, secrets and the audit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.models import AuditRow, ClientRow, SecretRow, UnitGrantRow
from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.territory.rights import from_grant

OPERATOR = "operator"
"""Actor of the audit at the command line, which works whatever the clock shows."""
SETTINGS = "settings"
"""Actor in the audit of a change that a setting of the installation made."""


def select_clients() -> Select[Any]:
    """Return the query of all clients, newest first."""
    return select(ClientRow).order_by(ClientRow.created_at.desc(), ClientRow.client_id.desc())


async def list_clients_with_grants(session: AsyncSession) -> Sequence[ClientRow]:
    """Return the clients that are not disabled, by name, with their grants."""
    query = select(ClientRow).where(ClientRow.disabled_at.is_(None)).order_by(ClientRow.client_id)
    return (await session.scalars(query)).all()


def select_audit() -> Select[Any]:
    """Return the query of the audit, newest first."""
    return select(AuditRow).order_by(AuditRow.id.desc())


async def find_client(session: AsyncSession, client_id: str, *, for_update: bool = False) -> ClientRow | None:
    """Return a client, or None; `for_update` locks its row."""
    return await session.get(ClientRow, client_id, with_for_update=for_update or None)


async def find_actor(session: AsyncSession, client_id: str) -> ClientRow | None:
    """Return the client that acts, or None; its row is locked against changes."""
    return await session.get(ClientRow, client_id, with_for_update={"read": True}, populate_existing=True)


async def has_administrator_of_all(session: AsyncSession) -> bool:
    """Whether a client that is not disabled holds all."""
    query = select(ClientRow.client_id).where(ClientRow.holds_all, ClientRow.disabled_at.is_(None)).limit(1)
    return (await session.scalar(query)) is not None


async def find_live_secrets(session: AsyncSession, client_id: str, now: datetime) -> Sequence[SecretRow]:
    """Return the secrets of a client that have not expired, newest first."""
    not_expired = or_(SecretRow.expires_at.is_(None), SecretRow.expires_at > now)
    query = select(SecretRow).where(SecretRow.client_id == client_id, not_expired)
    return (await session.scalars(query.order_by(SecretRow.created_at.desc()))).all()


async def insert_unit_grants(
    session: AsyncSession, client: ClientRow, grants: Sequence[str], *, actor: str, now: datetime
) -> None:
    """Insert granted units of a client, and read them into it."""
    for grant in grants:
        unit, valid_from = from_grant(grant)
        session.add(
            UnitGrantRow(
                client_id=client.client_id, unit=unit, valid_from=valid_from, granted_at=now, granted_by=actor
            )
        )
    await session.flush()
    await session.refresh(client, ["unit_grants"])


async def insert_audit_row(
    session: AsyncSession, *, at: datetime, actor: str, act: str, subject: str, **facts: Any
) -> None:
    """Insert an entry of the audit. `facts` holds ids, never a secret.

    The act of an administrator is a change of the gateway's feed too. Raise `ClockBehind` where the clock is behind the newest one.
    """
    if actor not in {OPERATOR, SETTINGS}:
        changed_at = await lock_feed(session, lambda: at)
        await publish_events(session, changed_at, [Event(act, f"clients/{subject}")])
    session.add(AuditRow(at=at, actor=actor, act=act, subject=subject, facts=facts))
    await session.flush()
