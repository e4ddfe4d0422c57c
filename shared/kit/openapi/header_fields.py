"""Header fields in the OpenAPI document: those of requests as parameters, those of responses as headers."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new key for each new request, such as a UUID. A repeat with the same key and content takes effect once "
    "and gets the first answer again; with another content it is refused. A refused request uses up no key.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 202, "pattern": '^"?[!#-~]{1,200}"?$'},
    "example": "0199f3b6-7c1e-7d3a-9a50-3f1f6f0f2d11",
}
IF_NONE_MATCH: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the answer that the client has: 304 without a body where it is still the same.",
    "schema": {"type": "string"},
}

HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {
        "description": "Tag of this content, for If-None-Match or If-Match",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "Address of what was created",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Link": {
        "description": 'The page that follows (`rel="next"`); absent on the last one',
        "schema": {"type": "string"},
    },
    "Idempotent-Replay": {
        "description": "`true` where this answer was given before to the same Idempotency-Key",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "NTP-Change": {
        "description": "Place of the write in the change feed of its service, or of a later change: `rural=157`; a reader "
        "without a token sends it back as NTP-After",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds after which to send the same request again",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Age": {
        "description": "Seconds since the oldest part of this answer was known to be current",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Status-Parts": {
        "description": "State and age of each part (RFC 9651): `rural=fresh;age=0, poverty=stale;age=42`",
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate (RFC 6750)",
        "schema": {"type": "string"},
    },
    "X-Request-Id": {
        "description": "Id of the request in the logs; the client's own where it sent one",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "Requests left in the present window (`r`), and its seconds left (`t`)",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "Requests of a window (`q`), and its seconds (`w`)",
        "schema": {"type": "string"},
    },
}

HEADERS_OF_STATUS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
    HTTPStatus.GATEWAY_TIMEOUT: ("Retry-After",),
}
"""The fields that refusals of a status carry."""

NOT_MODIFIED = {
    "description": "The client has this content already",
    "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
}


def refer_to_header(name: str) -> dict[str, str]:
    """Return the reference to a header field of a response."""
    return {"$ref": f"#/components/headers/{name}"}


def add_headers(response: dict[str, Any], names: Iterable[str]) -> None:
    """Declare header fields of a response."""
    response.setdefault("headers", {}).update({name: refer_to_header(name) for name in sorted(names)})
