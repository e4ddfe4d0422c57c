"""What people do with clients: register one, give it another secret, shut it out."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.rules import ClientDisabled, ClientExists, Grant, UnknownClient
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, live_secrets, note
from gateway.models import ClientRow, SecretRow


async def create_client(
    session: AsyncSession,
    pepper: Pepper,
    *,
    client_id: str,
    description: str,
    grant: Grant,
    actor: str,
    now: datetime,
) -> tuple[ClientRow, UUID]:
    """Register a client with its first secret; gives the id of the secret."""
    client = await session.scalar(
        insert(ClientRow)
        .values(
            client_id=client_id,
            description=description,
            scopes=list(grant.scopes),
            programs=list(grant.programs),
            units=list(grant.units),
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(ClientRow)
    )
    if client is None:
        raise ClientExists(client_id)
    secret_id = await _give_secret(session, pepper, client_id, now)
    await note(
        session,
        at=now,
        actor=actor,
        act="client.created",
        subject=client_id,
        secret_id=str(secret_id),
        scopes=client.scopes,
        programs=client.programs,
        units=client.units,
    )
    return client, secret_id


async def rotate_secret(
    session: AsyncSession, pepper: Pepper, *, client_id: str, overlap: timedelta, actor: str, now: datetime
) -> tuple[ClientRow, UUID]:
    """Give a client a new secret; those before it end after the overlap."""
    client = await _locked_client(session, client_id)
    if client.disabled_at is not None:
        raise ClientDisabled(client_id)
    for secret in await live_secrets(session, client_id, now):
        if secret.expires_at is None or secret.expires_at > now + overlap:
            secret.expires_at = now + overlap
    secret_id = await _give_secret(session, pepper, client_id, now)
    await note(
        session,
        at=now,
        actor=actor,
        act="client.secret_rotated",
        subject=client_id,
        secret_id=str(secret_id),
        overlap_seconds=int(overlap.total_seconds()),
    )
    return client, secret_id


async def disable_client(session: AsyncSession, *, client_id: str, actor: str, now: datetime) -> ClientRow:
    """Shut a client out: it gets no token any more; those it has run out within their ten minutes."""
    client = await _locked_client(session, client_id)
    if client.disabled_at is None:
        client.disabled_at = now
        await note(session, at=now, actor=actor, act="client.disabled", subject=client_id)
    return client


async def _locked_client(session: AsyncSession, client_id: str) -> ClientRow:
    client = await find_client(session, client_id, locked=True)
    if client is None:
        raise UnknownClient(client_id)
    return client


async def _give_secret(session: AsyncSession, pepper: Pepper, client_id: str, now: datetime) -> UUID:
    secret_id = uuid4()
    fingerprint = pepper.fingerprint(pepper.secret(client_id, secret_id))
    session.add(SecretRow(secret_id=secret_id, client_id=client_id, secret_hmac=fingerprint, created_at=now))
    await session.flush()
    return secret_id
