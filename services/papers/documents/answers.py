"""Read the answers that a template is filled from: each service's figures of a unit and period, now or at an instant."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from services.papers.documents.templates import PROGRAM_SERVICES, Template
from services.papers.gateway import CallerGateway
from shared.periods import Period


async def read_answers(
    gateway: CallerGateway,
    template: Template,
    unit: str,
    period: Period,
    *,
    as_of: str | None = None,
    parts: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the answer of each service that the template's slots name, with their figures only.

    `parts` are answers of a province-wide vintage, which are not read again. Raises `RefusedByService`.
    """
    services = sorted({binding.service for binding in template.slots.values()})
    codes = {
        service: {binding.indicator for binding in template.slots.values() if binding.service == service}
        for service in services
    }

    async def read(service: str) -> Any:
        if service in PROGRAM_SERVICES:
            answer = (parts or {}).get(service) or await gateway.get(
                f"/v1/{service}/progress", unit=unit, period=str(period), as_of=as_of
            )
            return keep_figures(answer, codes[service])
        if service == "funding":
            return await gateway.get(
                "/v1/funding/status", unit=unit, year=period.year, as_of=as_of, until=_find_until(period)
            )
        return await _count_units(gateway, unit, codes[service], period)

    answers = await asyncio.gather(*(read(service) for service in services))
    return dict(zip(services, answers, strict=True))


def _find_until(period: Period) -> str | None:
    """Return the last day of what is counted; None for a whole year, whose books are settled later."""
    return None if period.ends_on.month == 12 else period.ends_on.isoformat()  # noqa: PLR2004 (December)


def keep_figures(answer: Mapping[str, Any], codes: Iterable[str]) -> dict[str, Any]:
    """Return an answer with these figures only."""
    wanted = set(codes)
    return {**answer, "figures": [figure for figure in answer["figures"] if figure["indicator"] in wanted]}


async def _count_units(
    gateway: CallerGateway, unit: str, levels: Iterable[str], period: Period
) -> dict[str, Any]:
    """Return the number of units of each level within a unit, on the last day of the period."""
    on = period.ends_on.isoformat()
    counts: dict[str, Any] = {"lineage": f"/v1/units?within={unit}&on={on}"}
    for level in sorted(levels):
        units = await gateway.list_all("/v1/units", within=unit, level=level, on=on, fields="code")
        counts[level] = len(units)
    return counts
