"""How a revocation is answered: the criteria that it names beside those that the assessment before it does not find met."""

from services.rural.assessments.reading import standing
from services.rural.criteria.sets import CriteriaSets
from services.rural.models import Recognition
from services.rural.revocations.rules import apart
from services.rural.revocations.schemas import AssessedOut
from services.rural.rules import missing
from shared.reporting.context import ReportingContext
from shared.reporting.registers import find_unchanged_counterpart


async def assessed_last(context: ReportingContext, it: Recognition, sets: CriteriaSets) -> AssessedOut | None:
    """Give the latest accepted assessment for a year begun by the day of the revocation; None where there is none."""
    under, ended = sets.get(it.criteria_set), it.revocation
    if under is None or under.assessed_by is None or ended is None:
        return None
    on = ended.decision_date
    code = find_unchanged_counterpart(context.territory, it.unit, it.decision_date, on)
    found = await standing(context, code, on, "accepted", ()) if code else []
    if not found:
        return None
    unmet = missing(found[-1].verdicts)
    only_named, only_found = apart(ended.unmet, unmet)
    return AssessedOut(
        period=str(found[-1].period),
        report=found[-1].report.id,
        unmet=unmet,
        only_named=only_named,
        only_found=only_found,
    )
