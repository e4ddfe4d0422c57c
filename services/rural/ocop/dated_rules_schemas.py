"""The rules of the OCOP program on the wire, each with its days, its legal basis and its confidence."""

import datetime as dt
from typing import Self

from pydantic import BaseModel, Field

from services.rural.ocop.dated_rules import OcopRules
from shared.dated_facts.facts import select_in_force
from shared.dated_facts.schemas import DatedOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal


class StarBandOut(DatedOut):
    """The scores that give a number of stars."""

    stars: int = Field(description="stars")
    low: JsonDecimal = Field(description="lowest points of the band")
    high: JsonDecimal = Field(
        description="points at which the next band begins; the highest band includes them"
    )
    certified: bool = Field(description="whether so many stars give a certificate at all")


class StarGrantorOut(LabelOut, DatedOut):
    """The authority that grants a number of stars."""

    stars: int = Field(description="stars")
    code: str = Field(description="district, province or central")


class CertificateValidityOut(DatedOut):
    """The validity of a certificate."""

    months: int = Field(description="calendar months from the decision")


class ScorePartOut(LabelOut, DatedOut):
    """A part of the score."""

    code: str = Field(description="code of the part")
    points: JsonDecimal = Field(description="maximum of its points")


class ProductGroupOut(LabelOut, DatedOut):
    """A group of products."""

    number: int = Field(description="its number")


class OcopRulesOut(BaseModel):
    """The rules of the program that are in force on a day; a decision follows those of its own date."""

    on: dt.date = Field(description="the day of the rules")
    bands: list[StarBandOut]
    grantors: list[StarGrantorOut]
    validities: list[CertificateValidityOut]
    parts: list[ScorePartOut]
    groups: list[ProductGroupOut]

    @classmethod
    def from_rules(cls, rules: OcopRules, on: dt.date) -> Self:
        """Serialize the rules of a day."""
        return cls(
            on=on,
            bands=[StarBandOut.from_fact(row) for row in select_in_force(rules.bands, on)],
            grantors=[StarGrantorOut.from_fact(row) for row in select_in_force(rules.grantors, on)],
            validities=[
                CertificateValidityOut.from_fact(row) for row in select_in_force(rules.validities, on)
            ],
            parts=[ScorePartOut.from_fact(row) for row in select_in_force(rules.parts, on)],
            groups=[ProductGroupOut.from_fact(row) for row in select_in_force(rules.groups, on)],
        )
