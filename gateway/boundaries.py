"""Outlines that the installation brings: read at the start, served as they are at `GET /v1/boundaries`."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response

from gateway.settings import GatewaySettings
from shared.kit.date_fields import IsoDate
from shared.kit.etags import apply_if_none_match
from shared.kit.problems import NotFound, Sentence
from shared.kit.resources import CurrentResources, Now, Resources
from shared.kit.routes import OperationRoute
from shared.periods import local_day
from shared.roles import PublicReader
from shared.territory.boundaries import Boundaries, BoundariesWrongError, read_boundaries
from shared.territory.current import CurrentTerritory
from shared.territory.tree import Territory

UNCHANGED_FOR_S = 7 * 24 * 3600
"""How long a client need not ask again; an installation gives changed outlines the day from which they hold."""

router = APIRouter(prefix="/v1", tags=["units"], route_class=OperationRoute)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class BoundaryFiles:
    """The outlines of this installation, the oldest first."""

    files: tuple[Boundaries, ...] = ()


class BoundariesNotFound(NotFound):
    """The installation has no outlines of that day."""

    code = "boundaries_not_found"
    title = Sentence("Không có ranh giới", "No outlines")
    detail = Sentence(
        "Hệ thống không có ranh giới cho ngày {on} (có: {days}); /v1/tiles?on={on} cho ô lục giác.",
        "The installation has no outlines of {on} (days: {days}); /v1/tiles?on={on} gives hexagons.",
    )


def parse_files(text: str) -> Iterator[tuple[date, Path]]:
    """Yield the day and the path of each file of the setting; raise `ValueError`."""
    for part in filter(None, (part.strip() for part in text.split(","))):
        day, _, path = part.partition("=")
        if not path:
            raise ValueError(f"{part!r} is no DAY=PATH, such as 2025-07-01=/data/outlines.json")
        yield date.fromisoformat(day.strip()), Path(path.strip())


async def load_boundaries(resources: Resources) -> None:
    """Read and check the files of the setting; a start step. A file that cannot be used stops the start."""
    territory = resources.get(Territory)
    files = []
    for on, path in parse_files(resources.get(GatewaySettings).boundaries_files):
        try:
            files.append(read_boundaries(territory, path.read_bytes(), on))
        except (OSError, BoundariesWrongError) as error:
            raise ValueError(f"{path} holds no outlines of {on}: {error}") from error
        log.info("outlines read", on=on.isoformat(), path=str(path), units=len(files[-1].codes))
    resources.put(BoundaryFiles(tuple(sorted(files, key=lambda file: file.on))))


@router.get(
    "/boundaries",
    operation_id="read_boundaries",
    summary="Outlines of units, where the installation has them",
    response_class=Response,
    responses={200: {"content": {"application/geo+json": {}, "application/json": {}}}},
)
async def get_boundaries(
    *,
    request: Request,
    _: PublicReader,
    territory: CurrentTerritory,
    resources: CurrentResources,
    now: Now,
    on: Annotated[
        IsoDate | None, Query(description="the day; today in Vietnam when left out", examples=["2025-07-01"])
    ] = None,
) -> Response:
    """Outlines of units on a day, as GeoJSON or TopoJSON: the id of a feature is the code of a unit of that day.

    They come from a file of the installation. Without one, `/v1/tiles` has a hexagon for each commune.
    """
    day = on or local_day(now)
    files = resources.get(BoundaryFiles).files
    for file in reversed(files):
        if file.on <= day and file.holds_on(territory, day):
            etag = f'"{hashlib.sha256(file.content).hexdigest()[:32]}"'
            headers = {
                "ETag": etag,
                "Cache-Control": f"public, max-age={UNCHANGED_FOR_S}, immutable",
                "Vary": "Accept-Encoding",
            }
            response = Response(file.content, media_type=file.media_type, headers=headers)
            return apply_if_none_match(request, response)
    raise BoundariesNotFound(on=day.isoformat(), days=", ".join(file.on.isoformat() for file in files) or "-")
