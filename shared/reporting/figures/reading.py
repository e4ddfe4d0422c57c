"""How a figure is answered: its measures in the scope, its target, its coverage, its lineage."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlencode

from shared.kit.change_feed import read_newest_change
from shared.kit.problems import Sentence
from shared.periods import Period
from shared.reporting.basis import BasisName, to_rfc3339
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import FromRegister, Ratio
from shared.reporting.context import ReportingContext
from shared.reporting.effective_values import EffectiveValue, read_effective_values, to_measures
from shared.reporting.engine import CountScope, RegisterCount
from shared.reporting.figures import store
from shared.reporting.figures.coverage import Coverage, ExpectedUnits, differing, least
from shared.reporting.figures.map_projection import (
    MapEra,
    MapProjection,
    place_of,
    settled,
    to_be_assessed_anew,
)
from shared.reporting.figures.rules import Outcome, achieved_percent, evaluate
from shared.reporting.figures.schemas import (
    CaveatOut,
    CoverageOut,
    FigureOut,
    InputOut,
    ProgressOut,
    UnitName,
)
from shared.reporting.figures.store import PeriodStatement
from shared.reporting.measures import Measure
from shared.reporting.targets.store import targets_of

LEANING = Sentence(
    "Các số cộng của tỷ lệ này không do cùng số đơn vị nêu: {units}.",
    "The sums of this ratio are not stated by the same number of units: {units}.",
)


@dataclass(frozen=True)
class Reading:
    """What is asked: which unit and period, on which basis, as known at which instant, on the map of which day."""

    unit: str
    period: Period
    basis: BasisName = "accepted"
    as_of: datetime | None = None
    """None: now."""
    map_on: date | None = None
    """None: the period's last day."""
    headline: bool = False


async def progress(context: ReportingContext, asked: Reading) -> ProgressOut:
    """Answer the figures of a unit and period.

    Four statements and those of each register (one or two), whatever the number of units, reports and years; a reading of the past,
    of one commune or on another map costs what its observations cost.
    """
    place = where(context, asked)
    figures = context.engine.catalogue.find_figures(asked.period.ends_on, headline=asked.headline)
    words = await _words_beside_nil(context, asked, place)
    measures, stated = await _measures(context, asked, place, words)
    counted = await counted_in(context, asked, place, figures)
    planned = await _planned(context, asked, place)
    _, changed_at = await read_newest_change(context.session)
    expected = ExpectedUnits(context.engine.catalogue, context.territory, place, stated, words)
    answer = []
    for figure in figures:
        covered = expected.of_inputs(figure, measures)
        anew = to_be_assessed_anew(figure, place, stated or ())
        outcome = outcome_of(figure, measures, counted, to_be_assessed_anew=anew)
        lineage = _lineage(context, asked, figure, counted)
        caveat = CaveatOut.of(counted.get(figure.code)) or _leaning(figure, covered)
        answer.append(_said(figure, outcome, planned.get(figure.code), covered, caveat, lineage, place, anew))
    return ProgressOut(
        unit=UnitName(code=place.unit.code, name=place.unit.name),
        period=str(asked.period),
        basis=asked.basis,
        map=place.map_on,
        as_of=min(filter(None, (asked.as_of, changed_at)), default=None),
        figures=answer,
    )


def where(context: ReportingContext, asked: Reading) -> MapProjection:
    """Find the place that a reading asks about."""
    return place_of(context.territory, asked.unit, asked.period, asked.map_on or asked.period.ends_on)


async def standing_at(
    context: ReportingContext, asked: Reading, place: MapProjection, indicators: frozenset[str] | None = None
) -> list[EffectiveValue]:
    """Give the values that stand, or stood, in a place, each in the share that lies there. One statement for each map."""
    found: list[EffectiveValue] = []
    for era in place.eras:
        if era.parts:
            found += await _stated_on(context, asked, era, indicators)
    return settled(
        context.territory,
        place,
        found,
        context.engine.catalogue.find_flows(asked.period.ends_on).__contains__,
    )


async def _words_beside_nil(
    context: ReportingContext, asked: Reading, place: MapProjection
) -> list[PeriodStatement]:
    """Give what was said by those who stated that nothing happened: here, or for a unit above."""
    above = (one.code for one in context.territory.ancestors(place.unit.code, place.map_on))
    return await store.words_beside_nil(
        context.session,
        parts=[part for era in place.eras for part in _reported(context, era)],
        basis=asked.basis,
        units=frozenset(above).union(*(era.units for era in place.eras)),
        as_of=asked.as_of,
    )


async def _stated_elsewhere(context: ReportingContext, asked: Reading, place: MapProjection) -> bool:
    """Tell whether anything stands for a part of the period that ended on another map. A statement for each such map."""
    return any([await _stated_on(context, asked, era) for era in place.elsewhere if _reported(context, era)])


def _reported(context: ReportingContext, era: MapEra) -> list[Period]:
    """Give the parts of a period that can be reported for at all."""
    kinds = {kind for form in context.engine.catalogue.forms.values() for kind in form.periods}
    return [part for part in era.parts if part.kind in kinds]


async def _stated_on(
    context: ReportingContext, asked: Reading, era: MapEra, indicators: frozenset[str] | None = None
) -> list[EffectiveValue]:
    return await read_effective_values(
        context.session,
        period=asked.period,
        parts=era.parts,
        basis=asked.basis,
        units=era.units,
        indicators=indicators,
        as_of=asked.as_of,
    )


def outcome_of(
    figure: Figure,
    measures: Mapping[str, Measure],
    counted: Mapping[str, RegisterCount],
    *,
    to_be_assessed_anew: bool,
) -> Outcome:
    """Make a figure; what does not add up over units that merged has no value there."""
    if to_be_assessed_anew:
        return Outcome(None)
    if isinstance(figure.formula, FromRegister):
        return Outcome(Decimal(counted[figure.code].value), status="official")
    return evaluate(figure, measures)


async def _planned(context: ReportingContext, asked: Reading, place: MapProjection) -> dict[str, Decimal]:
    """Give the targets of the unit asked about; a unit of another map has none of what its code meant then."""
    same_land = place.own_map or (not place.merged and place.unit.is_valid_on(asked.period.ends_on))
    if not same_land:
        return {}
    return await targets_of(context.session, place.unit.code, str(asked.period), as_of=asked.as_of)


async def _measures(
    context: ReportingContext, asked: Reading, place: MapProjection, words: Iterable[PeriodStatement]
) -> tuple[dict[str, Measure], list[EffectiveValue] | None]:
    """Read roll-ups for the present of a district or province, the observations themselves (said as well) for anything else.

    A year of two maps is read from roll-ups while nothing stands for a part of it that ended on the earlier one.
    """
    present = asked.as_of is None and place.own_map and place.unit.level in ("province", "district")
    one_map = all(word.period in place.here.parts for word in words)
    if present and one_map and not await _stated_elsewhere(context, asked, place):
        below = context.territory.children(place.unit.code, place.map_on)
        districts = (one.code for one in below if one.level == "district")
        found = await store.rolled_up(
            context.session,
            context.engine.catalogue,
            period=asked.period,
            parts=place.here.parts,
            basis=asked.basis,
            units=[place.unit.code, *districts],
        )
        return found, None
    stated = await standing_at(context, asked, place)
    return to_measures(context.engine.catalogue, asked.period, stated), stated


async def counted_in(
    context: ReportingContext, asked: Reading, place: MapProjection, figures: Collection[Figure]
) -> dict[str, RegisterCount]:
    """Ask each register that these figures come from, once."""
    wanted = {it.formula.register for it in figures if isinstance(it.formula, FromRegister)}
    scope = CountScope(place.unit.code, place.counted, asked.period, asked.period.ends_on, asked.as_of)
    found: dict[str, RegisterCount] = {}
    for name in sorted(wanted):
        found |= await context.engine.registers[name].count(context.session, scope)
    return found


def _leaning(figure: Figure, covered: Mapping[str, Coverage]) -> CaveatOut | None:
    """Say that the sums of a ratio are not of the same units, as far as their numbers tell."""
    if not isinstance(figure.formula, Ratio) or not differing(covered):
        return None
    units = ", ".join(f"{code} {it.reported}/{it.expected}" for code, it in covered.items())
    return CaveatOut(
        code="inputs_covered_unequally",
        text=LEANING.vi.format(units=units),
        text_en=LEANING.en.format(units=units),
    )


def _said(
    figure: Figure,
    outcome: Outcome,
    target: Decimal | None,
    covered: Mapping[str, Coverage],
    caveat: CaveatOut | None,
    lineage: str,
    place: MapProjection,
    anew: bool,
) -> FigureOut:
    return FigureOut(
        indicator=figure.code,
        label=figure.label.vi,
        label_en=figure.label.en,
        value=outcome.value,
        decimals=figure.decimals,
        unit_of_measure=figure.unit_of_measure,
        numerator=outcome.numerator,
        denominator=outcome.denominator,
        target=target,
        achieved_percent=achieved_percent(outcome.value, target, figure.better),
        better=figure.better,
        coverage=CoverageOut.of(least(covered)),
        inputs=[InputOut(indicator=code, **asdict(it)) for code, it in differing(covered).items()],
        status=outcome.status,
        reassessment_required=anew,
        comparable_from=figure.find_latest_break(place.period.ends_on),
        oldest_at=outcome.oldest_at,
        newest_at=outcome.newest_at,
        version=figure.version,
        caveat=caveat,
        lineage=lineage,
    )


def _lineage(
    context: ReportingContext, asked: Reading, figure: Figure, counted: Mapping[str, RegisterCount]
) -> str:
    if isinstance(figure.formula, FromRegister):
        return counted[figure.code].lineage
    query = {"unit": asked.unit, "period": str(asked.period), "basis": asked.basis}
    if asked.as_of:
        query["as_of"] = to_rfc3339(asked.as_of) or ""
    if asked.map_on:
        query["map"] = asked.map_on.isoformat()
    if asked.map_on or _in_parts(context, figure, asked.period):
        return f"{context.engine.path}/lineage/{figure.code}?{urlencode(query, safe=',:')}"
    query["indicator"] = ",".join(figure.inputs)
    return f"{context.engine.path}/observations?{urlencode(query, safe=',:')}"


def _in_parts(context: ReportingContext, figure: Figure, period: Period) -> bool:
    """Tell whether a figure of the period may be made from what is stated for parts of it."""
    catalogue = context.engine.catalogue
    found = (catalogue.find_indicator(code, period.ends_on) for code in figure.inputs)
    forms = (catalogue.forms[one.form] for one in found if one is not None)
    return any(kind.months < period.kind.months for form in forms for kind in form.periods)


async def values_by_child(
    context: ReportingContext, root: str, period: Period, basis: BasisName, as_of: datetime | None = None
) -> dict[str, dict[str, Decimal]]:
    """Give what stands for a unit and for each of the units right below it, by indicator, the unit itself last.

    One statement; it reads the observations, so it costs what the values below the unit cost.
    """
    asked = Reading(root, period, basis, as_of)
    place = where(context, asked)
    on = period.ends_on
    children = [unit.code for unit in context.territory.children(root, on) if unit.level != "village"]
    by_place: dict[str, list[EffectiveValue]] = {code: [] for code in (*children, root)}
    for one in await standing_at(context, asked, place):
        lines = {one.unit, *(above.code for above in context.territory.ancestors(one.unit, on))}
        for code in lines & by_place.keys():
            by_place[code].append(one)
    return {
        code: {
            measure: found.value
            for measure, found in to_measures(context.engine.catalogue, period, stated).items()
        }
        for code, stated in by_place.items()
    }
