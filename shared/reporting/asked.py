"""Which period a list is narrowed to, in the same words on every route."""

from typing import Annotated

from fastapi import Depends, Query

from shared.periods import Period


async def _filter(
    period: Annotated[
        str | None, Query(max_length=10, description="only of this SDMX time period", examples=["2023"])
    ] = None,
) -> Period | None:
    return None if period is None else Period.parse(period)


PeriodFilter = Annotated[Period | None, Depends(_filter)]
"""A period that a list is narrowed to; refuses what is none."""
