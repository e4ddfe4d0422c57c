"""The routes of the catalogue."""

from fastapi import APIRouter

from shared.kit.problems import Sentence
from shared.kit.transactions import TransactionRoute
from shared.reporting.catalogue.catalogue import Catalogue
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.catalogue.formulas import Sum
from shared.reporting.engine import CurrentEngine
from shared.reporting.indicators.schemas import IndicatorOut, IndicatorsOut, ReportStandardOut
from shared.roles import PublicReader

router = APIRouter(tags=["figures"], route_class=TransactionRoute)

NON_ADDITIVE = Sentence(
    "Nêu và đọc theo từng đơn vị; không cộng giữa các đơn vị.",
    "Stated and read unit by unit; values of several units do not add up.",
)


@router.get("/indicators", summary="Read the catalogue")
async def list_indicators(*, engine: CurrentEngine, _: PublicReader) -> IndicatorsOut:
    """Read what the program measures: definitions, formulas, units of measure, legal basis, days of validity."""
    catalogue = engine.catalogue
    non_additive = (_make_figure(catalogue, code) for code in sorted(catalogue.non_additive))
    figures = (*catalogue.figures.values(), *non_additive)
    return IndicatorsOut(
        items=[IndicatorOut.from_figure(catalogue, figure) for figure in figures],
        standards=[ReportStandardOut.from_standard(standard) for standard in catalogue.standards],
    )


@router.get("/indicators/{code}", summary="Read one indicator")
async def read_indicator(*, engine: CurrentEngine, _: PublicReader, code: str) -> IndicatorOut:
    """Read one entry of the catalogue."""
    catalogue = engine.catalogue
    is_non_additive = code in catalogue.non_additive
    figure = _make_figure(catalogue, code) if is_non_additive else catalogue.get_figure(code)
    return IndicatorOut.from_figure(catalogue, figure)


def _make_figure(catalogue: Catalogue, code: str) -> Figure:
    """Return a figure for an indicator that does not add up: the catalogue has none of it, since it is read unit by unit."""
    indicator = catalogue.indicators[code][-1]
    return Figure(
        code=indicator.code,
        label=indicator.label,
        formula=Sum((indicator.code,)),
        unit_of_measure=indicator.unit_of_measure,
        decimals=indicator.decimals,
        definition=NON_ADDITIVE,
        legal_basis=indicator.legal_basis,
        valid_from=indicator.valid_from,
        valid_to=indicator.valid_to,
        version=indicator.version,
        adds=False,
    )
