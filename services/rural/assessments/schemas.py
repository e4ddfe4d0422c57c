"""Assessments on the wire: each criterion with the basis of its verdict, and its indicators beside their thresholds."""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from services.rural.assessments.rules import CriteriaResult, find_changes
from services.rural.assessments.store import CommuneAssessment
from services.rural.criteria.explanations import list_unsure_grounds
from services.rural.criteria.rules import MET
from services.rural.criteria.sets import CriteriaSet, CriteriaSets, Criterion, CriterionIndicator
from shared.dated_facts.schemas import BasisOut, LabelOut
from shared.kit.decimal_fields import JsonDecimal
from shared.kit.problems import Sentence
from shared.reporting.basis import BasisName
from shared.reporting.catalogue.derivations import to_grounds
from shared.reporting.evidence.schemas import EvidenceRef
from shared.reporting.field_types import StandardCodeOut
from shared.territory.named_rows import NamedUnitRow

STATED = Sentence(
    "Theo kết luận của đơn vị báo cáo; chưa có đủ giá trị chỉ tiêu để kiểm tra.",
    "As stated by the reporting unit; the indicator values do not decide it.",
)
STATED_WITHOUT_EVIDENCE = Sentence(
    "Theo kết luận của đơn vị báo cáo, không kèm văn bản hay minh chứng; chưa có đủ giá trị chỉ tiêu để kiểm tra.",
    "As stated by the reporting unit, without a document or evidence; the indicator values do not decide it.",
)


class IndicatorVerdictOut(LabelOut, BasisOut):
    """An indicator of a criterion as it is stated, beside the threshold that it is compared with."""

    code: str = Field(description="code of the indicator in reports")
    number: str = Field(description="its number in the set")
    unit_of_measure: str = Field(description="unit of measure of value and threshold")
    value: JsonDecimal | None = Field(description="its value, or 1 or 0; null where it does not apply")
    comparator: Literal[">=", "<=", "="] = Field(description="how the value is compared with the threshold")
    threshold: JsonDecimal | None = Field(
        description="the threshold of that year and area; null where it was compared with none"
    )
    met: bool | None = Field(description="whether the threshold is met; null where it was compared with none")

    @classmethod
    def from_indicator(
        cls, indicator: CriterionIndicator, value: Decimal | None, ground: Mapping[str, Any] | None
    ) -> Self:
        """Serialize an indicator; `ground` is its stored comparison, None where there was none."""
        label = indicator.full_label
        if ground is None:
            return cls.from_fact(
                indicator, label=label.vi, label_en=label.en, value=value, threshold=None, met=None
            )
        return cls.from_fact(
            indicator,
            label=label.vi,
            label_en=label.en,
            value=value,
            comparator=ground["comparator"],
            threshold=Decimal(ground["threshold"]),
            met=ground["met"],
            legal_basis=ground["legal_basis"],
            confidence=ground["confidence"],
        )


class CriterionVerdictOut(LabelOut):
    """The verdict on one criterion of an assessment, and its basis."""

    number: int = Field(description="number of the criterion")
    met: bool = Field(description="whether it is met")
    rests_on: Literal["values", "statement"] = Field(
        description="values: it follows from the indicators; statement: the reporting unit states it, on its evidence"
    )
    rule: str | None = Field(description="by which set, region and year it follows; null for a statement")
    unsure: list[str] = Field(
        description="codes of the values whose thresholds were not checked against the document and on which it rests"
    )
    why: str = Field(description="the reason, in Vietnamese")
    why_en: str = Field(description="the reason, in English")
    indicators: list[IndicatorVerdictOut] = Field(description="the indicators stated for it")

    @classmethod
    def from_assessment(cls, assessment: CommuneAssessment, criterion: Criterion, code: str) -> Self:
        """Serialize the verdict that an assessment holds under the code of a criterion."""
        reasons = assessment.reasons.get(code)
        with_evidence = assessment.report.document or assessment.report.evidence
        stated = STATED if with_evidence else STATED_WITHOUT_EVIDENCE
        grounds = {ground["indicator"]: ground for ground in (reasons["grounds"] if reasons else ())}
        return cls.from_fact(
            criterion,
            met=assessment.values[code] == MET,
            rests_on="values" if reasons else "statement",
            rule=reasons["rule"] if reasons else None,
            unsure=[ground.indicator for ground in list_unsure_grounds(to_grounds(reasons))],
            why=reasons["why"] if reasons else stated.vi,
            why_en=reasons["why_en"] if reasons else stated.en,
            indicators=[
                IndicatorVerdictOut.from_indicator(
                    indicator, assessment.values.get(indicator.code), grounds.get(indicator.code)
                )
                for indicator in criterion.numbers
                if indicator.code in assessment.values or indicator.applies in assessment.values
            ],
        )


class AssessmentOut(BaseModel):
    """One commune's assessment of one period."""

    period: str = Field(description="SDMX time period")
    standard: StandardCodeOut = None
    met: int = Field(description="criteria met")
    missing: list[int] = Field(description="numbers of the criteria not met, unstated ones included")
    unstated: list[int] = Field(description="numbers of the criteria that are not stated")
    unsure: list[int] = Field(
        description="numbers of the criteria whose verdicts rest on thresholds that were not checked against the document"
    )
    gained: list[int] = Field(
        description="criteria met now and not in the assessment before, under the same standard"
    )
    lost: list[int] = Field(
        description="criteria met in the assessment before, under the same standard, and not now"
    )
    year: int = Field(description="the assessment year, whose thresholds apply")
    criteria: list[CriterionVerdictOut] = Field(description="each criterion with a verdict, and the reason")
    document: dict[str, Any] | None = Field(description="the signed document behind the report")
    evidence: list[EvidenceRef] = Field(description="files behind the report, by hash")
    report: uuid.UUID = Field(description="the report that states it")
    reported_by: str = Field(description="code of the reporting unit")
    received_at: dt.datetime = Field(description="when that report was received")

    @classmethod
    def from_assessment(
        cls, assessment: CommuneAssessment, before: CommuneAssessment | None, sets: CriteriaSets
    ) -> Self:
        """Serialize an assessment, with what changed since the one before it."""
        verdicts, report = assessment.verdicts, assessment.report
        result = CriteriaResult(verdicts)
        criteria_set = _find_assessed_set(sets, assessment.period.year, report.standard)
        criteria = criteria_set.criteria if criteria_set else ()
        verdict_rows = [
            CriterionVerdictOut.from_assessment(assessment, criterion, criterion.code)
            for criterion in criteria
            if criterion.code in assessment.values
        ]
        return cls(
            period=str(assessment.period),
            standard=report.standard,
            met=result.met or 0,
            missing=result.missing,
            unstated=result.unstated,
            **find_changes(before.verdicts if before else None, verdicts),
            year=assessment.period.year,
            criteria=verdict_rows,
            unsure=[row.number for row in verdict_rows if row.unsure],
            document=report.document,
            evidence=[EvidenceRef(**file) for file in report.evidence],
            report=report.id,
            reported_by=report.unit,
            received_at=report.received_at,
        )

    @classmethod
    def from_history(cls, assessments: Iterable[CommuneAssessment], sets: CriteriaSets) -> list[Self]:
        """Serialize the assessments of one commune, given the oldest first, as a list with the latest first.

        What changed is found against the assessment before under the same standard.
        """
        serialized: list[Self] = []
        before: dict[str, CommuneAssessment] = {}
        for assessment in assessments:
            standard = assessment.report.standard
            serialized.append(cls.from_assessment(assessment, before.get(standard), sets))
            before[standard] = assessment
        return serialized[::-1]


class CriterionCountOut(LabelOut):
    """The number of communes that meet one criterion."""

    number: int = Field(description="number of the criterion")
    indicator: str = Field(description="its code")
    met: int = Field(description="communes that meet it")
    assessed: int = Field(description="communes for which it is stated")
    by_values: int = Field(description="communes whose verdict follows from the values of its indicators")
    met_percent: JsonDecimal | None = Field(description="met by assessed, in percent")


class CriteriaOut(NamedUnitRow):
    """The number of rural communes of a unit that meet each criterion."""

    unit: str = Field(description="code of the unit")
    period: str = Field(description="SDMX time period")
    basis: BasisName = Field(description="which assessments count")
    standard: StandardCodeOut = None
    communes: int = Field(description="rural communes on the period's last day")
    assessed: int = Field(description="of them, those assessed")
    average: JsonDecimal | None = Field(description="criteria met by an assessed commune on average")
    groups: dict[str, int] = Field(
        description="assessed communes by criteria met: 19, 15-18, 10-14, 5-9, 0-4"
    )
    not_assessed: int = Field(
        description="communes that are not assessed; with the groups they add up to all rural communes"
    )
    items: list[CriterionCountOut] = Field(description="the criteria in their order")
    weakest: list[int] = Field(description="numbers of the criteria met by the smallest share, weakest first")


def _find_assessed_set(sets: CriteriaSets, year: int, standard: str) -> CriteriaSet | None:
    """Return the set by which communes are assessed under a standard, or in a year without one; None where there is none."""
    of_communes = (
        criteria_set
        for criteria_set in sets.values()
        if criteria_set.unit_level == "commune" and criteria_set.level == "meets"
    )
    for criteria_set in of_communes:
        if standard and criteria_set.standard == standard:
            return criteria_set
        if not standard and criteria_set.assessed_by and criteria_set.includes_year(year):
            return criteria_set
    return None
