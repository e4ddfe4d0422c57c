"""The query parameter `unit`: the named unit, or else the province of the installation.

The province is a setting, a code. It means the unit of this code on the day of the reading and, after its last day, the
unit that its land went to: 62 is Kon Tum until 30 June 2025 and Quảng Ngãi (51) from 1 July 2025.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query

from shared.kit.problems import Invalid, Sentence, make_fault
from shared.kit.resources import CurrentResources
from shared.territory.areas import AREA_CODE, NamedAreas
from shared.territory.current import CurrentTerritory
from shared.territory.settings import TerritorySettings
from shared.territory.tree import Territory
from shared.territory.units import Unit

UnitText = Annotated[
    str | None,
    Query(
        min_length=2,
        max_length=12,
        description="code of the unit; when left out, the province on the day of the reading",
        examples=["62"],
    ),
]


UnitOrAreaText = Annotated[
    str | None,
    Query(
        min_length=2,
        max_length=12,
        description="code of the unit or of a named area; when left out, the province on the day of the reading",
        examples=["62"],
    ),
]
AreaText = Annotated[
    str | None,
    Query(
        pattern=f"^{AREA_CODE}$",
        description="code of a named area (`/v1/areas`), in place of `unit`",
        examples=["KON_TUM"],
    ),
]
AREA_AND_UNIT = Sentence("Chỉ nêu area hoặc unit, không cả hai.", "State area or unit, not both.")


@dataclass(frozen=True, slots=True)
class RequestedUnit:
    """The unit of a request: the named one, or the province of the installation."""

    named: str | None
    province: str
    territory: Territory

    def on(self, day: date) -> Unit:
        """Return the unit on a day. Raises `UnknownUnit`, `UnknownUnitOnDate`."""
        if self.named is not None:
            return self.territory.unit(self.named, day)
        return self.territory.unit_or_successor(self.province, day)


async def _read_requested_unit(resources: CurrentResources, unit: UnitText = None) -> RequestedUnit:
    province = resources.get(TerritorySettings).province
    return RequestedUnit(unit, province, resources.get(Territory))


async def _requested_unit_or_area(
    resources: CurrentResources, unit: UnitOrAreaText = None, area: AreaText = None
) -> RequestedUnit:
    if unit is not None and area is not None:
        raise Invalid(faults=[make_fault("/query/area", "area_and_unit", AREA_AND_UNIT)])
    province = resources.get(TerritorySettings).province
    territory = resources.get(NamedAreas).extend(resources.get(Territory))
    return RequestedUnit(unit or area, province, territory)


UnitOrAreaQuery = Annotated[RequestedUnit, Depends(_requested_unit_or_area)]
"""The `unit` of a reading that takes named areas as well, or its `area`."""
UnitQuery = Annotated[RequestedUnit, Depends(_read_requested_unit)]
"""The `unit` of a reading; `unit.on(day)` returns it."""


async def _filter(
    territory: CurrentTerritory,
    unit: Annotated[
        str | None, Query(min_length=2, max_length=12, description="only of this unit", examples=["610"])
    ] = None,
) -> str | None:
    if unit is not None:
        territory.versions(unit)
    return unit


UnitFilter = Annotated[str | None, Depends(_filter)]
"""A unit that a list is filtered by, on whatever day it was valid. Raises `UnknownUnit`."""
