"""Read what the form of a register is made of from the other services: units, choices, and what the register has already."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from services.papers.forms.registers.definitions import RegisterForm
from services.papers.forms.registers.layout import RegisterLayout, make_register_layout
from services.papers.forms.source import list_units
from services.papers.gateway import CallerGateway
from shared.periods import Period

Choices = Sequence[tuple[str, str]]
PROGRAM_LEVELS = ("province", "district", "commune")
SHOWN_RECORDS = 5_000
"""More than a province has; the sheet says where it ends earlier."""


async def read_register_layout(
    gateway: CallerGateway, register: RegisterForm, unit_code: str, period: Period
) -> RegisterLayout:
    """Return the form of a register for a unit and period; raises what the services refuse."""
    on = period.ends_on.isoformat()
    unit = await gateway.get(f"/v1/units/{unit_code}", on=on)
    sources = sorted({cell.source for cell in (*register.fields, *register.columns) if cell.source})
    districts, communes, existing, *choices = await asyncio.gather(
        list_units(gateway, unit, "district", on),
        list_units(gateway, unit, "commune", on),
        _list_existing(gateway, register, unit_code, period),
        *(CHOICE_READERS[source](gateway, on) for source in sources),
    )
    units = {row["code"]: row for row in (unit, *districts, *communes)}
    return make_register_layout(
        register,
        unit=unit,
        period=str(period),
        year=period.year,
        units=list(units.values()),
        choices=dict(zip(sources, choices, strict=True)),
        existing=existing,
    )


async def _list_existing(
    gateway: CallerGateway, register: RegisterForm, unit: str, period: Period
) -> list[Any]:
    """Return what the register has for the unit, at the end of the period."""
    existing = register.existing
    query: dict[str, object] = {"unit": unit, **dict(existing.query)}
    if existing.day:
        query[existing.day] = period.ends_on.isoformat()
    if existing.year:
        query[existing.year] = period.year
    if existing.items == "items":
        return (await gateway.list_all(existing.path, **query))[:SHOWN_RECORDS]
    answer = await gateway.get(existing.path, **query)
    rows: list[Any] = answer[existing.items]
    return rows[:SHOWN_RECORDS]


def is_in_force(row: Mapping[str, Any], on: str) -> bool:
    """Whether a dated row holds on a day."""
    return bool(row["valid_from"] <= on and (row["valid_to"] is None or on <= row["valid_to"]))


async def _read_ocop_groups(gateway: CallerGateway, on: str) -> Choices:
    rules = await gateway.get("/v1/rural/ocop/rules", on=on)
    return [(str(row["number"]), row["label"]) for row in rules["groups"]]


async def _read_criteria_sets(gateway: CallerGateway, _: str) -> Choices:
    sets = await gateway.get("/v1/rural/criteria-sets")
    return [(row["code"], row["label"]) for row in sets["items"] if row["unit_level"] != "district"]


async def _read_list_kinds(gateway: CallerGateway, on: str) -> Choices:
    laws = await gateway.get("/v1/ethnic/laws")
    return [(row["code"], row["label"]) for row in laws["kinds"] if is_in_force(row, on)]


async def _read_ethnic_groups(gateway: CallerGateway, _: str) -> Choices:
    catalogue = await gateway.get("/v1/ethnic/catalogue")
    return [
        (member["code"], member["label"]["vi"])
        for dimension in catalogue["tables"].get("dimension", ())
        if dimension["code"] == "ethnic_group"
        for member in dimension["member"]
    ]


def _read_funding_codes(table: str) -> Callable[[CallerGateway, str], Awaitable[Choices]]:
    async def read(gateway: CallerGateway, on: str) -> Choices:
        catalogue = await gateway.get("/v1/funding/catalogue")
        return [(row["code"], row["name_vi"]) for row in catalogue[table] if is_in_force(row, on)]

    return read


CHOICE_READERS: Mapping[str, Callable[[CallerGateway, str], Awaitable[Choices]]] = {
    "ocop_groups": _read_ocop_groups,
    "criteria_sets": _read_criteria_sets,
    "list_kinds": _read_list_kinds,
    "ethnic_groups": _read_ethnic_groups,
    "programs": _read_funding_codes("programs"),
    "components": _read_funding_codes("components"),
    "sources": _read_funding_codes("sources"),
}
"""How the choices of each name are read."""
