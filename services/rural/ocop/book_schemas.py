"""How the rules of the OCOP program are said: each with its days, its legal basis and how sure it is."""

import datetime as dt
from dataclasses import fields
from typing import Self, TypeVar

from pydantic import BaseModel, Field

from services.rural.basis import DatedOut
from services.rural.ocop.book import Book
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import Sentence
from shared.reporting.dated import Dated, in_force

Said = TypeVar("Said", bound=BaseModel)


class BandOut(DatedOut):
    """Which scores give how many stars."""

    stars: int = Field(description="stars")
    low: JsonDecimal = Field(description="points from which on")
    high: JsonDecimal = Field(description="points up to which, these not included but in the highest band")
    certified: bool = Field(description="whether so many stars give a certificate at all")


class MayGrantOut(DatedOut):
    """Who may grant so many stars."""

    stars: int = Field(description="stars")
    code: str = Field(description="district, province or central")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")


class MonthsOut(DatedOut):
    """How long a certificate is valid."""

    months: int = Field(description="calendar months from the decision")


class PartOut(DatedOut):
    """A part of the score."""

    code: str = Field(description="code of the part")
    points: JsonDecimal = Field(description="its most points")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")


class GroupOut(DatedOut):
    """A group of products."""

    number: int = Field(description="its number")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")


class BookOut(BaseModel):
    """The rules of the program that are in force on a day; a decision is judged by those of its own date."""

    on: dt.date = Field(description="the day that is read")
    bands: list[BandOut]
    grantors: list[MayGrantOut]
    validities: list[MonthsOut]
    parts: list[PartOut]
    groups: list[GroupOut]

    @classmethod
    def of(cls, book: Book, on: dt.date) -> Self:
        """Say the rules of a day."""
        return cls(
            on=on,
            bands=[_said(BandOut, it) for it in in_force(book.bands, on)],
            grantors=[_said(MayGrantOut, it) for it in in_force(book.grantors, on)],
            validities=[_said(MonthsOut, it) for it in in_force(book.validities, on)],
            parts=[_said(PartOut, it) for it in in_force(book.parts, on)],
            groups=[_said(GroupOut, it) for it in in_force(book.groups, on)],
        )


def _said(model: type[Said], rule: Dated) -> Said:
    facts = {each.name: getattr(rule, each.name) for each in fields(rule)}
    label: Sentence | None = facts.get("label")
    if label is not None:
        facts |= {"label": label.vi, "label_en": label.en}
    return model.model_validate(facts)
