"""How a unit is said on the wire."""

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from shared.territory.tree import Territory
from shared.territory.units import Level

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
_SAID: dict[str, JsonValue] = {
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
    **_SAID,
    "on": "2023-12-31",
    "answering_unit": "615",
    "ancestors": [_DAK_HA, _KON_TUM],
    "children": [],
    "predecessors": [],
    "successors": [_DAK_PXI],
    "versions": [_DAK_LONG, _DAK_PXI],
}


class UnitName(BaseModel):
    """Which unit: one meaning of a code."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_DAK_LONG]})

    code: str = Field(
        description="code of the official list; a village's is its commune's, a dot and two digits"
    )
    level: Level = Field(description="storey in the tree")
    kind: str = Field(description="Vietnamese type without accents: xa, phuong, thi_tran, huyen, tinh …")
    name: str = Field(description="name as the province writes it")
    full_name: str = Field(description="name behind its kind")
    valid_from: date = Field(description="first day on which the code means this unit")
    valid_to: date | None = Field(description="last day; null while the unit stands")


class Bounds(BaseModel):
    """A bounding box in degrees (WGS 84)."""

    model_config = ConfigDict(from_attributes=True)

    min_lat: float = Field(description="southern edge, degrees")
    min_lon: float = Field(description="western edge, degrees")
    max_lat: float = Field(description="northern edge, degrees")
    max_lon: float = Field(description="eastern edge, degrees")


class UnitOut(UnitName):
    """A unit as it stood on the day asked for."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_SAID]})

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
    """A unit as it stood on a day, with what held it, what it held, and what it came from and became."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [_DETAIL]})

    on: date = Field(description="the day asked for")
    answering_unit: str = Field(
        description="code of the lowest unit above commune level that holds it that day"
    )
    ancestors: list[UnitName] = Field(description="the units above it that day, the nearest first")
    children: list[UnitName] = Field(description="the units right below it that day, by code")
    predecessors: list[UnitName] = Field(description="the units it was made from")
    successors: list[UnitName] = Field(
        description="the units it became; none while it stands, or when abolished"
    )
    versions: list[UnitName] = Field(description="every meaning the code had, oldest first")

    @classmethod
    def on_day(cls, territory: Territory, code: str, on: date) -> Self:
        """Say everything around the unit that has this code on that day."""
        around = {
            "ancestors": territory.ancestors(code, on),
            "children": territory.children(code, on),
            "predecessors": territory.predecessors(code, on),
            "successors": territory.successors(code, on),
            "versions": territory.versions(code),
        }
        return cls.model_validate(
            {
                **UnitOut.model_validate(territory.unit(code, on)).model_dump(),
                **{name: [UnitName.model_validate(each) for each in units] for name, units in around.items()},
                "on": on,
                "answering_unit": territory.answering_unit(code, on).code,
            }
        )
