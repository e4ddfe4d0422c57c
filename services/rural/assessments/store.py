"""How assessments are found: the criteria that stand for communes, of one period or of all."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.rural.rules import CRITERIA
from shared.periods import Period
from shared.reporting.basis import BasisName
from shared.reporting.effective_values import read_effective_values
from shared.reporting.models import OBSERVATION_IN_EFFECT, EffectiveReport, Observation, Report
from shared.territory.succession_queries import unit_versions_within

FORM = "criteria_assessment"


@dataclass(frozen=True)
class Assessment:
    """What stands for one commune and period: its verdicts and indicators by code, and why, where values decided."""

    unit: str
    period: Period
    report: Report
    values: dict[str, Decimal] = field(default_factory=dict)
    reasons: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def verdicts(self) -> dict[str, Decimal]:
        """The verdicts alone, by criterion."""
        return {code: self.values[code] for code in CRITERIA if code in self.values}


@dataclass
class Standings:
    """What stands for communes in a period: verdicts by commune, and which of them values decided."""

    verdicts: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    by_values: Counter[str] = field(default_factory=Counter)
    """How many communes' verdict on each criterion follows from values."""


async def latest_period(session: AsyncSession, basis: BasisName) -> Period | None:
    """Give the latest year for which an assessment stands, or None."""
    found = await session.scalar(
        select(EffectiveReport.period)
        .where(EffectiveReport.form == FORM, EffectiveReport.basis == basis, EffectiveReport.until.is_(None))
        .order_by(EffectiveReport.year.desc(), EffectiveReport.period.desc())
        .limit(1)
    )
    return Period.parse(found) if found else None


async def of_period(
    session: AsyncSession,
    communes: Collection[str],
    period: Period,
    basis: BasisName,
    as_of: datetime | None = None,
) -> Standings:
    """Give the verdicts that stand for communes in a period. One statement."""
    found = Standings()
    for one in await read_effective_values(
        session, period=period, basis=basis, units=communes, indicators=CRITERIA, as_of=as_of
    ):
        found.verdicts.setdefault(one.unit, {})[one.indicator] = one.value
        found.by_values[one.indicator] += one.has_reasons
    return found


async def of_commune(
    session: AsyncSession, commune: str, on: date, basis: BasisName, indicators: Collection[str]
) -> list[Assessment]:
    """Give every assessment that stands under a code which the land of a commune of a day has had, the oldest first."""
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
    found: dict[tuple[str, str], Assessment] = {}
    for unit, period, indicator, value, reasons, report in rows:
        it = found.setdefault((unit, period), Assessment(unit, Period.parse(period), report))
        it.values[indicator] = value
        if reasons is not None:
            it.reasons[indicator] = reasons
    return list(found.values())
