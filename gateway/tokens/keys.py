"""The signing keys: one signs, one stands by, and those that have signed are published until their tokens ran out.

They rest in the gateway's database, so that its replicas sign with the same key, sealed (JWE, AES-256-GCM) under the
pepper, so that the database alone is worth nothing. The standby is published from its first day: when it takes over,
every service that has fetched the keys since knows it already, and no token is refused for an unknown key.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OctKey
from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.secrets import Pepper
from gateway.clients.store import insert_audit_row
from gateway.models import SigningKeyRow
from shared.kit.clock import Clock
from shared.kit.database import Database
from shared.kit.identity import IssuerKeys

ALGORITHM = "ES256"
SEAL = {"alg": "dir", "enc": "A256GCM"}
REREAD_AFTER_S = 30.0
"""How soon a rotation by another process is noticed."""

KEPT_AFTER_RETIREMENT = timedelta(hours=2)
"""Longer than the longest token (one hour) and the clocks' leeway."""

RING_LOCK = 0x4E5450
"""Advisory lock key: one process at a time makes or rotates keys."""


class WrongPepperError(RuntimeError):
    """The signing keys were sealed under another pepper."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys of one moment."""

    signing: ECKey
    published: KeySet


class KeyRing:
    """Gives the keys of the moment; makes the first two, and lets the standby take over when its time has come."""

    def __init__(self, database: Database, pepper: Pepper, clock: Clock, *, key_days: int) -> None:
        self._database = database
        self._seal_with = OctKey.import_key(pepper.sealing_key)
        self._clock = clock
        self._signs_for = timedelta(days=key_days)
        self._lock = asyncio.Lock()
        self._ring: SigningKeys | None = None
        self._read_at = float("-inf")

    async def current(self) -> SigningKeys:
        """Give the keys, read anew now and then."""
        if self._ring is None or time.monotonic() - self._read_at > REREAD_AFTER_S:
            async with self._lock:
                if self._ring is None or time.monotonic() - self._read_at > REREAD_AFTER_S:
                    await self._read()
        assert self._ring is not None
        return self._ring

    async def _read(self) -> None:
        self._read_at = time.monotonic()
        try:
            async with self._database.reading() as session:
                rows = await _published(session, self._clock())
            if _rotation_due(rows, self._clock() - self._signs_for):
                await self.rotate(actor="gateway", only_if_due=True)
            else:
                self._ring = self._open(rows)
        except WrongPepperError:
            raise
        except Exception:
            if (
                self._ring is None
            ):  # with keys in hand, a database that is away is no reason to stop verifying
                raise

    async def rotate(self, *, actor: str, only_if_due: bool = False) -> None:
        """Let the standby sign and put another one beside it; on an empty database, make both."""
        async with self._database.writing() as session:
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=RING_LOCK))
            now = self._clock()
            rows = await _published(session, now)
            if not only_if_due or _rotation_due(rows, now - self._signs_for):
                for row in rows:
                    if row.retired_at is None and row.signs_from is not None:
                        row.retired_at = now
                standby = next((row for row in rows if row.signs_from is None), None)
                standby = standby or await self._make(session, actor, now)
                standby.signs_from = now
                await self._make(session, actor, now)
                await insert_audit_row(
                    session, at=now, actor=actor, act="signing_key.took_over", subject=standby.key_id
                )
                rows = await _published(session, now)
            self._ring = self._open(rows)
            self._read_at = time.monotonic()

    async def _make(self, session: AsyncSession, actor: str, now: datetime) -> SigningKeyRow:
        key = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        row = SigningKeyRow(
            key_id=key.kid,
            public=key.as_dict(private=False),
            sealed=jwe.encrypt_compact(SEAL, json.dumps(key.as_dict(private=True)), self._seal_with),
            created_at=now,
        )
        session.add(row)
        await session.flush()
        await insert_audit_row(session, at=now, actor=actor, act="signing_key.made", subject=row.key_id)
        return row

    def _open(self, rows: Sequence[SigningKeyRow]) -> SigningKeys:
        signing = next(row for row in rows if row.signs_from is not None and row.retired_at is None)
        try:
            opened = jwe.decrypt_compact(signing.sealed, self._seal_with)
        except JoseError as error:
            raise WrongPepperError(
                "NTP_CLIENT_SECRET_PEPPER is not the one that sealed the signing keys in the database"
            ) from error
        private = ECKey.import_key(json.loads(opened.plaintext or b""))
        return SigningKeys(private, KeySet.import_key_set({"keys": [row.public for row in rows]}))


class KeyRingKeys(IssuerKeys):
    """The gateway verifies tokens with its own ring, without asking itself over HTTP."""

    def __init__(self, ring: KeyRing) -> None:
        super().__init__(url="")
        self._own = ring

    async def holding(self, key_id: str | None) -> KeySet:  # noqa: ARG002 (a key that is not in the ring is nobody's)
        """Give the published keys."""
        return (await self._own.current()).published


async def _published(session: AsyncSession, now: datetime) -> list[SigningKeyRow]:
    """The keys that a verifier may still meet, the oldest first."""
    query = select(SigningKeyRow).where(
        or_(SigningKeyRow.retired_at.is_(None), SigningKeyRow.retired_at > now - KEPT_AFTER_RETIREMENT)
    )
    return list(await session.scalars(query.order_by(SigningKeyRow.created_at, SigningKeyRow.key_id)))


def _rotation_due(rows: Sequence[SigningKeyRow], before: datetime) -> bool:
    signing = [row for row in rows if row.signs_from is not None and row.retired_at is None]
    return not signing or any(row.signs_from is not None and row.signs_from < before for row in signing)
