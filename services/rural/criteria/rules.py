"""The verdict on each criterion that follows from the values of its indicators. Pure: values and thresholds in.

A criterion is met when each of its indicators meets its threshold, and not met as soon as one fails. While none fails
and a value or a threshold is missing, no verdict follows: the report must state one, or what is missing is a fault. The
engine refuses a stated verdict that contradicts the values. A year without a criteria set has no verdicts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.rural.criteria.explanations import explain_verdict, format_percent, join_sentences
from services.rural.criteria.sets import CriteriaSet, CriteriaSets, Criterion, CriterionIndicator
from services.rural.criteria.thresholds import Threshold, Thresholds, ThresholdsInUse
from shared.kit.problems import Fault, Sentence, make_fault
from shared.reporting.catalogue.derivations import Derivation, ReportedUnit, ThresholdGround, Values

MET, NOT_MET = Decimal(1), Decimal(0)
UNKNOWN_REGION = Sentence("không rõ vùng", "unknown region")

THRESHOLD_MISSING = Sentence(
    "Chưa có ngưỡng của chỉ tiêu {number} ({region}, năm {year}){delegated}; hãy nêu kết luận {verdict} (1 hoặc 0) kèm minh "
    "chứng.",
    "Indicator {number} has no threshold ({region}, {year}){delegated}; state the verdict {verdict} (1 or 0) with evidence.",
)
SET_MISSING = Sentence(
    "Không có bộ tiêu chí nào để đánh giá năm {year}, nên không có kết luận về {verdict}.",
    "No criteria set applies to the assessments of {year}, so {verdict} has no verdict.",
)
NOT_DELEGATED = Sentence("", "")
DELEGATED = Sentence(", do UBND cấp tỉnh quy định", ", which the province sets")
INDICATORS_MISSING = Sentence(
    "Tiêu chí {criterion} mới nêu một phần chỉ tiêu, còn thiếu {missing}; hãy nêu đủ, hoặc nêu kết luận {verdict} (1 hoặc 0).",
    "Criterion {criterion} is stated in part: {missing} is missing. State all indicators, or the verdict {verdict} (1 or 0).",
)
SHARE_EXCEEDS_TOTAL = Sentence(
    "{part} là {value}, lớn hơn tỷ lệ chung {total}.", "{part} is {value}, more than the whole, {total}."
)
TOTAL_OUTSIDE_GROUPS = Sentence(
    "{number} là {value}, nằm ngoài khoảng của các nhóm ({low} đến {high}).",
    "{number} is {value}, outside the values of its groups ({low} to {high}).",
)
DOES_NOT_APPLY = Sentence(
    "Chỉ tiêu {number} đã nêu là không áp dụng ({applies} là 0) nên không có giá trị.",
    "Indicator {number} is stated not to apply ({applies} is 0), so it has no value.",
)


@dataclass(frozen=True, slots=True)
class IndicatorComparison:
    """The indicators of one criterion that apply: those compared with a threshold, and those that cannot be."""

    grounds: tuple[ThresholdGround, ...]
    unstated: tuple[CriterionIndicator, ...]
    without_threshold: tuple[CriterionIndicator, ...]

    @property
    def met(self) -> bool | None:
        """Whether the criterion is met; None while no indicator fails and some cannot be compared."""
        if any(not ground.is_met for ground in self.grounds):
            return False
        return None if self.unstated or self.without_threshold else True


@dataclass(frozen=True, slots=True)
class AssessmentArea:
    """The year of an assessment, and the area whose thresholds apply."""

    year: int
    on: date
    """The day on which the codes name the area."""
    codes: tuple[str, ...]
    """Codes whose thresholds apply, the nearest first: the unit, those above it, then the region."""
    region: str | None
    region_label: Sentence


@dataclass(frozen=True)
class VerdictDerivation:
    """Derives verdicts by the criteria sets and their thresholds; `derive` is a derivation of the reporting engine."""

    sets: CriteriaSets
    thresholds: ThresholdsInUse

    def derive(self, subject: ReportedUnit, values: Values) -> Iterator[Derivation | Fault]:
        """Yield the verdicts that follow from the stated values of a commune, and the faults that prevent others."""
        area = self._find_area(subject)
        assessed_sets = [criteria_set for criteria_set in self.sets.values() if criteria_set.assessed_by]
        sets_of_year = [
            criteria_set
            for criteria_set in assessed_sets
            if criteria_set.includes_year(area.year)
            and (not subject.standard or criteria_set.standard == subject.standard)
        ]
        if self._is_by_statement(subject.standard):
            return
        for criteria_set in sets_of_year:
            for criterion in criteria_set.criteria:
                yield from self._derive_criterion(area, values, criteria_set, criterion)
        without_set = _list_verdict_codes(assessed_sets) - _list_verdict_codes(sets_of_year)
        for code in sorted(without_set.intersection(values)):
            yield make_fault(code, "criteria_set_missing", SET_MISSING, year=area.year, verdict=code)

    def _is_by_statement(self, standard: str) -> bool:
        """Whether verdicts under a standard are stated: no set of it has the indicators from which they would follow."""
        of_standard = [
            criteria_set for criteria_set in self.sets.values() if criteria_set.standard == standard
        ]
        return bool(of_standard) and not any(criteria_set.assessed_by for criteria_set in of_standard)

    def _find_area(self, subject: ReportedUnit) -> AssessmentArea:
        thresholds = self.thresholds.current
        region = thresholds.find_region(subject.line, subject.period.ends_on)
        return AssessmentArea(
            year=subject.period.year,
            on=subject.period.ends_on,
            codes=(*subject.line, region) if region else subject.line,
            region=region,
            region_label=thresholds.regions[region] if region else UNKNOWN_REGION,
        )

    def _derive_criterion(
        self, area: AssessmentArea, values: Values, criteria_set: CriteriaSet, criterion: Criterion
    ) -> Iterator[Derivation | Fault]:
        stated = [
            indicator
            for indicator in criterion.numbers
            if indicator.code in values or indicator.applies in values
        ]
        if not stated or criterion.code is None:
            return
        for indicator in stated:
            if indicator.code in values and not _applies(indicator, values):
                facts = {"number": indicator.number, "applies": indicator.applies}
                yield make_fault(indicator.code, "indicator_does_not_apply", DOES_NOT_APPLY, **facts)
        for indicator in criterion.indicators:
            yield from _find_part_faults(indicator, values)
        comparison = compare_indicators(criterion, values, area, self.thresholds.current)
        if comparison.met is not None:
            verdict = MET if comparison.met else NOT_MET
            rule = f"{criteria_set.code}/{area.region or '-'}/{area.year}"
            yield Derivation(
                criterion.code,
                verdict,
                rule,
                explain_verdict(criterion, comparison.grounds),
                comparison.grounds,
            )
        elif criterion.code not in values:
            yield from _find_missing_faults(area, values, criterion, comparison)


def compare_indicators(
    criterion: Criterion, values: Values, area: AssessmentArea, thresholds: Thresholds
) -> IndicatorComparison:
    """Compare each indicator of a criterion that applies with its threshold."""
    grounds, unstated, without_threshold = [], [], []
    for indicator in criterion.numbers:
        if not _applies(indicator, values):
            continue
        value = values.get(indicator.code)
        if value is None:
            if not indicator.is_optional:
                unstated.append(indicator)
        elif indicator.passes:
            grounds.append(
                ThresholdGround(indicator.code, value, "=", MET, indicator.legal_basis, indicator.confidence)
            )
        elif (threshold := find_threshold(indicator, area, thresholds)) is not None:
            grounds.append(
                ThresholdGround(
                    indicator.code,
                    value,
                    indicator.comparator,
                    threshold.value,
                    threshold.legal_basis,
                    threshold.confidence,
                )
            )
        else:
            without_threshold.append(indicator)
    return IndicatorComparison(tuple(grounds), tuple(unstated), tuple(without_threshold))


def find_threshold(
    indicator: CriterionIndicator, area: AssessmentArea, thresholds: Thresholds
) -> Threshold | None:
    """Return the threshold of an indicator or of a further number of one, which may be that of the indicator."""
    own = thresholds.find(indicator.code, area.year, area.codes, area.on)
    if own is not None or indicator.threshold_of is None:
        return own
    return thresholds.find(indicator.threshold_of, area.year, area.codes, area.on)


def _find_part_faults(indicator: CriterionIndicator, values: Values) -> Iterator[Fault]:
    """Yield the faults of further numbers that cannot be those of the stated indicator."""
    total = values.get(indicator.code)
    parts = {number.code: number for number in indicator.numbers[1:] if number.code in values}
    if total is None or not parts:
        return
    if indicator.parts_kind == "shares":
        for code, number in parts.items():
            if values[code] > total:
                facts = {"part": number.name, "value": format_percent(values[code])}
                yield make_fault(
                    code, "share_exceeds_total", SHARE_EXCEEDS_TOTAL, total=format_percent(total), **facts
                )
    elif len(parts) == len(indicator.parts):
        low, high = min(values[code] for code in parts), max(values[code] for code in parts)
        if not low <= total <= high:
            yield make_fault(
                indicator.code,
                "total_outside_groups",
                TOTAL_OUTSIDE_GROUPS,
                number=indicator.number,
                value=format_percent(total),
                low=format_percent(low),
                high=format_percent(high),
            )


def _list_verdict_codes(sets: Iterable[CriteriaSet]) -> set[str]:
    """Return the codes of the verdicts that are stated under some sets."""
    return {criterion.code for criteria_set in sets for criterion in criteria_set.criteria if criterion.code}


def _applies(indicator: CriterionIndicator, values: Values) -> bool:
    return indicator.applies is None or values.get(indicator.applies, MET) != NOT_MET


def _find_missing_faults(
    area: AssessmentArea, values: Values, criterion: Criterion, comparison: IndicatorComparison
) -> Iterator[Fault]:
    for indicator in comparison.without_threshold:
        yield make_fault(
            indicator.code,
            "threshold_missing",
            THRESHOLD_MISSING,
            number=indicator.name,
            year=area.year,
            verdict=criterion.code,
            region=area.region_label,
            delegated=DELEGATED if indicator.delegated else NOT_DELEGATED,
        )
    if comparison.unstated:
        codes = (code for indicator in criterion.numbers for code in (indicator.code, indicator.applies))
        yield make_fault(
            next(code for code in codes if code in values) or "",
            "indicators_missing",
            INDICATORS_MISSING,
            criterion=criterion.number,
            missing=join_sentences(", ", [indicator.name for indicator in comparison.unstated]),
            verdict=criterion.code,
        )
