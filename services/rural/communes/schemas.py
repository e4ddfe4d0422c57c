"""Rural communes on the wire: a row of a list, and one commune with everything that the service holds about it."""

import datetime as dt

from pydantic import BaseModel, Field

from services.rural.assessments.schemas import AssessmentOut
from services.rural.criteria.sets import RecognitionLevel
from services.rural.ocop.schemas import EvaluationOut
from services.rural.recognitions.schemas import LevelInForceOut, RecognitionOut
from services.rural.villages.schemas import VillageOut
from shared.reporting.basis import BasisName
from shared.reporting.field_types import StandardCodeOut
from shared.territory.named_rows import NamedUnitRow


class CommuneRow(BaseModel):
    """One rural commune in a list."""

    code: str = Field(description="code of the commune")
    name: str = Field(description="name with its kind")
    unit_kind: str = Field(description="its Vietnamese type without accents")
    unit_since: dt.date = Field(
        description="first day of the commune; its code may have named another unit before"
    )
    district: str | None = Field(description="code of its district; null where there are no districts")
    met: int | None = Field(description="criteria met; null while it is not assessed")
    missing: list[int] = Field(description="numbers of the criteria not met, unstated ones included")
    unstated: list[int] = Field(description="numbers of the criteria that are not stated")
    recognized: list[RecognitionLevel] = Field(description="levels in force on the period's last day")
    criteria_sets: list[str] = Field(description="the criteria sets of those recognitions")


class CommunesOut(NamedUnitRow):
    """Rural communes of a period."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period of the assessment")
    on: dt.date = Field(description="the period's last day: the day of the map and of the recognitions")
    basis: BasisName = Field(description="which assessments count")
    standard: StandardCodeOut = None
    items: list[CommuneRow]
    next: str | None = Field(description="cursor of the next page; null on the last one")


class CommuneOut(BaseModel):
    """One commune on one page."""

    code: str = Field(description="code of the commune")
    name: str = Field(description="name with its kind")
    unit_kind: str = Field(description="its Vietnamese type without accents")
    unit_since: dt.date = Field(
        description="first day of the commune; its code may have named another unit before"
    )
    district: str | None = Field(description="code of its district; null where there are no districts")
    on: dt.date = Field(description="the day of the page")
    assessments: list[AssessmentOut] = Field(
        description="its assessments for the years begun by that day, the latest first"
    )
    in_force: list[LevelInForceOut] = Field(
        description="its levels in force on that day; the latest decision first"
    )
    recognitions: list[RecognitionOut] = Field(description="all its recognitions, the latest decision first")
    villages: list[VillageOut] = Field(description="its registered villages")
    village_recognitions: list[RecognitionOut] = Field(
        description="recognitions of its villages in force on that day"
    )
    products: list[EvaluationOut] = Field(description="its OCOP products valid on that day")
