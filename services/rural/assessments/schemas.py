"""How assessments are said."""

import datetime as dt
import uuid
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.rural.criteria.sets import RecognitionLevel
from services.rural.ocop.schemas import EvaluationOut
from services.rural.recognitions.schemas import HeldOut, RecognitionOut
from services.rural.villages.schemas import VillageOut
from shared.dated_facts.schemas import BasisOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal
from shared.reporting.basis import BasisName
from shared.reporting.evidence.schemas import EvidenceRef


class CommuneRow(BaseModel):
    """One rural commune in a list."""

    code: str = Field(description="code of the commune")
    name: str = Field(description="its name with its kind")
    district: str | None = Field(description="code of its district; null where there are no districts")
    met: int | None = Field(description="criteria met; null while it is not assessed")
    missing: list[int] = Field(
        description="numbers of the criteria that it lacks to meet all 19, unstated ones included"
    )
    unstated: list[int] = Field(description="numbers of those of which nothing is stated")
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


class IndicatorHeldOut(LabelOut, BasisOut):
    """An indicator of a criterion as it is stated, beside the threshold it was held to."""

    code: str = Field(description="what it is called in reports")
    number: str = Field(description="its number in the criteria set")
    unit_of_measure: str = Field(description="unit of measure of value and threshold")
    value: JsonDecimal | None = Field(description="its value, or 1 or 0; null where it does not apply")
    comparator: Literal[">=", "<=", "="] = Field(description="how the value must stand to the threshold")
    threshold: JsonDecimal | None = Field(
        description="the threshold of that year and place; null where it was held to none"
    )
    met: bool | None = Field(description="whether it holds; null where it was held to no threshold")


class CriterionVerdictOut(BaseModel):
    """How one criterion was decided in an assessment, and on what that rests."""

    number: int = Field(description="number of the criterion")
    label: str = Field(description="its name in Vietnamese")
    label_en: str = Field(description="its name in English")
    met: bool = Field(description="whether it is met")
    rests_on: Literal["values", "statement"] = Field(
        description="values: it follows from the indicators; statement: the reporting unit states it, on its evidence"
    )
    rule: str | None = Field(description="by which set, region and year it follows; null for a statement")
    why: str = Field(description="the reason, in Vietnamese")
    why_en: str = Field(description="the reason, in English")
    indicators: list[IndicatorHeldOut] = Field(description="the indicators stated for it")


class AssessmentOut(BaseModel):
    """One commune's assessment of one period."""

    period: str = Field(description="SDMX time period")
    met: int = Field(description="criteria met")
    missing: list[int] = Field(description="numbers of the criteria that lack to 19, unstated ones included")
    unstated: list[int] = Field(description="numbers of those of which nothing is stated")
    gained: list[int] = Field(description="criteria met now and not in the assessment before")
    lost: list[int] = Field(description="criteria met in the assessment before and not now")
    year: int = Field(description="the assessment year, by whose thresholds it is held")
    criteria: list[CriterionVerdictOut] = Field(description="each criterion that is decided, and why")
    document: dict[str, Any] | None = Field(description="the signed paper behind the report")
    evidence: list[EvidenceRef] = Field(description="files behind the report, by hash")
    report: uuid.UUID = Field(description="the report that states it")
    reported_by: str = Field(description="code of the reporting unit")
    received_at: dt.datetime = Field(description="when that report was received")


class CommuneOut(BaseModel):
    """One commune on one page."""

    code: str = Field(description="code of the commune")
    name: str = Field(description="its name with its kind")
    district: str | None = Field(description="code of its district; null where there are no districts")
    on: dt.date = Field(description="the day that is read")
    assessments: list[AssessmentOut] = Field(
        description="its assessments for the years begun by that day, the latest first"
    )
    in_force: list[HeldOut] = Field(
        description="what it holds on that day, by level; the latest decision first"
    )
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
    by_values: int = Field(description="communes whose verdict follows from the values of its indicators")
    met_percent: JsonDecimal | None = Field(description="met by assessed, in percent")


class CriteriaOut(BaseModel):
    """How each criterion stands over the rural communes of a unit."""

    unit: str = Field(description="code of the unit asked about")
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which assessments count")
    communes: int = Field(description="rural communes on the period's last day")
    assessed: int = Field(description="of them, those assessed")
    average: JsonDecimal | None = Field(description="criteria met by an assessed commune on average")
    groups: dict[str, int] = Field(
        description="assessed communes by criteria met: 19, 15-18, 10-14, 5-9, 0-4"
    )
    not_assessed: int = Field(
        description="communes that are not assessed; with the groups they add up to all rural communes"
    )
    items: list[CriterionOut] = Field(description="the criteria in their order")
    weakest: list[int] = Field(description="numbers of the criteria met by the smallest share, weakest first")
