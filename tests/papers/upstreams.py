"""What stands behind the gateway's address for papers in process."""

import httpx
from fastapi import FastAPI


class PathTransport(httpx.AsyncBaseTransport):
    """Applications by the second part of the path; the one of the name `gateway` for all others."""

    def __init__(self, **apps: FastAPI) -> None:
        self.apps = apps

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        app = self.apps.get(request.url.path.split("/")[2], self.apps.get("gateway"))
        if app is None:
            raise httpx.ConnectError("no application stands here", request=request)
        return await httpx.ASGITransport(app=app).handle_async_request(request)
