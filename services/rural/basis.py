"""How facts that a decision can change say on what they rest, wherever they are shown."""

import datetime as dt

from pydantic import BaseModel, Field


class BasisOut(BaseModel):
    """On what a fact rests, and how sure that is."""

    legal_basis: str = Field(description="the document or clause behind it")
    confidence: str = Field(description="how sure it is: sourced, from memory, unsure")


class DatedOut(BasisOut):
    """The same, with the days on which it holds."""

    valid_from: dt.date = Field(description="first day")
    valid_to: dt.date | None = Field(description="last day; null while it holds")
