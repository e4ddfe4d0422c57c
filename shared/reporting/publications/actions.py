"""Freezing a vintage, and telling two of them apart."""

import uuid
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from shared.kit.change_feed import Event, lock_feed, publish_events
from shared.kit.ids import uuid7
from shared.kit.models import Change
from shared.kit.problems import Conflict, Invalid, NotFound, Sentence, make_fault
from shared.periods import Period, local_day
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import FromRegister
from shared.reporting.context import ReportingContext
from shared.reporting.figures.map_projection import MapProjection, place_of
from shared.reporting.figures.reading import Reading, progress
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.models import Publication, Report
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
from shared.territory.units import to_commune_code

ReportKey = tuple[str, str, str]
"""Unit, period and form: what has one live report."""


class PublicationNotFound(NotFound):
    """No publication has this id."""

    code = "publication_not_found"
    detail = Sentence("Không có bản công bố này.", "There is no such publication.")


class PublicationExists(Conflict):
    """A vintage of this name is there; a published vintage is never replaced."""

    code = "publication_exists"
    detail = Sentence(
        "Đã có bản công bố tên “{name}” cho kỳ và đơn vị này.",
        "A publication named “{name}” exists for this unit and period.",
    )


class NotComparable(Conflict):
    """The two vintages are of another unit, period or basis."""

    code = "publications_not_comparable"
    detail = Sentence(
        "Hai bản công bố khác đơn vị, kỳ hoặc cơ sở số liệu.",
        "The two publications are of another unit, period or basis.",
    )


async def freeze(context: ReportingContext, asked: PublicationIn) -> Publication:
    """Freeze the figures of a unit and period as they are known now, under a name and a document."""
    period = Period.parse(asked.period)
    if period.starts_on > local_day(context.now):
        shown = {"period": period, "starts_on": period.starts_on}
        raise Invalid(faults=[make_fault("/period", "period_not_started", PERIOD_NOT_STARTED, **shown)])
    context.territory.unit(asked.unit, period.ends_on)
    context.require_unit(asked.unit, period)
    at = await lock_feed(context.session, context.clock)
    if await store.same_name(context.session, asked.unit, str(period), asked.name):
        raise PublicationExists(name=asked.name)
    figures = (await progress(context, Reading(asked.unit, period, asked.basis, as_of=at))).figures
    publication = Publication(
        id=uuid7(at),
        name=asked.name,
        period=str(period),
        unit=asked.unit,
        basis=asked.basis,
        as_of=at,
        document_number=asked.document.number,
        document_date=asked.document.date,
        figures=[figure.model_dump(mode="json") for figure in figures],
        client_id=context.caller.client_id,
        published_at=at,
    )
    context.session.add(publication)
    await context.session.flush()
    facts = {"name": asked.name, "unit": asked.unit, "period": str(period), "document": asked.document.number}
    await publish_events(
        context.session, at, [Event("publication.frozen", f"publications/{publication.id}", facts)]
    )
    return publication


async def compare(context: ReportingContext, one_id: uuid.UUID, other_id: uuid.UUID) -> ComparisonOut:
    """Set two vintages of the same unit, period and basis side by side, the earlier one first."""
    found = [await context.session.get(Publication, each) for each in (one_id, other_id)]
    known = [each for each in found if each is not None]
    if len(known) != len(found):
        raise PublicationNotFound
    earlier, later = sorted(known, key=lambda it: it.as_of)
    if (earlier.unit, earlier.period, earlier.basis) != (later.unit, later.period, later.basis):
        raise NotComparable
    period = Period.parse(earlier.period)
    place = place_of(context.territory, earlier.unit, period, period.ends_on)
    moved = await store.moved_between(
        context.session,
        basis=earlier.basis,
        eras=place.eras,
        after=earlier.as_of,
        until=later.as_of,
    )
    changed = _changed(moved, await store.values_behind(context.session, moved, place.eras))
    told = await store.told_between(
        context.session, _registered(context), after=earlier.as_of, until=later.as_of
    )
    here = [it for it in told if _lies_in(context.territory, place, it.data)]
    before = {it["indicator"]: FigureOut.model_validate(it) for it in earlier.figures}
    after = {it["indicator"]: FigureOut.model_validate(it) for it in later.figures}
    return ComparisonOut(
        earlier=PublicationSummary.model_validate(earlier, from_attributes=True),
        later=PublicationSummary.model_validate(later, from_attributes=True),
        items=[
            _difference(context, code, before.get(code), after.get(code), moved, changed, here)
            for code in dict.fromkeys([*before, *after])
        ],
    )


def _key(report: Report) -> ReportKey:
    return report.unit, report.period, report.form


def _changed(
    moved: list[store.Moved], values: Mapping[uuid.UUID, Mapping[tuple[str, str], Decimal]]
) -> dict[ReportKey, set[str]]:
    """Tell of which indicators a unit's form says something else after all that moved than it said before."""
    before: dict[ReportKey, Mapping[tuple[str, str], Decimal]] = {}
    after: dict[ReportKey, Mapping[tuple[str, str], Decimal]] = {}
    for it in (
        moved
    ):  # in the order of time: what ceased first stood before, what began last and did not cease stands
        key = _key(it.report)
        before.setdefault(key, {} if it.began else values[it.report.id])
        after[key] = values[it.report.id] if it.began else {}
    return {
        key: {
            indicator
            for unit, indicator in {*before[key], *after[key]}
            if before[key].get((unit, indicator)) != after[key].get((unit, indicator))
        }
        for key in before
    }


def _difference(
    context: ReportingContext,
    code: str,
    before: FigureOut | None,
    after: FigureOut | None,
    moved: list[store.Moved],
    changed: Mapping[ReportKey, set[str]],
    told: Collection[Change],
) -> FigureDifference:
    was, now = (it.value if it else None for it in (before, after))
    figure = context.engine.catalogue.figures.get(code)
    inputs = frozenset(figure.inputs if figure and was != now else ())
    explaining = [it for it in moved if inputs & changed[_key(it.report)]]
    return FigureDifference(
        indicator=code,
        before=was,
        after=now,
        difference=now - was if was is not None and now is not None else None,
        reports=[
            ExplainingReport(
                id=it.report.id,
                unit=it.report.unit,
                form=it.report.form,
                change="began" if it.began else "ceased",
                at=it.at,
            )
            for it in explaining
        ],
        decisions=[_said(it) for it in told if figure and was != now and _may_move(context, figure, it)],
    )


def _registered(context: ReportingContext) -> set[str]:
    """Name the changes that tell of decisions, for all registers."""
    return {kind for register in context.engine.registers.values() for kind in register.changes}


def _may_move(context: ReportingContext, figure: Figure, it: Change) -> bool:
    if not isinstance(figure.formula, FromRegister):
        return False
    register = context.engine.registers[figure.formula.register]
    return it.type in register.changes and register.moves(figure.code, it.data)


def _lies_in(territory: Territory, place: MapProjection, facts: Mapping[str, Any]) -> bool:
    """Tell whether a decision speaks of land in a place; a village's is its commune's."""
    code = to_commune_code(facts["unit"]) or facts["unit"]
    on = date.fromisoformat(facts["decision"]["date"])
    if territory.find(code, on) is None:
        return code in place.counted
    here = {one.code for one in territory.communes(place.unit.code, place.map_on)}
    return bool(territory.communes_sharing_land(code, on, place.map_on) & here)


def _said(it: Change) -> ExplainingDecision:
    decision = it.data.get("revoked_by") or it.data["decision"]
    return ExplainingDecision(
        change=it.type,
        subject=it.subject,
        unit=it.data["unit"],
        decision_number=decision["number"],
        decision_date=decision["date"],
        at=it.at,
    )
