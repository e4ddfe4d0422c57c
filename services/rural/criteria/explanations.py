"""The reason for a verdict, as a sentence, and whether it rests on a threshold that is not sure. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from services.rural.criteria.sets import Criterion, CriterionIndicator
from shared.kit.problems import Sentence
from shared.reporting.catalogue.derivations import ThresholdGround
from shared.reporting.report_content import to_canonical_text

SOURCED = "sourced"
"""The beginning of the confidence of what was found in a published source."""

ALL_MET = Sentence("Đạt: cả {count} chỉ tiêu đều đạt.", "Met: all {count} indicators are met.")
SOME_NOT_MET = Sentence("Không đạt: {failures}.", "Not met: {failures}.")
THRESHOLD_FAILED = Sentence(
    "{number} là {value}, cần {comparator} {threshold}",
    "{number} is {value}, required {comparator} {threshold}",
)
PASS_FAILED = Sentence("{number} chưa đạt", "{number} is not met")
RESTS_ON_UNSURE = Sentence(
    "{why} Kết luận dựa trên ngưỡng chưa đối chiếu với văn bản: {numbers}.",
    "{why} The verdict rests on thresholds not checked against the document: {numbers}.",
)


def list_unsure_grounds(grounds: Sequence[ThresholdGround]) -> list[ThresholdGround]:
    """Return the grounds on which a verdict rests and whose thresholds are not sourced; none where another ground decides.

    A criterion that is not met rests on its failures, each of which decides alone; one that is met rests on every ground.
    A value that is met or not has no threshold to be unsure of.
    """
    failed = [ground for ground in grounds if not ground.is_met]
    unsure = [ground for ground in failed or grounds if _is_unsure(ground)]
    return [] if failed and len(unsure) < len(failed) else unsure


def _is_unsure(ground: ThresholdGround) -> bool:
    return ground.comparator != "=" and not ground.confidence.startswith(SOURCED)


def explain_verdict(criterion: Criterion, grounds: Sequence[ThresholdGround]) -> Sentence:
    """Return the reason: how many indicators are met, or each one that fails; and the thresholds that are not sure."""
    indicators = {indicator.code: indicator for indicator in criterion.numbers}
    failed = [ground for ground in grounds if not ground.is_met]
    if failed:
        failures = [_explain_failure(indicators[ground.indicator], ground) for ground in failed]
        why = SOME_NOT_MET.filled(failures=join_sentences("; ", failures))
    else:
        why = ALL_MET.filled(count=len({indicators[ground.indicator].number for ground in grounds}))
    unsure = list_unsure_grounds(grounds)
    if not unsure:
        return why
    numbers = join_sentences(", ", [indicators[ground.indicator].name for ground in unsure])
    return RESTS_ON_UNSURE.filled(why=why, numbers=numbers)


def join_sentences(separator: str, sentences: Iterable[Sentence]) -> Sentence:
    """Return sentences as one, in both languages."""
    parts = list(sentences)
    return Sentence(separator.join(part.vi for part in parts), separator.join(part.en for part in parts))


def format_percent(value: Decimal) -> Sentence:
    """Return a percentage in both languages."""
    text = f"{to_canonical_text(value)}%"
    return Sentence(text.replace(".", ","), text)


def _explain_failure(indicator: CriterionIndicator, ground: ThresholdGround) -> Sentence:
    if indicator.passes:
        return PASS_FAILED.filled(number=indicator.name)
    return THRESHOLD_FAILED.filled(
        number=indicator.name,
        comparator=ground.comparator,
        value=_format_value(indicator, ground.value),
        threshold=_format_value(indicator, ground.threshold),
    )


def _format_value(indicator: CriterionIndicator, value: Decimal) -> Sentence:
    if indicator.kind == "percent":
        return format_percent(value)
    text = to_canonical_text(value)
    return Sentence(text.replace(".", ","), text)
