"""An application started in the process of the test, with a client of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI

from tests.declared_answers import find_undeclared


class ApplicationClient(httpx.AsyncClient):
    """A client of an application in this process; an answer that its contract does not declare fails the test."""

    app: FastAPI

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request, and compare the answer with the contract."""
        response = await super().send(request, **options)
        if response.is_stream_consumed:
            undeclared = find_undeclared(self.app.title, request, response)
            if undeclared:
                raise AssertionError("; ".join(undeclared))
        return response


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
