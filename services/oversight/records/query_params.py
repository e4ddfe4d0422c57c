"""Query parameters that the lists of several registers take."""

from typing import Annotated, Literal

from fastapi import Query

from shared.kit.date_fields import IsoDate

StateDay = Annotated[
    IsoDate | None, Query(description="day of the state of each record; today when left out")
]
OfUnit = Annotated[
    str | None, Query(min_length=2, max_length=12, description="only those of exactly this unit")
]
OfUnitSince = Annotated[
    IsoDate | None,
    Query(
        description="with of_unit: only those of the unit that has this code since this day; a code is given again"
    ),
]
ProgramFilter = Annotated[
    Literal["rural", "poverty", "ethnic"] | None,
    Query(description="only those that name this program: rural, poverty, ethnic"),
]
