"""The routes of the tables."""

from fastapi import APIRouter

from services.ethnic.tables.reading import read_form_05, read_land
from services.ethnic.tables.schemas import FormTableOut, LandTableOut
from shared.kit.cached_routes import CachedRoute
from shared.kit.change_feed import AsOf
from shared.reporting.basis import Basis
from shared.reporting.context import PublicContext
from shared.reporting.figures.query import FigureQuery
from shared.reporting.query_params import PeriodQuery
from shared.territory.query_params import UnitQuery

router = APIRouter(prefix="/v1/ethnic", tags=["tables"], route_class=CachedRoute)


@router.get("/land", summary="Read land, housing and water by stage")
async def read_land_table(
    *, context: PublicContext, period: PeriodQuery, unit: UnitQuery, as_of: AsOf = None
) -> LandTableOut:
    """Read households with and lacking land, housing and water: estimate, preliminary and official numbers side by side.

    Of each unit and stage the latest accepted number counts, also where a later report replaced it by one of another stage.
    """
    return await read_land(context, unit.on(period.ends_on).code, period, as_of)


@router.get("/em-poverty", summary="Read form 05")
async def read_form_05_table(
    *, context: PublicContext, basis: Basis, period: PeriodQuery, unit: UnitQuery, as_of: AsOf = None
) -> FormTableOut:
    """Read form 05 (poor and near-poor ethnic-minority households), columns 1 to 9, for the units below a unit.

    Column 4 is printed as the poverty rate of ethnic minorities; it is their share of the poor households.
    """
    code = unit.on(period.ends_on).code
    return await read_form_05(context, FigureQuery(code, period, basis, as_of))
