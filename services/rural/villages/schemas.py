"""How villages are said."""

import datetime as dt
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.rural.criteria.sets import RecognitionLevel
from services.rural.recognitions.schemas import HeldOut, RecognitionOut
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.territory.models import UnitRow
from shared.territory.units import CODE_SHAPES, Unit

EXAMPLE: dict[str, Any] = {"code": "23512.01", "name": "Thôn 1", "valid_from": "2022-01-01"}


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    AfterValidator(_composed),
]
"""A name as people write it: one Unicode form, no blanks around it."""


class VillageIn(PartialModel):
    """A village to register."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    unread: ClassVar[Mapping[str, Any]] = {
        "code": "00000.00",
        "name": "-",
        "kind": None,
        "valid_from": dt.date.min,
    }

    code: str = Field(
        pattern=f"^{CODE_SHAPES['village']}$", description="local code: the commune's, a dot and two digits"
    )
    name: Name = Field(description="name with its kind, as people write it: Thôn 1, Làng Kon Tu")
    kind: Literal["thon", "lang", "to_dan_pho", "khu_dan_cu"] | None = Field(
        None, description="its kind; told by its name when left out"
    )
    valid_from: IsoDate = Field(description="the day since when it stands in its commune")


class VillageOut(BaseModel):
    """A registered village."""

    code: str = Field(description="local code")
    name: str = Field(description="name with its kind")
    kind: str = Field(description="thon, lang, to_dan_pho or khu_dan_cu")
    commune: str = Field(description="code of its commune")
    valid_from: dt.date = Field(description="the day since when it stands")
    valid_to: dt.date | None = Field(description="the last day on which it stood; null while it stands")

    @classmethod
    def of(cls, it: Unit | UnitRow, **also: Any) -> Self:
        """Say a unit, or its row, with what else is said of it."""
        return cls(
            code=it.code,
            name=it.name,
            kind=it.kind,
            commune=it.parent or "",
            valid_from=it.valid_from,
            valid_to=it.valid_to,
            **also,
        )


class VillageRow(VillageOut):
    """A village in a list."""

    recognized: list[RecognitionLevel] = Field(
        description="what it holds on the day asked about: meets the standard, model"
    )


class VillageWholeOut(VillageOut):
    """A village with the decisions on it."""

    on: dt.date = Field(description="the day that is read")
    in_force: list[HeldOut] = Field(description="what it holds on that day; the latest decision first")
    recognitions: list[RecognitionOut] = Field(
        description="all decisions that it meets the standard or is a model, the latest first"
    )


VillagesPage = Page[VillageRow]
