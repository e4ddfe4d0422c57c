"""The caller, proved by a signed token, and the guards that let a caller use a route.

Every service verifies tokens itself. Which scopes there are is the product's matter (`shared.roles`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import structlog
from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import ClaimError, DecodeError, ExpiredTokenError, JoseError
from joserfc.jwk import KeySet
from joserfc.util import json_b64decode

from shared.kit.issuer_keys import KeySource
from shared.kit.problems import Forbidden, Sentence, Unauthenticated
from shared.kit.resources import get_resources

ALGORITHMS = ["ES256", "EdDSA", "RS256"]
"""An allow-list: ES256 is what the gateway signs with, the others are what a provincial Keycloak may."""

CLOCK_LEEWAY_S = 30
MAX_VERIFIED_TOKENS = 4096
"""Verified tokens that are remembered; each is verified once instead of at every request."""

TOKEN_REQUIRED = Sentence("hãy gửi Authorization: Bearer <mã>", "send Authorization: Bearer <token>")
NO_JWT = Sentence("mã không phải là JWT có chữ ký", "the token is no signed JWT")
NO_CLIENT = Sentence("mã không nêu tên ứng dụng", "the token names no client")
EXPIRED = Sentence("mã đã hết hạn", "the token is expired")
REVOKED = Sentence("mã đã bị thu hồi", "the token was revoked")
LIVES_TOO_LONG = Sentence(
    "mã có hiệu lực dài hơn {limit_s} giây", "the token is valid for longer than {limit_s} seconds"
)
UNPROVED = Sentence("chữ ký của mã không kiểm chứng được", "the token's signature cannot be verified")
WRONG_CLAIM = Sentence(
    "nội dung “{claim}” của mã không được chấp nhận", "the token's claim “{claim}” is not accepted"
)
SCOPE_NEEDED = Sentence("cần quyền {scopes}", "scope {scopes} is needed")
PROGRAM_NOT_SERVED = Sentence(
    "ứng dụng không phục vụ chương trình {program}", "the client does not serve the program {program}"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A client and what it was granted. `units` are roots: each grants its whole subtree of the day.

    A root is a code, or a code with the first day of the unit that it names (claim `unit_grants`).
    """

    client_id: str
    scopes: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()

    @property
    def anonymous(self) -> bool:
        """Whether the request had no token."""
        return not self.client_id


ANONYMOUS = Caller("")


def caller_from_claims(claims: dict[str, Any]) -> Caller:
    """Return the caller that a token's claims name: ours, or those of a Keycloak (`azp`)."""

    def read_set(name: str) -> frozenset[str]:
        value = claims.get(name) or []
        return frozenset(value.split() if isinstance(value, str) else map(str, value))

    client_id = claims.get("client_id") or claims.get("azp") or claims.get("sub") or ""
    units = read_set("unit_grants") or read_set("units")
    return Caller(str(client_id), read_set("scope"), read_set("programs"), units)


class _VerifiedToken(NamedTuple):
    """A token that was verified: until when (Unix seconds), whose it is, and what may end it before."""

    expires_at: float
    caller: Caller
    keys: KeySet
    """The keys of that time: when one is added or removed, the token is verified again."""
    revocable_by: frozenset[str]
    """The ids under which the issuer revokes it: its own and that of the client's grant."""


@dataclass
class Identity:
    """Verifies tokens of one issuer for one service."""

    keys: KeySource
    issuer: str
    audience: str
    clock: Callable[[], datetime]
    program: str | None = None
    public_reads: bool = True
    max_token_seconds: int = 3600
    """How long a token may be valid: one that an issuer made for years could not be ended."""
    _verified: dict[str, _VerifiedToken] = field(default_factory=dict)

    async def verify(self, token: str) -> Caller:
        """Return the caller that a token proves; raises `Unauthenticated` or `KeysUnavailable`."""
        now = self.clock().timestamp()
        verified = self._verified.get(token)
        is_remembered = verified is not None and now < verified.expires_at
        try:
            trusted = await self.keys.find_keys(None if is_remembered else _key_id(token))
            if verified is None or not is_remembered or verified.keys is not trusted.keys:
                verified = self._decode(token, trusted.keys, now)
        except JoseError as error:
            raise _unauthenticated(_reason(error)) from error
        except ValueError as error:
            raise _unauthenticated(NO_JWT) from error
        if not trusted.revoked.isdisjoint(verified.revocable_by):
            raise make_revoked_refusal()
        return verified.caller

    async def require_unrevoked(self, token: str) -> None:
        """Raise `Unauthenticated` where a token that was verified before is revoked by now; whether it expired is not asked again."""
        verified = self._verified.get(token)
        if verified is None:
            await self.verify(token)
        elif not (await self.keys.find_keys(None)).revoked.isdisjoint(verified.revocable_by):
            raise make_revoked_refusal()

    def _decode(self, token: str, keys: KeySet, now: float) -> _VerifiedToken:
        """Verify a token and remember it. Raises `JoseError`, `ValueError` or `Unauthenticated`."""
        self._verified.pop(token, None)
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = decoded.claims
        jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=CLOCK_LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
            iat={"essential": True},
            exp={"essential": True},
        ).validate(claims)
        if claims["exp"] - claims["iat"] > self.max_token_seconds:
            raise _unauthenticated(LIVES_TOO_LONG.filled(limit_s=self.max_token_seconds))
        caller = caller_from_claims(claims)
        if caller.anonymous:
            raise _unauthenticated(NO_CLIENT)
        if len(self._verified) >= MAX_VERIFIED_TOKENS:
            self._verified.clear()
        revocable_by = frozenset(str(claims[name]) for name in ("jti", "grant_id") if claims.get(name))
        verified = _VerifiedToken(float(claims["exp"]), caller, keys, revocable_by)
        self._verified[token] = verified
        return verified


def _key_id(token: str) -> str | None:
    header = json_b64decode(token.split(".", 1)[0].encode())
    key_id = header.get("kid") if isinstance(header, dict) else None
    return key_id if isinstance(key_id, str) else None


def _reason(error: JoseError) -> Sentence:
    if isinstance(error, ExpiredTokenError):
        return EXPIRED
    if isinstance(error, ClaimError):
        return WRONG_CLAIM.filled(claim=error.claim)
    return NO_JWT if isinstance(error, DecodeError) else UNPROVED


def _unauthenticated(reason: Sentence) -> Unauthenticated:
    return Unauthenticated(reason=reason, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def make_revoked_refusal() -> Unauthenticated:
    """Return the refusal of a token that was revoked, or whose client was disabled."""
    return _unauthenticated(REVOKED)


def read_bearer_token(authorization: str) -> str:
    """Return the token of an Authorization field; empty where it holds none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def identify(request: Request, *, required: bool = True) -> Caller:
    """Return who sent this request; anonymous is refused unless `required` is false."""
    token = read_bearer_token(request.headers.get("authorization", ""))
    if token:
        caller = await get_resources(request.app).get(Identity).verify(token)
        structlog.contextvars.bind_contextvars(client=caller.client_id)
        return caller
    if required:
        raise Unauthenticated(reason=TOKEN_REQUIRED, headers={"WWW-Authenticate": "Bearer"})
    return ANONYMOUS


async def require_unrevoked(request: Request) -> None:
    """Raise `Unauthenticated` where the token of a request that was identified before is revoked by now."""
    token = read_bearer_token(request.headers.get("authorization", ""))
    if token:
        await get_resources(request.app).get(Identity).require_unrevoked(token)


def missing_scope(*scopes: str) -> Forbidden:
    """Return the refusal of a caller that has none of these scopes."""
    any_of = Sentence(" hoặc ".join(scopes), " or ".join(scopes))
    return Forbidden(reason=SCOPE_NEEDED.filled(scopes=any_of), scopes=list(scopes))


class Guard(ABC):
    """A dependency that lets a caller use a route, or refuses. Every route has exactly one."""

    @abstractmethod
    async def __call__(self, request: Request) -> Caller:
        """Return the caller; raises `Unauthenticated` or `Forbidden`."""


@dataclass(frozen=True)
class Requires(Guard):
    """Lets in a client with one of these scopes that serves the service's program, where it has one."""

    scopes: tuple[str, ...]

    async def __call__(self, request: Request) -> Caller:
        """Return the caller; raises `Unauthenticated` or `Forbidden`."""
        caller = await identify(request)
        if not caller.scopes.intersection(self.scopes):
            raise missing_scope(*self.scopes)
        program = get_resources(request.app).get(Identity).program
        if program is not None and program not in caller.programs:
            raise Forbidden(reason=PROGRAM_NOT_SERVED.filled(program=program), program=program)
        return caller


@dataclass(frozen=True)
class AllowsPublic(Guard):
    """Lets in anyone; where the installation closes public reads, only a client with some scope."""

    scope_when_closed: str
    """The scope that a refusal names."""

    async def __call__(self, request: Request) -> Caller:
        """Return the caller, who may be anonymous; raises `Unauthenticated` or `Forbidden`."""
        public_reads = get_resources(request.app).get(Identity).public_reads
        caller = await identify(request, required=not public_reads)
        if not public_reads and not caller.scopes:
            raise missing_scope(self.scope_when_closed)
        return caller


class AllowsAnyone(Guard):
    """Lets in everybody without a look at the token: health, keys, the description of the API."""

    async def __call__(self, request: Request) -> Caller:  # noqa: ARG002 (the signature of every guard)
        """Return the anonymous caller."""
        return ANONYMOUS


Anyone = Annotated[Caller, Depends(AllowsAnyone())]
"""The caller on a route that is open to everybody always."""
