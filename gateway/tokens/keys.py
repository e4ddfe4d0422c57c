"""The signing keys: one signs, one is the standby, and retired ones are published until their tokens have expired.

They are stored in the database of the gateway, so that its replicas sign with the same key, encrypted (JWE,
AES-256-GCM) under the pepper. The standby is published from its first day. When it takes over, every service that
has fetched the key set since knows it already, and no token is refused for an unknown key.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey
from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.secrets import Pepper
from gateway.clients.store import insert_audit_row
from gateway.models import SigningKeyRow
from gateway.tokens.revocations import select_revoked
from shared.kit.clock import Clock
from shared.kit.database import Database
from shared.kit.issuer_keys import TrustedKeys
from shared.kit.refreshed_value import RefreshedValue
from shared.kit.schema_revisions import NotStartedError

ALGORITHM = "ES256"
ENCRYPTION_HEADER = {"alg": "dir", "enc": "A256GCM"}
REREAD_AFTER_S = 1.0
"""Seconds after which the keys are read again beside a request: what another process rotated or revoked is seen soon after."""
REREAD_WAIT_AFTER_S = 2.0
"""Seconds after which a request waits for the reading."""

PUBLISHED_AFTER_RETIREMENT = timedelta(hours=2)
"""Longer than the longest token (one hour) and the clocks' leeway."""

KEY_ROTATION_LOCK = 0x4E5450
"""Key of the advisory lock: one process at a time creates or rotates keys."""


class WrongPepperError(NotStartedError):
    """The signing keys were encrypted under another pepper."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The private key that signs now, the public keys, and the ids of what was revoked."""

    signing: ECKey
    trusted: TrustedKeys

    @property
    def published(self) -> KeySet:
        """The public keys."""
        return self.trusted.keys


class KeyRing:
    """Load the signing keys; create the first two, and rotate to the standby when its time has come."""

    def __init__(self, database: Database, pepper: Pepper, clock: Clock, *, key_days: int) -> None:
        self._database = database
        self._encryption_key = OctKey.import_key(pepper.sealing_key)
        self._opening_keys = [OctKey.import_key(key) for key in pepper.opening_keys]
        self._clock = clock
        self._signs_for = timedelta(days=key_days)
        self._current = RefreshedValue(
            self._read, refresh_after_s=REREAD_AFTER_S, wait_after_s=REREAD_WAIT_AFTER_S
        )
        self._last: SigningKeys | None = None

    async def current(self) -> SigningKeys:
        """Return the current keys; raises what stops the start where there never were any."""
        return await self._current.get()

    def expire(self) -> None:
        """Let the next request read the keys again: this process has revoked something."""
        self._current.expire()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Let readings beside the requests end before the database is closed."""
        yield
        await self._current.close()

    async def _read(self) -> SigningKeys:
        now = self._clock()
        async with self._database.reading() as session:
            rows = await _select_published(session, now)
            revoked = await select_revoked(session, now)
        if _rotation_due(rows, now - self._signs_for):
            rows = await self._rotate("gateway", only_if_due=True, revoke=False)
        return self._decrypt(rows, revoked)

    async def rotate(self, *, actor: str, revoke: bool = False) -> SigningKeys:
        """Sign with the standby from now on and create a new standby; `revoke`: the key that signed is trusted no longer."""
        await self._rotate(actor, only_if_due=False, revoke=revoke)
        self.expire()
        return await self.current()

    async def _rotate(self, actor: str, *, only_if_due: bool, revoke: bool) -> list[SigningKeyRow]:
        """Rotate under a lock, and return the published keys; on an empty database, create both."""
        async with self._database.writing() as session:
            await session.execute(
                text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=KEY_ROTATION_LOCK)
            )
            now = self._clock()
            rows = await _select_published(session, now)
            if only_if_due and not _rotation_due(rows, now - self._signs_for):
                return rows
            for row in rows:
                if row.retired_at is None and row.signs_from is not None:
                    row.retired_at = now
                if revoke and row.signs_from is not None:
                    row.revoked_at = now
                    await insert_audit_row(
                        session, at=now, actor=actor, act="signing_key.revoked", subject=row.key_id
                    )
            standby = next((row for row in rows if row.signs_from is None), None)
            standby = standby or await self._create(session, actor, now)
            standby.signs_from = now
            await self._create(session, actor, now)
            await insert_audit_row(
                session, at=now, actor=actor, act="signing_key.took_over", subject=standby.key_id
            )
            return await _select_published(session, now)

    async def _create(self, session: AsyncSession, actor: str, now: datetime) -> SigningKeyRow:
        key = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        row = SigningKeyRow(
            key_id=key.kid,
            public=key.as_dict(private=False),
            sealed=jwe.encrypt_compact(
                ENCRYPTION_HEADER, json.dumps(key.as_dict(private=True)), self._encryption_key
            ),
            created_at=now,
        )
        session.add(row)
        await session.flush()
        await insert_audit_row(session, at=now, actor=actor, act="signing_key.made", subject=row.key_id)
        return row

    def _decrypt(self, rows: Sequence[SigningKeyRow], revoked: frozenset[str]) -> SigningKeys:
        signing = next(row for row in rows if row.signs_from is not None and row.retired_at is None)
        last = self._last
        if last is not None and [key.kid for key in last.published.keys] == [row.key_id for row in rows]:
            self._last = replace(last, trusted=replace(last.trusted, revoked=revoked))
            return self._last
        private = ECKey.import_key(json.loads(self._open(signing.sealed)))
        published = KeySet.import_key_set({"keys": [row.public for row in rows]})
        self._last = SigningKeys(private, TrustedKeys(published, revoked))
        return self._last

    def _open(self, sealed: str) -> bytes:
        """Return a private key. Raise `WrongPepperError` where no pepper opens it."""
        for key in self._opening_keys:
            try:
                return jwe.decrypt_compact(sealed, key).plaintext or b""
            except JoseError:
                continue
        raise WrongPepperError(
            "the pepper (NTP_CLIENT_SECRET_PEPPER, or secrets.json) is not the one that encrypted the signing keys in the "
            "database; bring back the secrets of this installation, or make new ones with `python -m services recover-secrets` "
            "(in a container: `python -m gateway recover`)"
        )


class KeyRingKeys:
    """The public keys of the gateway's own key ring, without a request over HTTP."""

    def __init__(self, ring: KeyRing) -> None:
        self._key_ring = ring

    async def find_keys(self, key_id: str | None) -> TrustedKeys:  # noqa: ARG002 (there are no other keys)
        """Return the published keys, and what was revoked."""
        return (await self._key_ring.current()).trusted


async def _select_published(session: AsyncSession, now: datetime) -> list[SigningKeyRow]:
    """Return the keys whose tokens may still be valid, the oldest first; a revoked key is none of them."""
    query = select(SigningKeyRow).where(
        SigningKeyRow.revoked_at.is_(None),
        or_(SigningKeyRow.retired_at.is_(None), SigningKeyRow.retired_at > now - PUBLISHED_AFTER_RETIREMENT),
    )
    return list(await session.scalars(query.order_by(SigningKeyRow.created_at, SigningKeyRow.key_id)))


def _rotation_due(rows: Sequence[SigningKeyRow], before: datetime) -> bool:
    signing = [row for row in rows if row.signs_from is not None and row.retired_at is None]
    return not signing or any(row.signs_from is not None and row.signs_from < before for row in signing)
