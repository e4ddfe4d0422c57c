"""Routes of the token endpoint, the key set and the metadata of the issuer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.clients.secrets import Pepper
from gateway.limits import RateLimitDecision, RateLimits
from gateway.models import ClientRow
from gateway.settings import GatewaySettings
from gateway.tokens import access_tokens
from gateway.tokens.keys import KeyRing
from gateway.tokens.revocations import LONGEST_TOKEN, insert_revocation
from shared.kit.database import Database
from shared.kit.etags import apply_if_none_match
from shared.kit.identity import Anyone
from shared.kit.problems import Sentence
from shared.kit.representations import negotiate
from shared.kit.resources import CurrentResources, Resources
from shared.kit.routes import OperationRoute
from shared.roles import SCOPES

GRANT_TYPE = "client_credentials"
TOKEN_TYPE: Literal["Bearer"] = "Bearer"  # noqa: S105 (a kind, not a password)
KEY_SET_CONTENT: dict[str, Any] = {
    media_type: {"schema": {"type": "object"}}
    for media_type in ("application/jwk-set+json", "application/json")
}
"""The content of the key set in the contract, by the media types that a client may ask for; the first is that of RFC 7517."""

JWKS_SECONDS = 15
"""Seconds that a cache may keep the key set: within them every service drops a removed key and what was revoked."""

MAX_FIELDS = 20
"""Fields of a form; no request of OAuth needs more than four."""

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": [GRANT_TYPE]},
                        "scope": {
                            "type": "string",
                            "description": "scopes separated by spaces; all that were granted when left out",
                        },
                    },
                },
                "example": {"grant_type": GRANT_TYPE},
            }
        },
    },
    "security": [{"basic": []}],
}

REVOCATION_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["token"],
                    "properties": {
                        "token": {"type": "string", "description": "the access token"},
                        "token_type_hint": {"type": "string", "description": "not needed: there is one type"},
                    },
                },
                "example": {"token": "eyJhbGciOiJFUzI1NiIs…"},
            }
        },
    },
    "security": [{"basic": []}],
}

log = structlog.get_logger()
router = APIRouter(tags=["tokens"], route_class=OperationRoute)


class TokenOut(BaseModel):
    """An access token."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "access_token": "eyJhbGciOiJFUzI1NiIs…",
                "token_type": "Bearer",
                "expires_in": 600,
                "scope": "report",
            }
        }
    )

    access_token: str = Field(description="send it as `Authorization: Bearer …`; a JWT (RFC 9068)")
    token_type: Literal["Bearer"] = Field(description="how it is sent")
    expires_in: int = Field(description="seconds it is valid for")
    scope: str = Field(description="what it lets the client do, separated by spaces")


@router.post("/oauth/token", response_model=TokenOut, openapi_extra=FORM)
async def issue_token(*, request: Request, _: Anyone, resources: CurrentResources) -> Response:
    """Issue a token for the client's id and secret (HTTP Basic), valid for ten minutes. No Idempotency-Key is needed."""
    settings, now = resources.get(GatewaySettings), resources.clock()
    fields = await _read_form(request)
    client, decision = await _authenticate(request, resources, now)
    _require_grant_type(fields)
    scopes = access_tokens.narrow_scopes(client.scopes, fields.get("scope"))
    token = access_tokens.sign_access_token(
        client,
        scopes,
        (await resources.get(KeyRing).current()).signing,
        issuer=settings.issuer,
        audience=settings.audience,
        now=now,
        seconds=settings.token_seconds,
    )
    log.info("token issued", client_id=client.client_id, scope=" ".join(scopes))
    token_out = TokenOut(
        access_token=token,
        token_type=TOKEN_TYPE,
        expires_in=settings.token_seconds,
        scope=" ".join(scopes),
    )
    return Response(
        token_out.model_dump_json(),
        media_type="application/json",
        headers={"Cache-Control": "no-store", **decision.headers},
    )


@router.post("/oauth/revoke", response_class=Response, openapi_extra=REVOCATION_FORM)
async def revoke_token(*, request: Request, _: Anyone, resources: CurrentResources) -> Response:
    """Revoke a token of the client (RFC 7009): refused here at once, by each service within 15 seconds.

    The answer is 200 also where the token is none, or has ended. No Idempotency-Key is needed.
    """
    now = resources.clock()
    fields = await _read_form(request)
    client, decision = await _authenticate(request, resources, now)
    if not fields.get("token"):
        raise access_tokens.InvalidRequest(access_tokens.TOKEN_MISSING)
    ring = resources.get(KeyRing)
    claims = access_tokens.read_claims(fields["token"], (await ring.current()).published)
    if claims is not None:
        if claims.get("client_id") != client.client_id:
            raise access_tokens.UnauthorizedClient(access_tokens.TOKEN_OF_ANOTHER)
        async with resources.get(Database).writing() as session:
            await insert_revocation(session, str(claims["jti"]), now=now, until=now + LONGEST_TOKEN)
        ring.expire()
        log.info("token revoked", client_id=client.client_id)
    return Response(headers={"Cache-Control": "no-store", **decision.headers})


async def _authenticate(
    request: Request, resources: Resources, now: datetime
) -> tuple[ClientRow, RateLimitDecision]:
    """Return the client of the request, and the state of its limit. Failures have a limit of their own.

    So whoever guesses secrets behind the address of a client is refused, and the client is not.
    """
    limits = resources.get(RateLimits)
    credentials = access_tokens.parse_basic(request.headers.get("authorization", ""))
    try:
        async with resources.get(Database).reading() as session:
            client = await access_tokens.authenticate(session, resources.get(Pepper), credentials, now)
    except access_tokens.InvalidClient:
        (await limits.failed_token_request(request.scope, credentials.client_id)).raise_if_exceeded()
        raise
    decision = await limits.token_request(request.scope, client.client_id)
    decision.raise_if_exceeded()
    return client, decision


async def _read_form(request: Request) -> dict[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise access_tokens.InvalidRequest(access_tokens.FORM_REQUIRED)
    try:
        pairs = parse_qsl(
            (await request.body()).decode(errors="replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError as error:
        raise access_tokens.InvalidRequest(access_tokens.TOO_MANY_FIELDS) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise access_tokens.InvalidRequest(access_tokens.REPEATED)
    return fields


def _require_grant_type(fields: Mapping[str, str]) -> None:
    grant_type = fields.get("grant_type", "")
    if not grant_type:
        raise access_tokens.InvalidRequest(access_tokens.GRANT_TYPE_MISSING)
    if grant_type != GRANT_TYPE:
        raise access_tokens.UnsupportedGrantType(Sentence(grant_type[:60], grant_type[:60]))


@router.get("/.well-known/jwks.json", responses={200: {"content": KEY_SET_CONTENT}})
async def read_keys(*, request: Request, _: Anyone, resources: CurrentResources) -> Response:
    """Publish the public keys (RFC 7517): the signing key, the standby, and keys whose tokens may still be valid.

    `revoked` lists the ids of tokens (`jti`) and of clients' grants (`grant_id`) that are no longer accepted.
    """
    trusted = (await resources.get(KeyRing).current()).trusted
    published = {**trusted.keys.as_dict(private=False), "revoked": sorted(trusted.revoked)}
    media_range = negotiate(",".join(request.headers.getlist("accept")), tuple(KEY_SET_CONTENT))
    response = Response(orjson.dumps(published), media_type=media_range.media_type)
    response.headers["Cache-Control"] = f"public, max-age={JWKS_SECONDS}"
    return apply_if_none_match(request, response)


@router.get("/.well-known/oauth-authorization-server", response_class=JSONResponse)
async def read_authorization_server(*, request: Request, _: Anyone, resources: CurrentResources) -> Response:
    """Describe the issuer (RFC 8414)."""
    settings = resources.get(GatewaySettings)
    origin = settings.issuer.rstrip("/")
    metadata = {
        "issuer": settings.issuer,
        "token_endpoint": f"{origin}/oauth/token",
        "jwks_uri": f"{origin}/.well-known/jwks.json",
        "grant_types_supported": [GRANT_TYPE],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "revocation_endpoint": f"{origin}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic"],
        "scopes_supported": list(SCOPES),
        "service_documentation": f"{origin}/docs",
    }
    return apply_if_none_match(request, Response(orjson.dumps(metadata), media_type="application/json"))
