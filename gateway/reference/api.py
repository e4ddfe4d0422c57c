"""Routes of the reference: `/openapi.json` and `/docs`."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import fastapi_offline
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from gateway.reference.collection import MergedReference
from gateway.reference.encoding import choose_coding
from shared.kit.resources import resource
from shared.kit.routes import OperationRoute
from shared.roles import PublicReader

ASSETS = Path(fastapi_offline.__file__).parent / "static"
PAGE = Path(__file__).parent / "page"
Asset = Literal["swagger-ui-bundle.js", "swagger-ui.css", "favicon.png", "reference.js"]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads nothing from another host, and runs no script but the two files of its own."""

router = APIRouter(tags=["reference"], route_class=OperationRoute)


@router.get("/openapi.json", include_in_schema=False, response_class=JSONResponse)
async def read_openapi(
    *,
    request: Request,
    _: PublicReader,
    reference: Annotated[MergedReference, Depends(resource(MergedReference))],
) -> Response:
    """Read the OpenAPI document of all services."""
    document = await reference.encoded(await asyncio.to_thread(request.app.openapi))
    coding = choose_coding(",".join(request.headers.getlist("accept-encoding")))
    headers = {"ETag": document.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if coding is not None:
        headers["Content-Encoding"] = coding
    return Response(await document.encode(coding), media_type="application/json", headers=headers)


@router.get("/docs", include_in_schema=False, response_class=HTMLResponse)
async def read_docs(_: PublicReader) -> FileResponse:
    """Read and try the API in Swagger UI, from local files."""
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}
    return FileResponse(PAGE / "index.html", headers=headers)


@router.get("/docs/{asset}", include_in_schema=False)
async def read_asset(*, _: PublicReader, asset: Asset) -> FileResponse:
    """Serve a file of the reference page."""
    folder, caching = (PAGE, "no-cache") if asset == "reference.js" else (ASSETS, "public, max-age=86400")
    return FileResponse(folder / asset, headers={"Cache-Control": caching})
