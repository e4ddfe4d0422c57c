"""How assessments are answered: from what stands, beside the recognitions of the same day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select

from services.rural.assessments import store
from services.rural.assessments.rules import Assessed, by_criterion, grouped, weakest
from services.rural.assessments.schemas import (
    CommuneOut,
    CommuneRow,
    CriteriaOut,
    CriterionOut,
)
from services.rural.assessments.verdicts import over_time
from services.rural.criteria.sets import LEVELS, CriteriaSets
from services.rural.models import OcopEvaluation
from services.rural.ocop import store as ocop
from services.rural.ocop.dated_rules import OcopRules
from services.rural.ocop.schemas import EvaluationOut
from services.rural.recognitions import store as recognitions
from services.rural.recognitions.in_force import held_by
from services.rural.recognitions.schemas import HeldOut, RecognitionOut
from services.rural.rules import CRITERIA, Values
from services.rural.villages.schemas import VillageOut
from services.rural.villages.store import in_communes
from shared.kit.problems import NotFound, Sentence
from shared.periods import Period, PeriodKind, local_day
from shared.reporting.basis import BasisName
from shared.reporting.context import ReportingContext
from shared.reporting.figures.rules import compute_share_percent
from shared.reporting.registers import find_unchanged_counterpart
from shared.territory.models import UnitRow
from shared.territory.query_params import RequestedUnit
from shared.territory.units import Unit

RURAL = ("xa",)
"""Only a xã is assessed; wards and townships are not."""


class NotRural(NotFound):
    """The unit is no rural commune."""

    code = "commune_not_rural"
    detail = Sentence("Đơn vị {unit} không phải là xã.", "The unit {unit} is no rural commune.")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which assessments are asked for."""

    unit: str
    period: Period
    basis: BasisName
    as_of: datetime | None


async def asked(
    context: ReportingContext,
    unit: RequestedUnit,
    period: Period | None,
    basis: BasisName,
    as_of: datetime | None,
) -> Asked:
    """Settle what is asked for; without a period it is the latest year that is assessed, or else the last full one."""
    if period is None:
        period = await store.latest_period(context.session, basis)
    if period is None:
        period = Period.from_day(local_day(context.now), PeriodKind.YEAR).previous()
    return Asked(unit.on(period.ends_on).code, period, basis, as_of)


async def communes(context: ReportingContext, it: Asked, district: str | None) -> list[CommuneRow]:
    """Give the rural communes of a unit with what they meet. Two statements."""
    on = it.period.ends_on
    rural = context.territory.communes(it.unit, on, RURAL)
    if district is not None:
        context.territory.unit(district, on)
        rural = tuple(each for each in rural if context.territory.is_within(each.code, district, on))
    codes = [each.code for each in rural]
    stated = await store.of_period(context.session, codes, it.period, it.basis, it.as_of)
    held = await held_by(context.session, codes, on, it.as_of)
    return [
        _row(context, each, on, stated.verdicts.get(each.code, {}), held.get(each.code, [])) for each in rural
    ]


async def criteria(context: ReportingContext, it: Asked) -> CriteriaOut:
    """Give how each criterion stands over the rural communes of a unit. One statement."""
    rural = context.territory.communes(it.unit, it.period.ends_on, RURAL)
    stated = await store.of_period(
        context.session, [each.code for each in rural], it.period, it.basis, it.as_of
    )
    verdicts = stated.verdicts
    standings = by_criterion(verdicts.values())
    met = [Assessed(code, values).met or 0 for code, values in verdicts.items()]
    labels = {code: context.engine.catalogue.figures[code].label for code in CRITERIA}
    return CriteriaOut(
        unit=it.unit,
        period=str(it.period),
        basis=it.basis,
        communes=len(rural),
        assessed=len(verdicts),
        average=Decimal(sum(met)) / len(met) if met else None,
        groups=grouped(verdicts.values()),
        not_assessed=len(rural) - len(verdicts),
        items=[
            CriterionOut(
                number=each.number,
                indicator=code,
                label=labels[code].vi,
                label_en=labels[code].en,
                met=each.met,
                assessed=each.assessed,
                by_values=stated.by_values[code],
                met_percent=compute_share_percent(each.met, each.assessed),
            )
            for code, each in zip(CRITERIA, standings, strict=True)
        ],
        weakest=weakest(standings),
    )


async def commune(
    context: ReportingContext,
    code: str,
    on: date,
    basis: BasisName,
    sets: CriteriaSets,
    ocop_rules: OcopRules,
) -> CommuneOut:
    """Give one commune on one page. Four statements."""
    unit = context.territory.unit(code, on)
    if unit.level != "commune" or unit.kind not in RURAL:
        raise NotRural(unit=code)
    rows = await recognitions.of_land(context.session, code, on)
    rows.reverse()
    holding = {it.id for it in recognitions.known(rows) if it.in_force(on)}
    own = [each for each in rows if each.unit_level == "commune"]
    return CommuneOut(
        code=code,
        name=unit.full_name,
        district=_district(context, unit, on),
        on=on,
        assessments=over_time(await standing(context, code, on, basis, _codes(sets)), sets),
        in_force=[HeldOut.of(each) for each in own if str(each.id) in holding],
        recognitions=[RecognitionOut.of(each, sets) for each in own],
        villages=await _villages(context, code, on),
        village_recognitions=[
            RecognitionOut.of(each, sets)
            for each in rows
            if each.unit_level == "village" and str(each.id) in holding
        ],
        products=await _products(context, code, on, ocop_rules),
    )


async def standing(
    context: ReportingContext, code: str, on: date, basis: BasisName, indicators: Collection[str]
) -> list[store.Assessment]:
    """Give the assessments of a commune's land for the years begun by a day, the oldest first: verdicts and some indicators.

    A code may have meant other land before.
    """
    found = await store.of_commune(context.session, code, on, basis, indicators)
    return [
        it
        for it in found
        if it.period.starts_on <= on
        and find_unchanged_counterpart(context.territory, it.unit, it.period.ends_on, on) == code
    ]


async def _villages(context: ReportingContext, code: str, on: date) -> list[VillageOut]:
    rows = await context.session.scalars(
        select(UnitRow)
        .where(UnitRow.level == "village", UnitRow.valid_from <= on, in_communes([code], on))
        .order_by(UnitRow.code)
    )
    return [VillageOut.of(each) for each in rows]


async def _products(
    context: ReportingContext, code: str, on: date, ocop_rules: OcopRules
) -> list[EvaluationOut]:
    rows = await context.session.scalars(ocop.valid(ocop_rules, [code], on, ocop.Sought()))
    found: list[OcopEvaluation] = list(rows)
    return [EvaluationOut.of(each, ocop_rules) for each in found]


def _codes(sets: CriteriaSets) -> list[str]:
    """Give everything that is stated of indicators, whether they apply included."""
    every = (one for it in sets.values() for one in it.indicators)
    return [code for one in every for code in (one.code, one.applies) if code]


def _row(
    context: ReportingContext, unit: Unit, on: date, values: Values, held: list[tuple[str, str]]
) -> CommuneRow:
    it = Assessed(unit.code, values)
    return CommuneRow(
        code=unit.code,
        name=unit.full_name,
        district=_district(context, unit, on),
        met=it.met,
        missing=it.missing,
        unstated=it.unstated,
        recognized=[level for level in LEVELS if level in {each for each, _ in held}],
        criteria_sets=sorted({criteria_set for _, criteria_set in held}),
    )


def _district(context: ReportingContext, unit: Unit, on: date) -> str | None:
    above = context.territory.parent(unit.code, on)
    return above.code if above is not None and above.level == "district" else None
