"""Schemas of the status for the reference; the answer itself is composed of the services' documents.

The models are tolerant: the services that own figures and ledger rows describe them in full.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.decimal_fields import JsonDecimal

PartState = Literal["fresh", "stale", "unavailable"]


EXAMPLE: dict[str, Any] = {
    "unit": {"code": "62", "name": "Kon Tum", "kind": "tinh", "since": "2004-07-08"},
    "period": "2023",
    "basis": "accepted",
    "as_of": "2024-01-06T02:00:00Z",
    "complete": False,
    "programs": [
        {
            "program": "poverty",
            "state": "stale",
            "age_seconds": 42,
            "figures": [
                {
                    "indicator": "poverty_rate",
                    "label": "Tỷ lệ hộ nghèo",
                    "value": 6.837035,
                    "decimals": 2,
                    "unit_of_measure": "percent",
                }
            ],
        },
        {
            "program": "ethnic",
            "state": "unavailable",
            "age_seconds": None,
            "figures": [],
            "problem": {"status": 503, "code": "upstream_unavailable", "service": "ethnic"},
        },
    ],
    "funding": {
        "state": "fresh",
        "age_seconds": 0,
        "year": 2023,
        "until": None,
        "rows": [
            {
                "capital": "investment",
                "allocated_vnd": 769000000000,
                "carried_over_vnd": 315732000000,
                "available_vnd": 1084732000000,
                "disbursed_vnd": 786539000000,
                "disbursement_rate": 72.510058,
            }
        ],
        "total": {
            "capital": "total",
            "allocated_vnd": 1274696000000,
            "carried_over_vnd": 597053000000,
            "available_vnd": 1871749000000,
            "disbursed_vnd": 976937600000,
            "disbursement_rate": 52.193836,
        },
        "closing_overdue": False,
        "sources": [],
    },
}


class UnitRefOut(BaseModel):
    """A unit by code and name."""

    code: str = Field(description="code of the unit")
    name: str | None = Field(description="its name on the last day of the period")
    kind: str | None = Field(
        None, description="Vietnamese type without accents: tinh, thanh_pho, huyen, xa …"
    )
    since: date | None = Field(
        None, description="first day of the unit; its code may have named another one before"
    )


class StatusFigureOut(BaseModel):
    """A figure, as the program's `progress` gives it."""

    model_config = ConfigDict(extra="allow")

    indicator: str = Field(description="code of the figure")
    label: str = Field(description="its name in Vietnamese")
    value: JsonDecimal | None = Field(description="exact or to six places; null where nobody stated it")
    decimals: int = Field(description="decimal places to print")
    unit_of_measure: str = Field(description="percent, households, communes, …")
    caveat: dict[str, Any] | None = Field(
        None,
        description="what may be missing from it: code, text, text_en; null where nothing is known to be missing",
    )


class PartOut(BaseModel):
    """PartState and age of a part."""

    state: PartState = Field(description="fresh; stale: the last known value; unavailable: never seen")
    age_seconds: int | None = Field(
        description="seconds since the service last confirmed it; null when never seen"
    )
    problem: dict[str, Any] | None = Field(None, description="why it is unavailable (RFC 9457)")


class ProgramPartOut(PartOut):
    """The part of one program."""

    program: str = Field(description="rural, poverty or ethnic")
    figures: list[StatusFigureOut] = Field(description="its headline figures; empty when unavailable")


class OversightPartOut(PartOut):
    """The part of oversight: bodies, documents, conferences, inspections, recommendations and tasks."""

    figures: list[StatusFigureOut] = Field(description="its headline figures; empty when unavailable")


class FundingRowOut(BaseModel):
    """Money of the central budget of one capital kind, or of all (`total`)."""

    model_config = ConfigDict(extra="allow")

    capital: str = Field(description="investment, recurrent or total")
    allocated_vnd: int = Field(description="given for this year, in đồng")
    carried_over_vnd: int = Field(description="brought from earlier years, in đồng")
    available_vnd: int = Field(description="the two together, in đồng")
    disbursed_vnd: int = Field(description="paid out, in đồng")
    disbursement_rate: JsonDecimal | None = Field(description="disbursed by available, in percent")


class FundingPartOut(PartOut):
    """The part of the ledger."""

    year: int = Field(description="the budget year whose money this is")
    until: date | None = Field(
        description="last day of effect that counts: for a half year, a quarter or a month its last day, and the money "
        "is that of the budget year from its start to that day, what is available included; null for a year, which is whole: "
        "what is paid of it in January until the deadline is its own"
    )
    rows: list[FundingRowOut] = Field(description="the central budget by capital kind")
    total: FundingRowOut | None = Field(
        description="the sum of the rows; null when the ledger is unavailable"
    )
    closing_overdue: bool | None = Field(
        description="whether the settlement day is over and the budget year is not closed; null when the ledger is unavailable"
    )
    sources: list[dict[str, Any]] = Field(description="the other sources, with their parts")


class ProvinceStatusOut(BaseModel):
    """The status of a unit in a period, from all services."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    unit: UnitRefOut
    period: str = Field(description="SDMX time period")
    basis: Literal["accepted", "provisional"] = Field(description="which observations count")
    as_of: datetime | None = Field(description="newest change included in any part")
    complete: bool = Field(
        description="whether every part is fresh, and the coverage of every figure is whole: no unit that is expected is silent"
    )
    programs: list[ProgramPartOut]
    funding: FundingPartOut
    oversight: OversightPartOut | None = Field(
        None, description="absent where the installation has no such service"
    )
