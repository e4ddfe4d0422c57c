"""What a request consists of: its query as the service reads it, its body compressed, its key. No I/O."""

import gzip
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ntp_client.exact_json import write_json

COMPRESSED_FROM_BYTES = 512
"""A smaller body does not get smaller by compression."""


@dataclass(frozen=True)
class PreparedRequest:
    """A request that can be sent any number of times: it has the same key and the same bytes each time."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None

    @property
    def name(self) -> str:
        """The request as messages name it."""
        return f"{self.method} {self.path}"


def make_key(_path: str = "", _body: Any = None) -> str:
    """Return a new Idempotency-Key, whatever is sent."""
    return str(uuid.uuid4())


def make_content_key(path: str, body: Any) -> str:
    """Return a key that is the same for the same body: sending it again, even days later, does nothing twice."""
    content = json.dumps(body, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(f"{path}\n{content}".encode()).hexdigest()


def prepare_request(
    method: str,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> PreparedRequest:
    """Return a request; a POST without a key gets a new one."""
    fields = {} if body is None else {"Content-Type": "application/json"}
    content = None if body is None else write_json(body)
    return prepare_content(method, path, content, query=query, key=key, headers={**fields, **(headers or {})})


def prepare_content(
    method: str,
    path: str,
    content: bytes | None,
    *,
    query: Mapping[str, Any] | None = None,
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> PreparedRequest:
    """Return a request whose body is these bytes, compressed where that makes them smaller."""
    fields = dict(headers or {})
    if content is not None and len(content) >= COMPRESSED_FROM_BYTES and "Content-Encoding" not in fields:
        packed = gzip.compress(content, mtime=0)
        if len(packed) < len(content):
            content = packed
            fields["Content-Encoding"] = "gzip"
    if method == "POST":
        fields["Idempotency-Key"] = key or make_key()
    texts = {name: to_query_text(value) for name, value in (query or {}).items() if value is not None}
    return PreparedRequest(method, path, texts, fields, content)


def to_query_text(value: Any) -> str:
    """Return a parameter as the service reads it. Raises `ValueError` for an instant without an offset."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"{value} has no offset from UTC")
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
        case list() | tuple() | set() | frozenset():
            return ",".join(map(to_query_text, value))
        case _:
            return str(value)
