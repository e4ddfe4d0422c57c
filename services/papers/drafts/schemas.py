"""The check of a draft on the wire."""

import uuid
from typing import Literal

from pydantic import BaseModel, Field


class DraftFaultOut(BaseModel):
    """A figure of a draft that does not equal its source."""

    kind: Literal["changed", "missing"] = Field(
        description="changed: another number stands there; missing: none"
    )
    slot: str = Field(description="the slot")
    label: str = Field(description="what it is, in Vietnamese")
    expected: str = Field(description="as the figure is printed")
    stated: str | None = Field(description="what the draft has in its place")
    paragraph: int | None = Field(description="paragraph of the draft, from 1; null where it is gone")
    text: str | None = Field(description="text of that paragraph")


class DraftCheckOut(BaseModel):
    """A draft compared with the figures of its issue."""

    issue: uuid.UUID = Field(description="the issue")
    by: Literal["controls", "text"] = Field(
        description="controls: by the tags of content controls; text: by the numbers in their order, where the tags are gone"
    )
    compared: int = Field(description="number of printed figures that were compared")
    whole: bool = Field(description="whether every figure equals its source")
    items: list[DraftFaultOut]
