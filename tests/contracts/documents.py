"""The applications of the product and their OpenAPI documents.

`python -m tests.contracts` compares them with the committed snapshots, `--write` writes these anew. A change of a
snapshot is a change of the contract: its diff shows a reviewer what clients will see.
"""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from gateway.reference.collection import CONTRACTS

PROGRAMS = ("rural", "poverty", "ethnic")
APPLICATIONS = {
    **{name: f"services.{name}.app" for name in (*PROGRAMS, "funding", "oversight", "papers")},
    "gateway": "gateway.app",
}
"""The module of each application's factory, by name."""

ENVIRONMENT = {"NTP_DATABASE_URL": "postgresql+asyncpg://nobody@127.0.0.1:9/none"}
"""Enough to build a service; it is not started, so it connects to nothing."""

GATEWAY_ENVIRONMENT = {**ENVIRONMENT, "NTP_CLIENT_SECRET_PEPPER": "only for building the application"}


def build_app(name: str, **environment: str) -> FastAPI:
    """Return an application that is not started, built with these environment variables."""
    others = {variable: value for variable, value in os.environ.items() if not variable.startswith("NTP_")}
    required = GATEWAY_ENVIRONMENT if name == "gateway" else ENVIRONMENT
    with patch.dict(os.environ, {**others, **required, **environment}, clear=True):
        app: FastAPI = import_module(APPLICATIONS[name]).create_app()
    return app


def make_document(name: str) -> Mapping[str, Any]:
    """Return the OpenAPI document that an application makes of itself."""
    document: Mapping[str, Any] = json.loads(_write_document(name))
    return document


@cache
def _write_document(name: str) -> str:
    return json.dumps(build_app(name).openapi())


def format_document(document: Mapping[str, Any]) -> str:
    """Return a document as the text of its snapshot."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def load_document(name: str) -> Any:
    """Return the committed document, which a test of the contracts compares with the one that the application makes."""
    return json.loads(read_snapshot(name))


def read_snapshot(name: str) -> str:
    """Return the committed snapshot; empty when there is none."""
    path = CONTRACTS / f"{name}.json"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def iterate_routes(app: FastAPI) -> Iterator[RouteContext]:
    """Yield every route, those of included routers too."""
    yield from iter_route_contexts(app.routes)
