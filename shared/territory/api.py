"""Routes of units, `/v1/units`, mounted by the gateway; answered from memory."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import TypeAdapter

from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page, Paging, paged_by
from shared.kit.resources import Now
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.roles import PublicReader
from shared.territory.current import CurrentGazetteer, CurrentTerritory
from shared.territory.query_params import UnitQuery
from shared.territory.schemas import TileOut, TilesOut, UnitDetail, UnitOut
from shared.territory.tiles import place_tiles
from shared.territory.tree import Territory
from shared.territory.units import Level, Unit

router = APIRouter(prefix="/v1/units", tags=["units"], route_class=TransactionRoute)
tiles_router = APIRouter(prefix="/v1/tiles", tags=["units"], route_class=TransactionRoute)

On = Annotated[
    IsoDate | None, Query(description="the day; today in Vietnam when left out", examples=["2023-12-31"])
]
Parent = Annotated[
    str | None, Query(max_length=10, description="only units right below this one", examples=["610"])
]
Within = Annotated[
    str | None,
    Query(max_length=10, description="only this unit and the units anywhere below it", examples=["62"]),
]
Kind = Annotated[
    str | None, Query(max_length=20, description="only of this type: xa, phuong …", examples=["xa"])
]
NameFilter = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=100,
        description="part of a name, with or without accents",
        examples=["dak ha"],
    ),
]


BY_CODE = TypeAdapter(tuple[str])
"""The key of a page of units: the code, which is unique on a day."""


@router.get("", operation_id="list_units", summary="Administrative units of a day")
async def list_units(
    *,
    _: PublicReader,
    territory: CurrentTerritory,
    names: CurrentGazetteer,
    now: Now,
    on: On = None,
    level: Annotated[Level | None, Query(description="only this level")] = None,
    parent: Parent = None,
    within: Within = None,
    kind: Kind = None,
    q: NameFilter = None,
    paging: Annotated[Paging, paged_by(200)],
) -> Page[UnitOut]:
    """Units of a day, ordered by code. Names are found whatever the spelling: Đăk, Đắk or Dak."""
    day = on or local_day(now)
    candidates = _select_candidates(territory, day, parent, within)
    units = (unit for unit in candidates if level in (None, unit.level) and kind in (None, unit.kind))
    if q is not None:
        units = (unit for unit in units if names.matches(unit, q))
    page, next_cursor = paging.slice(units, key=lambda unit: (unit.code,), adapter=BY_CODE)
    return Page(items=[UnitOut.model_validate(unit) for unit in page], next=next_cursor)


def _select_candidates(
    territory: Territory, day: date, parent: str | None, within: str | None
) -> Iterable[Unit]:
    """Return the units of a day that lie right below a parent and anywhere within a unit, where these are named."""
    if within is None:
        return territory.units(day) if parent is None else territory.children(parent, day)
    top = territory.unit(within, day)
    units = (top, *territory.descendants(within, day))
    return (unit for unit in units if parent in (None, unit.parent))


@router.get("/{code}", operation_id="get_unit", summary="One unit on a day, and what became of it")
async def get_unit(
    *, code: str, _: PublicReader, territory: CurrentTerritory, now: Now, on: On = None
) -> UnitDetail:
    """The unit of a code on a day: the units above and below it, its predecessors and successors."""
    return UnitDetail.on_day(territory, code, on or local_day(now))


@tiles_router.get("", operation_id="list_tiles", summary="Equal hexagons for the communes of a unit")
async def list_tiles(
    *,
    _: PublicReader,
    territory: CurrentTerritory,
    now: Now,
    unit: UnitQuery,
    on: On = None,
) -> TilesOut:
    """One hexagon for each commune of a unit on a day, near where it lies: a map for which no outlines are needed.

    `x` and `y` are the centre of a pointy-top hexagon in its radii, to the east and to the south; no two are the same.
    """
    day = on or local_day(now)
    top = unit.on(day)
    tiles = place_tiles(territory.communes(top.code, day))
    return TilesOut(
        unit=top.code,
        unit_since=top.valid_from,
        on=day,
        items=[TileOut.from_tile(tile, territory.find(tile.unit.parent or "", day)) for tile in tiles],
    )
