"""An application started in the process of the test, with a client of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI


class ApplicationClient(httpx.AsyncClient):
    """A client of an application in this process."""

    app: FastAPI


@asynccontextmanager
async def open_client(
    app: FastAPI, *, raises: bool = True, base_url: str = "http://test", **options: Any
) -> AsyncIterator[ApplicationClient]:
    """Start an application and yield a client of it; `raises`: what the application raises reaches the test."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=raises)
    async with (
        app.router.lifespan_context(app),
        ApplicationClient(transport=transport, base_url=base_url, **options) as client,
    ):
        client.app = app
        yield client
