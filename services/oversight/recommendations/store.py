"""Queries of recommendations. Flushes, never commits."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.oversight.agencies.rules import AgencyDirectory
from services.oversight.models import RecordVersion
from services.oversight.recommendations.rules import Recommendation
from services.oversight.records.store import ROOT, read_records
from shared.territory.tree import Territory
from shared.territory.units import Unit

PATH = f"{ROOT}/recommendations"


def to_recommendation(row: RecordVersion) -> Recommendation:
    """Return the frozen value that the rules use."""
    content = row.content
    due_on, closed_on = content["due_on"], content.get("closed_on")
    return Recommendation(
        id=row.id,
        unit=row.unit,
        addressee_unit=content["addressee"]["unit"],
        addressee_agency=content["addressee"]["agency"],
        issued_on=row.day,
        due_on=date.fromisoformat(due_on) if due_on else None,
        answered_on=tuple(date.fromisoformat(answer["answered_on"]) for answer in content.get("answers", ())),
        closed_on=date.fromisoformat(closed_on) if closed_on else None,
        outcome=content.get("outcome"),
    )


def find_answering_units(territory: Territory, recommendation: Recommendation, on: date) -> tuple[Unit, ...]:
    """Return the units that answer on a day: the addressee while it exists, then its successors."""
    addressee = territory.unit(recommendation.addressee_unit, recommendation.issued_on)
    day = max(on, recommendation.issued_on)
    return (addressee,) if addressee.is_valid_on(day) else territory.find_successors(addressee, day)


def find_answering_agency(directory: AgencyDirectory, recommendation: Recommendation, on: date) -> str | None:
    """Return the agency that answers on a day: the addressee while it exists, then its successor."""
    agency = recommendation.addressee_agency
    return None if agency is None else directory.find_successor(agency, max(on, recommendation.issued_on))


async def read_recommendations(
    session: AsyncSession, units: Collection[str] | None = None, as_of: datetime | None = None
) -> list[Recommendation]:
    """Return the recommendations that units issued. One statement."""
    return [to_recommendation(row) for row in await read_records(session, "recommendations", units, as_of)]
