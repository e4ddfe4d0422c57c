"""Read what a form is made of from the other services: catalogue, units, and the values of the year before."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from services.papers.forms.assembly import find_period_before, make_columns, make_layout, require_form
from services.papers.forms.layout import FormLayout
from services.papers.gateway import CallerGateway, RefusedByService
from shared.periods import FIRST_YEAR, Period


async def read_layout(
    gateway: CallerGateway, program: str, form: str, unit_code: str, period: Period
) -> FormLayout:
    """Return the layout of a form for a unit and period; raises what the services refuse, and the problems of the form."""
    on = period.ends_on.isoformat()
    catalogue, unit = await asyncio.gather(
        gateway.get(f"/v1/{program}/catalogue"), gateway.get(f"/v1/units/{unit_code}", on=on)
    )
    kind = require_form(program, form, catalogue, period)
    indicators, communes, districts = await asyncio.gather(
        gateway.get(f"/v1/{program}/indicators"),
        list_units(gateway, unit, "commune", on),
        list_units(gateway, unit, "district", on),
    )
    columns = make_columns(indicators, kind.preliminary_of or form, period.ends_on)
    codes = dict.fromkeys(column.indicator for column in columns)
    return make_layout(
        program,
        kind,
        period,
        catalogue=catalogue,
        indicators=indicators,
        unit=unit,
        communes=communes,
        districts=districts,
        before=await _list_values(gateway, program, list(codes), unit_code, period),
    )


async def list_units(gateway: CallerGateway, unit: Any, level: str, on: str) -> list[Any]:
    """Return the units of a level within a unit, itself included, by their codes."""
    if unit["level"] == level:
        return [unit]
    if unit["level"] == "commune":
        return []
    units = await gateway.list_all("/v1/units", within=unit["code"], level=level, on=on)
    return sorted(units, key=lambda member: str(member["code"]))


async def _list_values(
    gateway: CallerGateway, program: str, codes: Sequence[str], unit: str, period: Period
) -> list[Any]:
    """Return the accepted values of the same period of the year before; none where the unit did not exist then."""
    if period.year <= FIRST_YEAR or not codes:
        return []
    try:
        return await gateway.list_all(
            f"/v1/{program}/observations",
            unit=unit,
            period=str(find_period_before(period)),
            indicator=",".join(codes),
            basis="accepted",
        )
    except RefusedByService as refused:
        if refused.answer.status_code in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
            return []
        raise
