"""The merged document in the codings that clients accept, each made once: it is large, and changes only with a deployment."""

import asyncio
import gzip
from collections.abc import Callable, Mapping
from typing import Any

import brotli
import orjson
import zstandard

from shared.kit.etags import make_weak_etag
from shared.kit.representations import parse_accept

CODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda content: zstandard.ZstdCompressor(level=12).compress(content),
    "br": lambda content: bytes(brotli.compress(content, quality=9)),
    "gzip": lambda content: gzip.compress(content, compresslevel=9, mtime=0),
}
"""The coders in the order of preference; each takes less than a second."""


class EncodedDocument:
    """A JSON document with its tag, and its content in each coding that a client requested."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.content = orjson.dumps(document)
        self.tag = make_weak_etag(self.content)
        self._encoded: dict[str, bytes] = {}
        self._lock = asyncio.Lock()

    async def encode(self, coding: str | None) -> bytes:
        """Return the content in a coding; without one as it is."""
        if coding is None:
            return self.content
        async with self._lock:
            if coding not in self._encoded:
                self._encoded[coding] = await asyncio.to_thread(CODERS[coding], self.content)
        return self._encoded[coding]


def choose_coding(accepted: str) -> str | None:
    """Return the coding that an Accept-Encoding field allows; None where it allows none."""
    allowed = {entry.media_type for entry in parse_accept(accepted) if entry.quality > 0}
    return next((coding for coding in CODERS if coding in allowed), None)
