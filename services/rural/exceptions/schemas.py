"""How an exception is asked for."""

from pydantic import BaseModel, ConfigDict, Field


class ExceptionIn(BaseModel):
    """An exception from the rules, by an officer who may also review."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=10, max_length=2000, description="why the rules are set aside")
