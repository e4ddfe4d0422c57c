"""Conditional reads: a weak ETag of the content, and 304 when the client has it already."""

import hashlib
import re
from http import HTTPStatus

from fastapi import Request, Response

ENTITY_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""A tag of RFC 9110, 8.8.3; between the quotes it may hold commas."""

OF_CONTENT = "content-"
"""The header fields that begin so describe the content, and 304 has none."""


def make_weak_etag(content: bytes) -> str:
    """Return the weak ETag of a content; equal contents have equal tags."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def matches_if_none_match(request: Request, tag: str) -> bool:
    """Whether If-None-Match names the tag (weak comparison, RFC 9110)."""
    field_value = ",".join(request.headers.getlist("if-none-match"))
    return field_value.strip() == "*" or tag.removeprefix("W/") in ENTITY_TAG.findall(field_value)


def apply_if_none_match(request: Request, response: Response) -> Response:
    """Add an ETag to a successful read that has none, and return 304 where the client has this content."""
    if response.status_code != HTTPStatus.OK or not getattr(response, "body", b""):
        return response
    tag = response.headers.get("etag") or make_weak_etag(bytes(response.body))
    response.headers["etag"] = tag
    response.headers.setdefault("cache-control", "no-cache")
    if not matches_if_none_match(request, tag):
        return response
    headers = {name: value for name, value in response.headers.items() if not name.startswith(OF_CONTENT)}
    return Response(status_code=304, headers=headers)
