"""The series of a figure: its values over periods of one kind, with the breaks between them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Self

from pydantic import BaseModel, Field

from shared.kit.change_feed import find_newest_included
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.representations import RowFormat
from shared.periods import Period
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.definitions import Figure
from shared.reporting.context import ReportingContext
from shared.reporting.field_types import DimensionOut, StandardCodeOut
from shared.reporting.figures.coverage_schemas import CaveatOut, CoverageOut
from shared.reporting.figures.query import FigureQuery
from shared.reporting.figures.reading import read_figures
from shared.reporting.figures.rules import FormStage
from shared.reporting.figures.schemas import FigureOut
from shared.reporting.figures.sdmx_csv import make_format
from shared.reporting.figures.unit_values import read_unit_values
from shared.reporting.figures.unit_values_schemas import MapValueOut
from shared.reporting.report_content import Status
from shared.territory.levels import ShownLevel, has_level
from shared.territory.named_rows import NamedUnitRow
from shared.territory.query_params import RequestedUnit
from shared.territory.units import Unit, UnknownUnitOnDate


class SeriesPointOut(NamedUnitRow):
    """The figure of one period."""

    row_formats: ClassVar[tuple[RowFormat, ...]] = (make_format("figures"),)

    period: str = Field(description="SDMX time period")
    unit: str | None = Field(description="code of the unit in that period; null where there was none")
    value: JsonDecimal | None = Field(
        description="the value in its unit of measure; null where an input is missing"
    )
    numerator: JsonDecimal | None = Field(description="what is divided, where it is a ratio or an average")
    denominator: JsonDecimal | None = Field(description="by what it is divided")
    target: JsonDecimal | None = Field(
        None, description="the planned value for this unit and period; of a range the lower bound"
    )
    status: Status | None = Field(description="the least certain status of the values in it")
    standard: StandardCodeOut = None
    break_before: bool = Field(
        description="whether values before this period follow another definition, such as another standard, or the unit has "
        "other land than in the period before"
    )
    comparable_from: date | None = Field(description="values from this day on are comparable with this one")
    coverage: CoverageOut | None = Field(description="what it covers; null for a count from a register")
    catalogue_version: str | None = Field(description="version of the catalogue that it is made by")
    missing: list[str] = Field(
        default_factory=list, description="the inputs that nobody stated; with one missing the figure is null"
    )
    stage: FormStage | None = Field(
        None,
        description="the forms that it is read from: official, preliminary or mixed; null where nothing is stated",
    )
    reassessment_required: bool = Field(
        False, description="the figure does not add up over units that merged; it must be assessed anew"
    )
    caveat: CaveatOut | None = Field(
        None, description="what a reader has to know, such as that its terms do not cover the same units"
    )

    @classmethod
    def from_map_value(
        cls, period: Period, row: MapValueOut, previous: Period | None, standard: str | None
    ) -> Self:
        """Serialize the figure of a unit of a level, as the map of the period gives it."""
        is_redefined = (
            previous is not None
            and row.comparable_from is not None
            and row.comparable_from > previous.ends_on
        )
        return cls(
            period=str(period), break_before=is_redefined, standard=standard,
            **row.model_dump(
                include={
                    "unit", "unit_name", "unit_kind", "unit_since", "value", "numerator", "denominator", "target", "status",
                    "comparable_from", "coverage", "catalogue_version", "missing", "stage", "reassessment_required", "caveat",
                }
            ),
        )  # fmt: skip

    @classmethod
    def from_figure(
        cls,
        period: Period,
        unit: Unit | None,
        figure: FigureOut | None,
        previous: Period | None,
        *,
        same_land: bool,
    ) -> Self:
        """Serialize the figure of a period; None where there is none; `previous` is the period before it in the series."""
        comparable_from = figure.comparable_from if figure else None
        is_redefined = (
            previous is not None and comparable_from is not None and comparable_from > previous.ends_on
        )
        return cls(
            period=str(period),
            unit=unit.code if unit else None,
            unit_name=unit.full_name if unit else None,
            unit_kind=unit.kind if unit else None,
            unit_since=unit.valid_from if unit else None,
            value=figure.value if figure else None,
            numerator=figure.numerator if figure else None,
            denominator=figure.denominator if figure else None,
            target=figure.target if figure else None,
            status=figure.status if figure else None,
            standard=figure.standard if figure else None,
            break_before=is_redefined or not same_land,
            comparable_from=comparable_from,
            coverage=figure.coverage if figure else None,
            catalogue_version=figure.catalogue_version if figure else None,
            missing=figure.missing if figure else [],
            stage=figure.stage if figure else None,
            reassessment_required=bool(figure and figure.reassessment_required),
            caveat=figure.caveat if figure else None,
        )


class FigureSeriesOut(BaseModel):
    """The series of one figure and unit."""

    repeated_in_rows: ClassVar[tuple[str, ...]] = (
        "indicator", "dimension", "label", "label_en", "unit_of_measure", "decimals", "basis",
    )  # fmt: skip

    indicator: str = Field(description="code of the figure")
    dimension: DimensionOut = None
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    decimals: int = Field(description="decimal places to print")
    basis: BasisName = Field(description="which observations count")
    as_of: datetime | None = Field(description="newest change included")
    map: date | None = Field(description="the day whose map is read; null: that of each period's last day")
    withheld: bool = Field(False, description="whether its values are withheld from public reads")
    items: list[SeriesPointOut] = Field(
        description="the periods in their order; with `level` a row for each unit of that level in each period that has such units"
    )


async def read_series(
    context: ReportingContext,
    figure: Figure,
    units: Mapping[Period, Unit | None],
    *,
    basis: BasisName,
    as_of: datetime | None,
    map_on: date | None,
    standard: str | None,
) -> FigureSeriesOut:
    """Return the figure of each period in its unit of that period. Some statements for each in which there is one."""
    newest_included = await find_newest_included(context.session, as_of)
    items: list[SeriesPointOut] = []
    previous: Period | None = None
    last_unit: Unit | None = None
    for period, unit in units.items():
        reading, same_land = None, True
        if unit is not None:
            same_land = last_unit is None or last_unit.key in context.territory.find_keys_of_land(unit)
            last_unit = unit
            query = FigureQuery(
                unit.code, period, basis, as_of, map_on, standard=standard, only=frozenset({figure.code})
            )
            reading = next(iter((await read_figures(context, query)).figures), None)
        items.append(SeriesPointOut.from_figure(period, unit, reading, previous, same_land=same_land))
        previous = period
    return _make_series(context, figure, items, newest_included, basis=basis, map_on=map_on)


async def read_series_of_level(
    context: ReportingContext,
    figure: Figure,
    units: Mapping[Period, Unit | None],
    level: ShownLevel,
    *,
    basis: BasisName,
    as_of: datetime | None,
    map_on: date | None,
    standard: str | None,
) -> FigureSeriesOut:
    """Return the figure of every unit of a level, in each period. Some statements for each, whatever the number of units."""
    newest_included = await find_newest_included(context.session, as_of)
    items: list[SeriesPointOut] = []
    previous: Period | None = None
    for period, unit in units.items():
        if unit is not None and has_level(context.territory, unit, level, map_on or period.ends_on):
            query = FigureQuery(unit.code, period, basis, as_of, map_on, standard=standard)
            answer = await read_unit_values(context, query, [figure], level)
            shown_standard = answer.indicators[0].standard
            items += [
                SeriesPointOut.from_map_value(period, row, previous, shown_standard) for row in answer.items
            ]
        previous = period
    return _make_series(context, figure, items, newest_included, basis=basis, map_on=map_on)


def _make_series(
    context: ReportingContext,
    figure: Figure,
    items: list[SeriesPointOut],
    newest_included: datetime | None,
    *,
    basis: BasisName,
    map_on: date | None,
) -> FigureSeriesOut:
    catalogue = context.engine.catalogue
    return FigureSeriesOut(
        **catalogue.split_key(figure.code)._asdict(),
        label=figure.label.vi,
        label_en=figure.label.en,
        unit_of_measure=figure.unit_of_measure,
        decimals=figure.decimals,
        basis=basis,
        as_of=newest_included,
        map=map_on,
        items=items,
    )


def find_unit(unit: RequestedUnit, on: date) -> Unit | None:
    """Return the unit on a day; None where there was none. Raise `UnknownUnit` for a code of no day."""
    try:
        return unit.on(on)
    except UnknownUnitOnDate:
        return None
