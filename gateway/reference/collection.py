"""Fetch the OpenAPI documents of the services and merge them; the snapshot stands for a service that is stopped, or still making its own."""

import asyncio
import json
import time
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import structlog

from gateway.composition.parts import FETCH_ERRORS
from gateway.reference.encoding import EncodedDocument
from gateway.reference.merging import collect_faults, collect_problems, merge_documents
from gateway.upstreams import Upstreams

CONTRACTS = Path(__file__).parent.parent / "contracts"
CACHED_FOR_S = 30.0
"""A service's document changes only when the service is deployed anew."""

FETCH_WITHIN_S = 0.5
"""A service takes longer when it makes its document first; the snapshot, which differs between versions only, stands for it then."""

log = structlog.get_logger()


class MergedReference:
    """The merged OpenAPI document of all services, cached for a short time."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._fetched: dict[str, Mapping[str, Any]] = {}
        self._merged: dict[str, Any] | None = None
        self._encoded: EncodedDocument | None = None
        self._problems: dict[str, Any] = {}
        self._faults: dict[str, list[dict[str, str]]] = {}
        self._merged_at = float("-inf")
        self._lock = asyncio.Lock()

    async def document(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return the document of all services; the gateway's own comes first."""
        async with self._lock:
            if self._merged is None or time.monotonic() - self._merged_at > CACHED_FOR_S:
                names = list(self._upstreams.names)
                documents = await asyncio.gather(*(self._fetch(name) for name in names))
                services = {
                    name: document for name, document in zip(names, documents, strict=True) if document
                }
                self._merged, self._merged_at = merge_documents(own, services), time.monotonic()
                self._problems = collect_problems({"gateway": own, **services})
                self._faults = collect_faults((own, *services.values()))
            return self._merged

    async def encoded(self, own: Mapping[str, Any]) -> EncodedDocument:
        """Return the document of all services with its codings; the same ones while its content is the same."""
        latest = EncodedDocument(await self.document(own))
        if self._encoded is None or self._encoded.tag != latest.tag:
            self._encoded = latest
        return self._encoded

    async def problems(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the services and the gateway say of their problems, by code."""
        await self.document(own)
        return self._problems

    async def faults(self, own: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Return the sentences of every fault of the services and the gateway, by code."""
        await self.document(own)
        return self._faults

    async def _fetch(self, name: str) -> Mapping[str, Any] | None:
        try:
            status, _, document = await self._upstreams.get_json(
                name, "/openapi.json", headers={}, within_s=FETCH_WITHIN_S
            )
        except FETCH_ERRORS as error:
            log.info("document not fetched", upstream=name, reason=repr(error))
        else:
            if status == HTTPStatus.OK and document and "paths" in document:
                self._fetched[name] = document
        return self._fetched.get(name) or load_snapshot(name)


@cache
def load_snapshot(name: str) -> Mapping[str, Any] | None:
    """Return the committed document of a service; None where there is none."""
    path = CONTRACTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
