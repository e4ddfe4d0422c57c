"""The laws, kinds and criteria of lists on the wire."""

import datetime as dt

from pydantic import BaseModel, Field

from services.ethnic.area_laws import ListKind, ListLevel
from shared.dated_facts.schemas import DatedOut, LabelOut


class KindOfListOut(DatedOut, LabelOut):
    """A kind of list."""

    code: ListKind = Field(description="its code")
    levels: list[ListLevel] = Field(description="levels of the units that it lists")
    of_groups: bool = Field(description="whether its rows are ethnic groups of a unit")


class AreaLawOut(DatedOut, LabelOut):
    """A law under which lists are made."""

    code: str = Field(description="its code")
    kinds: list[ListKind] = Field(description="kinds of lists that are made under it")
    levels: list[ListLevel] = Field(description="levels of the units of these lists")
    lists_end_on: dt.date | None = Field(description="the legal end of its lists; null where none was found")


class AreaCriterionOut(DatedOut):
    """What makes a unit part of an area."""

    law: str = Field(description="code of the law")
    kind: ListKind = Field(description="kind of list")
    levels: list[ListLevel] = Field(description="levels of the units")
    minimum_share_percent: int = Field(description="least share of ethnic-minority households, in percent")
    minimum_persons: int | None = Field(
        description="persons of ethnic minorities that suffice whatever the share; null where the law states none"
    )


class AreaLawsOut(BaseModel):
    """The kinds of lists, their laws and criteria."""

    kinds: list[KindOfListOut]
    laws: list[AreaLawOut]
    criteria: list[AreaCriterionOut]
