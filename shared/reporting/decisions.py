"""A decision by its number and date, as targets and registers name it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.kit.date_fields import IsoDate
from shared.kit.text_fields import Visible


class DecisionIn(BaseModel):
    """A decision by number and date."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"number": "365/QĐ-UBND", "date": "2019-05-13"}}
    )

    number: Annotated[str, Visible] = Field(
        min_length=1, max_length=100, description="number of the decision"
    )
    date: IsoDate = Field(description="date of the decision")
