"""An issuer of tokens for the tests: its own key, the kit's own verification."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from shared.kit.identity import Identity
from shared.kit.issuer_keys import TrustedKeys
from shared.kit.resources import get_resources

ISSUER = "http://127.0.0.1:8000"
AUDIENCE = "ntp"
FOR_EVER_SECONDS = 2**40


class FixedKeys:
    """Keys that are read from nowhere; a test may add to what was revoked."""

    def __init__(self, keys: KeySet) -> None:
        self.trusted = TrustedKeys(keys)

    async def find_keys(self, key_id: str | None) -> TrustedKeys:
        return self.trusted


class Issuer:
    """Signs tokens that `trust` makes an app accept."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(4), "alg": "ES256"}, private=True)
        self.keys = KeySet([self._key])

    def token(
        self,
        client_id: str = "district-610",
        scopes: Iterable[str] = ("report",),
        programs: Iterable[str] = ("rural", "poverty", "ethnic", "oversight"),
        units: Iterable[str] = ("610",),
        *,
        lives: timedelta = timedelta(minutes=10),
        **claims: object,
    ) -> str:
        """Sign a token in the shape of RFC 9068."""
        now = datetime.now(UTC)
        registered = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": client_id,
            "client_id": client_id,
            "iat": int(now.timestamp()),
            "exp": int((now + lives).timestamp()),
            "jti": secrets.token_hex(8),
            "scope": " ".join(scopes),
            "programs": list(programs),
            "units": list(units),
        }
        header = {"alg": "ES256", "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, {**registered, **claims}, self._key)

    @property
    def authorization(self) -> dict[str, str]:
        """The header field with a token."""
        return {"Authorization": f"Bearer {self.token()}"}

    def trust(self, app: FastAPI) -> FastAPI:
        """Let an app verify this issuer's tokens without asking anyone for keys, however long they are valid.

        So one token does for a clock that a test sets.
        """
        identity = get_resources(app).get(Identity)
        identity.keys, identity.max_token_seconds = FixedKeys(self.keys), FOR_EVER_SECONDS
        return app
