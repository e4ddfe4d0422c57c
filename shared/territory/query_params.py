"""Which unit a reader asks about: the one that is named, or else the province of the day that is read.

The province is one setting, a code. It means the unit that has this code on the day and, from its last day on, the one
that its land went to by the successions: 62 is Kon Tum to 30 June 2025 and Quảng Ngãi (51) from 1 July 2025 on.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Request

from shared.territory.current import CurrentTerritory
from shared.territory.settings import TerritorySettings
from shared.territory.tree import Territory
from shared.territory.units import Unit

UnitText = Annotated[
    str | None,
    Query(
        min_length=2,
        max_length=12,
        description="code of the unit; when left out, the province of the day that is read",
        examples=["62"],
    ),
]


@dataclass(frozen=True, slots=True)
class RequestedUnit:
    """The unit named in a question, if any, in an installation that answers for one province."""

    named: str | None
    province: str
    territory: Territory

    def on(self, day: date) -> Unit:
        """Give the unit that is meant on a day; refuses one that does not stand then."""
        if self.named is not None:
            return self.territory.unit(self.named, day)
        return self.territory.standing_for(self.province, day)


async def _asked(request: Request, territory: CurrentTerritory, unit: UnitText = None) -> RequestedUnit:
    settings: TerritorySettings = request.app.state.settings
    return RequestedUnit(unit, settings.province, territory)


UnitQuery = Annotated[RequestedUnit, Depends(_asked)]
"""The `unit` of a reading; `unit.on(day)` says which one is meant."""


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
"""A unit that a list is narrowed to, on whatever day it stood; refuses a code that nobody ever had."""
