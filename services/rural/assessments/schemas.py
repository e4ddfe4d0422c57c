"""How assessments are said."""

import datetime as dt
import uuid

from pydantic import BaseModel, Field

from services.rural.ocop.schemas import EvaluationOut
from services.rural.recognitions.schemas import RecognitionOut
from services.rural.recognitions.sets import RecognitionLevel
from services.rural.villages.schemas import VillageOut
from shared.kit.decimals import Number
from shared.reporting.basis import BasisName


class CommuneRow(BaseModel):
    """One rural commune in a list."""

    code: str = Field(description="code of the commune")
    name: str = Field(description="its name with its kind")
    district: str | None = Field(description="code of its district; null where there are no districts")
    met: int | None = Field(description="criteria met; null while it is not assessed")
    missing: list[int] = Field(description="numbers of the criteria that it does not meet")
    recognized: list[RecognitionLevel] = Field(description="levels in force on the period's last day")
    criteria_sets: list[str] = Field(description="the sets under which they are in force")


class CommunesOut(BaseModel):
    """Rural communes of a period."""

    unit: str = Field(description="code of the unit asked about")
    period: str = Field(description="SDMX time period of the assessment")
    on: dt.date = Field(description="the period's last day, whose map and recognitions are read")
    basis: BasisName = Field(description="which assessments count")
    items: list[CommuneRow]
    next: str | None = Field(description="cursor of the page that follows; null on the last one")


class AssessmentOut(BaseModel):
    """One commune's assessment of one period."""

    period: str = Field(description="SDMX time period")
    met: int = Field(description="criteria met")
    missing: list[int] = Field(description="numbers of the criteria not met")
    gained: list[int] = Field(description="criteria met now and not in the assessment before")
    lost: list[int] = Field(description="criteria met in the assessment before and not now")
    report: uuid.UUID = Field(description="the report that states it")
    reported_by: str = Field(description="code of the reporting unit")
    received_at: dt.datetime = Field(description="when that report was received")


class CommuneOut(BaseModel):
    """One commune on one page."""

    code: str = Field(description="code of the commune")
    name: str = Field(description="its name with its kind")
    district: str | None = Field(description="code of its district; null where there are no districts")
    on: dt.date = Field(description="the day that is read")
    assessments: list[AssessmentOut] = Field(description="its assessments, the latest first")
    in_force: list[RecognitionLevel] = Field(description="levels of recognition in force on that day")
    recognitions: list[RecognitionOut] = Field(description="all its recognitions, the latest decision first")
    villages: list[VillageOut] = Field(description="its registered villages")
    village_recognitions: list[RecognitionOut] = Field(description="recognitions of its villages in force")
    products: list[EvaluationOut] = Field(description="its OCOP products valid on that day")


class CriterionOut(BaseModel):
    """How one criterion stands."""

    number: int = Field(description="number of the criterion")
    indicator: str = Field(description="its code")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    met: int = Field(description="communes that meet it")
    assessed: int = Field(description="communes for which it is stated")
    met_percent: Number | None = Field(description="met by assessed, in percent")


class CriteriaOut(BaseModel):
    """How each criterion stands over the rural communes of a unit."""

    unit: str = Field(description="code of the unit asked about")
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which assessments count")
    communes: int = Field(description="rural communes on the period's last day")
    assessed: int = Field(description="of them, those assessed")
    average: Number | None = Field(description="criteria met by an assessed commune on average")
    groups: dict[str, int] = Field(
        description="assessed communes by criteria met: 19, 15-18, 10-14, 5-9, 0-4"
    )
    items: list[CriterionOut] = Field(description="the criteria in their order")
    weakest: list[int] = Field(description="numbers of the criteria met by the smallest share, weakest first")
