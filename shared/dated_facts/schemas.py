"""Members that the wire forms of all facts of a decision have."""

import datetime as dt
from typing import Any, Self

from pydantic import BaseModel, Field

from shared.kit.problems import Sentence


class FactOut(BaseModel):
    """The wire form of a fact; fields are those of the fact, its label in two languages."""

    @classmethod
    def from_fact(cls, fact: object, **more: Any) -> Self:
        """Serialize a fact; `more` are the fields that it does not have itself."""
        values = {name: getattr(fact, name) for name in cls.model_fields if hasattr(fact, name)}
        label = values.get("label")
        if isinstance(label, Sentence):
            values |= {"label": label.vi, "label_en": label.en}
        return cls.model_validate(values | more)


class LabelOut(FactOut):
    """A name in both languages."""

    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")


class BasisOut(FactOut):
    """The document behind a fact, and how sure the fact is."""

    legal_basis: str = Field(description="the document or clause behind it")
    confidence: str = Field(description="how sure it is: sourced, from memory, unsure")


class DatedOut(BasisOut):
    """The same, with the days on which it holds."""

    valid_from: dt.date = Field(description="first day")
    valid_to: dt.date | None = Field(description="last day; null while it holds")
