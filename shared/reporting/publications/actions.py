"""Freeze the figures of a unit and period, and compare two such publications."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.exact_json import read_json, restore_numbers
from shared.kit.ids import uuid7
from shared.kit.models import Change
from shared.kit.problems import Conflict, Invalid, NotFound, Sentence, make_fault
from shared.periods import Period, local_day
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import FromRegister
from shared.reporting.context import ReportingContext
from shared.reporting.figures.map_projection import MapProjection, SourceMap, project_unit
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.models import Publication
from shared.reporting.publications import store
from shared.reporting.publications.schemas import (
    ComparisonOut,
    ExplainingDecision,
    ExplainingReport,
    FigureDifference,
    PublicationIn,
    PublicationSummary,
)
from shared.reporting.reports.checking.sentences import PERIOD_NOT_STARTED
from shared.territory.tree import Territory
from shared.territory.units import SplitWithoutWeight, to_commune_code

ReportKey = tuple[str, str, str, str]
"""Unit, period, form and standard; at most one report of a key is in effect."""


class PublicationNotFound(NotFound):
    """No publication has this id."""

    code = "publication_not_found"
    detail = Sentence("Không có bản công bố này.", "There is no such publication.")


class PublicationExists(Conflict):
    """A publication of this name exists; one is never replaced."""

    code = "publication_exists"
    detail = Sentence(
        "Đã có bản công bố tên “{name}” cho kỳ và đơn vị này.",
        "A publication named “{name}” exists for this unit and period.",
    )


class NotComparable(Conflict):
    """The two publications are of another unit, period, basis or standard."""

    code = "publications_not_comparable"
    detail = Sentence(
        "Hai bản công bố khác đơn vị, kỳ, cơ sở số liệu hoặc chuẩn.",
        "The two publications are of another unit, period, basis or standard.",
    )


async def freeze_figures(context: ReportingContext, body: PublicationIn) -> Publication:
    """Insert a publication of the figures of a unit and period as they are known now, from official forms alone."""
    period = Period.parse(body.period)
    if period.starts_on > local_day(context.now):
        facts = {"period": period, "starts_on": period.starts_on}
        raise Invalid(faults=[make_fault("/period", "period_not_started", PERIOD_NOT_STARTED, **facts)])
    context.territory.unit(body.unit, period.ends_on)
    context.require_unit(body.unit, period)
    at = await lock_feed(context.session, context.clock)
    if await store.find_publication(context.session, body.unit, str(period), body.name):
        raise PublicationExists(name=body.name)
    query = FigureQuery(body.unit, period, body.basis, as_of=at, standard=body.standard, official_only=True)
    figures = (await read_figures(context, query)).figures
    publication = Publication(
        id=uuid7(at),
        name=body.name,
        period=str(period),
        unit=body.unit,
        basis=body.basis,
        standard=body.standard,
        as_of=at,
        document_number=body.document.number,
        document_date=body.document.date,
        figures=[read_json(restore_numbers(figure.model_dump_json().encode())) for figure in figures],
        client_id=context.caller.client_id,
        published_at=at,
    )
    context.session.add(publication)
    await context.session.flush()
    data = {
        "name": body.name,
        "unit": body.unit,
        "period": str(period),
        "standard": body.standard,
        "document": body.document.number,
        "reached": sorted({figure.indicator for figure in figures if figure.plan and figure.plan.met}),
    }
    event = Event("publication.frozen", f"publications/{publication.id}", data)
    await publish_events(context.session, at, [event])
    return publication


async def compare_publications(
    context: ReportingContext, publication_id: uuid.UUID, other_id: uuid.UUID
) -> ComparisonOut:
    """Compare two publications of the same unit, period, basis and standard figure by figure, the earlier one first."""
    publications = [await read_publication(context, id_) for id_ in (publication_id, other_id)]
    earlier, later = sorted(publications, key=lambda publication: publication.as_of)
    if _subject(earlier) != _subject(later):
        raise NotComparable
    period = Period.parse(earlier.period)
    projection = project_unit(context.territory, earlier.unit, period, period.ends_on)
    source_maps = [*projection.source_maps, *_find_maps_before(context, earlier.unit, period)]
    effect_changes = await store.read_effect_changes(
        context.session,
        basis=earlier.basis,
        standards=context.engine.catalogue.select_standards(period.ends_on, earlier.standard),
        source_maps=source_maps,
        after=earlier.as_of,
        until=later.as_of,
    )
    values = await store.read_stated_values(context.session, effect_changes, source_maps)
    register_changes = await store.read_register_changes(
        context.session, _list_change_types(context), after=earlier.as_of, until=later.as_of
    )
    differences = _Differences(
        context,
        effect_changes,
        _find_changed_indicators(effect_changes, values),
        [change for change in register_changes if _is_in_unit(context.territory, projection, change.data)],
        frozenset(str(part) for part in period.with_subperiods()),
    )
    before, after = _read_frozen(earlier), _read_frozen(later)
    return ComparisonOut(
        earlier=PublicationSummary.model_validate(earlier, from_attributes=True),
        later=PublicationSummary.model_validate(later, from_attributes=True),
        items=[
            differences.explain(code, before.get(code), after.get(code))
            for code in dict.fromkeys([*before, *after])
        ],
    )


def _find_maps_before(context: ReportingContext, unit: str, period: Period) -> Collection[SourceMap]:
    """Return the maps of the end before, from which changes of figures are made; none where the catalogue has no such figure."""
    if not any(figure.changing for figure in context.engine.catalogue.figures.values()):
        return ()
    try:
        return project_unit(context.territory, unit, period.previous(), period.ends_on).source_maps
    except SplitWithoutWeight:
        return ()


async def read_publication(context: ReportingContext, publication_id: uuid.UUID) -> Publication:
    """Return a publication; raise `PublicationNotFound` where there is none of this id."""
    publication = await context.session.get(Publication, publication_id)
    if publication is None:
        raise PublicationNotFound
    return publication


def _read_frozen(publication: Publication) -> dict[str, FigureOut]:
    """Return the figures of a publication by the key of their series."""
    figures = [FigureOut.model_validate(row) for row in publication.figures]
    return {figure.series_key: figure for figure in figures}


def _subject(publication: Publication) -> tuple[str | None, ...]:
    """Return what two publications must have in common to be compared."""
    return publication.unit, publication.period, publication.basis, publication.standard


def _find_changed_indicators(
    changes: list[store.EffectChange], values: Mapping[uuid.UUID, Mapping[tuple[str, str], Decimal]]
) -> dict[ReportKey, set[str]]:
    """Return the indicators whose values in effect differ after all changes, by unit, period, form and standard.

    Changes come in the order of time: the first of a key shows what was in effect before, the last what is after.
    """
    before: dict[ReportKey, Mapping[tuple[str, str], Decimal]] = {}
    after: dict[ReportKey, Mapping[tuple[str, str], Decimal]] = {}
    for change in changes:
        key = change.report.key
        before.setdefault(key, {} if change.began else values[change.report.id])
        after[key] = values[change.report.id] if change.began else {}
    return {
        key: {
            indicator
            for unit, indicator in {*before[key], *after[key]}
            if before[key].get((unit, indicator)) != after[key].get((unit, indicator))
        }
        for key in before
    }


@dataclass(frozen=True)
class _Differences:
    """The events that can explain a difference between two publications."""

    context: ReportingContext
    effect_changes: list[store.EffectChange]
    changed_indicators: Mapping[ReportKey, set[str]]
    register_changes: Collection[Change]
    parts: Collection[str]
    """The period of the publications and its sub-periods; of the period before only changes of figures are made."""

    def explain(self, code: str, before: FigureOut | None, after: FigureOut | None) -> FigureDifference:
        """Return a figure in both publications, with the reports and decisions that explain the difference."""
        old, new = (figure.value if figure else None for figure in (before, after))
        figure = self.context.engine.catalogue.figures.get(code)
        differs = figure is not None and old != new
        inputs = frozenset(figure.inputs if figure and differs else ())
        reads_end_before = figure is not None and figure.changing is not None
        return FigureDifference(
            **self.context.engine.catalogue.split_key(code)._asdict(),
            before=old,
            after=new,
            difference=new - old if old is not None and new is not None else None,
            reports=[
                ExplainingReport(
                    id=change.report.id,
                    unit=change.report.unit,
                    form=change.report.form,
                    change="began" if change.began else "ceased",
                    at=change.at,
                )
                for change in self.effect_changes
                if inputs & self.changed_indicators[change.report.key]
                and (reads_end_before or change.report.period in self.parts)
            ],
            decisions=[
                _to_decision(change)
                for change in self.register_changes
                if figure and differs and _may_change_count(self.context, figure, change)
            ],
        )


def _list_change_types(context: ReportingContext) -> set[str]:
    """Return the types of the changes that announce decisions, of all registers."""
    return {kind for register in context.engine.registers.values() for kind in register.event_types}


def _may_change_count(context: ReportingContext, figure: Figure, change: Change) -> bool:
    if not isinstance(figure.formula, FromRegister):
        return False
    register = context.engine.registers[figure.formula.register]
    return change.type in register.event_types and register.affects(figure.code, change.data)


def _is_in_unit(territory: Territory, projection: MapProjection, data: Mapping[str, Any]) -> bool:
    """Whether a decision is about land in the unit of a projection; the land of a village is that of its commune."""
    code = to_commune_code(data["unit"]) or data["unit"]
    on = date.fromisoformat(data["decision"]["date"])
    if territory.find(code, on) is None:
        return code in projection.register_units
    communes = {unit.code for unit in territory.communes(projection.unit.code, projection.map_on)}
    return bool(territory.communes_sharing_land(code, on, projection.map_on) & communes)


def _to_decision(change: Change) -> ExplainingDecision:
    decision = change.data.get("revoked_by") or change.data["decision"]
    return ExplainingDecision(
        change=change.type,
        subject=change.subject,
        unit=change.data["unit"],
        decision_number=decision["number"],
        decision_date=decision["date"],
        at=change.at,
    )
