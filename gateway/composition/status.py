"""Parts into one answer. Pure: what was fetched comes in, what is said goes out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

import http_sf

from gateway.composition.parts import UpstreamPart, UpstreamRefusal
from shared.kit.problems import Language, Sentence, Unavailable
from shared.periods import Period, PeriodKind


class StatusIncomplete(Unavailable):
    """`require=all` was asked, and a part is not fresh."""

    code = "status_incomplete"
    detail = Sentence(
        "Chưa có đủ số liệu mới: {waiting}.", "Not every part of the status is fresh: {waiting}."
    )

    def __init__(self, parts: Iterable[UpstreamPart]) -> None:
        waiting = [f"{part.service} ({part.state})" for part in parts if not part.fresh]
        super().__init__(waiting=", ".join(waiting), headers={"Retry-After": "1"})


def find_refusal(parts: Sequence[UpstreamPart]) -> UpstreamRefusal | None:
    """Give the refusal that is the answer to the whole question, if there is one.

    An unknown unit or a bad period is everybody's. A service that the caller may not read is only missing from the
    picture, unless it is so with all that answered.
    """
    refused = [part.refused for part in parts if part.refused is not None]
    answered = [part for part in parts if part.known is not None]
    general = [each for each in refused if each.status != HTTPStatus.FORBIDDEN]
    if general:
        return general[0]
    return refused[0] if refused and not answered else None


def compose_status(
    programs: Sequence[UpstreamPart],
    funding: UpstreamPart | None,
    *,
    unit: Mapping[str, str],
    period: Period,
    basis: str,
    now: float,
    language: Language,
    path: str,
) -> dict[str, Any]:
    """Compose the answer; parts are lists, never keys that could overwrite one another."""
    parts = [*programs, *([funding] if funding else [])]
    named = next(
        (part.known.said["unit"] for part in programs if part.known and "unit" in part.known.said), unit
    )
    said: dict[str, Any] = {
        "unit": named,
        "period": str(period),
        "basis": basis,
        "as_of": find_newest_instant(part.known.said.get("as_of") for part in parts if part.known),
        "complete": all(part.fresh for part in parts),
        "programs": [
            {"program": part.service, **_state(part, now, language, path), "figures": _list(part, "figures")}
            for part in programs
        ],
    }
    if funding:
        said["funding"] = {
            **_state(funding, now, language, path),
            "year": period.year,
            "until": _until(funding, period),
            "rows": _list(funding, "rows"),
            "sources": _list(funding, "sources"),
        }
    return said


def find_last_day(period: Period) -> date | None:
    """Tell until which day money of the budget year is in a period: from January to the end of a quarter or a month.

    None for the year, which is whole: what is paid of it in January until the deadline is its own.
    """
    return None if period.kind is PeriodKind.YEAR else period.ends_on


def _until(funding: UpstreamPart, period: Period) -> str | None:
    """Say the day as the ledger does, or as it was asked where it said nothing."""
    if funding.known is None:
        asked = find_last_day(period)
        return asked.isoformat() if asked else None
    said: str | None = funding.known.said.get("until")
    return said


def _state(part: UpstreamPart, now: float, language: Language, path: str) -> dict[str, Any]:
    said: dict[str, Any] = {"state": part.state, "age_seconds": part.age_seconds(now)}
    if part.state == "unavailable":
        if part.refused is not None:
            said["problem"] = {**part.refused.document, "instance": path}
        elif part.problem is not None:
            said["problem"] = part.problem.document(language, path)
    return said


def _list(part: UpstreamPart, name: str) -> list[Any]:
    found = part.known.said.get(name) if part.known else None
    return found if isinstance(found, list) else []


def find_newest_instant(instants: Iterable[Any]) -> str | None:
    """Give the newest of RFC 3339 instants as it was said; None when there is none."""
    return max((each for each in instants if isinstance(each, str)), key=datetime.fromisoformat, default=None)


def without_ages(said: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the tag is over: everything but the ages, so that it stands still while nothing changes."""
    still = {**said, "programs": [{**part, "age_seconds": None} for part in said["programs"]]}
    if "funding" in said:
        still["funding"] = {**said["funding"], "age_seconds": None}
    return still


def age_headers(parts: Iterable[UpstreamPart], now: float) -> dict[str, str]:
    """Say the ages in fields: `Age` of the oldest part (RFC 9111), and each part's in `Status-Parts` (RFC 9651)."""
    ages = {part.service: part.age_seconds(now) for part in parts}
    known = [age for age in ages.values() if age is not None]
    members: Any = {
        part.service: (
            http_sf.Token(part.state),
            {} if ages[part.service] is None else {"age": ages[part.service]},
        )
        for part in parts
    }
    return {"Age": str(max(known, default=0)), "Status-Parts": http_sf.ser(members)}
