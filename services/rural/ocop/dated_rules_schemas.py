"""Wire forms of the OCOP rules: each with its days, its legal basis and how sure it is."""

import datetime as dt
from typing import Self

from pydantic import BaseModel, Field

from services.rural.ocop.dated_rules import OcopRules
from shared.dated_facts.facts import select_in_force
from shared.dated_facts.schemas import DatedOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal


class BandOut(DatedOut):
    """Which scores give how many stars."""

    stars: int = Field(description="stars")
    low: JsonDecimal = Field(description="points from which on")
    high: JsonDecimal = Field(description="points up to which, these not included but in the highest band")
    certified: bool = Field(description="whether so many stars give a certificate at all")


class MayGrantOut(LabelOut, DatedOut):
    """Who may grant so many stars."""

    stars: int = Field(description="stars")
    code: str = Field(description="district, province or central")


class MonthsOut(DatedOut):
    """How long a certificate is valid."""

    months: int = Field(description="calendar months from the decision")


class PartOut(LabelOut, DatedOut):
    """A part of the score."""

    code: str = Field(description="code of the part")
    points: JsonDecimal = Field(description="its most points")


class GroupOut(LabelOut, DatedOut):
    """A group of products."""

    number: int = Field(description="its number")


class OcopRulesOut(BaseModel):
    """The rules of the program that are in force on a day; a decision is judged by those of its own date."""

    on: dt.date = Field(description="the day that is read")
    bands: list[BandOut]
    grantors: list[MayGrantOut]
    validities: list[MonthsOut]
    parts: list[PartOut]
    groups: list[GroupOut]

    @classmethod
    def from_rules(cls, rules: OcopRules, on: dt.date) -> Self:
        """Serialize the rules of a day."""
        return cls(
            on=on,
            bands=[BandOut.from_fact(row) for row in select_in_force(rules.bands, on)],
            grantors=[MayGrantOut.from_fact(row) for row in select_in_force(rules.grantors, on)],
            validities=[MonthsOut.from_fact(row) for row in select_in_force(rules.validities, on)],
            parts=[PartOut.from_fact(row) for row in select_in_force(rules.parts, on)],
            groups=[GroupOut.from_fact(row) for row in select_in_force(rules.groups, on)],
        )
