"""What follows from the indicators of a commune: which criteria it meets, and why. Pure: values and thresholds in.

A criterion is met only when all of its indicators hold, so one that fails decides it at once, whatever else is stated or has
a threshold. All have to be stated, and to have a threshold, before it is met. Short of either the verdict has to be stated,
and rests on that statement; where it is not, what is lacking is a fault. A verdict stated beside values that decide
otherwise is refused by the engine. Of a year that no set is for there is no verdict at all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from services.rural.criteria.sets import CriteriaSet, CriteriaSets, Criterion, CriterionIndicator
from services.rural.criteria.thresholds import Thresholds
from shared.kit.problems import Fault, Sentence, make_fault
from shared.reporting.catalogue.derivations import Derivation, ReportedUnit, ThresholdGround, Values

MET, NOT_MET = Decimal(1), Decimal(0)
NOWHERE = Sentence("không rõ vùng", "no known region")

THRESHOLD_MISSING = Sentence(
    "Chưa có ngưỡng của chỉ tiêu {number} ({region}, năm {year}){delegated}; hãy nêu kết luận {verdict} (1 hoặc 0) kèm minh "
    "chứng.",
    "Indicator {number} has no threshold ({region}, {year}){delegated}; state the verdict {verdict} (1 or 0) with evidence.",
)
SET_MISSING = Sentence(
    "Không có bộ tiêu chí nào để đánh giá năm {year}, nên không có kết luận về {verdict}.",
    "No criteria set is there for the assessments of {year}, so there is no verdict {verdict}.",
)
NOTHING_SAID = Sentence("", "")
LEFT_TO_PROVINCE = Sentence(", do UBND cấp tỉnh quy định", ", it is left to the province")
INDICATORS_MISSING = Sentence(
    "Tiêu chí {criterion} mới nêu một phần chỉ tiêu, còn thiếu {missing}; hãy nêu đủ, hoặc nêu kết luận {verdict} (1 hoặc 0).",
    "Criterion {criterion} is stated in part, {missing} lacking; state them all, or the verdict {verdict} (1 or 0).",
)
DOES_NOT_APPLY = Sentence(
    "Chỉ tiêu {number} đã nêu là không áp dụng ({applies} là 0) nên không có giá trị.",
    "Indicator {number} is said not to apply ({applies} is 0); it has no value then.",
)
ALL_HOLD = Sentence("Đạt: cả {count} chỉ tiêu đều đạt.", "Met: all {count} indicators hold.")
SOME_FAIL = Sentence("Không đạt: {failing}.", "Not met: {failing}.")
FAILS = Sentence(
    "{number} là {value}, cần {comparator} {threshold}",
    "{number} is {value}, wanted {comparator} {threshold}",
)
FAILS_TO_PASS = Sentence("{number} chưa đạt", "{number} does not hold")


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of one criterion's indicators: those held to a threshold, and what is lacking."""

    grounds: tuple[ThresholdGround, ...]
    unstated: tuple[CriterionIndicator, ...]
    without_threshold: tuple[CriterionIndicator, ...]

    @property
    def met(self) -> bool | None:
        """Whether the criterion is met; None while nothing fails and something lacks."""
        if any(not it.is_met for it in self.grounds):
            return False
        return None if self.unstated or self.without_threshold else True


@dataclass(frozen=True, slots=True)
class Where:
    """Where and for which year a commune is assessed: the places whose thresholds are looked for, and its region."""

    year: int
    places: tuple[str, ...]
    region: str | None
    region_named: Sentence


@dataclass(frozen=True)
class Judge:
    """The sets with their thresholds, as a derivation of the reporting engine."""

    sets: CriteriaSets
    thresholds: Thresholds

    def derive(self, subject: ReportedUnit, values: Values) -> Iterator[Derivation | Fault]:
        """Give the verdicts that follow from what is stated of a commune, or what keeps them from following."""
        where = self._where(subject)
        assessed = [it for it in self.sets.values() if it.assessed_by is not None]
        of_year = [it for it in assessed if it.includes_year(where.year)]
        for it in of_year:
            for criterion in it.criteria:
                yield from self._criterion(where, values, it, criterion)
        for code in sorted((_verdicts(assessed) - _verdicts(of_year)).intersection(values)):
            yield make_fault(code, "criteria_set_missing", SET_MISSING, year=where.year, verdict=code)

    def _where(self, subject: ReportedUnit) -> Where:
        region = self.thresholds.find_region(subject.line, subject.period.ends_on)
        return Where(
            year=subject.period.year,
            places=(*subject.line, region) if region else subject.line,
            region=region,
            region_named=self.thresholds.regions[region] if region else NOWHERE,
        )

    def _criterion(
        self, where: Where, values: Values, of: CriteriaSet, criterion: Criterion
    ) -> Iterator[Derivation | Fault]:
        stated = [one for one in criterion.indicators if one.code in values or one.applies in values]
        if not stated or criterion.code is None:
            return
        for one in stated:
            if one.code in values and not _applies(one, values):
                shown = {"number": one.number, "applies": one.applies}
                yield make_fault(one.code, "indicator_does_not_apply", DOES_NOT_APPLY, **shown)
        held = hold(criterion, values, where, self.thresholds)
        if held.met is not None:
            verdict = MET if held.met else NOT_MET
            rule = f"{of.code}/{where.region or '-'}/{where.year}"
            yield Derivation(criterion.code, verdict, rule, _why(criterion, held), held.grounds)
        elif criterion.code not in values:
            yield from _lacking(where, values, criterion, held)


def hold(criterion: Criterion, values: Values, where: Where, thresholds: Thresholds) -> Held:
    """Hold each indicator of a criterion that applies to its threshold."""
    grounds, unstated, without = [], [], []
    for one in criterion.indicators:
        if not _applies(one, values):
            continue
        value = values.get(one.code)
        if value is None:
            unstated.append(one)
        elif one.passes:
            grounds.append(ThresholdGround(one.code, value, "=", MET, one.legal_basis, one.confidence))
        elif (it := thresholds.find(one.code, where.year, where.places)) is not None:
            grounds.append(
                ThresholdGround(one.code, value, one.comparator, it.value, it.legal_basis, it.confidence)
            )
        else:
            without.append(one)
    return Held(tuple(grounds), tuple(unstated), tuple(without))


def _verdicts(sets: Iterable[CriteriaSet]) -> set[str]:
    """Give the codes of the verdicts that are stated under some sets."""
    return {criterion.code for it in sets for criterion in it.criteria if criterion.code}


def _applies(one: CriterionIndicator, values: Values) -> bool:
    return one.applies is None or values.get(one.applies, MET) != NOT_MET


def _lacking(where: Where, values: Values, criterion: Criterion, held: Held) -> Iterator[Fault]:
    for one in held.without_threshold:
        facts = {"number": one.number, "year": where.year, "verdict": criterion.code}
        left, named = LEFT_TO_PROVINCE if one.delegated else NOTHING_SAID, where.region_named
        yield make_fault(
            one.code, "threshold_missing", THRESHOLD_MISSING, **facts, region=named, delegated=left
        )
    if held.unstated:
        codes = (code for one in criterion.indicators for code in (one.code, one.applies))
        yield make_fault(
            next(code for code in codes if code in values) or "",
            "indicators_missing",
            INDICATORS_MISSING,
            criterion=criterion.number,
            missing=", ".join(one.number for one in held.unstated),
            verdict=criterion.code,
        )


def _why(criterion: Criterion, held: Held) -> Sentence:
    failing = [it for it in held.grounds if not it.is_met]
    if not failing:
        return ALL_HOLD.filled(count=len(held.grounds))
    by_code = {one.code: one for one in criterion.indicators}
    said = [_fails(by_code[it.indicator], it) for it in failing]
    every = Sentence("; ".join(it.vi for it in said), "; ".join(it.en for it in said))
    return SOME_FAIL.filled(failing=every)


def _fails(one: CriterionIndicator, it: ThresholdGround) -> Sentence:
    if one.passes:
        return FAILS_TO_PASS.filled(number=one.number)
    return FAILS.filled(
        number=one.number,
        comparator=it.comparator,
        value=_written(one, it.value),
        threshold=_written(one, it.threshold),
    )


def _written(one: CriterionIndicator, number: Decimal) -> Sentence:
    plain = f"{number.normalize():f}" + ("%" if one.kind == "percent" else "")
    return Sentence(plain.replace(".", ","), plain)
