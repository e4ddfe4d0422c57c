"""Compose parts into one answer. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

import http_sf

from gateway.composition.parts import UpstreamPart, UpstreamRefusal
from shared.kit.problems import Problem, Sentence, Unavailable
from shared.periods import Period, PeriodKind

DescribeProblem = Callable[[Problem, str], dict[str, Any]]
"""Returns the document of a problem at a path."""


class StatusIncomplete(Unavailable):
    """The request wants every part fresh (`require=all`), and one is not."""

    code = "status_incomplete"
    detail = Sentence(
        "Chưa có đủ số liệu mới: {waiting}.", "Not every part of the status is fresh: {waiting}."
    )

    def __init__(self, parts: Iterable[UpstreamPart]) -> None:
        waiting = [f"{part.service} ({part.state})" for part in parts if not part.fresh]
        super().__init__(waiting=", ".join(waiting), headers={"Retry-After": "1"})


def find_part(parts: Sequence[UpstreamPart], service: str) -> UpstreamPart | None:
    """Return the part of a service; None where this installation has no such service."""
    return next((part for part in parts if part.service == service), None)


def find_refusal(parts: Sequence[UpstreamPart]) -> UpstreamRefusal | None:
    """Return the refusal that answers the whole request; None where there is none.

    An unknown unit or period is refused by every service, so one refusal is enough. A service that the caller may not read
    (403) is only missing from the answer, unless every service refused so.
    """
    refused = [part.refused for part in parts if part.refused is not None]
    answered = [part for part in parts if part.confirmed is not None]
    general = [refusal for refusal in refused if refusal.status != HTTPStatus.FORBIDDEN]
    if general:
        return general[0]
    return refused[0] if refused and not answered else None


def compose_status(
    programs: Sequence[UpstreamPart],
    funding: UpstreamPart | None,
    oversight: UpstreamPart | None = None,
    *,
    unit: Mapping[str, str],
    period: Period,
    basis: str,
    now: float,
    describe: DescribeProblem,
    path: str,
) -> dict[str, Any]:
    """Return the status document; parts are lists, never keys that could overwrite one another."""
    parts = [*programs, *filter(None, (funding, oversight))]
    named_unit = next(
        (
            part.confirmed.document["unit"]
            for part in programs
            if part.confirmed and "unit" in part.confirmed.document
        ),
        unit,
    )
    document: dict[str, Any] = {
        "unit": named_unit,
        "period": str(period),
        "basis": basis,
        "as_of": find_newest_instant(
            part.confirmed.document.get("as_of") for part in parts if part.confirmed
        ),
        "complete": all(part.fresh and is_whole(get_members(part, "figures")) for part in parts),
        "programs": [
            {
                "program": part.service,
                **describe_state(part, now, describe, path),
                "figures": get_members(part, "figures"),
            }
            for part in programs
        ],
    }
    if funding:
        state = describe_state(funding, now, describe, path)
        document["funding"] = compose_funding(funding, state, period)
    if oversight:
        document["oversight"] = {
            **describe_state(oversight, now, describe, path),
            "figures": get_members(oversight, "figures"),
        }
    return document


def compose_funding(funding: UpstreamPart, state: Mapping[str, Any], period: Period) -> dict[str, Any]:
    """Return the part of the ledger."""
    return {
        **state,
        "year": period.year,
        "until": _find_until(funding, period),
        "rows": get_members(funding, "rows"),
        "total": _get_member(funding, "total"),
        "closing_overdue": _get_flag(funding, "closing_overdue"),
        "sources": get_members(funding, "sources"),
    }


def find_last_day(period: Period) -> date | None:
    """Return the last day of effect of the money in a period: the end of a half year, a quarter or a month.

    None for a year: payments of the next January, until the settlement deadline, belong to it too.
    """
    return None if period.kind is PeriodKind.YEAR else period.ends_on


def _find_until(funding: UpstreamPart, period: Period) -> str | None:
    """Return the last day as the ledger gave it, or as it was requested where the ledger did not answer."""
    if funding.confirmed is None:
        last_day = find_last_day(period)
        return last_day.isoformat() if last_day else None
    until: str | None = funding.confirmed.document.get("until")
    return until


def describe_state(part: UpstreamPart, now: float, describe: DescribeProblem, path: str) -> dict[str, Any]:
    """Return the state and age of a part, and the problem of one that is not available."""
    state: dict[str, Any] = {"state": part.state, "age_seconds": part.age_seconds(now)}
    if part.state == "unavailable":
        if part.refused is not None:
            state["problem"] = {**part.refused.document, "instance": path}
        elif part.problem is not None:
            state["problem"] = describe(part.problem, path)
    return state


def is_whole(figures: Iterable[Mapping[str, Any]]) -> bool:
    """Whether every unit that is expected has stated a value, or nil, for every figure."""
    coverages = [coverage for figure in figures if isinstance(coverage := figure.get("coverage"), dict)]
    return all(
        coverage.get("reported", 0) + coverage.get("nil", 0) >= coverage.get("expected", 0)
        for coverage in coverages
    )


def get_members(part: UpstreamPart, name: str) -> list[Any]:
    """Return a list of a part's document; an empty one where there is none."""
    members = part.confirmed.document.get(name) if part.confirmed else None
    return members if isinstance(members, list) else []


def _get_flag(part: UpstreamPart, name: str) -> bool | None:
    flag = part.confirmed.document.get(name) if part.confirmed else None
    return flag if isinstance(flag, bool) else None


def _get_member(part: UpstreamPart, name: str) -> dict[str, Any] | None:
    member = part.confirmed.document.get(name) if part.confirmed else None
    return member if isinstance(member, dict) else None


def find_newest_instant(instants: Iterable[Any]) -> str | None:
    """Return the newest of RFC 3339 instants, unchanged; None where there is none."""
    return max(
        (instant for instant in instants if isinstance(instant, str)),
        key=datetime.fromisoformat,
        default=None,
    )


def age_headers(parts: Iterable[UpstreamPart], now: float) -> dict[str, str]:
    """Return the header fields of the ages: `Age` of the oldest part (RFC 9111), `Status-Parts` of each (RFC 9651)."""
    ages = {part.service: part.age_seconds(now) for part in parts}
    known_ages = [age for age in ages.values() if age is not None]
    members: Any = {
        part.service: (
            http_sf.Token(part.state),
            {} if ages[part.service] is None else {"age": ages[part.service]},
        )
        for part in parts
    }
    return {"Age": str(max(known_ages, default=0)), "Status-Parts": http_sf.ser(members)}
