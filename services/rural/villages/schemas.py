"""Villages on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rural.criteria.sets import RecognitionLevel
from services.rural.recognitions.schemas import LevelInForceOut, RecognitionOut
from shared.kit.date_fields import IsoDate
from shared.kit.paging import Page
from shared.kit.partial_body import PartialModel
from shared.reporting.field_types import Name
from shared.territory.models import UnitRow
from shared.territory.units import CODE_SHAPES, Unit
from shared.territory.villages.rules import VillageKind
from shared.territory.villages.schemas import VillageParent

EXAMPLE: dict[str, Any] = {"code": "23512.01", "name": "Thôn 1", "valid_from": "2022-01-01"}


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
    kind: VillageKind | None = Field(None, description="its kind; inferred from its name when left out")
    valid_from: IsoDate = Field(description="the first day on which it exists in its commune")


class VillageOut(BaseModel):
    """A registered village."""

    code: str = Field(description="local code")
    name: str = Field(description="name with its kind")
    kind: str = Field(description="thon, lang, to_dan_pho or khu_dan_cu")
    commune: str = Field(description="code of its commune")
    valid_from: dt.date = Field(description="the first day on which it exists")
    valid_to: dt.date | None = Field(description="the last day on which it existed; null while it exists")

    @classmethod
    def from_unit(cls, unit: Unit | UnitRow, **fields: Any) -> Self:
        """Serialize a unit, or its row, with the other fields of a subclass."""
        return cls(
            code=unit.code,
            name=unit.name,
            kind=unit.kind,
            commune=unit.parent or "",
            valid_from=unit.valid_from,
            valid_to=unit.valid_to,
            **fields,
        )


class VillageRow(VillageParent, VillageOut):
    """A village in a list."""

    recognized: list[RecognitionLevel] = Field(
        description="its levels in force on the day of the request: meets, model"
    )


class VillageDetailOut(VillageParent, VillageOut):
    """A village with its recognitions."""

    on: dt.date = Field(description="the day of the page")
    in_force: list[LevelInForceOut] = Field(
        description="its levels in force on that day; the latest decision first"
    )
    recognitions: list[RecognitionOut] = Field(description="all its recognitions, the latest decision first")


VillagesPage = Page[VillageRow]
