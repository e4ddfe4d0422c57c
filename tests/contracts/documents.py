"""The applications of the product and the documents that they say of themselves.

`python -m tests.contracts` compares them with the committed snapshots, `--write` writes these anew. A change of a
snapshot is a change of the contract: whoever reviews it sees what clients will see.
"""

import json
import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from unittest.mock import patch

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from gateway.reference.collection import CONTRACTS

PROGRAMS = ("rural", "poverty", "ethnic")
APPLICATIONS = {
    **{name: f"services.{name}.app" for name in (*PROGRAMS, "funding")},
    "gateway": "gateway.app",
}
ENVIRONMENT = {
    "NTP_DATABASE_URL": "postgresql+asyncpg://nobody@127.0.0.1:9/none",
    "NTP_CLIENT_SECRET_PEPPER": "only for building the application",
}
"""Enough to build an application; nothing is connected to."""


def build(name: str, **environment: str) -> FastAPI:
    """Build an application without starting it, in this environment if any is given."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NTP_")}
    with patch.dict(os.environ, {**clean, **ENVIRONMENT, **environment}, clear=True):
        app: FastAPI = import_module(APPLICATIONS[name]).create_app()
    return app


def document_of(name: str) -> Mapping[str, Any]:
    """Give what an application says of itself."""
    return json.loads(json.dumps(build(name).openapi()))


def written(document: Mapping[str, Any]) -> str:
    """Give a document as its snapshot has it."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def snapshot_of(name: str) -> str:
    """Read the committed snapshot; empty when there is none."""
    path = CONTRACTS / f"{name}.json"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Go through every route, those of included routers too."""
    yield from iter_route_contexts(app.routes)


def present() -> list[str]:
    """Name the applications that are there."""
    return [name for name, module in APPLICATIONS.items() if find_spec(module) is not None]
