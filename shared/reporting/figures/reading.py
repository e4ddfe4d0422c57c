"""How a figure is answered: its measures in the scope, its target, its coverage, its lineage."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlencode

from shared.kit.feed import newest_change
from shared.periods import Period
from shared.reporting.basis import BasisName, instant
from shared.reporting.catalogue import Figure, FromRegister
from shared.reporting.desk import Desk
from shared.reporting.engine import Counted, Scope
from shared.reporting.figures import store
from shared.reporting.figures.coverage import Coverage, Expectations
from shared.reporting.figures.place import Place, own_place, place_on_map, reported_on_map
from shared.reporting.figures.rules import Measure, Outcome, achieved_percent, evaluate
from shared.reporting.figures.schemas import CaveatOut, CoverageOut, FigureOut, ProgressOut, UnitName
from shared.reporting.figures.store import StandingValue
from shared.reporting.targets.store import targets_of


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


async def progress(desk: Desk, asked: Reading) -> ProgressOut:
    """Answer the figures of a unit and period.

    Four statements and those of each register (one or two), whatever the number of units, reports and years; a reading of the past,
    of one commune or on another map costs what its observations cost.
    """
    place = where(desk, asked)
    figures = desk.engine.catalogue.figures_on(asked.period.ends_on, headline=asked.headline)
    measures, stated = await _measures(desk, asked, place)
    nil = await store.nil_units(desk.session, period=asked.period, basis=asked.basis, as_of=asked.as_of)
    counted = await counted_in(desk, asked, place, figures)
    planned = await _planned(desk, asked, place)
    _, changed_at = await newest_change(desk.session)
    expected = Expectations(
        desk.engine.catalogue, desk.territory, place.unit.code, place.map_on, nil if place.own_map else {}
    )
    answer = []
    for figure in figures:
        covered = (
            expected.coverage(figure, measures)
            if place.own_map
            else _coverage_on_map(desk, place, figure, stated)
        )
        outcome = outcome_of(figure, place, measures, counted)
        lineage = _lineage(desk, asked, figure, counted)
        caveat = CaveatOut.of(counted.get(figure.code))
        answer.append(_said(figure, outcome, planned.get(figure.code), covered, caveat, lineage, place))
    return ProgressOut(
        unit=UnitName(code=place.unit.code, name=place.unit.name),
        period=str(asked.period),
        basis=asked.basis,
        map=place.map_on,
        as_of=min(filter(None, (asked.as_of, changed_at)), default=None),
        figures=answer,
    )


def where(desk: Desk, asked: Reading) -> Place:
    """Find the place that a reading asks about."""
    if asked.map_on is None or asked.map_on == asked.period.ends_on:
        return own_place(desk.territory, asked.unit, asked.period)
    return place_on_map(desk.territory, asked.unit, asked.period, asked.map_on)


async def standing_at(
    desk: Desk, asked: Reading, place: Place, indicators: frozenset[str] | None = None
) -> list[StandingValue]:
    """Give the values that stand, or stood, in a place, each in the share that lies there."""
    stated = await store.standing_values(
        desk.session,
        period=asked.period,
        basis=asked.basis,
        units=place.shares.keys(),
        indicators=indicators,
        as_of=asked.as_of,
    )
    return place.weigh(stated)


def outcome_of(
    figure: Figure, place: Place, measures: Mapping[str, Measure], counted: Mapping[str, Counted]
) -> Outcome:
    """Make a figure; what does not add up over units that merged has no value there."""
    if place.merged and not figure.adds:
        return Outcome(None)
    if isinstance(figure.formula, FromRegister):
        return Outcome(Decimal(counted[figure.code].value), status="official")
    return evaluate(figure, measures)


async def _planned(desk: Desk, asked: Reading, place: Place) -> dict[str, Decimal]:
    """Give the targets of the unit asked about; a unit of another map has none of what its code meant then."""
    same_land = place.own_map or (not place.merged and place.unit.valid(asked.period.ends_on))
    if not same_land:
        return {}
    return await targets_of(desk.session, place.unit.code, str(asked.period), as_of=asked.as_of)


async def _measures(
    desk: Desk, asked: Reading, place: Place
) -> tuple[dict[str, Measure], list[StandingValue]]:
    """Read roll-ups for the present of a district or province, the observations themselves for anything else."""
    if asked.as_of is None and place.own_map and place.unit.level in ("province", "district"):
        below = desk.territory.children(place.unit.code, place.map_on)
        districts = (one.code for one in below if one.level == "district")
        found = await store.rolled_up(
            desk.session,
            desk.engine.catalogue,
            period=asked.period,
            basis=asked.basis,
            units=[place.unit.code, *districts],
        )
        return found, []
    stated = await standing_at(desk, asked, place)
    return store.measures_from(desk.engine.catalogue, asked.period, stated), stated


async def counted_in(
    desk: Desk, asked: Reading, place: Place, figures: Collection[Figure]
) -> dict[str, Counted]:
    """Ask each register that these figures come from, once."""
    wanted = {it.formula.register for it in figures if isinstance(it.formula, FromRegister)}
    scope = Scope(place.unit.code, frozenset(place.shares), asked.period, asked.period.ends_on, asked.as_of)
    found: dict[str, Counted] = {}
    for name in sorted(wanted):
        found |= await desk.engine.registers[name](desk.session, scope)
    return found


def _coverage_on_map(
    desk: Desk, place: Place, figure: Figure, stated: list[StandingValue]
) -> Coverage | None:
    found = []
    for code in figure.inputs:
        indicator = desk.engine.catalogue.indicator(code, place.period.ends_on)
        if indicator is not None:
            reported, expected = reported_on_map(desk.territory, place, indicator, stated)
            found.append(Coverage(reported, 0, expected))
    return min(found, key=lambda it: it.share, default=None)


def _said(
    figure: Figure,
    outcome: Outcome,
    target: Decimal | None,
    covered: Coverage | None,
    caveat: CaveatOut | None,
    lineage: str,
    place: Place,
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
        coverage=CoverageOut.model_validate(covered, from_attributes=True) if covered else None,
        status=outcome.status,
        reassessment_required=place.merged and not figure.adds,
        comparable_from=figure.comparable_from(place.period.ends_on),
        oldest_at=outcome.oldest_at,
        newest_at=outcome.newest_at,
        version=figure.version,
        caveat=caveat,
        lineage=lineage,
    )


def _lineage(desk: Desk, asked: Reading, figure: Figure, counted: Mapping[str, Counted]) -> str:
    if isinstance(figure.formula, FromRegister):
        return counted[figure.code].lineage
    query = {"unit": asked.unit, "period": str(asked.period), "basis": asked.basis}
    if asked.as_of:
        query["as_of"] = instant(asked.as_of) or ""
    if asked.map_on:
        query["map"] = asked.map_on.isoformat()
        return f"{desk.engine.path}/lineage/{figure.code}?{urlencode(query, safe=',:')}"
    query["indicator"] = ",".join(figure.inputs)
    return f"{desk.engine.path}/observations?{urlencode(query, safe=',:')}"


async def values_by_child(
    desk: Desk, root: str, period: Period, basis: BasisName, as_of: datetime | None = None
) -> dict[str, dict[str, Decimal]]:
    """Give what stands for a unit and for each of the units right below it, by indicator, the unit itself last.

    One statement; it reads the observations, so it costs what the values below the unit cost.
    """
    asked = Reading(root, period, basis, as_of)
    place = own_place(desk.territory, root, period)
    on = period.ends_on
    children = [unit.code for unit in desk.territory.children(root, on) if unit.level != "village"]
    by_place: dict[str, list[StandingValue]] = {code: [] for code in (*children, root)}
    for one in await standing_at(desk, asked, place):
        lines = {one.unit, *(above.code for above in desk.territory.ancestors(one.unit, on))}
        for code in lines & by_place.keys():
            by_place[code].append(one)
    return {
        code: {
            measure: found.value
            for measure, found in store.measures_from(desk.engine.catalogue, period, stated).items()
        }
        for code, stated in by_place.items()
    }
