"""How an assessment says why: each criterion with what it rests on, and its indicators beside their thresholds."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from services.rural.assessments.rules import Assessed, changes
from services.rural.assessments.schemas import AssessmentOut, CriterionVerdictOut, IndicatorHeldOut
from services.rural.assessments.store import Assessment
from services.rural.criteria.sets import CriteriaSet, CriteriaSets, Criterion, CriterionIndicator
from services.rural.rules import MET
from shared.kit.problems import Sentence
from shared.reporting.evidence.schemas import EvidenceRef

STATED = Sentence(
    "Theo kết luận của đơn vị báo cáo; chưa có đủ giá trị chỉ tiêu để kiểm tra.",
    "As the reporting unit states; its indicators do not decide it.",
)
WITHOUT_EVIDENCE = Sentence(
    "Theo kết luận của đơn vị báo cáo, không kèm văn bản hay minh chứng; chưa có đủ giá trị chỉ tiêu để kiểm tra.",
    "As the reporting unit states, without a paper or evidence; its indicators do not decide it.",
)


def over_time(found: Iterable[Assessment], sets: CriteriaSets) -> list[AssessmentOut]:
    """Say assessments, given the oldest first, the latest first: each against the one before it."""
    said, before = [], None
    for it in found:
        values, year = it.verdicts, it.period.year
        assessed = Assessed(it.unit, values)
        said.append(
            AssessmentOut(
                period=str(it.period),
                met=assessed.met or 0,
                missing=assessed.missing,
                unstated=assessed.unstated,
                **changes(before, values),
                year=year,
                criteria=_verdicts(it, set_of(sets, year)),
                document=it.report.document,
                evidence=[EvidenceRef(**one) for one in it.report.evidence],
                report=it.report.id,
                reported_by=it.report.unit,
                received_at=it.report.received_at,
            )
        )
        before = values
    return said[::-1]


def set_of(sets: CriteriaSets, year: int) -> CriteriaSet | None:
    """Give the set by which communes are assessed in a year."""
    wanted = (
        it for it in sets.values() if it.assessed_by and it.unit_level == "commune" and it.includes_year(year)
    )
    return next(wanted, None)


def _verdicts(it: Assessment, by: CriteriaSet | None) -> list[CriterionVerdictOut]:
    criteria = by.criteria if by else ()
    return [_verdict(it, each, each.code) for each in criteria if each.code in it.values]


def _verdict(it: Assessment, criterion: Criterion, code: str) -> CriterionVerdictOut:
    told = it.reasons.get(code)
    stated = STATED if it.report.document or it.report.evidence else WITHOUT_EVIDENCE
    return CriterionVerdictOut(
        number=criterion.number,
        label=criterion.label.vi,
        label_en=criterion.label.en,
        met=it.values[code] == MET,
        rests_on="statement" if told is None else "values",
        rule=told["rule"] if told else None,
        why=told["why"] if told else stated.vi,
        why_en=told["why_en"] if told else stated.en,
        indicators=_held(it, criterion, told),
    )


def _held(it: Assessment, criterion: Criterion, told: dict[str, Any] | None) -> list[IndicatorHeldOut]:
    grounds = {ground["indicator"]: ground for ground in (told["grounds"] if told else ())}
    return [
        _indicator(one, it.values.get(one.code), grounds.get(one.code))
        for one in criterion.indicators
        if one.code in it.values or one.applies in it.values
    ]


def _indicator(
    one: CriterionIndicator, value: Decimal | None, ground: dict[str, Any] | None
) -> IndicatorHeldOut:
    return IndicatorHeldOut(
        code=one.code,
        number=one.number,
        label=one.label.vi,
        label_en=one.label.en,
        unit_of_measure=one.unit_of_measure,
        value=value,
        comparator=ground["comparator"] if ground else one.comparator,
        threshold=Decimal(ground["threshold"]) if ground else None,
        met=ground["met"] if ground else None,
        legal_basis=ground["legal_basis"] if ground else one.legal_basis,
        confidence=ground["confidence"] if ground else one.confidence,
    )
