"""Recovery of an installation whose pepper is lost: new signing keys, and a new secret for every client.

What the old pepper sealed cannot be opened again: the private signing keys, and every client secret. Clients, grants, the
audit and all data stay.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.actions import create_client, rotate_secret
from gateway.clients.rules import Grant
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, insert_audit_row
from gateway.models import SecretRow, SigningKeyRow

ADMINISTRATOR = "admin"
"""The scope of administrators."""

AT_ONCE = timedelta(0)


class RecoveryRefusedError(RuntimeError):
    """The recovery is not possible or not needed; the message says why."""


@dataclass(frozen=True, slots=True)
class RecoveredAccess:
    """What a recovery ended, and the administrator who is let in."""

    client_id: str
    client_secret: str
    ended_keys: int
    ended_secrets: int


async def recover_access(
    session: AsyncSession, pepper: Pepper, *, client_id: str, grant: Grant, actor: str, now: datetime
) -> RecoveredAccess:
    """End every signing key and client secret, and give an administrator a secret under this pepper.

    The administrator is created with the grant where there is no client of that name. Raise `RecoveryRefusedError` for a client without
    the scope of administrators, `ClientDisabled` for one that was disabled.
    """
    keys = await session.execute(
        update(SigningKeyRow)
        .where(SigningKeyRow.retired_at.is_(None))
        .values(signs_from=func.coalesce(SigningKeyRow.signs_from, now), retired_at=now)
        .returning(SigningKeyRow.key_id)
    )
    secrets = await session.execute(
        update(SecretRow)
        .where(or_(SecretRow.expires_at.is_(None), SecretRow.expires_at > now))
        .values(expires_at=now)
        .returning(SecretRow.secret_id)
    )
    ended_keys, ended_secrets = len(keys.all()), len(secrets.all())
    await insert_audit_row(
        session, at=now, actor=actor, act="pepper.replaced", subject=client_id, secrets=ended_secrets
    )
    secret_id = await _let_in(session, pepper, client_id=client_id, grant=grant, actor=actor, now=now)
    return RecoveredAccess(client_id, pepper.derive_secret(client_id, secret_id), ended_keys, ended_secrets)


async def _let_in(
    session: AsyncSession, pepper: Pepper, *, client_id: str, grant: Grant, actor: str, now: datetime
) -> UUID:
    client = await find_client(session, client_id, for_update=True)
    if client is None:
        _, secret_id = await create_client(
            session,
            pepper,
            client_id=client_id,
            description="administrator after a lost pepper",
            grant=grant,
            actor=actor,
            now=now,
        )
        return secret_id
    if ADMINISTRATOR not in client.scopes:
        raise RecoveryRefusedError(f"{client_id} is no administrator; name another client")
    return await rotate_secret(session, pepper, client, overlap=AT_ONCE, actor=actor, now=now)
