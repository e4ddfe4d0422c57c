"""Answers with an amount of many units, or of many periods."""

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.funding.ledger import Book
from services.funding.progress.rules import ProgressGroup
from services.funding.progress.schemas import ShownUnitOut
from services.funding.unit_amounts.rules import RATES, AmountName, get_amount
from shared.kit.decimal_fields import JsonDecimal
from shared.territory.units import Unit

AmountLevel = Literal["province", "district", "commune"]

EXAMPLE: dict[str, Any] = {
    "unit": "610",
    "unit_name": "Huyện Đăk Glei",
    "unit_kind": "huyen",
    "unit_since": "2004-07-08",
    "indicator": "disbursement_rate",
    "value": 72.51,
    "numerator": 725_100_000,
    "denominator": 1_000_000_000,
    "target": None,
    "coverage": None,
    "status": None,
    "caveat": None,
}


class AmountCaveatOut(BaseModel):
    """What a reader of an amount has to know."""

    code: str = Field(description="stable code")
    text: str = Field(description="the sentence, in Vietnamese")
    text_en: str = Field(description="the sentence, in English")


class AmountOut(BaseModel):
    """The value of an amount or rate."""

    value: JsonDecimal | None = Field(
        description="in đồng; of a rate in percent, null where its denominator is 0"
    )
    numerator: JsonDecimal | None = Field(description="of a rate: what is divided, in đồng")
    denominator: JsonDecimal | None = Field(description="of a rate: by what it is divided, in đồng")

    @staticmethod
    def find_fields(group: ProgressGroup, name: AmountName) -> dict[str, Any]:
        """Return the fields of an amount or rate of a group."""
        if name not in RATES:
            return {"value": get_amount(group, name), "numerator": None, "denominator": None}
        if name == "disbursement_rate":
            counted = group.counted
            return {
                "value": group.rate,
                "numerator": counted.disbursed_vnd,
                "denominator": counted.available_vnd,
            }
        return {
            "value": group.allocation_rate,
            "numerator": group.amounts.allocated_vnd,
            "denominator": group.amounts.assigned_vnd,
        }


class AmountOfUnitOut(AmountOut):
    """An amount of one unit of the map."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    unit: str = Field(description="code of the unit")
    unit_name: str = Field(description="kind and name")
    unit_kind: str = Field(description="Vietnamese type without accents")
    unit_since: date = Field(description="first day of the unit; its code may have named another one before")
    indicator: str = Field(description="name of the amount, as in `progress`")
    target: None = Field(None, description="always null: money has no targets")
    coverage: None = Field(None, description="always null: the ledger is complete")
    status: None = Field(None, description="always null: entries are official")
    caveat: AmountCaveatOut | None = Field(
        description="`units_divided` where a unit that was divided without weights gave it a part, whose money is in "
        "`above`"
    )

    @classmethod
    def from_group(
        cls, unit: Unit, name: AmountName, group: ProgressGroup, caveat: AmountCaveatOut | None
    ) -> Self:
        """Serialize an amount of a unit."""
        return cls(
            unit=unit.code,
            unit_name=unit.full_name,
            unit_kind=unit.kind,
            unit_since=unit.valid_from,
            indicator=name,
            caveat=caveat,
            **cls.find_fields(group, name),
        )


class AmountAboveOut(AmountOut):
    """An amount that lies in no unit of the level."""

    indicator: str = Field(description="name of the amount")

    @classmethod
    def from_group(cls, name: AmountName, group: ProgressGroup) -> Self:
        """Serialize an amount."""
        return cls(indicator=name, **cls.find_fields(group, name))


class AmountsOfUnitsOut(BaseModel):
    """Amounts of every unit of a level in a unit, for a map."""

    unit: ShownUnitOut
    period: str = Field(description="SDMX time period; of a part of a year: from its start to the last day")
    until: date | None = Field(description="last day of effect that counts; null: the whole budget year")
    level: AmountLevel = Field(description="level of the units")
    basis: Literal["accepted"] = Field("accepted", description="entries are recorded or not")
    book: Book = Field(description="the book of the payments")
    map: date = Field(description="the day whose administrative map is read")
    as_of: datetime | None = Field(description="newest change included")
    items: list[AmountOfUnitOut] = Field(description="a row for each unit, by code, and amount")
    above: list[AmountAboveOut] = Field(
        description="money of units above the level and of agencies, and what was not passed on by divided units; "
        "with the items it adds up to the unit"
    )


class AmountPointOut(AmountOut):
    """The amount of one period."""

    period: str = Field(description="SDMX time period")
    unit: str | None = Field(description="code of the unit in that period; null where there was none")
    unit_name: str | None = Field(description="kind and name")
    unit_kind: str | None = Field(description="Vietnamese type without accents")
    unit_since: date | None = Field(description="first day of the unit")
    break_before: bool = Field(
        description="whether the unit of the period before had other land, so that amounts do not compare"
    )
    closed: bool = Field(description="whether the budget year was closed; else amounts may still change")


class AmountSeriesOut(BaseModel):
    """An amount of one unit over periods."""

    indicator: str = Field(description="name of the amount, as in `progress`")
    basis: Literal["accepted"] = Field("accepted", description="entries are recorded or not")
    book: Book = Field(description="the book of the payments")
    as_of: datetime | None = Field(description="newest change included")
    map: date | None = Field(description="the day whose map is read; null: that of each period's last day")
    items: list[AmountPointOut] = Field(description="the periods in their order")
