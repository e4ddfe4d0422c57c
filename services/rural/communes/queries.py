"""Answers about rural communes: assessments beside the recognitions, villages and products of the same day."""

from datetime import date

from services.rural.assessments.queries import RURAL_KINDS, AssessmentQuery, find_assessments_of_land
from services.rural.assessments.rules import CriteriaResult
from services.rural.assessments.schemas import AssessmentOut
from services.rural.assessments.store import read_period_verdicts
from services.rural.communes.schemas import CommuneOut, CommuneRow
from services.rural.criteria.sets import LEVELS, CriteriaSets
from services.rural.ocop.dated_rules import OcopRules
from services.rural.ocop.queries import name_evaluations
from services.rural.ocop.schemas import EvaluationOut
from services.rural.ocop.store import ProductFilter, select_valid
from services.rural.recognitions.queries import name_recognitions
from services.rural.recognitions.schemas import LevelInForceOut, RecognitionOut
from services.rural.recognitions.store import find_commune_levels, find_land_recognitions, to_registered
from services.rural.villages.schemas import VillageOut
from shared.kit.problems import NotFound, Sentence
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.derivations import Values
from shared.reporting.context import ReportingContext
from shared.territory.units import Unit
from shared.territory.villages.store import select_villages


class CommuneNotRural(NotFound):
    """The unit is not a rural commune."""

    code = "commune_not_rural"
    detail = Sentence("Đơn vị {unit} không phải là xã.", "The unit {unit} is not a rural commune.")


async def list_communes(
    context: ReportingContext, query: AssessmentQuery, district: str | None
) -> list[CommuneRow]:
    """Return the rural communes of a unit with their verdicts and levels in force. Two statements."""
    territory, on = context.territory, query.period.ends_on
    communes = territory.communes(query.unit, on, RURAL_KINDS)
    if district is not None:
        territory.unit(district, on)
        communes = tuple(unit for unit in communes if territory.is_within(unit.code, district, on))
    codes = [commune.code for commune in communes]
    verdicts = await read_period_verdicts(
        context.session, codes, query.period, query.basis, query.standards, query.as_of
    )
    levels = await find_commune_levels(context.session, codes, on, query.as_of)
    return [
        _to_row(
            context,
            commune,
            on,
            verdicts.by_commune.get(commune.code, {}),
            levels.get(commune.code, []),
        )
        for commune in communes
    ]


async def read_commune(
    context: ReportingContext, code: str, on: date, basis: BasisName, sets: CriteriaSets, rules: OcopRules
) -> CommuneOut:
    """Return one commune on one page. Four statements."""
    unit = context.territory.unit(code, on)
    if unit.level != "commune" or unit.kind not in RURAL_KINDS:
        raise CommuneNotRural(unit=code)
    rows = await find_land_recognitions(context.session, code, on)
    rows.reverse()
    in_force = {recognition.id for recognition in to_registered(rows) if recognition.is_in_force(on)}
    own = [row for row in rows if row.unit_level == "commune"]
    of_villages = [row for row in rows if row.unit_level == "village"]
    assessments = await find_assessments_of_land(context, code, on, basis, _list_indicator_codes(sets))
    return CommuneOut(
        code=code,
        name=unit.full_name,
        unit_kind=unit.kind,
        unit_since=unit.valid_from,
        district=_find_district(context, unit, on),
        on=on,
        assessments=AssessmentOut.from_history(assessments, sets),
        in_force=[LevelInForceOut.from_row(row) for row in own if str(row.id) in in_force],
        recognitions=await name_recognitions(context, [RecognitionOut.from_row(row, sets) for row in own]),
        villages=await _list_villages(context, code, on),
        village_recognitions=await name_recognitions(
            context, [RecognitionOut.from_row(row, sets) for row in of_villages if str(row.id) in in_force]
        ),
        products=await _list_products(context, code, on, rules),
    )


async def _list_villages(context: ReportingContext, code: str, on: date) -> list[VillageOut]:
    communes = context.territory.communes(code, on)
    rows = await context.session.scalars(select_villages(context.territory, communes, on))
    return [VillageOut.from_unit(row) for row in rows]


async def _list_products(
    context: ReportingContext, code: str, on: date, rules: OcopRules
) -> list[EvaluationOut]:
    rows = await context.session.scalars(select_valid(rules, [code], on, ProductFilter()))
    return name_evaluations(context, [EvaluationOut.from_row(row, rules) for row in rows])


def _list_indicator_codes(sets: CriteriaSets) -> list[str]:
    """Return the codes of everything that is stated of indicators: values, and whether they apply."""
    indicators = (indicator for criteria_set in sets.values() for indicator in criteria_set.numbers)
    return [code for indicator in indicators for code in (indicator.code, indicator.applies) if code]


def _to_row(
    context: ReportingContext,
    unit: Unit,
    on: date,
    verdicts: Values,
    levels_in_force: list[tuple[str, str]],
) -> CommuneRow:
    result = CriteriaResult(verdicts)
    recognized = {level for level, _criteria_set in levels_in_force}
    return CommuneRow(
        code=unit.code,
        name=unit.full_name,
        unit_kind=unit.kind,
        unit_since=unit.valid_from,
        district=_find_district(context, unit, on),
        met=result.met,
        missing=result.missing,
        unstated=result.unstated,
        recognized=[level for level in LEVELS if level in recognized],
        criteria_sets=sorted({criteria_set for _level, criteria_set in levels_in_force}),
    )


def _find_district(context: ReportingContext, unit: Unit, on: date) -> str | None:
    parent = context.territory.parent(unit.code, on)
    return parent.code if parent is not None and parent.level == "district" else None
