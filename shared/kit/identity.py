"""Who is calling, proved by a signed token, and what that lets them do, as a type on the route.

Every service verifies tokens itself. Keys are fetched when first needed, kept in memory and on disk, and fetched
again at most once a minute for an unknown key id: a gateway that is down makes nobody unready, and a service that
cannot get the key it needs answers 503 `keys_unavailable`, never 401.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import structlog
from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import ClaimError, DecodeError, ExpiredTokenError, JoseError
from joserfc.jwk import KeySet
from joserfc.util import json_b64decode

from shared.kit.problems import Forbidden, Sentence, Unauthenticated, Unavailable

log = structlog.get_logger()

ALGORITHMS = ["ES256", "EdDSA", "RS256"]
"""An allow-list: ES256 is what the gateway signs with, the others are what a provincial Keycloak may."""

CLOCK_LEEWAY_S = 30
REFETCH_AFTER_S = 60.0
RETRY_AFTER_FAILURE_S = 1.0
REMEMBERED_TOKENS = 4096
INSIDERS = ("read", "review", "target", "register", "funding", "admin")
"""Scopes that see what is not public; `report` alone sees its own reports, and what is public."""

SCOPES = ("report", "review", "target", "register", "funding", "read", "admin")


TOKEN_REQUIRED = Sentence("hãy gửi Authorization: Bearer <mã>", "send Authorization: Bearer <token>")
NO_JWT = Sentence("mã không phải là JWT có chữ ký", "the token is no signed JWT")
NO_CLIENT = Sentence("mã không nêu tên ứng dụng", "the token names no client")
EXPIRED = Sentence("mã đã hết hạn", "the token is expired")
UNPROVED = Sentence("chữ ký của mã không kiểm chứng được", "the token's signature cannot be verified")
WRONG_CLAIM = Sentence(
    "nội dung “{claim}” của mã không được chấp nhận", "the token's claim “{claim}” is not accepted"
)
SCOPE_NEEDED = Sentence("cần quyền {scopes}", "scope {scopes} is needed")
PROGRAM_NOT_SERVED = Sentence(
    "ứng dụng không phục vụ chương trình {program}", "the client does not serve the program {program}"
)


class KeysUnavailable(Unavailable):
    """The key that signed the token has never been seen and cannot be fetched."""

    code = "keys_unavailable"
    detail = Sentence(
        "Chưa lấy được khóa xác thực của hệ thống cấp mã; hãy thử lại sau.",
        "The issuer's keys cannot be fetched yet; try again shortly.",
    )

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A client and what it was granted. `units` are roots: each grants its whole subtree of the day."""

    client_id: str
    scopes: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()

    @property
    def anonymous(self) -> bool:
        """Whether nobody proved who they are."""
        return not self.client_id


ANONYMOUS = Caller("")


def caller_from_claims(claims: dict[str, Any]) -> Caller:
    """Read a caller from a token's claims: ours, or those of a Keycloak (`azp`)."""

    def words(name: str) -> frozenset[str]:
        value = claims.get(name) or []
        return frozenset(value.split() if isinstance(value, str) else map(str, value))

    client_id = claims.get("client_id") or claims.get("azp") or claims.get("sub") or ""
    return Caller(str(client_id), words("scope"), words("programs"), words("units"))


class IssuerKeys:
    """The issuer's public keys, fetched lazily and kept on disk for the next start."""

    def __init__(self, url: str, kept_at: Path | None = None, known: KeySet | None = None) -> None:
        self._url = url
        self._kept_at = kept_at
        self._known = known or self._from_disk()
        self._tried_at = float("-inf")
        self._failed = False
        self._lock = asyncio.Lock()

    def _from_disk(self) -> KeySet | None:
        try:
            return _key_set(json.loads(self._kept_at.read_text())) if self._kept_at else None
        except (OSError, ValueError, JoseError):
            return None

    async def holding(self, key_id: str | None) -> KeySet:
        """Give the keys, fetched anew when none of them has this id and the last try is old enough."""
        if not self._holds(key_id):
            async with self._lock:
                wait = RETRY_AFTER_FAILURE_S if self._failed else REFETCH_AFTER_S
                if not self._holds(key_id) and time.monotonic() - self._tried_at >= wait:
                    await self._fetch()
        if self._known is None or (self._failed and not self._holds(key_id)):
            raise KeysUnavailable
        return self._known

    def _holds(self, key_id: str | None) -> bool:
        return self._known is not None and (
            key_id is None or any(key.kid == key_id for key in self._known.keys)
        )

    async def _fetch(self) -> None:
        self._tried_at = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=2.0) as client:
                answer = await client.get(self._url)
            document = answer.raise_for_status().json()
            self._known = _key_set(document)
        except (httpx.HTTPError, ValueError, JoseError):
            self._failed = True
            return
        self._failed = False
        if self._kept_at:
            try:
                self._kept_at.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                fresh = self._kept_at.with_suffix(".new")
                fresh.write_text(json.dumps(document))
                fresh.replace(self._kept_at)
            except OSError as error:
                log.warning("the issuer's keys could not be kept", reason=str(error))


def _key_set(document: Any) -> KeySet:
    try:
        return KeySet.import_key_set(document)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("no set of keys") from error


@dataclass
class Identity:
    """Verifies tokens of one issuer for one service."""

    keys: IssuerKeys
    issuer: str
    audience: str
    clock: Callable[[], datetime]
    program: str | None = None
    public_reads: bool = True
    _remembered: dict[str, tuple[float, Caller]] = field(default_factory=dict)

    async def verify(self, token: str) -> Caller:
        """Prove a token; raises `Unauthenticated` or `KeysUnavailable`."""
        now = self.clock().timestamp()
        known = self._remembered.get(token)
        if known and now < known[0]:
            return known[1]
        try:
            key_id = _key_id(token)
            decoded = jwt.decode(token, await self.keys.holding(key_id), algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                now=int(now),
                leeway=CLOCK_LEEWAY_S,
                iss={"essential": True, "value": self.issuer},
                aud={"essential": True, "value": self.audience},
                exp={"essential": True},
            ).validate(decoded.claims)
        except JoseError as error:
            raise _unauthenticated(_reason(error)) from error
        except ValueError as error:
            raise _unauthenticated(NO_JWT) from error
        caller = caller_from_claims(decoded.claims)
        if caller.anonymous:
            raise _unauthenticated(NO_CLIENT)
        if len(self._remembered) >= REMEMBERED_TOKENS:
            self._remembered.clear()
        self._remembered[token] = (float(decoded.claims["exp"]), caller)
        return caller


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


async def identify(request: Request, *, required: bool = True) -> Caller:
    """Tell who sent this request; anonymous is refused unless `required` is false."""
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if token and kind.lower() == "bearer":
            identity: Identity = request.app.state.identity
            known = await identity.verify(token.strip())
        else:
            known = ANONYMOUS
        request.state.caller = known
    if required and known.anonymous:
        raise Unauthenticated(reason=TOKEN_REQUIRED, headers={"WWW-Authenticate": "Bearer"})
    return known


def scope_needed(*scopes: str) -> Forbidden:
    """Make the refusal of a caller that has none of these scopes."""
    any_of = Sentence(" hoặc ".join(scopes), " or ".join(scopes))
    return Forbidden(reason=SCOPE_NEEDED.filled(scopes=any_of), scopes=list(scopes))


@dataclass(frozen=True)
class Requires:
    """The guard of a route: one of the scopes, and the service's program where it serves one."""

    scopes: tuple[str, ...]

    async def __call__(self, request: Request) -> Caller:
        """Let the caller in, or refuse."""
        caller = await identify(request)
        if not caller.scopes.intersection(self.scopes):
            raise scope_needed(*self.scopes)
        program = request.app.state.identity.program
        if program is not None and program not in caller.programs:
            raise Forbidden(reason=PROGRAM_NOT_SERVED.filled(program=program), program=program)
        return caller


async def _public(request: Request) -> Caller:
    identity: Identity = request.app.state.identity
    caller = await identify(request, required=not identity.public_reads)
    if not identity.public_reads and not caller.scopes:
        raise scope_needed("read")
    return caller


async def _open(_: Request) -> None:
    return None


GUARDS: tuple[Any, ...]
"""What a test accepts as the guard of a route."""

_report = Requires(("report",))
_review = Requires(("review",))
_target = Requires(("target",))
_register = Requires(("register",))
_funding = Requires(("funding",))
_read = Requires(SCOPES)
_insider = Requires(INSIDERS)
_admin = Requires(("admin",))
_withdraw = Requires(("report", "review"))

Reporter = Annotated[Caller, Depends(_report)]
"""May submit and withdraw reports for its units."""
Reviewer = Annotated[Caller, Depends(_review)]
"""May accept and return reports."""
Withdrawer = Annotated[Caller, Depends(_withdraw)]
"""May take back its own pending report, or an accepted one as a reviewer."""
Planner = Annotated[Caller, Depends(_target)]
"""May set targets."""
Registrar = Annotated[Caller, Depends(_register)]
"""May keep registers: recognitions, products, classifications."""
FinanceOfficer = Annotated[Caller, Depends(_funding)]
"""May write the ledger."""
Reader = Annotated[Caller, Depends(_read)]
"""Any client with a scope here; sees what is not public."""
Insider = Annotated[Caller, Depends(_insider)]
"""A client that sees what is not public: unreviewed figures, the change feed."""
Administrator = Annotated[Caller, Depends(_admin)]
"""May manage clients."""
PublicReader = Annotated[Caller, Depends(_public)]
"""Anyone, unless the installation closes public reads; then any client."""
Anyone = Annotated[None, Depends(_open)]
"""Truly open: health, keys, the API's own description."""

GUARDS = (_report, _review, _target, _register, _funding, _read, _insider, _admin, _withdraw, _public, _open)
