"""Answers about assessments: which one is requested, and how the criteria stand over the communes of a unit."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.rural.assessments import store
from services.rural.assessments.rules import (
    CRITERIA,
    CriteriaResult,
    count_by_criterion,
    count_by_group,
    list_weakest,
)
from services.rural.assessments.schemas import CriteriaOut, CriterionCountOut
from services.rural.assessments.store import CommuneAssessment
from shared.periods import Period, PeriodKind, local_day
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.standards import FormStandards
from shared.reporting.context import ReportingContext
from shared.reporting.ratios import compute_share_percent
from shared.reporting.registers import find_unchanged_counterpart
from shared.territory.named_rows import find_unit_names
from shared.territory.query_params import RequestedUnit

RURAL_KINDS = ("xa",)
"""Kinds of the communes that are assessed; wards and townships are not."""


@dataclass(frozen=True, slots=True)
class AssessmentQuery:
    """Which assessments a request reads."""

    unit: str
    period: Period
    basis: BasisName
    as_of: datetime | None
    standards: FormStandards
    """The standard that is read of each form."""


async def resolve_query(
    context: ReportingContext,
    unit: RequestedUnit,
    period: Period | None,
    basis: BasisName,
    as_of: datetime | None,
    standard: str | None,
) -> AssessmentQuery:
    """Return the query of a request; without a period it reads the latest assessed year, else the last full year.

    Raise `StandardNotFound` for a standard that the catalogue does not have.
    """
    if period is None:
        period = await store.read_latest_period(context.session, basis)
    if period is None:
        period = Period.from_day(local_day(context.now), PeriodKind.YEAR).previous()
    standards = context.engine.catalogue.select_standards(period.ends_on, standard)
    return AssessmentQuery(unit.on(period.ends_on).code, period, basis, as_of, standards)


async def summarize_criteria(context: ReportingContext, query: AssessmentQuery) -> CriteriaOut:
    """Return how many rural communes of a unit meet each criterion. One statement."""
    communes = context.territory.communes(query.unit, query.period.ends_on, RURAL_KINDS)
    codes = [commune.code for commune in communes]
    verdicts = await store.read_period_verdicts(
        context.session, codes, query.period, query.basis, query.standards, query.as_of
    )
    assessed = verdicts.by_commune
    counts = count_by_criterion(assessed.values())
    met = [CriteriaResult(verdicts_of_commune).met or 0 for verdicts_of_commune in assessed.values()]
    labels = {code: context.engine.catalogue.figures[code].label for code in CRITERIA}
    return CriteriaOut(
        unit=query.unit,
        **find_unit_names(context.territory, query.unit, query.period.ends_on),
        period=str(query.period),
        basis=query.basis,
        standard=query.standards.get(store.FORM),
        communes=len(communes),
        assessed=len(assessed),
        average=Decimal(sum(met)) / len(met) if met else None,
        groups=count_by_group(assessed.values()),
        not_assessed=len(communes) - len(assessed),
        items=[
            CriterionCountOut(
                number=count.number,
                indicator=code,
                label=labels[code].vi,
                label_en=labels[code].en,
                met=count.met,
                assessed=count.assessed,
                by_values=verdicts.derived[code],
                met_percent=compute_share_percent(count.met, count.assessed),
            )
            for code, count in zip(CRITERIA, counts, strict=True)
        ],
        weakest=list_weakest(counts),
    )


async def find_assessments_of_land(
    context: ReportingContext, commune: str, on: date, basis: BasisName, indicators: Collection[str] = ()
) -> list[CommuneAssessment]:
    """Return the assessments of a commune's land for the years begun by a day, the oldest first.

    Each holds the verdicts and the values of `indicators`. The commune's code may have named other land before; the
    assessments of that land are left out.
    """
    assessments = await store.find_commune_assessments(context.session, commune, on, basis, indicators)
    return [
        assessment
        for assessment in assessments
        if assessment.period.starts_on <= on
        and find_unchanged_counterpart(context.territory, assessment.unit, assessment.period.ends_on, on)
        == commune
    ]
