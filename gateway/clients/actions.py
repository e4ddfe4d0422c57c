"""Use cases of clients: create, rotate the secret, disable and enable; and the service clients of the settings."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.administration import (
    Administrator,
    ClientOutside,
    GrantOutside,
    find_outside_faults,
)
from gateway.clients.rules import (
    ClientDisabled,
    ClientExists,
    Grant,
    UnknownClient,
    find_confirmation_faults,
    find_confirmed_unit,
)
from gateway.clients.schemas import GrantConfirmationIn
from gateway.clients.secrets import Pepper
from gateway.clients.store import (
    OPERATOR,
    SETTINGS,
    find_actor,
    find_client,
    find_live_secrets,
    has_administrator_of_all,
    insert_audit_row,
    insert_unit_grants,
)
from gateway.models import ClientRow, SecretRow
from gateway.tokens.revocations import LONGEST_TOKEN, insert_revocation
from shared.kit.identity import Caller, make_revoked_refusal
from shared.kit.partial_body import PartialBody
from shared.kit.problems import Fault, raise_if_any
from shared.periods import local_day
from shared.territory.rights import from_grant, to_grant
from shared.territory.tree import Territory


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
    """Create a client with its first secret; return the client and the id of the secret. Raises `ClientExists`.

    The first administrator that the operator creates holds all, as does one for which the operator names nothing.
    """
    by_operator = actor == OPERATOR and "admin" in grant.scopes
    holds_all = by_operator and (
        not (grant.units or grant.programs) or not await has_administrator_of_all(session)
    )
    client = await _insert_client(session, client_id, description, grant, now, holds_all=holds_all)
    if client is None:
        raise ClientExists(client_id)
    await insert_unit_grants(session, client, grant.units, actor=actor, now=now)
    secret_id = await _create_secret(session, pepper, client_id, now)
    await _audit_created(session, client, secret_id, actor)
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
    """Create the client `service-<name>` by which a service reads other services, with the secret of the settings.

    Any number of gateways may do so at once. Raises `ClientDisabled` where an administrator disabled it, `ClientExists`
    where a client of that name has another grant.
    """
    client_id, grant = f"service-{service}", Grant(("read",), tuple(programs), ())
    created = await _insert_client(session, client_id, f"{service}: own client", grant, now)
    client = created or await lock_client(session, client_id)
    if client.disabled_at is not None:
        raise ClientDisabled(client_id)
    if (client.scopes, client.programs, client.units) != (["read"], list(programs), []):
        raise ClientExists(client_id)
    live_secrets = await find_live_secrets(session, client_id, now)
    if any(pepper.matches(secret, live_secret.secret_hmac) for live_secret in live_secrets):
        return
    for live_secret in live_secrets:
        live_secret.expires_at = now
    secret_id = await _insert_secret(session, client_id, uuid4(), pepper.fingerprint(secret), now)
    if created:
        await _audit_created(session, client, secret_id, SETTINGS)
    else:
        await _audit_rotated(session, client_id, secret_id, timedelta(0), SETTINGS, now)


async def find_administrator(session: AsyncSession, caller: Caller) -> Administrator:
    """Return what the caller may grant. Raises `Unauthenticated` where it was disabled since its token was verified.

    Its row stays locked until the end, so that an act and the disabling of its actor come one after the other. The client of
    another issuer has no row: it grants what its token has.
    """
    actor = await find_actor(session, caller.client_id)
    if actor is None:
        return Administrator(caller.programs, caller.units)
    if actor.disabled_at is not None:
        raise make_revoked_refusal()
    return Administrator(caller.programs, caller.units, actor.holds_all)


def require_inside(territory: Territory, administrator: Administrator, grant: Grant, now: datetime) -> None:
    """Raise `GrantOutside` where a grant is wider than that of the administrator."""
    faults = tuple(find_outside_faults(territory, administrator, grant, local_day(now)))
    if faults:
        raise GrantOutside(faults=faults)


def require_client_inside(
    territory: Territory, administrator: Administrator, client: ClientRow, now: datetime
) -> None:
    """Raise `ClientOutside` where a client has more than the administrator: its secret would give that away."""
    units = tuple(to_grant(row.unit, row.valid_from) for row in client.unit_grants)
    grant = Grant(tuple(client.scopes), tuple(client.programs), units)
    if administrator.holds_all:
        return
    if client.holds_all or any(find_outside_faults(territory, administrator, grant, local_day(now))):
        raise ClientOutside(client.client_id)


async def lock_client(session: AsyncSession, client_id: str) -> ClientRow:
    """Lock a client and return it. Raises `UnknownClient`."""
    client = await find_client(session, client_id, for_update=True)
    if client is None:
        raise UnknownClient(client_id)
    return client


async def rotate_secret(
    session: AsyncSession, pepper: Pepper, client: ClientRow, *, overlap: timedelta, actor: str, now: datetime
) -> UUID:
    """Create a new secret of a client; the ones before it expire after the overlap. Raises `ClientDisabled`."""
    if client.disabled_at is not None:
        raise ClientDisabled(client.client_id)
    for secret in await find_live_secrets(session, client.client_id, now):
        if secret.expires_at is None or secret.expires_at > now + overlap:
            secret.expires_at = now + overlap
    secret_id = await _create_secret(session, pepper, client.client_id, now)
    await _audit_rotated(session, client.client_id, secret_id, overlap, actor, now)
    return secret_id


async def disable_client(session: AsyncSession, client: ClientRow, *, actor: str, now: datetime) -> None:
    """Disable a client: it gets no further token, and the tokens that it holds are revoked."""
    if client.disabled_at is None:
        client.disabled_at = now
        await insert_revocation(session, str(client.grant_id), now=now, until=now + LONGEST_TOKEN)
        await insert_audit_row(session, at=now, actor=actor, act="client.disabled", subject=client.client_id)


async def enable_client(session: AsyncSession, client: ClientRow, *, actor: str, now: datetime) -> None:
    """Enable a disabled client: its secrets are accepted again, and the tokens of before stay revoked."""
    if client.disabled_at is not None:
        client.disabled_at = None
        client.grant_id = uuid4()
        await session.flush()
        await insert_audit_row(session, at=now, actor=actor, act="client.enabled", subject=client.client_id)


async def confirm_successors(
    session: AsyncSession,
    territory: Territory,
    administrator: Administrator,
    client: ClientRow,
    *,
    draft: PartialBody[GrantConfirmationIn],
    actor: str,
    now: datetime,
) -> None:
    """Grant a client successors of an ended unit. Raises every fault of the body, `ClientDisabled`, `GrantOutside`."""
    body, today, faults = draft.body, local_day(now), list(draft.faults)
    if client.disabled_at is not None:
        raise ClientDisabled(client.client_id)
    grants = {to_grant(row.unit, row.valid_from) for row in client.unit_grants}
    if "unit" not in draft.unread:
        unit = find_confirmed_unit(territory, body.unit, grants)
        if isinstance(unit, Fault):
            faults.append(unit)
        elif "successors" not in draft.unread:
            faults += find_confirmation_faults(territory, unit, body.successors, today)
    raise_if_any(faults)
    new = [to_grant(*territory.unit(code, today).key) for code in dict.fromkeys(body.successors)]
    added = [grant for grant in new if grant not in grants]
    require_inside(territory, administrator, Grant((), (), tuple(new)), now)
    await insert_unit_grants(session, client, added, actor=actor, now=now)
    if added:
        await insert_audit_row(
            session,
            at=now,
            actor=actor,
            act="client.grant_confirmed",
            subject=client.client_id,
            units=added,
        )


async def _insert_client(
    session: AsyncSession,
    client_id: str,
    description: str,
    grant: Grant,
    now: datetime,
    *,
    holds_all: bool = False,
) -> ClientRow | None:
    """Insert a client; return None where the name is taken."""
    client: ClientRow | None = await session.scalar(
        insert(ClientRow)
        .values(
            client_id=client_id,
            description=description,
            scopes=list(grant.scopes),
            programs=list(grant.programs),
            units=list(dict.fromkeys(from_grant(unit)[0] for unit in grant.units)),
            created_at=now,
            holds_all=holds_all,
        )
        .on_conflict_do_nothing()
        .returning(ClientRow)
    )
    return client


async def _audit_created(session: AsyncSession, client: ClientRow, secret_id: UUID, actor: str) -> None:
    await insert_audit_row(
        session,
        at=client.created_at,
        actor=actor,
        act="client.created",
        subject=client.client_id,
        secret_id=str(secret_id),
        scopes=client.scopes,
        programs=client.programs,
        units=[to_grant(row.unit, row.valid_from) for row in client.unit_grants],
    )


async def _audit_rotated(
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


async def _create_secret(session: AsyncSession, pepper: Pepper, client_id: str, now: datetime) -> UUID:
    secret_id = uuid4()
    fingerprint = pepper.fingerprint(pepper.derive_secret(client_id, secret_id))
    return await _insert_secret(session, client_id, secret_id, fingerprint, now)


async def _insert_secret(
    session: AsyncSession, client_id: str, secret_id: UUID, fingerprint: bytes, now: datetime
) -> UUID:
    session.add(SecretRow(secret_id=secret_id, client_id=client_id, secret_hmac=fingerprint, created_at=now))
    await session.flush()
    return secret_id
