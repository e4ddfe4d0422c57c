"""The routes of the catalogue."""

from fastapi import APIRouter

from shared.kit.cached_routes import CachedRoute
from shared.kit.problems import Sentence
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.dimensions import from_series_key
from shared.reporting.catalogue.formulas import Sum
from shared.reporting.engine import CurrentEngine
from shared.reporting.indicators.schemas import BoundOut, IndicatorOut, IndicatorsOut, ReportStandardOut
from shared.roles import PublicReader

router = APIRouter(tags=["figures"], route_class=CachedRoute)

NON_ADDITIVE = Sentence(
    "Nêu và đọc theo từng đơn vị; không cộng giữa các đơn vị.",
    "Stated and read unit by unit; values of several units do not add up.",
)


BY_DIMENSION = Sentence(
    "Nêu theo phân tổ; mỗi phân tổ là một chuỗi số liệu.",
    "Stated by a dimension; each of its members is a series.",
)


@router.get("/indicators", summary="Read the catalogue")
async def list_indicators(*, engine: CurrentEngine, _: PublicReader) -> IndicatorsOut:
    """Read what the program measures: definitions, formulas, units of measure, legal basis, days of validity."""
    catalogue = engine.catalogue
    non_additive = (
        _make_figure(catalogue, code)
        for code in sorted(catalogue.non_additive)
        if from_series_key(code)[1] is None
    )
    stated = (figure for figure in catalogue.figures.values() if from_series_key(figure.code)[1] is None)
    broken_down = (_make_figure(catalogue, code) for code in catalogue.broken_down)
    figures = (*stated, *non_additive, *broken_down)
    return IndicatorsOut(
        items=[IndicatorOut.from_figure(catalogue, figure) for figure in figures],
        standards=[ReportStandardOut.from_standard(standard) for standard in catalogue.standards],
        bounds=[BoundOut.from_bound(bound) for bound in catalogue.bounds],
    )


@router.get("/indicators/{code}", summary="Read one indicator")
async def read_indicator(*, engine: CurrentEngine, _: PublicReader, code: str) -> IndicatorOut:
    """Read one entry of the catalogue."""
    catalogue = engine.catalogue
    has_no_figure = code in catalogue.non_additive or code in catalogue.broken_down
    figure = _make_figure(catalogue, code) if has_no_figure else catalogue.get_figure(code)
    return IndicatorOut.from_figure(catalogue, figure)


def _make_figure(catalogue: Catalogue, code: str) -> Figure:
    """Return a figure for an indicator that has none as a whole: it is read unit by unit, or by the members of its dimension."""
    series = catalogue.list_series(code)
    indicator = catalogue.indicators[series[0]][-1]
    return Figure(
        code=code,
        label=indicator.of_label or indicator.label,
        formula=Sum(series),
        unit_of_measure=indicator.unit_of_measure,
        decimals=indicator.decimals,
        definition=NON_ADDITIVE if code in catalogue.non_additive else BY_DIMENSION,
        legal_basis=indicator.legal_basis,
        valid_from=indicator.valid_from,
        valid_to=indicator.valid_to,
        version=indicator.version,
        adds=code not in catalogue.non_additive,
    )
