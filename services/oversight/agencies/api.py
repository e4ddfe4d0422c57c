"""The route of agencies."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.oversight.agencies.rules import AgencyDirectory
from shared.dated_facts.schemas import DatedOut, LabelOut
from shared.kit.date_fields import IsoDate
from shared.kit.resources import resource
from shared.kit.transactions import TransactionRoute
from shared.periods import local_day
from shared.reporting.context import PublicContext

CurrentAgencies = Annotated[AgencyDirectory, Depends(resource(AgencyDirectory))]

router = APIRouter(prefix="/v1/oversight/agencies", tags=["agencies"], route_class=TransactionRoute)


class SteeringAgencyOut(LabelOut, DatedOut):
    """An agency or an office."""

    code: str = Field(description="code by which records name it")
    level: str = Field(description="level at which it issues: central, province, district, commune, village")
    role: str = Field(description="its role in the programs")
    steers: bool = Field(description="whether it is a steering committee of the programs")
    succeeded_by: str | None = Field(description="the agency that took over its work, where it ended")


class SteeringAgenciesOut(BaseModel):
    """The agencies of a day."""

    on: IsoDate = Field(description="the day")
    items: list[SteeringAgencyOut] = Field(description="the agencies in force on that day")


@router.get("", summary="List agencies")
async def list_agencies(
    *,
    context: PublicContext,
    directory: CurrentAgencies,
    on: Annotated[IsoDate | None, Query(description="day of validity; today when left out")] = None,
) -> SteeringAgenciesOut:
    """List the agencies and offices in force on a day, by the codes with which records name them."""
    day = on or local_day(context.now)
    return SteeringAgenciesOut(
        on=day, items=[SteeringAgencyOut.from_fact(agency) for agency in directory.in_force(day)]
    )
