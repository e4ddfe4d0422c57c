"""Schemas of units."""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from shared.territory.tiles import Tile
from shared.territory.tree import Territory
from shared.territory.units import Level, Unit

_DAK_LONG: dict[str, JsonValue] = {
    "code": "23504",
    "level": "commune",
    "kind": "xa",
    "name": "Đăk Long",
    "full_name": "Xã Đăk Long",
    "valid_from": "2013-12-20",
    "valid_to": "2025-06-30",
}
_DAK_PXI: dict[str, JsonValue] = {
    **_DAK_LONG,
    "name": "Đăk Pxi",
    "full_name": "Xã Đăk Pxi",
    "valid_from": "2025-07-01",
    "valid_to": None,
}
_DAK_HA: dict[str, JsonValue] = {
    "code": "615",
    "level": "district",
    "kind": "huyen",
    "name": "Đăk Hà",
    "full_name": "Huyện Đăk Hà",
    "valid_from": "2004-07-08",
    "valid_to": "2025-06-30",
}
_KON_TUM: dict[str, JsonValue] = {
    **_DAK_HA,
    "code": "62",
    "level": "province",
    "kind": "tinh",
    "name": "Kon Tum",
    "full_name": "Tỉnh Kon Tum",
}
_UNIT: dict[str, JsonValue] = {
    **_DAK_LONG,
    "name_en": "Dak Long",
    "parent": "615",
    "lat": None,
    "lon": None,
    "bbox": None,
    "area_km2": None,
    "border": False,
    "source": "admin_units; founded by NQ 126/NQ-CP; place not known",
    "confidence": "sourced",
}
_DETAIL: dict[str, JsonValue] = {
    **_UNIT,
    "on": "2023-12-31",
    "answering_unit": "615",
    "ancestors": [_DAK_HA, _KON_TUM],
    "children": [],
    "predecessors": [],
    "successors": [_DAK_PXI],
    "versions": [_DAK_LONG, _DAK_PXI],
}


class UnitName(BaseModel):
    """A unit by code, name and days."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_DAK_LONG]})

    code: str = Field(
        description="code of the official list; a village's is its commune's, a dot and two digits"
    )
    level: Level = Field(description="level in the tree")
    kind: str = Field(description="Vietnamese type without accents: xa, phuong, thi_tran, huyen, tinh …")
    name: str = Field(description="name as the province writes it")
    full_name: str = Field(description="kind and name")
    valid_from: date = Field(description="first day on which the code means this unit")
    valid_to: date | None = Field(description="last day; null while the unit is valid")


class Bounds(BaseModel):
    """A bounding box in degrees (WGS 84)."""

    model_config = ConfigDict(from_attributes=True)

    min_lat: float = Field(description="southern edge, degrees")
    min_lon: float = Field(description="western edge, degrees")
    max_lat: float = Field(description="northern edge, degrees")
    max_lon: float = Field(description="eastern edge, degrees")


class UnitOut(UnitName):
    """A unit on a day."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_UNIT]})

    name_en: str = Field(description="name without Vietnamese letters")
    parent: str | None = Field(description="code of the unit right above; null for a province")
    lat: float | None = Field(description="latitude of the centre, degrees (WGS 84); null where not known")
    lon: float | None = Field(description="longitude of the centre, degrees (WGS 84); null where not known")
    bbox: Bounds | None = Field(description="box around the unit; null where not known")
    area_km2: float | None = Field(description="area in square kilometres; null where not known")
    border: bool = Field(description="whether it lies on the national border")
    source: str = Field(description="where the facts come from")
    confidence: str = Field(description="how sure they are")


class UnitDetail(UnitOut):
    """A unit on a day, with the units above and below it, its predecessors and successors."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_DETAIL]})

    on: date = Field(description="the day of the request")
    answering_unit: str = Field(description="code of the lowest unit above commune level on that day")
    ancestors: list[UnitName] = Field(description="the units above it that day, the nearest first")
    children: list[UnitName] = Field(description="the units right below it that day, by code")
    predecessors: list[UnitName] = Field(description="the units it was made from")
    successors: list[UnitName] = Field(
        description="the units it became; none while it is valid, or where it was abolished"
    )
    versions: list[UnitName] = Field(description="every unit that had the code, oldest first")

    @classmethod
    def on_day(cls, territory: Territory, code: str, on: date) -> Self:
        """Return the unit of a code on a day with its relatives."""
        relatives = {
            "ancestors": territory.ancestors(code, on),
            "children": territory.children(code, on),
            "predecessors": territory.predecessors(code, on),
            "successors": territory.successors(code, on),
            "versions": territory.versions(code),
        }
        return cls.model_validate(
            {
                **UnitOut.model_validate(territory.unit(code, on)).model_dump(),
                **{
                    name: [UnitName.model_validate(unit) for unit in units]
                    for name, units in relatives.items()
                },
                "on": on,
                "answering_unit": territory.answering_unit(code, on).code,
            }
        )


class TileOut(BaseModel):
    """The hexagon of a commune."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "unit": "23368",
                    "unit_since": "2025-07-01",
                    "unit_name": "Xã Đăk Long",
                    "unit_kind": "xa",
                    "parent": "51",
                    "parent_name": "Tỉnh Quảng Ngãi",
                    "q": -2,
                    "r": -3,
                    "x": -6.062,
                    "y": -4.5,
                    "has_place": True,
                }
            ]
        }
    )

    unit: str = Field(description="code of the commune")
    unit_since: date = Field(
        description="first day of the commune; its code may have named another one before"
    )
    unit_name: str = Field(description="kind and name")
    unit_kind: str = Field(description="Vietnamese type without accents")
    parent: str | None = Field(
        None, description="code of the unit right above it that day: district or province"
    )
    parent_name: str | None = Field(None, description="its kind and name")
    q: int = Field(description="axial coordinate of the hexagon, to the east")
    r: int = Field(description="axial coordinate of the hexagon, to the south-east")
    x: float = Field(description="centre to the east, in radii of a hexagon")
    y: float = Field(description="centre to the south, in radii of a hexagon")
    has_place: bool = Field(
        description="whether the place of the commune is known, by its centre or the box around it; if not, it stands in a row below the others"
    )

    @classmethod
    def from_tile(cls, tile: Tile, parent: Unit | None) -> Self:
        """Serialize a hexagon."""
        unit = tile.unit
        return cls(
            unit=unit.code,
            unit_since=unit.valid_from,
            unit_name=unit.full_name,
            unit_kind=unit.kind,
            parent=parent.code if parent else None,
            parent_name=parent.full_name if parent else None,
            q=tile.q,
            r=tile.r,
            x=tile.x,
            y=tile.y,
            has_place=tile.has_place,
        )


class TilesOut(BaseModel):
    """The hexagons of a unit on a day."""

    unit: str = Field(description="code of the unit")
    unit_since: date = Field(description="first day of the unit")
    on: date = Field(description="the day whose map it is")
    items: list[TileOut] = Field(description="one for each commune, by code")
