"""Routes of the page: `/` (HTML for browsers, JSON for programs), its files, and its service worker."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from gateway.boundaries import BoundaryFiles
from gateway.page.files import CONTENT_SECURITY_POLICY, PageFile, PageFiles, load_page_files
from shared.kit.etags import matches_if_none_match
from shared.kit.identity import Anyone
from shared.kit.problems import NotFound
from shared.kit.representations import JSON, negotiate, parse_accept
from shared.kit.resources import Resources, resource
from shared.kit.routes import OperationRoute

SAFETY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
REVALIDATED = "no-cache"
UNCHANGING = "public, max-age=31536000, immutable"
"""For a file whose name changes with its content."""

ENTRY_POINTS = {
    "page": "/",
    "status": "/v1/status?period=2023",
    "periods": "/v1/periods",
    "reference": "/docs",
    "problems": "/problems",
    "openapi": "/openapi.json",
    "tokens": "/oauth/token",
    "health": "/readyz",
}

HTML = "text/html"

CurrentFiles = Annotated[PageFiles, Depends(resource(PageFiles))]
AssetName = Annotated[str, Path(max_length=80, pattern=r"^[a-z_]+\.[0-9a-f]+\.[a-z]+$")]


class PageRoute(OperationRoute):
    """The route of the page: its query belongs to the script of the page, so only the JSON refuses parameters."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which sees no query where the client gets HTML."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if not _prefers_json(request):
                request = Request({**request.scope, "query_string": b""}, request.receive)
            return await handler(request)

        return handle


page_router = APIRouter(route_class=PageRoute)
router = APIRouter(tags=["page"], route_class=OperationRoute)


@page_router.get("/", include_in_schema=False)
async def read_page(*, request: Request, _: Anyone, files: CurrentFiles) -> Response:
    """Read the page as HTML, or the entry points as JSON where the client does not ask for HTML."""
    if _prefers_json(request):
        return JSONResponse(ENTRY_POINTS, headers={"Vary": "Accept"})
    return _answer_file(request, files.index, REVALIDATED, "Accept, Accept-Encoding", **SAFETY_HEADERS)


@router.get("/worker.js", include_in_schema=False)
async def read_worker(*, request: Request, _: Anyone, files: CurrentFiles) -> Response:
    """Read the service worker, whose address decides which paths it may serve."""
    return _answer_file(request, files.worker, REVALIDATED, "Accept-Encoding", **SAFETY_HEADERS)


@router.get("/page/{name}", include_in_schema=False)
async def read_page_file(*, request: Request, _: Anyone, files: CurrentFiles, name: AssetName) -> Response:
    """Read a file of the page; its name has a hash of its content."""
    file = files.assets.get(name)
    if file is None:
        raise NotFound
    return _answer_file(request, file, UNCHANGING, "Accept-Encoding")


router.include_router(page_router)


async def name_outlines(resources: Resources) -> None:
    """Write into the page the days from which the installation has outlines; a start step, after they are read."""
    if days := [file.on for file in resources.get(BoundaryFiles).files]:
        resources.put(load_page_files(outlines=days))


def _prefers_json(request: Request) -> bool:
    """Whether the client prefers JSON to HTML; raise `NotAcceptable` where it takes neither."""
    accepted = ",".join(request.headers.getlist("accept"))
    return negotiate(accepted, (JSON, HTML)).media_type == JSON


def _answer_file(request: Request, file: PageFile, caching: str, vary: str, **headers: str) -> Response:
    """Return a file in the coding that the client prefers, or 304 where it has it already."""
    coding = _choose_coding(request, file)
    tag = f'"{file.etag}-{coding}"' if coding else f'"{file.etag}"'
    headers = {"ETag": tag, "Cache-Control": caching, "Vary": vary, **headers}
    if matches_if_none_match(request, tag):
        return Response(status_code=304, headers=headers)
    if coding is None:
        return Response(file.content, media_type=file.media_type, headers=headers)
    headers["Content-Encoding"] = coding
    return Response(file.encoded[coding], media_type=file.media_type, headers=headers)


def _choose_coding(request: Request, file: PageFile) -> str | None:
    accepted = parse_accept(",".join(request.headers.getlist("accept-encoding")))
    allowed = {entry.media_type for entry in accepted if entry.quality > 0}
    return next((coding for coding in file.encoded if coding in allowed), None)
