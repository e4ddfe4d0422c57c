"""Which period is asked about, in the same words on every route. One that is none is named beside every other fault."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import WithJsonSchema

from shared.kit.validation_faults import parseable_by
from shared.periods import Period

PeriodText = Annotated[
    str,
    parseable_by(Period.parse),
    WithJsonSchema({"type": "string", "minLength": 4, "maxLength": 7, "examples": ["2023", "2023-Q3"]}),
]
"""A text that is a period, kept as it was written: in a body, or where a question is read from it."""

SAID = "SDMX time period: 2023, 2023-S1, 2023-Q3, 2023-09"


async def _asked(period: Annotated[PeriodText, Query(description=SAID)]) -> Period:
    return Period.parse(period)


PeriodQuery = Annotated[Period, Depends(_asked)]
"""The `period` of a reading."""


async def _addressed(period: Annotated[PeriodText, Path(description=SAID)]) -> Period:
    return Period.parse(period)


PeriodPath = Annotated[Period, Depends(_addressed)]
"""The `period` that is a part of an address."""


def period_filter(name: str, description: str) -> object:
    """Make the question for a period that may be left out, under a name of its own."""

    async def narrowed(
        text: Annotated[PeriodText | None, Query(alias=name, description=description)] = None,
    ) -> Period | None:
        return None if text is None else Period.parse(text)

    return Depends(narrowed)


PeriodFilter = Annotated[Period | None, period_filter("period", "only of this SDMX time period")]
"""A period that a list is narrowed to."""
