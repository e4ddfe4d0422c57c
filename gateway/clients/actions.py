"""What people do with clients: register one, give it another secret, shut it out; and what settings ask for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.rules import ClientDisabled, ClientExists, Grant, UnknownClient
from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, find_live_secrets, insert_audit_row
from gateway.models import ClientRow, SecretRow

SETTINGS = "settings"
"""Who did it where nobody asked: the installation's own settings."""


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
    client = await _register(session, client_id, description, grant, now)
    if client is None:
        raise ClientExists(client_id)
    secret_id = await _give_secret(session, pepper, client_id, now)
    await _note_created(session, client, secret_id, actor)
    return client, secret_id


async def ensure_service_client(
    session: AsyncSession,
    pepper: Pepper,
    *,
    service: str,
    secret: str,
    programs: Sequence[str],
    now: datetime,
) -> None:
    """Have the client that one of our own services reads its neighbours as, with the secret that both were told.

    Any number of gateways may do so at once. Raises `ClientDisabled` where an administrator shut it out, `ClientExists`
    where the name is another's.
    """
    client_id, grant = f"service-{service}", Grant(("read",), tuple(programs), ())
    made = await _register(session, client_id, f"{service}: own client", grant, now)
    client = made or await _locked_client(session, client_id)
    if client.disabled_at is not None:
        raise ClientDisabled(client_id)
    if (client.scopes, client.programs, client.units) != (["read"], list(programs), []):
        raise ClientExists(client_id)
    live = await find_live_secrets(session, client_id, now)
    if any(pepper.recognises(secret, each.secret_hmac) for each in live):
        return
    for each in live:
        each.expires_at = now
    secret_id = await _keep_secret(session, client_id, uuid4(), pepper.fingerprint(secret), now)
    if made:
        await _note_created(session, client, secret_id, SETTINGS)
    else:
        await _note_rotated(session, client_id, secret_id, timedelta(0), SETTINGS, now)


async def rotate_secret(
    session: AsyncSession, pepper: Pepper, *, client_id: str, overlap: timedelta, actor: str, now: datetime
) -> tuple[ClientRow, UUID]:
    """Give a client a new secret; those before it end after the overlap."""
    client = await _locked_client(session, client_id)
    if client.disabled_at is not None:
        raise ClientDisabled(client_id)
    for secret in await find_live_secrets(session, client_id, now):
        if secret.expires_at is None or secret.expires_at > now + overlap:
            secret.expires_at = now + overlap
    secret_id = await _give_secret(session, pepper, client_id, now)
    await _note_rotated(session, client_id, secret_id, overlap, actor, now)
    return client, secret_id


async def disable_client(session: AsyncSession, *, client_id: str, actor: str, now: datetime) -> ClientRow:
    """Shut a client out: it gets no token any more; those it has run out within their ten minutes."""
    client = await _locked_client(session, client_id)
    if client.disabled_at is None:
        client.disabled_at = now
        await insert_audit_row(session, at=now, actor=actor, act="client.disabled", subject=client_id)
    return client


async def _register(
    session: AsyncSession, client_id: str, description: str, grant: Grant, now: datetime
) -> ClientRow | None:
    """Add a client; None where the name is taken."""
    client: ClientRow | None = await session.scalar(
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
    return client


async def _note_created(session: AsyncSession, client: ClientRow, secret_id: UUID, actor: str) -> None:
    await insert_audit_row(
        session,
        at=client.created_at,
        actor=actor,
        act="client.created",
        subject=client.client_id,
        secret_id=str(secret_id),
        scopes=client.scopes,
        programs=client.programs,
        units=client.units,
    )


async def _note_rotated(
    session: AsyncSession, client_id: str, secret_id: UUID, overlap: timedelta, actor: str, now: datetime
) -> None:
    await insert_audit_row(
        session,
        at=now,
        actor=actor,
        act="client.secret_rotated",
        subject=client_id,
        secret_id=str(secret_id),
        overlap_seconds=int(overlap.total_seconds()),
    )


async def _locked_client(session: AsyncSession, client_id: str) -> ClientRow:
    client = await find_client(session, client_id, locked=True)
    if client is None:
        raise UnknownClient(client_id)
    return client


async def _give_secret(session: AsyncSession, pepper: Pepper, client_id: str, now: datetime) -> UUID:
    secret_id = uuid4()
    fingerprint = pepper.fingerprint(pepper.secret(client_id, secret_id))
    return await _keep_secret(session, client_id, secret_id, fingerprint, now)


async def _keep_secret(
    session: AsyncSession, client_id: str, secret_id: UUID, fingerprint: bytes, now: datetime
) -> UUID:
    session.add(SecretRow(secret_id=secret_id, client_id=client_id, secret_hmac=fingerprint, created_at=now))
    await session.flush()
    return secret_id
