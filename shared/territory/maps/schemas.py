"""Schemas of versions of the map."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from shared.kit.partial_body import PartialModel
from shared.territory.areas import NamedArea
from shared.territory.maps.rules import ChangeSummary, MapChange
from shared.territory.schemas import UnitName
from shared.territory.units import Box, Level, Succession, SuccessionKind, Unit

MOST_ROWS = 40_000
"""The whole country has 25,000 rows on two maps."""
MOST_BYTES = 16 * 1024 * 1024

Row = Annotated[Any, WithJsonSchema({"type": "object"})]
"""A row of a table; the reader of rows names its faults, also that it is none."""

_ROW: dict[str, Any] = {
    "code": "99901",
    "level": "commune",
    "kind": "xa",
    "name": "Đăk Mới",
    "parent": "51",
    "valid_from": "2027-01-01",
}


class MapIn(PartialModel):
    """Tables of units and successions, as the rows of their CSV files have them."""

    unread: ClassVar[Mapping[str, Any]] = {
        "legal_basis": "-",
        "source": "-",
        "units": [],
        "successions": [],
        "areas": [],
    }

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "legal_basis": "NQ 1/NQ-UBTVQH16",
                "source": "danh mục đơn vị hành chính",
                "units": [_ROW],
                "successions": [],
            }
        },
    )

    legal_basis: str = Field(
        min_length=1, max_length=300, pattern=r"\S", description="the act that changed the units"
    )
    source: str = Field(
        "", max_length=300, description="where the tables come from; by default the legal basis"
    )
    units: list[Row] = Field(
        default=[],
        max_length=MOST_ROWS,
        description="rows of units: code, level, kind, name, name_en, parent, valid_from, valid_to, lat, lon, min_lat, "
        "min_lon, max_lat, max_lon, area_km2, border, source, confidence; an empty or missing cell is not known",
    )
    successions: list[Row] = Field(
        default=[],
        max_length=MOST_ROWS,
        description="rows of successions: predecessor, predecessor_valid_from, successor, successor_valid_from, "
        "effective_on, kind (unchanged, merged, split, abolished), weight, main_part; a predecessor that is still valid ends "
        "on the day before",
    )
    areas: list[Row] = Field(
        default=[],
        max_length=1_000,
        description="rows of named areas: code, name, name_en, reason, valid_from, valid_to, units (codes, or code@day, as a "
        "list or parted by blanks)",
    )


class AreaContent(BaseModel):
    """A named area of a version."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(description="its code")
    name: str = Field(description="its name")
    name_en: str = Field(description="its name in English")
    reason: str = Field(description="why it was made, with the legal basis")
    valid_from: date = Field(description="first day")
    valid_to: date | None = Field(description="last day; null while it is valid")
    members: list[tuple[str, date]] = Field(description="code and first day of each unit")

    def to_area(self) -> NamedArea:
        """Return the area."""
        return NamedArea(**{**self.model_dump(), "members": tuple(self.members)})


class AreaOut(BaseModel):
    """A named area: a set of units with a name, days and a reason, which readings take as `unit`."""

    code: str = Field(description="its code, which readings take as `unit`")
    name: str = Field(description="its name")
    name_en: str = Field(description="its name in English")
    reason: str = Field(description="why it was made, with the legal basis")
    valid_from: date = Field(description="first day")
    valid_to: date | None = Field(description="last day; null while it is valid")
    units: list[UnitName] = Field(description="its units, each with its own days")


class AreasOut(BaseModel):
    """The named areas."""

    items: list[AreaOut]


class UnitContent(BaseModel):
    """A unit of a version."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(description="its code")
    level: Level = Field(description="its level")
    kind: str = Field(description="Vietnamese type without accents")
    name: str = Field(description="its name")
    parent: str | None = Field(description="code of the unit above it; null for a province")
    valid_from: date = Field(description="first day")
    valid_to: date | None = Field(description="last day; null while it is valid")
    name_en: str = Field(description="its name in English")
    lat: float | None = Field(description="latitude of its middle, in degrees; null where not known")
    lon: float | None = Field(description="longitude of its middle, in degrees; null where not known")
    bbox: tuple[float, float, float, float] | None = Field(
        description="southern, western, northern, eastern edge"
    )
    area_km2: float | None = Field(description="area in square kilometres; null where not known")
    border: bool = Field(description="whether it lies at the border of the country")
    source: str = Field(description="where the unit is taken from")
    confidence: str = Field(description="how sure the source is")

    def to_unit(self) -> Unit:
        """Return the unit."""
        facts = self.model_dump()
        return Unit(**{**facts, "bbox": None if self.bbox is None else Box(*self.bbox)})


class SuccessionContent(BaseModel):
    """A succession of a version."""

    model_config = ConfigDict(from_attributes=True)

    predecessor: str = Field(description="code of the unit that ended or gave land")
    predecessor_valid_from: date = Field(description="its first day")
    successor: str | None = Field(description="code of the unit that got it; null where there is none")
    successor_valid_from: date | None = Field(description="its first day; null where there is none")
    effective_on: date = Field(description="day of effect")
    kind: SuccessionKind = Field(description="how it passed on")
    weight: Decimal | None = Field(
        description="share of the predecessor that passed on; null where not declared"
    )
    main_part: bool = Field(description="whether most of the predecessor passed on")

    def to_succession(self) -> Succession:
        """Return the succession."""
        return Succession(**self.model_dump())


class MapContent(BaseModel):
    """The additions of a version: units that begin, units that end (with their last day), successions."""

    begun: list[UnitContent]
    ended: list[UnitContent]
    successions: list[SuccessionContent]
    areas: list[AreaContent] = []

    @classmethod
    def from_change(cls, change: MapChange) -> Self:
        """Serialize a change."""
        return cls(
            begun=[UnitContent.model_validate(unit) for unit in change.begun],
            ended=[UnitContent.model_validate(unit) for unit in change.ended],
            successions=[SuccessionContent.model_validate(link) for link in change.successions],
            areas=[AreaContent.model_validate(area) for area in change.areas],
        )

    def to_change(self) -> MapChange:
        """Return the change."""
        return MapChange(
            tuple(unit.to_unit() for unit in self.begun),
            tuple(unit.to_unit() for unit in self.ended),
            tuple(link.to_succession() for link in self.successions),
            tuple(area.to_area() for area in self.areas),
        )


class MapVersionOut(BaseModel):
    """A version of the map."""

    model_config = ConfigDict(from_attributes=True)

    version: int = Field(description="its number; each load that changes the map makes the next one")
    content_hash: str = Field(description="SHA-256 of what it added")
    legal_basis: str = Field(description="the act that changed the units")
    source: str = Field(description="where the tables came from")
    loaded_by: str = Field(description="the client that loaded it, `operator`, or `migration`")
    loaded_at: datetime = Field(description="instant of the load")


class MapVersionDetail(MapVersionOut):
    """A version of the map with what it added."""

    content: MapContent | None = Field(description="null for a version that is part of the product")


class ServiceMapVersionOut(BaseModel):
    """The version of the map by which a service answers."""

    version: int = Field(
        description="number of the version; the gateway lists them at /v1/territory/versions"
    )


class MapVersionsOut(BaseModel):
    """Versions of the map, the oldest first."""

    items: list[MapVersionOut]
    newest: int = Field(description="the number of the newest version")


class MapLoadOut(BaseModel):
    """The changes of a load, made or proposed."""

    version: int = Field(
        description="the version that has the content: a new one, or the newest where nothing changed"
    )
    changed: bool = Field(description="whether anything changed")
    unchanged_rows: int = Field(description="rows that state what the map has already")
    born: list[UnitName] = Field(description="units that begin")
    ended: list[UnitName] = Field(description="units that end, with their last day")
    renamed: list[UnitName] = Field(description="units that go on with another name or kind")
    moved: list[UnitName] = Field(description="units that go on below another parent")
    successions: int = Field(description="successions that are added")
    areas: list[str] = Field(description="codes of the named areas that are added or ended")

    @classmethod
    def from_summary(
        cls, summary: ChangeSummary, change: MapChange, *, version: int, rows: int
    ) -> "MapLoadOut":
        """Serialize a load."""
        begun, links, areas = len(change.begun), len(change.successions), len(change.areas)
        return cls(
            version=version,
            changed=not change.is_empty,
            unchanged_rows=max(0, rows - begun - links - areas),
            born=[UnitName.model_validate(unit) for unit in summary.born],
            ended=[UnitName.model_validate(unit) for unit in summary.ended],
            renamed=[UnitName.model_validate(unit) for unit in summary.renamed],
            moved=[UnitName.model_validate(unit) for unit in summary.moved],
            successions=links,
            areas=[area.code for area in change.areas],
        )
