"""The limits that the product is compared with: bare FastAPI routes, and rows of a table by asyncpg and orjson by hand."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Response

DOCUMENTS = "NTP_BENCH_DOCUMENTS"
"""The folder of the documents, each in a file NAME.json."""
DATABASE_URL = "NTP_BENCH_DATABASE_URL"

OBSERVATIONS = """
    SELECT o.unit, o.indicator, o.period, o.value, o.status, o.nil, r.id::text AS report, r.unit AS reporting_unit, r.form,
           r.standard, r.received_at
    FROM poverty.observations o
    JOIN poverty.standings s ON s.report_id = o.report_id
    JOIN poverty.reports r ON r.id = o.report_id
    WHERE o.year = 2023 AND o.period = '2023' AND s.basis = 'accepted' AND s.until IS NULL
    ORDER BY r.received_at DESC, r.id DESC, o.ordinal
    LIMIT 50
"""


def create_app() -> FastAPI:
    """Answer documents from memory, or after one trivial statement, and fifty observations as they are in the table."""

    @asynccontextmanager
    async def open_pool(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(os.environ[DATABASE_URL], min_size=1, max_size=10) as app.state.pool:
            yield

    app = FastAPI(lifespan=open_pool)
    documents = {
        file.stem: json.loads(file.read_text()) for file in Path(os.environ[DOCUMENTS]).glob("*.json")
    }

    @app.get("/documents/{name}")
    async def read_document(name: str) -> Any:
        return documents[name]

    @app.get("/statement/{name}")
    async def read_after_statement(name: str) -> Any:
        await app.state.pool.fetchval("SELECT 1")
        return documents[name]

    @app.get("/observations")
    async def list_observations() -> Response:
        rows = [dict(row) for row in await app.state.pool.fetch(OBSERVATIONS)]
        return Response(orjson.dumps({"items": rows}, default=_to_number), media_type="application/json")

    return app


def _to_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
