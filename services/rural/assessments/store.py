"""Queries of assessments: the verdicts of a period, of one commune over the years, and those that are accepted."""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.assessments.rules import CRITERIA, AcceptedAssessment, list_missing
from shared.periods import Period
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.standards import FormStandards
from shared.reporting.models import OBSERVATION_IN_EFFECT, EffectiveReport, Observation, Report
from shared.reporting.observations.store import read_effective_values
from shared.territory.succession_queries import unit_versions_within

FORM = "criteria_assessment"
"""The form on which communes are assessed."""


@dataclass(frozen=True)
class CommuneAssessment:
    """The assessment of one commune and period: verdicts and indicator values by code, and why a verdict follows."""

    unit: str
    period: Period
    report: Report
    """The report that states it; its standard is that of the assessment."""
    values: dict[str, Decimal] = field(default_factory=dict)
    reasons: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Reasons by code, of the verdicts that follow from values."""

    @property
    def verdicts(self) -> dict[str, Decimal]:
        """The verdicts by code, without indicator values."""
        return {code: self.values[code] for code in CRITERIA if code in self.values}


@dataclass
class PeriodVerdicts:
    """The verdicts of communes in a period."""

    by_commune: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    """Verdicts by commune and code; a commune that is not assessed is absent."""
    derived: Counter[str] = field(default_factory=Counter)
    """Number of communes by the code of a verdict that follows from values."""


async def read_latest_period(session: AsyncSession, basis: BasisName) -> Period | None:
    """Return the latest year that has an assessment, or None."""
    period = await session.scalar(
        select(EffectiveReport.period)
        .where(EffectiveReport.form == FORM, EffectiveReport.basis == basis, EffectiveReport.until.is_(None))
        .order_by(EffectiveReport.year.desc(), EffectiveReport.period.desc())
        .limit(1)
    )
    return Period.parse(period) if period else None


async def read_period_verdicts(
    session: AsyncSession,
    communes: Collection[str],
    period: Period,
    basis: BasisName,
    standards: FormStandards,
    as_of: datetime | None = None,
) -> PeriodVerdicts:
    """Return the verdicts of communes in a period. One statement."""
    verdicts = PeriodVerdicts()
    for value in await read_effective_values(
        session,
        period=period,
        basis=basis,
        standards=standards,
        units=communes,
        indicators=CRITERIA,
        as_of=as_of,
    ):
        verdicts.by_commune.setdefault(value.unit, {})[value.indicator] = value.value
        verdicts.derived[value.indicator] += value.has_reasons
    return verdicts


async def find_commune_assessments(
    session: AsyncSession, commune: str, on: date, basis: BasisName, indicators: Collection[str]
) -> list[CommuneAssessment]:
    """Return the assessments under each code that the land of a commune of a day has had, the oldest first."""
    lands = unit_versions_within([commune], on, adds=False)
    rows = await session.execute(
        select(
            Observation.unit,
            Observation.period,
            Observation.indicator,
            Observation.value,
            Observation.reasons,
            Report,
        )
        .join(EffectiveReport, OBSERVATION_IN_EFFECT)
        .join(Report, Report.id == Observation.report_id)
        .where(
            Observation.unit.in_(select(lands.c.code)),
            Observation.indicator.in_((*CRITERIA, *indicators)),
            EffectiveReport.basis == basis,
            EffectiveReport.until.is_(None),
        )
        .order_by(Observation.year, Observation.period)
    )
    assessments: dict[tuple[str, str, str], CommuneAssessment] = {}
    for unit, period, indicator, value, reasons, report in rows:
        assessment = assessments.setdefault(
            (unit, period, report.standard), CommuneAssessment(unit, Period.parse(period), report)
        )
        assessment.values[indicator] = value
        if reasons is not None:
            assessment.reasons[indicator] = reasons
    return list(assessments.values())


async def find_accepted_assessment(
    session: AsyncSession, commune: str, year: int, standard: str
) -> AcceptedAssessment | None:
    """Return the accepted assessment of a commune and year under a standard, or None. One statement."""
    rows = await session.execute(
        select(Observation.indicator, Observation.value, Report.id, Report.document)
        .join(EffectiveReport, OBSERVATION_IN_EFFECT)
        .join(Report, Report.id == Observation.report_id)
        .where(
            Observation.year == year,
            Observation.period == str(Period(year)),
            Observation.unit == commune,
            Observation.indicator.in_(CRITERIA),
            EffectiveReport.basis == "accepted",
            EffectiveReport.standard == standard,
            EffectiveReport.until.is_(None),
        )
    )
    verdicts: dict[str, Decimal] = {}
    documents: dict[uuid.UUID, dict[str, Any] | None] = {}
    for row in rows:
        verdicts[row.indicator] = row.value
        documents[row.id] = row.document
    if not verdicts:
        return None
    signed = [date.fromisoformat(document["signed_on"]) for document in documents.values() if document]
    return AcceptedAssessment(
        unmet=tuple(list_missing(verdicts)),
        signed_on=max(signed, default=None),
        reports=tuple(sorted(documents)),
    )


async def find_accepted_reports(
    session: AsyncSession, units: Collection[str], form: str, last_year: int
) -> list[tuple[str, Period]]:
    """Return the units with an accepted report on a form for a year or an earlier one, each with its period."""
    rows = await session.execute(
        select(EffectiveReport.unit, EffectiveReport.period).where(
            EffectiveReport.basis == "accepted",
            EffectiveReport.until.is_(None),
            EffectiveReport.unit.in_(units),
            EffectiveReport.form == form,
            EffectiveReport.year <= last_year,
        )
    )
    return [(unit, Period.parse(period)) for unit, period in rows]
