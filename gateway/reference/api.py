"""Routes of the reference: `/openapi.json`, `/docs`, and the index `/`."""

from pathlib import Path
from typing import Annotated, Literal

import fastapi_offline
import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse

from gateway.reference.collection import MergedReference
from shared.kit.etags import apply_if_none_match
from shared.kit.resources import resource
from shared.kit.routes import OperationRoute
from shared.roles import Anyone

ASSETS = Path(fastapi_offline.__file__).parent / "static"
Asset = Literal["swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page loads nothing from another host; Swagger UI starts with an inline script."""

router = APIRouter(tags=["reference"], route_class=OperationRoute)


@router.get("/openapi.json", include_in_schema=False)
async def read_openapi(
    *, request: Request, _: Anyone, reference: Annotated[MergedReference, Depends(resource(MergedReference))]
) -> Response:
    """Read the OpenAPI document of all services."""
    document = await reference.document(request.app.openapi())
    return apply_if_none_match(request, Response(orjson.dumps(document), media_type="application/json"))


@router.get("/docs", include_in_schema=False)
async def read_docs(_: Anyone) -> HTMLResponse:
    """Read and try the API in Swagger UI, from local files."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="NTP: reference",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon.png",
        oauth2_redirect_url=None,
        swagger_ui_parameters={"validatorUrl": None, "docExpansion": "none", "deepLinking": True},
    )
    page.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return page


@router.get("/docs/{asset}", include_in_schema=False)
async def read_asset(*, _: Anyone, asset: Asset) -> FileResponse:
    """Serve a file of the reference page."""
    return FileResponse(ASSETS / asset, headers={"Cache-Control": "public, max-age=86400"})


@router.get("/", include_in_schema=False)
async def read_index(_: Anyone) -> dict[str, str]:
    """List the entry points."""
    return {
        "status": "/v1/status?period=2023",
        "reference": "/docs",
        "openapi": "/openapi.json",
        "tokens": "/oauth/token",
        "health": "/readyz",
    }
