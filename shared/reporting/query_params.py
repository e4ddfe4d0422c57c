"""The period parameters of all routes. A text that is not a period is one fault among the others of the request."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import WithJsonSchema

from shared.kit.date_fields import IsoDate
from shared.kit.validation_faults import parseable_by
from shared.periods import Period, PlanPeriod, parse_plan_period

PeriodText = Annotated[
    str,
    parseable_by(Period.parse),
    WithJsonSchema({"type": "string", "minLength": 4, "maxLength": 7, "examples": ["2023", "2023-Q3"]}),
]
"""A text that is a period, kept as text: in a body, or before it is parsed."""

PERIOD_DESCRIPTION = "SDMX time period: 2023, 2023-S1, 2023-Q3, 2023-09"


async def _parse_query(period: Annotated[PeriodText, Query(description=PERIOD_DESCRIPTION)]) -> Period:
    return Period.parse(period)


PeriodQuery = Annotated[Period, Depends(_parse_query)]
"""The query parameter `period`."""


PlanPeriodText = Annotated[
    str,
    parseable_by(parse_plan_period),
    WithJsonSchema(
        {"type": "string", "minLength": 4, "maxLength": 9, "examples": ["2023", "2023-S1", "2021-2025"]}
    ),
]
"""A text that is a period, or several years, kept as text."""

PLAN_PERIOD_DESCRIPTION = "SDMX time period: 2023, 2023-S1, 2023-Q3, 2023-09; or several years: 2021-2025"


async def _parse_plan_path(
    period: Annotated[PlanPeriodText, Path(description=PLAN_PERIOD_DESCRIPTION)],
) -> PlanPeriod:
    return parse_plan_period(period)


PlanPeriodPath = Annotated[PlanPeriod, Depends(_parse_plan_path)]
"""The path parameter `period` of a plan."""


async def _parse_plan_query(
    period: Annotated[PlanPeriodText, Query(description=PLAN_PERIOD_DESCRIPTION)],
) -> PlanPeriod:
    return parse_plan_period(period)


PlanPeriodQuery = Annotated[PlanPeriod, Depends(_parse_plan_query)]
"""The query parameter `period` of a plan."""


async def _parse_plan_filter(
    period: Annotated[
        PlanPeriodText | None, Query(description="only of this period, or of these years")
    ] = None,
) -> PlanPeriod | None:
    return None if period is None else parse_plan_period(period)


PlanPeriodFilter = Annotated[PlanPeriod | None, Depends(_parse_plan_filter)]
"""The optional query parameter `period` of a list of plans."""


StandardQuery = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=60,
        description="read under this standard; left out: the one in force on the last day of the period, of two the later",
    ),
]
"""The optional query parameter `standard`."""


def period_filter(name: str, description: str) -> object:
    """Return the dependency for an optional period parameter of this name."""

    async def parse_filter(
        text: Annotated[PeriodText | None, Query(alias=name, description=description)] = None,
    ) -> Period | None:
        return None if text is None else Period.parse(text)

    return Depends(parse_filter)


PeriodFilter = Annotated[Period | None, period_filter("period", "only of this SDMX time period")]
"""The optional query parameter `period` of a list."""

MapOn = Annotated[
    IsoDate | None,
    Query(
        alias="map", description="read on the map of this day; on that of the period's last day when left out"
    ),
]
