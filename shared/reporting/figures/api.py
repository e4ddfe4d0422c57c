"""Where figures are said: progress, the observations behind it, and the catalogue."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row, select

from shared.kit.change_feed import AsOf
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Cursor, Limit, fetch_page, set_next_link
from shared.kit.problems import NotFound, Sentence
from shared.kit.transactions import TransactionRoute
from shared.reporting.basis import Basis
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure, Form, Indicator
from shared.reporting.catalogue.formulas import Average, CountUnits, FromRegister, Ratio, Sum
from shared.reporting.context import PublicContext
from shared.reporting.engine import CurrentEngine, ReportingEngine
from shared.reporting.figures import reading
from shared.reporting.figures.lineage import LineageOut, trace_figure
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.schemas import (
    BreakOut,
    CatalogueOut,
    FormOut,
    IndicatorOut,
    ObservationsPage,
    ObservedOut,
    ProgressOut,
    StepOut,
)
from shared.reporting.models import OBSERVATION_IN_EFFECT, EffectiveReport, Observation, Report
from shared.reporting.query_params import PeriodQuery
from shared.reporting.report_content import STATUSES
from shared.roles import PublicReader
from shared.territory.query_params import UnitQuery

router = APIRouter(tags=["figures"], route_class=TransactionRoute)

Kind = Literal["observed", "sum", "ratio", "average", "count", "register"]
KINDS: dict[type, Kind] = {
    Sum: "sum",
    Ratio: "ratio",
    Average: "average",
    CountUnits: "count",
    FromRegister: "register",
}


MapOn = Annotated[
    IsoDate | None,
    Query(
        alias="map", description="read on the map of this day; on that of the period's last day when left out"
    ),
]


BY_ITSELF = Sentence(
    "Nêu và đọc theo từng đơn vị; không cộng giữa các đơn vị.",
    "Stated and read unit by unit; values of several units do not add up.",
)


class IndicatorNotFound(NotFound):
    """The catalogue has no such code."""

    code = "indicator_not_found"
    detail = Sentence(
        "Danh mục không có chỉ tiêu {indicator}.", "The catalogue has no indicator {indicator}."
    )


@router.get("/progress", summary="Read figures with target and coverage")
async def read_progress(
    *,
    context: PublicContext,
    basis: Basis,
    period: PeriodQuery,
    unit: UnitQuery,
    as_of: AsOf = None,
    map_on: MapOn = None,
    headline: Annotated[bool, Query(description="only the figures of the province-wide status")] = False,
) -> ProgressOut:
    """Read the figures of a unit for a period: exact value, target, achieved percent, coverage and lineage."""
    place = unit.on(map_on or period.ends_on)
    return await reading.read_figures(
        context, FigureQuery(place.code, period, basis, as_of, map_on, headline=headline)
    )


@router.get("/lineage/{indicator}", summary="Read where a figure comes from")
async def read_lineage(
    *,
    context: PublicContext,
    basis: Basis,
    indicator: str,
    period: PeriodQuery,
    unit: UnitQuery,
    as_of: AsOf = None,
    map_on: MapOn = None,
) -> LineageOut:
    """Read, in one answer, a figure's formula, the values it is made from, their reports, receipts and reviewers."""
    figure, place = _figure(context.engine, indicator), unit.on(map_on or period.ends_on)
    return await trace_figure(context, FigureQuery(place.code, period, basis, as_of, map_on), figure)


@router.get("/observations", summary="Read the values behind figures")
async def list_observations(
    *,
    context: PublicContext,
    basis: Basis,
    request: Request,
    response: Response,
    period: PeriodQuery,
    unit: UnitQuery,
    indicator: Annotated[
        str | None,
        Query(max_length=2000, description="codes of indicators, separated by commas; all if left out"),
    ] = None,
    as_of: AsOf = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> ObservationsPage:
    """Read the standing values of a unit and everything below it, with the report that states each, newest first."""
    query = (
        select(Observation, Report.id, Report.unit, Report.received_at)
        .join(EffectiveReport, OBSERVATION_IN_EFFECT)
        .join(Report, Report.id == Observation.report_id)
        .where(
            Observation.year == period.year,
            Observation.period == str(period),
            Observation.unit.in_(context.below(unit.on(period.ends_on).code, period)),
            EffectiveReport.basis == basis,
        )
        .order_by(Report.received_at.desc(), Report.id.desc(), Observation.ordinal)
    )
    if as_of is None:
        query = query.where(EffectiveReport.until.is_(None))
    else:
        query = query.where(
            EffectiveReport.since <= as_of,
            (EffectiveReport.until.is_(None)) | (EffectiveReport.until > as_of),
        )
    if indicator:
        query = query.where(Observation.indicator.in_(indicator.split(",")))
    found = await fetch_page(context.session, query, limit=limit, cursor=cursor, said=_observed)
    set_next_link(request, response, found.next)
    return found


@router.get("/indicators", summary="Read the catalogue")
async def list_indicators(*, engine: CurrentEngine, _: PublicReader) -> CatalogueOut:
    """Read what the program measures: definitions, formulas, units of measure, legal basis, days of validity."""
    catalogue = engine.catalogue
    apart = (_alone(catalogue.indicators[code][-1]) for code in sorted(catalogue.non_additive))
    return CatalogueOut(items=[_said(catalogue, it) for it in (*catalogue.figures.values(), *apart)])


@router.get("/indicators/{code}", summary="Read one indicator")
async def read_indicator(*, engine: CurrentEngine, _: PublicReader, code: str) -> IndicatorOut:
    """Read one entry of the catalogue."""
    catalogue = engine.catalogue
    alone = code in catalogue.non_additive
    return _said(catalogue, _alone(catalogue.indicators[code][-1]) if alone else _figure(engine, code))


def _figure(engine: ReportingEngine, code: str) -> Figure:
    figure = engine.catalogue.figures.get(code)
    if figure is None:
        raise IndicatorNotFound(indicator=code[:100])
    return figure


def _alone(indicator: Indicator) -> Figure:
    """Say an indicator whose values do not add up: it is read unit by unit, and there is no figure of it."""
    return Figure(
        code=indicator.code,
        label=indicator.label,
        formula=Sum((indicator.code,)),
        unit_of_measure=indicator.unit_of_measure,
        decimals=indicator.decimals,
        definition=BY_ITSELF,
        legal_basis=indicator.legal_basis,
        valid_from=indicator.valid_from,
        valid_to=indicator.valid_to,
        version=indicator.version,
        adds=False,
    )


def _observed(row: Row[Observation, uuid.UUID, str, datetime]) -> ObservedOut:
    it, report_id, reported_by, received_at = row
    return ObservedOut(
        unit=it.unit,
        indicator=it.indicator,
        period=it.period,
        value=it.value,
        status=STATUSES[it.status],
        report=report_id,
        reported_by=reported_by,
        received_at=received_at,
        derived=it.derived,
    )


def _kind(catalogue: Catalogue, figure: Figure) -> Kind:
    if figure.code in catalogue.indicators and figure.formula == Sum((figure.code,)):
        return "observed"
    return KINDS[type(figure.formula)]


def _form_said(form: Form) -> FormOut:
    return FormOut(
        code=form.code,
        label=form.label.vi,
        owed_by=form.owed_by,
        periods=sorted(form.periods),
        steps=[
            StepOut(
                code=step.code,
                label=step.label.vi,
                label_en=step.label.en,
                level=step.level,
                legal_basis=step.legal_basis,
            )
            for step in form.steps
        ],
    )


def _said(catalogue: Catalogue, figure: Figure) -> IndicatorOut:
    versions = catalogue.indicators.get(figure.code)
    observed = versions[-1] if versions else None
    return IndicatorOut(
        code=figure.code,
        kind=_kind(catalogue, figure),
        label=figure.label.vi,
        label_en=figure.label.en,
        definition=figure.definition.vi,
        definition_en=figure.definition.en,
        unit_of_measure=figure.unit_of_measure,
        decimals=figure.decimals,
        formula=figure.formula_text,
        inputs=list(figure.inputs),
        form=_form_said(catalogue.forms[observed.form]) if observed else None,
        level=observed.level if observed else None,
        unit_kinds=sorted(observed.kinds) if observed and observed.kinds else None,
        flow=observed.flow if observed else None,
        minimum=observed.minimum if observed else None,
        maximum=observed.maximum if observed else None,
        better=figure.better,
        adds=figure.is_additive,
        headline=figure.headline,
        breaks=[BreakOut(on=it.on, note=it.note.vi, note_en=it.note.en) for it in figure.breaks],
        legal_basis=figure.legal_basis,
        valid_from=figure.valid_from,
        valid_to=figure.valid_to,
        version=figure.version,
    )
