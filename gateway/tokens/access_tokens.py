"""Authenticate clients (OAuth 2.0 client credentials, RFC 6749 4.4) and sign access tokens (JWT, RFC 9068).

Problem
└── OAuthProblem             400  with RFC 6749's `error` and `error_description` beside our own members
    ├── InvalidClient        401  invalid_client: the id or the secret is wrong, or the client is disabled
    ├── InvalidRequest       400  invalid_request
    ├── UnsupportedGrantType 400  unsupported_grant_type
    ├── UnauthorizedClient   400  unauthorized_client: the token that it revokes is another client's
    └── InvalidScope         400  invalid_scope: wider than what was granted
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.clients.secrets import Pepper
from gateway.clients.store import find_client, find_live_secrets
from gateway.models import ClientRow
from gateway.tokens.keys import ALGORITHM
from shared.kit.problems import Problem, Sentence
from shared.roles import SCOPES
from shared.territory.rights import to_grant

UNKNOWN_CLIENT_FINGERPRINT = bytes(32)
"""A fingerprint that no secret has, so that an unknown client costs the same comparison as a known one."""


BASIC_REQUIRED = Sentence(
    "hãy gửi mã và mật khẩu của ứng dụng bằng HTTP Basic", "send the client's id and secret as HTTP Basic"
)
WRONG_CREDENTIALS = Sentence("hãy kiểm tra mã và mật khẩu", "check the id and the secret")
NO_SCOPE_NAMED = Sentence("không nêu phạm vi nào", "no scope was named")
FORM_REQUIRED = Sentence(
    "hãy gửi application/x-www-form-urlencoded", "send application/x-www-form-urlencoded"
)
REPEATED = Sentence("có tham số bị lặp lại", "a parameter is repeated")
TOKEN_MISSING = Sentence("thiếu token", "token is missing")
TOKEN_OF_ANOTHER = Sentence(
    "chỉ ứng dụng được cấp mới thu hồi được", "only the client that it was issued to may revoke it"
)
TOO_MANY_FIELDS = Sentence("quá nhiều tham số", "too many parameters")
GRANT_TYPE_MISSING = Sentence("thiếu grant_type", "grant_type is missing")


class OAuthProblem(Problem):
    """The token endpoint refuses the request."""

    status = 400
    error = "invalid_request"
    title = Sentence("Không cấp mã truy cập", "No token")
    media_type = "application/json"  # RFC 6749, 5.2

    def __init__(self, reason: Sentence) -> None:
        headers = {"Cache-Control": "no-store"}
        if self.status == InvalidClient.status:
            headers["WWW-Authenticate"] = 'Basic realm="ntp", charset="UTF-8"'
        super().__init__(error=self.error, error_description=reason.en, reason=reason, headers=headers)


class InvalidRequest(OAuthProblem):
    """A parameter is missing or repeated."""

    code = "invalid_request"
    detail = Sentence("Yêu cầu cấp mã không hợp lệ: {reason}.", "The token request is malformed: {reason}.")


class InvalidClient(OAuthProblem):
    """No client has this id and this secret; the response does not tell which of the two is wrong."""

    status = 401
    error = "invalid_client"
    code = "invalid_client"
    detail = Sentence("Sai mã ứng dụng hoặc mật khẩu: {reason}.", "Unknown client or wrong secret: {reason}.")


class UnsupportedGrantType(OAuthProblem):
    """Only client credentials are granted here."""

    error = "unsupported_grant_type"
    code = "unsupported_grant_type"
    detail = Sentence("Chỉ hỗ trợ client_credentials.", "Only client_credentials is granted here.")


class UnauthorizedClient(OAuthProblem):
    """The token is that of another client (RFC 7009, 2.1)."""

    error = "unauthorized_client"
    code = "unauthorized_client"
    title = Sentence("Không thu hồi mã truy cập", "Not revoked")
    detail = Sentence(
        "Mã này là của ứng dụng khác: {reason}.", "The token belongs to another client: {reason}."
    )


class InvalidScope(OAuthProblem):
    """The client asked for a scope that it was not granted."""

    error = "invalid_scope"
    code = "invalid_scope"
    detail = Sentence("Phạm vi không được cấp: {reason}.", "The scope was not granted: {reason}.")


@dataclass(frozen=True, slots=True)
class Credentials:
    """Client id and secret of HTTP Basic."""

    client_id: str
    secret: str


def parse_basic(authorization: str) -> Credentials:
    """Parse HTTP Basic by RFC 6749: both halves are form-encoded. Raises `InvalidClient`."""
    auth_scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    if auth_scheme.lower() != "basic" or not colon:
        raise InvalidClient(BASIC_REQUIRED)
    return Credentials(unquote_plus(client_id), unquote_plus(secret))


async def authenticate(
    session: AsyncSession, pepper: Pepper, credentials: Credentials, now: datetime
) -> ClientRow:
    """Return the client of an id and a secret, in the same time whether or not it exists. Raises `InvalidClient`."""
    client_id = credentials.client_id if credentials.client_id.isprintable() else ""
    client = await find_client(session, client_id)
    secrets = await find_live_secrets(session, client_id, now)
    fingerprints = [secret.secret_hmac for secret in secrets] or [UNKNOWN_CLIENT_FINGERPRINT]
    matches = [pepper.matches(credentials.secret, fingerprint) for fingerprint in fingerprints]
    if client is None or client.disabled_at is not None or not any(matches):
        raise InvalidClient(WRONG_CREDENTIALS)
    return client


def narrow_scopes(granted: Sequence[str], requested: str | None) -> list[str]:
    """Return the scopes of the token: the requested ones, or all that were granted. Raises `InvalidScope`.

    A request for every scope there is asks for all that were granted: tools that select all scopes send it (RFC 6749, 3.3).
    """
    if requested is None:
        return list(granted)
    requested_scopes = list(dict.fromkeys(requested.split()))
    if set(SCOPES) <= set(requested_scopes):
        return list(granted)
    missing = [scope for scope in requested_scopes if scope not in granted]
    if missing or not requested_scopes:
        missing_text = " ".join(missing)[:200]
        raise InvalidScope(Sentence(missing_text, missing_text) if missing_text else NO_SCOPE_NAMED)
    return requested_scopes


def sign_access_token(
    client: ClientRow,
    scopes: Sequence[str],
    key: ECKey,
    *,
    issuer: str,
    audience: str,
    now: datetime,
    seconds: int,
) -> str:
    """Return the signed token (compact JWT)."""
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer,
        "sub": client.client_id,
        "client_id": client.client_id,
        "aud": audience,
        "iat": issued_at,
        "exp": issued_at + seconds,
        "jti": uuid4().hex,
        "grant_id": str(client.grant_id),
        "scope": " ".join(scopes),
        "programs": client.programs,
        "units": list(dict.fromkeys(row.unit for row in client.unit_grants)),
        "unit_grants": [to_grant(row.unit, row.valid_from) for row in client.unit_grants],
    }
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def read_claims(token: str, keys: KeySet) -> dict[str, Any] | None:
    """Return the claims of a token that these keys signed; None for any other text."""
    try:
        claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError):
        return None
    return claims if claims.get("jti") else None
