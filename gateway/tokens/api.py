"""Routes of the token endpoint, the key set and the metadata of the issuer."""

from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.clients.secrets import Pepper
from gateway.limits import RateLimits
from gateway.settings import GatewaySettings
from gateway.tokens import access_tokens
from gateway.tokens.keys import KeyRing
from shared.kit.database import Database
from shared.kit.etags import apply_if_none_match
from shared.kit.identity import Anyone
from shared.kit.problems import Sentence
from shared.kit.representations import negotiate
from shared.kit.resources import CurrentResources
from shared.kit.routes import OperationRoute
from shared.roles import SCOPES

GRANT_TYPE = "client_credentials"
TOKEN_TYPE: Literal["Bearer"] = "Bearer"  # noqa: S105 (a kind, not a password)
KEY_SET_CONTENT: dict[str, Any] = {
    media_type: {"schema": {"type": "object"}}
    for media_type in ("application/jwk-set+json", "application/json")
}
"""The content of the key set in the contract, by the media types that a client may ask for; the first is that of RFC 7517."""

JWKS_SECONDS = 300
"""Seconds that a cache may keep the key set; the standby key is published months before it signs."""

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
    credentials = access_tokens.parse_basic(request.headers.get("authorization", ""))
    decision = await resources.get(RateLimits).token_request(request.scope, credentials.client_id)
    decision.raise_if_exceeded()
    form = await _form(request)
    pepper = resources.get(Pepper)
    async with resources.get(Database).reading() as session:
        client = await access_tokens.authenticate(session, pepper, credentials, now)
    scopes = access_tokens.narrow_scopes(client.scopes, form.get("scope"))
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


async def _form(request: Request) -> dict[str, str]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise access_tokens.InvalidRequest(access_tokens.FORM_REQUIRED)
    pairs = parse_qsl((await request.body()).decode(errors="replace"))
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise access_tokens.InvalidRequest(access_tokens.REPEATED)
    if "grant_type" not in fields:
        raise access_tokens.InvalidRequest(access_tokens.GRANT_TYPE_MISSING)
    if fields["grant_type"] != GRANT_TYPE:
        grant_type = fields["grant_type"][:60]
        raise access_tokens.UnsupportedGrantType(Sentence(grant_type, grant_type))
    return fields


@router.get("/.well-known/jwks.json", responses={200: {"content": KEY_SET_CONTENT}})
async def read_keys(*, request: Request, _: Anyone, resources: CurrentResources) -> Response:
    """Publish the public keys (RFC 7517): the signing key, the standby, and keys whose tokens may still be valid."""
    published = (await resources.get(KeyRing).current()).published.as_dict(private=False)
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
        "scopes_supported": list(SCOPES),
        "service_documentation": f"{origin}/docs",
    }
    return apply_if_none_match(request, Response(orjson.dumps(metadata), media_type="application/json"))
