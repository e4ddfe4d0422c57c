"""The series of a figure: its values over periods of one kind, with the breaks between them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from shared.kit.decimal_fields import JsonDecimal
from shared.periods import Period
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.context import ReportingContext
from shared.reporting.field_types import DimensionOut, StandardCodeOut
from shared.reporting.figures.coverage_schemas import CoverageOut
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.report_content import Status
from shared.territory.query_params import RequestedUnit
from shared.territory.units import UnknownUnitOnDate


class SeriesPointOut(BaseModel):
    """The figure of one period."""

    period: str = Field(description="SDMX time period")
    unit: str | None = Field(description="code of the unit in that period; null where there was none")
    value: JsonDecimal | None = Field(
        description="the value in its unit of measure; null where an input is missing"
    )
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio or an average")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    status: Status | None = Field(description="the least certain status of the values in it")
    standard: StandardCodeOut = None
    break_before: bool = Field(
        description="whether values before this period follow another definition, such as another standard"
    )
    comparable_from: date | None = Field(description="values from this day on are comparable with this one")
    coverage: CoverageOut | None = Field(description="what it covers; null for a count from a register")
    catalogue_version: str | None = Field(description="version of the catalogue that it is made by")

    @classmethod
    def from_figure(
        cls, period: Period, unit: str | None, figure: FigureOut | None, previous: Period | None
    ) -> Self:
        """Serialize the figure of a period; None where there is none; `previous` is the period before it in the series."""
        comparable_from = figure.comparable_from if figure else None
        return cls(
            period=str(period),
            unit=unit,
            value=figure.value if figure else None,
            numerator=figure.numerator if figure else None,
            denominator=figure.denominator if figure else None,
            status=figure.status if figure else None,
            standard=figure.standard if figure else None,
            break_before=previous is not None
            and comparable_from is not None
            and comparable_from > previous.ends_on,
            comparable_from=comparable_from,
            coverage=figure.coverage if figure else None,
            catalogue_version=figure.catalogue_version if figure else None,
        )


class FigureSeriesOut(BaseModel):
    """The series of one figure and unit."""

    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    decimals: int = Field(description="decimal places to print")
    basis: BasisName = Field(description="which observations count")
    as_of: datetime | None = Field(description="the requested instant; null for the present")
    map: date | None = Field(description="the day whose map is read; null: that of each period's last day")
    withheld: bool = Field(False, description="whether its values are withheld from public reads")
    items: list[SeriesPointOut] = Field(description="the periods in their order")


async def read_series(
    context: ReportingContext,
    figure: Figure,
    units: Mapping[Period, str | None],
    *,
    basis: BasisName,
    as_of: datetime | None,
    map_on: date | None,
    standard: str | None,
) -> FigureSeriesOut:
    """Return the figure of each period in its unit of that period. Some statements for each in which there is one."""
    catalogue = context.engine.catalogue
    items: list[SeriesPointOut] = []
    previous: Period | None = None
    for period, code in units.items():
        reading = None
        if code is not None:
            query = FigureQuery(
                code, period, basis, as_of, map_on, standard=standard, only=frozenset({figure.code})
            )
            reading = next(iter((await read_figures(context, query)).figures), None)
        items.append(SeriesPointOut.from_figure(period, code, reading, previous))
        previous = period
    return FigureSeriesOut(
        **catalogue.split_key(figure.code)._asdict(),
        label=figure.label.vi,
        label_en=figure.label.en,
        unit_of_measure=figure.unit_of_measure,
        decimals=figure.decimals,
        basis=basis,
        as_of=as_of,
        map=map_on,
        items=items,
    )


def find_unit(unit: RequestedUnit, on: date) -> str | None:
    """Return the code of the unit on a day; None where there was none. Raise `UnknownUnit` for a code of no day."""
    try:
        return unit.on(on).code
    except UnknownUnitOnDate:
        return None
