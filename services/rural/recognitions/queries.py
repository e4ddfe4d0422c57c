"""Answers about recognitions: each with the name of its unit."""

from services.rural.recognitions.schemas import RecognitionOut
from shared.reporting.context import ReportingContext
from shared.territory.villages.store import name_listed_units


async def name_recognitions(
    context: ReportingContext, recognitions: list[RecognitionOut]
) -> list[RecognitionOut]:
    """Return recognitions with the names of their units, villages too, on the days of the decisions."""
    return await name_listed_units(
        context.session, context.territory, recognitions, lambda recognition: recognition.decision.date
    )
